package dev.halfback.metrics;

/** What groups are held against. */
public enum Relation {
  /** Each other: the largest against the smallest. */
  BETWEEN_GROUPS,
  /** All rows. */
  TO_OVERALL
}
