package dev.halfback.metrics;

/**
 * Precision, recall and F of a class or an average.
 *
 * @param precision the share of what was predicted that is true
 * @param recall the share of what is true that was predicted
 * @param fScore their weighted harmonic mean
 */
public record SetScores(Metric precision, Metric recall, Metric fScore) {}
