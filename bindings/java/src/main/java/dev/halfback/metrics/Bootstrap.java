package dev.halfback.metrics;

import java.util.function.ToDoubleFunction;

/**
 * A metric over resamples of its rows.
 *
 * @param standardError the standard deviation over resamples
 * @param undefined in how many resamples the metric was undefined
 * @param interval where the metric may lie
 * @param units as how many rows, or clusters of them, those count that were drawn
 */
public record Bootstrap(double standardError, int undefined, Interval interval, int units) {
  /**
   * Computes a metric again with random weights of its rows, which are Poisson variables of mean 1
   * (Chamandy et al. 2012). The weight of a row depends on the seed, its number and the resample
   * alone, so the same seed gives the same interval. {@link Resampling} draws clusters and strata
   * as well.
   *
   * <pre>{@code
   * Bootstrap.of(scores.size(), 1000, 7, 0.95,
   *     weights -> BinaryScores.of(truth, scores).withWeights(weights).averagePrecision().value());
   * }</pre>
   *
   * @param rows how many rows there are
   * @param replicates how many resamples, at most 2^24
   * @param seed where the random numbers begin
   * @param level such as 0.95
   * @param metric takes a weight for each row; NaN leaves a resample out
   * @return its interval, wider than the percentiles by how few rows there are (Hesterberg 2015)
   */
  public static Bootstrap of(
      int rows, int replicates, long seed, double level, ToDoubleFunction<double[]> metric) {
    return Resampling.of(rows).replicates(replicates).seed(seed).level(level).measure(metric);
  }

  /** A seed is any 64 bits: those of a double. */
  static double bits(long seed) {
    return Double.longBitsToDouble(seed);
  }

  static Bootstrap read(Numbers numbers) {
    double standardError = numbers.number();
    int undefined = numbers.count();
    Interval interval = numbers.interval();
    return new Bootstrap(standardError, undefined, interval, (int) numbers.number());
  }
}
