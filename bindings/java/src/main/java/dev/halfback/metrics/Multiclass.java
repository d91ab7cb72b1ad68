package dev.halfback.metrics;

/** What a class is held against. */
public enum Multiclass {
  /** All others together. */
  ONE_VS_REST,
  /** Each other one by itself. */
  ONE_VS_ONE
}
