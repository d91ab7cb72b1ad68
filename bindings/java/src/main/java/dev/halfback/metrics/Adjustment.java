package dev.halfback.metrics;

/** How p-values of several tests are adjusted. */
public enum Adjustment {
  /** The chance of any false positive is kept (Holm 1979). */
  HOLM,
  /** The share of false positives is kept, for independent tests (Benjamini and Hochberg 1995). */
  BENJAMINI_HOCHBERG,
  /** The share of false positives is kept, for any tests (Benjamini and Yekutieli 2001). */
  BENJAMINI_YEKUTIELI
}
