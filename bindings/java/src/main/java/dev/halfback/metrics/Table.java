package dev.halfback.metrics;

/**
 * A table of numbers: a row for each row of the data, a column for each class, output or document.
 */
public final class Table {
  private final Column column;
  private final int columns;

  private Table(Column column, int columns) {
    this.column = column;
    this.columns = columns;
  }

  /**
   * Copies rows of equal length.
   *
   * @param rows the rows
   * @return the table
   */
  public static Table of(double[]... rows) {
    int columns = Columns.given(rows, "rows").length == 0 ? 0 : width(rows[0]);
    double[] values = new double[Columns.cells(rows.length, columns)];
    for (int row = 0; row < rows.length; row++) {
      if (width(rows[row]) != columns) {
        throw Columns.invalid(
            "row " + row + " has " + rows[row].length + " columns, the first has " + columns);
      }
      System.arraycopy(rows[row], 0, values, row * columns, columns);
    }
    return new Table(Column.of('d', values), columns);
  }

  /**
   * Takes values that lie row after row, without a copy.
   *
   * @param values the values
   * @param columns how many columns a row has
   * @return the table
   */
  public static Table of(double[] values, int columns) {
    Columns.whole(Columns.given(values, "values").length, columns);
    return new Table(Column.of('d', values), columns);
  }

  /**
   * Takes values of single precision that lie row after row, without a copy.
   *
   * @param values the values
   * @param columns how many columns a row has
   * @return the table
   */
  public static Table of(float[] values, int columns) {
    Columns.whole(Columns.given(values, "values").length, columns);
    return new Table(Column.of('f', values), columns);
  }

  /**
   * The number of columns.
   *
   * @return how many columns a row has
   */
  public int columns() {
    return columns;
  }

  /**
   * Copies some of the rows, such as those of a group.
   *
   * @param rows their places, from 0
   * @return a table of them in this order
   */
  public Table take(int... rows) {
    return new Table(column.take(Columns.given(rows, "rows"), columns), columns);
  }

  Column column() {
    return column;
  }

  private static int width(double[] row) {
    return Columns.given(row, "rows").length;
  }
}
