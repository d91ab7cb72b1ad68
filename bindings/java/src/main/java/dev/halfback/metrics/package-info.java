/**
 * Metrics, their intervals and paired comparison, of arrays that the program has.
 *
 * <pre>{@code
 * Labels truth = Labels.of(0, 1, 1, 0);
 * double accuracy = Classification.of(truth, Labels.of(0, 1, 0, 0)).accuracy();
 * BinaryScores scores = BinaryScores.of(truth, Scores.of(0.1, 0.8, 0.4, 0.3));
 * Interval area = scores.deLong(0.95).interval();
 * }</pre>
 *
 * <p>A number that stands for nothing, such as the area under the curve of one class alone, is a
 * {@link dev.halfback.metrics.Metric} that says why. Columns that do not fit are refused with a
 * {@link dev.halfback.HalfbackInvalidException} that names the argument as scikit-learn spells it.
 * Sources of the formulas are in the documentation of the Rust crate {@code halfback-metrics},
 * which computes them.
 */
package dev.halfback.metrics;
