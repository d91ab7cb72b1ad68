package dev.halfback.metrics;

/** How many rows a comparison needs, and what a number of rows can show. */
public final class Power {
  private static final double NONE = Double.NaN;

  private Power() {}

  /**
   * The power to find a difference of two means.
   *
   * @param difference in standard deviations
   * @param rows in the first sample
   * @param alpha the chance of a false positive, two-sided
   * @param ratio the rows of the second sample over those of the first
   * @return the chance to find it
   */
  public static double ofMeans(double difference, long rows, double alpha, double ratio) {
    return Columns.of("power_of_means", difference, NONE, rows, alpha, ratio).number();
  }

  /**
   * The power to find a difference of two proportions.
   *
   * @param first the first proportion
   * @param second the second proportion
   * @param rows in the first sample
   * @param alpha the chance of a false positive, two-sided
   * @param ratio the rows of the second sample over those of the first
   * @return the chance to find it
   */
  public static double ofProportions(
      double first, double second, long rows, double alpha, double ratio) {
    return Columns.of("power_of_proportions", first, second, rows, alpha, ratio).number();
  }

  /**
   * The rows that find a difference of two means.
   *
   * @param difference in standard deviations
   * @param power the chance to find it
   * @param alpha the chance of a false positive, two-sided
   * @param ratio the rows of the second sample over those of the first
   * @return the rows of the first sample
   */
  public static long rowsForMeans(double difference, double power, double alpha, double ratio) {
    return Columns.of("rows_for_means", difference, NONE, power, alpha, ratio).rows();
  }

  /**
   * The rows that find a difference of two proportions.
   *
   * @param first the first proportion
   * @param second the second proportion
   * @param power the chance to find it
   * @param alpha the chance of a false positive, two-sided
   * @param ratio the rows of the second sample over those of the first
   * @return the rows of the first sample
   */
  public static long rowsForProportions(
      double first, double second, double power, double alpha, double ratio) {
    return Columns.of("rows_for_proportions", first, second, power, alpha, ratio).rows();
  }
}
