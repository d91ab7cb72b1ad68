package dev.halfback.metrics;

import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalDouble;

/** One number, and whether it stands for something. */
public final class Metric {
  private final double value;
  private final Reason reason;

  Metric(double value, Reason reason) {
    this.value = value;
    this.reason = reason;
  }

  /**
   * A number that stands for something.
   *
   * @param value the number
   * @return the metric
   */
  public static Metric of(double value) {
    return new Metric(value, null);
  }

  /** The place of the reason in native code, or -1. */
  int place() {
    return reason == null ? -1 : reason.place();
  }

  /**
   * The number that scikit-learn gives, also where the metric is undefined.
   *
   * @return the number, which may be NaN where it is undefined
   */
  public double value() {
    return value;
  }

  /**
   * Whether the number stands for something.
   *
   * @return false where {@link #reason()} says why not
   */
  public boolean isDefined() {
    return reason == null;
  }

  /**
   * Why the number stands for nothing.
   *
   * @return empty where it does stand for something
   */
  public Optional<Reason> reason() {
    return Optional.ofNullable(reason);
  }

  /**
   * The number, where it stands for something.
   *
   * @return empty where the metric is undefined
   */
  public OptionalDouble defined() {
    return reason == null ? OptionalDouble.of(value) : OptionalDouble.empty();
  }

  /**
   * The number, which has to stand for something.
   *
   * @return the number
   * @throws NoSuchElementException that says why the metric is undefined
   */
  public double orElseThrow() {
    if (reason != null) {
      throw new NoSuchElementException("the metric is undefined: " + reason.text());
    }
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Metric metric
        && Double.compare(value, metric.value) == 0
        && reason == metric.reason;
  }

  @Override
  public int hashCode() {
    return 31 * Double.hashCode(value) + (reason == null ? 0 : reason.hashCode());
  }

  @Override
  public String toString() {
    return reason == null ? Double.toString(value) : "undefined: " + reason.text();
  }
}
