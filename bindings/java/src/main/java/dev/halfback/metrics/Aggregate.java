package dev.halfback.metrics;

/** How the true and the false positive rate become one in equalized odds. */
public enum Aggregate {
  /** The worse of both. */
  WORST_CASE,
  /** Their mean. */
  MEAN
}
