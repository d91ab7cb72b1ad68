package dev.halfback.metrics;

/** How a confusion matrix is scaled. */
public enum Normalize {
  /** Not at all. */
  NONE,
  /** Each true class sums to one. */
  TRUE,
  /** Each predicted class sums to one. */
  PREDICTED,
  /** All cells sum to one. */
  ALL
}
