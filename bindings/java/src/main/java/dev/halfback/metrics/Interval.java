package dev.halfback.metrics;

/**
 * A number and where it may lie.
 *
 * @param estimate the number
 * @param lower the lower bound
 * @param upper the upper bound
 * @param level the chance that such an interval holds the true number, such as 0.95
 */
public record Interval(double estimate, double lower, double upper, double level) {}
