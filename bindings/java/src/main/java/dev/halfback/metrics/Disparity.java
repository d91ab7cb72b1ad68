package dev.halfback.metrics;

import java.util.Optional;

/**
 * A measure between groups with its interval.
 *
 * <p>The interval covers at its level where two groups differ, or where one group is farther out
 * than all others on either side. A largest difference is never below zero, and that of resamples
 * is larger on average than that of the rows: the lower bound is no test of whether groups differ,
 * and where several groups are about as far out as each other the interval lies too far from
 * parity, however many rows there are.
 *
 * @param metric the measure; undefined where no group has the rows that it is of
 * @param interval percentiles of resamples in which it is defined; empty where it is undefined or
 *     does not vary
 */
public record Disparity(Metric metric, Optional<Interval> interval) {}
