package dev.halfback.metrics;

/** How the scores of classes become one number. */
public enum Average {
  /** The score of the positive class; for two classes only. */
  BINARY,
  /** The score of all classes counted together. */
  MICRO,
  /** The mean over classes. */
  MACRO,
  /** The mean over classes, weighted by their true rows. */
  WEIGHTED,
  /** The mean over rows; for several labels a row only. */
  SAMPLES
}
