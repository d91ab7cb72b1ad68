package dev.halfback.metrics;

/** How far apart classes are in Cohen's kappa. */
public enum Kappa {
  /** All are as far apart. */
  PLAIN,
  /** By their distance in the order of classes. */
  LINEAR,
  /** By the square of that. */
  QUADRATIC
}
