package dev.halfback.metrics;

/** How the metrics of several outputs become one. */
public enum OutputAverage {
  /** The mean. */
  UNIFORM,
  /** The mean, weighted by the variance of each output; for R², explained variance and D². */
  VARIANCE
}
