package dev.halfback.metrics;

import dev.halfback.Verdict;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a difference lets one say.
 *
 * @param verdict what can be said of the first
 * @param reason why, for people
 * @param interval first less second at the level of the question; empty where the rows have no
 *     variance, or where rows, clusters or resamples are too few for the level
 * @param pValue the two-sided p-value of what was to be shown: twice that of a one-sided test
 * @param adjustedPValue the p-value adjusted for the number of differences: what was to be shown is
 *     shown where it is at most 1 less the level
 */
public record Judgement(
    Verdict verdict,
    String reason,
    Optional<Interval> interval,
    OptionalDouble pValue,
    OptionalDouble adjustedPValue) {}
