package dev.halfback.metrics;

/** What a share of nothing is. The metric says that it is undefined in any case. */
public enum ZeroDivision {
  /** Zero. */
  ZERO,
  /** One. */
  ONE,
  /** NaN, which averages leave out. */
  NAN
}
