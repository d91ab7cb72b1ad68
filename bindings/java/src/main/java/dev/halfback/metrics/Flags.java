package dev.halfback.metrics;

/** A table of truth values: which labels a row has, or which documents are relevant to it. */
public final class Flags {
  private final Column column;
  private final int columns;

  private Flags(boolean[] values, int columns) {
    this(Column.of('z', values), columns);
  }

  private Flags(Column column, int columns) {
    this.column = column;
    this.columns = columns;
  }

  /**
   * Copies rows of equal length.
   *
   * @param rows the rows
   * @return the table
   */
  public static Flags of(boolean[]... rows) {
    int columns = Columns.given(rows, "rows").length == 0 ? 0 : width(rows[0]);
    boolean[] values = new boolean[Columns.cells(rows.length, columns)];
    for (int row = 0; row < rows.length; row++) {
      if (width(rows[row]) != columns) {
        throw Columns.invalid(
            "row " + row + " has " + rows[row].length + " columns, the first has " + columns);
      }
      System.arraycopy(rows[row], 0, values, row * columns, columns);
    }
    return new Flags(values, columns);
  }

  /**
   * Takes values that lie row after row, without a copy.
   *
   * @param values the values
   * @param columns how many columns a row has
   * @return the table
   */
  public static Flags of(boolean[] values, int columns) {
    Columns.whole(Columns.given(values, "values").length, columns);
    return new Flags(values, columns);
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
  public Flags take(int... rows) {
    return new Flags(column.take(Columns.given(rows, "rows"), columns), columns);
  }

  Column column() {
    return column;
  }

  private static int width(boolean[] row) {
    return Columns.given(row, "rows").length;
  }
}
