package dev.halfback.metrics;

/**
 * A column of scores, probabilities, targets or predictions. The array is not copied: it must not
 * change while a metric is computed.
 */
public final class Scores {
  private final Column column;
  private final int size;

  private Scores(Column column, int size) {
    this.column = column;
    this.size = size;
  }

  /**
   * Numbers of double precision.
   *
   * @param scores a number for each row
   * @return the column
   */
  public static Scores of(double... scores) {
    return new Scores(Column.of('d', Columns.given(scores, "scores")), scores.length);
  }

  /**
   * Numbers of single precision; sums are made in double precision.
   *
   * @param scores a number for each row
   * @return the column
   */
  public static Scores of(float... scores) {
    return new Scores(Column.of('f', Columns.given(scores, "scores")), scores.length);
  }

  /**
   * The number of rows.
   *
   * @return how many numbers there are
   */
  public int size() {
    return size;
  }

  /**
   * Copies some of the rows, such as those of a group.
   *
   * @param rows their places, from 0
   * @return a column of them in this order
   */
  public Scores take(int... rows) {
    return new Scores(column.take(Columns.given(rows, "rows"), 1), rows.length);
  }

  Column column() {
    return column;
  }
}
