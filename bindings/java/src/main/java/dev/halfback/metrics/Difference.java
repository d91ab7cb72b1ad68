package dev.halfback.metrics;

/** A difference that was measured, first less second: what a {@link Question} is about. */
public sealed interface Difference
    permits Comparison.Areas,
        Comparison.McNemar,
        Comparison.Welch,
        Comparison.TwoProportions,
        PairedBootstrap {}
