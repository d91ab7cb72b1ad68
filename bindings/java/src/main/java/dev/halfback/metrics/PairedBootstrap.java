package dev.halfback.metrics;

import java.util.Arrays;

/**
 * The difference of a metric of two models over resamples of the rows, as {@link
 * Resampling#compare} gives it.
 */
public final class PairedBootstrap implements Difference {
  private final double first;
  private final double second;
  private final double[] replicates;
  private final Bootstrap bootstrap;
  private final double pValue;
  private final double acceleration;

  PairedBootstrap(double first, double second, double[] replicates, Numbers found) {
    this.first = first;
    this.second = second;
    this.replicates =
        Arrays.stream(replicates).filter(value -> !Double.isNaN(value)).sorted().toArray();
    this.bootstrap = Bootstrap.read(found);
    this.pValue = found.number();
    this.acceleration = found.number();
  }

  /**
   * The metric of the first model.
   *
   * @return over the rows as they are
   */
  public double first() {
    return first;
  }

  /**
   * The metric of the second model.
   *
   * @return over the rows as they are
   */
  public double second() {
    return second;
  }

  /**
   * First less second, with its interval.
   *
   * @return the interval
   */
  public Interval difference() {
    return bootstrap.interval();
  }

  /**
   * The standard deviation of the difference over resamples.
   *
   * @return zero or more
   */
  public double standardError() {
    return bootstrap.standardError();
  }

  /**
   * The two-sided p-value of no difference (Davison and Hinkley 1997, 4.2), by the same method as
   * the interval.
   *
   * @return between 0 and 1
   */
  public double pValue() {
    return pValue;
  }

  /**
   * In how many resamples the difference was undefined.
   *
   * @return how many
   */
  public int undefined() {
    return bootstrap.undefined();
  }

  /**
   * As how many rows, or clusters of them, those count that were drawn.
   *
   * @return strata take some off
   */
  public int units() {
    return bootstrap.units();
  }

  /** By which the interval and the p-value are corrected; NaN where they are not. */
  double acceleration() {
    return acceleration;
  }

  /**
   * The difference over each resample in which it is defined.
   *
   * @return ascending
   */
  public double[] replicates() {
    return replicates.clone();
  }

  @Override
  public String toString() {
    return "PairedBootstrap[first="
        + first
        + ", second="
        + second
        + ", difference="
        + difference()
        + ", pValue="
        + pValue
        + ", units="
        + units()
        + ", "
        + replicates.length
        + " replicates]";
  }
}
