package dev.halfback.metrics;

/** How probabilities are put into bins. */
public enum Binning {
  /** Bins of equal width. */
  UNIFORM,
  /** Bins of equally many rows. */
  QUANTILE
}
