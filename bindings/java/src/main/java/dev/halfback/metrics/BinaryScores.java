package dev.halfback.metrics;

import java.util.ArrayList;
import java.util.List;

/**
 * Labels of two classes against scores that are larger for rows that are likelier positive. What
 * differs is told by copies with other {@link #withWeights weights} or another {@link #withPositive
 * positive class}.
 */
public final class BinaryScores {
  private final Labels truth;
  private final Scores scores;
  private final double[] weights;
  private final Labels positive;

  private BinaryScores(Labels truth, Scores scores, double[] weights, Labels positive) {
    this.truth = truth;
    this.scores = scores;
    this.weights = weights;
    this.positive = positive;
  }

  /**
   * Holds scores against the truth.
   *
   * @param truth labels of two classes
   * @param scores as many numbers
   * @return the metrics
   */
  public static BinaryScores of(Labels truth, Scores scores) {
    Columns.given(truth, "y_true");
    return new BinaryScores(truth, Columns.given(scores, "y_score"), null, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public BinaryScores withWeights(double... weights) {
    return new BinaryScores(truth, scores, weights, positive);
  }

  /**
   * The same with this positive class, of which there must be rows where there are several classes;
   * without it, labels are from {0, 1} or {-1, 1}.
   *
   * @param positive a column of one label
   * @return the metrics
   */
  public BinaryScores withPositive(Labels positive) {
    return new BinaryScores(truth, scores, weights, positive);
  }

  /**
   * The area under the ROC curve.
   *
   * @return between 0 and 1
   */
  public Metric rocAuc() {
    return measure("roc_auc").metric();
  }

  /**
   * The area under the ROC curve up to a rate of false positives, standardised (McClish 1989).
   *
   * @param maxFpr above 0, at most 1
   * @return 0.5 for chance
   */
  public Metric rocAuc(double maxFpr) {
    return measure("roc_auc", maxFpr).metric();
  }

  /**
   * Average precision.
   *
   * @return between 0 and 1
   */
  public Metric averagePrecision() {
    return measure("average_precision").metric();
  }

  /**
   * The Gini coefficient: twice the area under the ROC curve, less one.
   *
   * @return between -1 and 1
   */
  public Metric gini() {
    return measure("gini").metric();
  }

  /**
   * The largest distance between the distributions of both classes.
   *
   * @return between 0 and 1
   */
  public Metric kolmogorovSmirnov() {
    return measure("kolmogorov_smirnov").metric();
  }

  /**
   * How much likelier positives are among the best scores than among all.
   *
   * @param share how many of the rows are looked at, above 0, at most 1
   * @return 1 for chance
   */
  public Metric lift(double share) {
    return measure("lift", share).metric();
  }

  /**
   * The mean log loss of probabilities.
   *
   * @return zero or more
   */
  public Metric logLoss() {
    return measure("log_loss", 1, 1).metric();
  }

  /**
   * The share of log loss that is explained.
   *
   * @return at most 1
   */
  public Metric d2LogLoss() {
    return measure("d2_log_loss", 1).metric();
  }

  /**
   * The Brier score of probabilities.
   *
   * @return between 0 and 1
   */
  public Metric brierScore() {
    return measure("brier_score", 1, Double.NaN).metric();
  }

  /**
   * The share of the Brier score that is explained.
   *
   * @return at most 1
   */
  public Metric d2BrierScore() {
    return measure("d2_brier_score", 1, Double.NaN).metric();
  }

  /**
   * The mean hinge loss of decisions.
   *
   * @return zero or more
   */
  public Metric hingeLoss() {
    return measure("hinge_loss", 1).metric();
  }

  /**
   * The ROC curve, without points on straight lines.
   *
   * @return the curve
   */
  public RocCurve rocCurve() {
    return rocCurve(true);
  }

  /**
   * The ROC curve.
   *
   * @param dropIntermediate whether points on straight lines are left out
   * @return the curve
   */
  public RocCurve rocCurve(boolean dropIntermediate) {
    Numbers curve = measure("roc_curve", dropIntermediate ? 1 : 0);
    return new RocCurve(curve.list(), curve.list(), curve.list());
  }

  /**
   * Precision and recall at every threshold.
   *
   * @return the curve
   */
  public PrecisionRecallCurve precisionRecallCurve() {
    Numbers curve = measure("precision_recall_curve", 0);
    return new PrecisionRecallCurve(curve.list(), curve.list(), curve.list());
  }

  /**
   * The rates of both errors at every threshold.
   *
   * @return the curve
   */
  public DetCurve detCurve() {
    Numbers curve = measure("det_curve", 0);
    return new DetCurve(curve.list(), curve.list(), curve.list());
  }

  /**
   * How many of the positives are among the best scores.
   *
   * @return the curve, empty where there are no positives
   */
  public GainCurve gainCurve() {
    Numbers curve = measure("gain_curve");
    return new GainCurve(curve.list(), curve.list(), curve.list());
  }

  /**
   * The four counts at every threshold.
   *
   * @return the counts
   */
  public ThresholdCounts confusionAtThresholds() {
    Numbers at = measure("confusion_at_thresholds");
    return new ThresholdCounts(at.list(), at.list(), at.list(), at.list(), at.list());
  }

  /**
   * The threshold of the lowest mean cost; rows that score at least that are taken as positive.
   *
   * @param costs what each outcome costs
   * @return the threshold
   */
  public BestThreshold bestThreshold(Costs costs) {
    Columns.given(costs, "costs");
    Numbers best =
        measure(
            "best_threshold",
            costs.truePositive(),
            costs.falsePositive(),
            costs.falseNegative(),
            costs.trueNegative());
    return new BestThreshold(best.number(), best.number());
  }

  /**
   * How often what was said to be likely happened.
   *
   * @param binning how probabilities are put into bins
   * @param bins how many bins
   * @return the table and its errors
   */
  public Reliability reliability(Binning binning, int bins) {
    Numbers table = measure("reliability", Columns.ordinal(binning, "binning"), bins);
    double expected = table.number();
    double maximum = table.number();
    double adaptive = table.number();
    int filled = table.count();
    List<ReliabilityBin> rows = new ArrayList<>(filled);
    for (int row = 0; row < filled; row++) {
      rows.add(
          new ReliabilityBin(
              table.number(), table.number(), table.number(), table.number(), table.number()));
    }
    return new Reliability(expected, maximum, adaptive, List.copyOf(rows));
  }

  /**
   * The parts of the Brier score (Murphy 1973).
   *
   * @return the parts
   */
  public Murphy murphy() {
    Numbers parts = measure("murphy");
    return new Murphy(parts.number(), parts.number(), parts.number());
  }

  /**
   * The line that would recalibrate the log odds (Cox 1958).
   *
   * @return slope 1 and intercept 0 where probabilities are right
   */
  public Recalibration recalibration() {
    Numbers line = measure("recalibration");
    return new Recalibration(line.metric(), line.metric(), line.metric());
  }

  /**
   * Spiegelhalter's test of calibration (1986).
   *
   * @return the statistic and its p-value
   */
  public Spiegelhalter spiegelhalter() {
    Numbers test = measure("spiegelhalter");
    return new Spiegelhalter(test.metric(), test.metric());
  }

  /**
   * The area under the ROC curve with its interval (DeLong, DeLong and Clarke-Pearson 1988), of
   * rows without weights.
   *
   * @param level such as 0.95
   * @return the area, its variance and both intervals
   */
  public Area deLong(double level) {
    Numbers area = unweighted("delong", level);
    return new Area(area.number(), area.number(), area.interval(), area.interval());
  }

  /**
   * The area under the ROC curve with an interval by Poisson bootstrap, of rows without weights;
   * the same seed gives the same interval.
   *
   * @param replicates how many resamples, at most 2^24
   * @param seed where the random numbers begin
   * @param level such as 0.95
   * @return the interval
   */
  public Bootstrap bootstrapRocAuc(int replicates, long seed, double level) {
    return Bootstrap.read(unweighted("bootstrap_roc_auc", replicates, Bootstrap.bits(seed), level));
  }

  private Numbers unweighted(String metric, double... options) {
    if (weights != null) {
      throw Columns.invalid(
          "`weights` are not counted by this interval; `Resampling` takes a metric of weights");
    }
    return measure(metric, options);
  }

  private Numbers measure(String metric, double... options) {
    return new Columns()
        .add(truth.column())
        .add(scores.column())
        .add(weights)
        .add((Column) null)
        .add(Labels.column(positive))
        .measure(metric, options);
  }

  /**
   * The ROC curve, from (0, 0) to (1, 1).
   *
   * @param falsePositiveRate for each threshold
   * @param truePositiveRate for each threshold
   * @param thresholds descending; the first is infinite
   */
  public record RocCurve(
      double[] falsePositiveRate, double[] truePositiveRate, double[] thresholds) {}

  /**
   * Precision and recall.
   *
   * @param precision for each threshold, and a last one of 1
   * @param recall for each threshold, and a last one of 0
   * @param thresholds ascending
   */
  public record PrecisionRecallCurve(double[] precision, double[] recall, double[] thresholds) {}

  /**
   * The rates of both errors.
   *
   * @param falsePositiveRate for each threshold
   * @param falseNegativeRate for each threshold
   * @param thresholds ascending
   */
  public record DetCurve(
      double[] falsePositiveRate, double[] falseNegativeRate, double[] thresholds) {}

  /**
   * The gain of looking at the best scores first.
   *
   * @param share of the rows that are looked at
   * @param gain the share of the positives among them
   * @param lift the gain over the share
   */
  public record GainCurve(double[] share, double[] gain, double[] lift) {}

  /**
   * Counts of rows, or sums of weights, at each threshold.
   *
   * @param trueNegatives right below it
   * @param falsePositives wrong at it or above
   * @param falseNegatives wrong below it
   * @param truePositives right at it or above
   * @param thresholds descending
   */
  public record ThresholdCounts(
      double[] trueNegatives,
      double[] falsePositives,
      double[] falseNegatives,
      double[] truePositives,
      double[] thresholds) {}

  /**
   * What each outcome costs; what it gains is negative.
   *
   * @param truePositive a positive that is found
   * @param falsePositive a false alarm
   * @param falseNegative a miss
   * @param trueNegative a negative that is left alone
   */
  public record Costs(
      double truePositive, double falsePositive, double falseNegative, double trueNegative) {}

  /**
   * A threshold and what it costs.
   *
   * @param threshold rows that score at least this are taken as positive
   * @param meanCost for each row
   */
  public record BestThreshold(double threshold, double meanCost) {}

  /**
   * How often what was said to be likely happened.
   *
   * @param expectedError the mean distance of the bins, by their rows (ECE)
   * @param maximumError the largest distance of a bin (MCE)
   * @param adaptiveError the plain mean of the distances (ACE, with bins of equally many rows)
   * @param bins those that have rows
   */
  public record Reliability(
      double expectedError, double maximumError, double adaptiveError, List<ReliabilityBin> bins) {}

  /**
   * The rows of some probabilities.
   *
   * @param lower the least probability of the bin
   * @param upper the largest
   * @param weight its rows, or their weight
   * @param predicted the mean probability
   * @param observed the share of positives
   */
  public record ReliabilityBin(
      double lower, double upper, double weight, double predicted, double observed) {}

  /**
   * Brier score = reliability - resolution + uncertainty.
   *
   * @param reliability how far probabilities are from what happens
   * @param resolution how far what happens differs between them
   * @param uncertainty that of the classes themselves
   */
  public record Murphy(double reliability, double resolution, double uncertainty) {}

  /**
   * The logistic regression of the classes on the log odds.
   *
   * @param slope 1 where probabilities are neither too bold nor too shy
   * @param intercept with that slope
   * @param inTheLarge the intercept where the slope is held at 1
   */
  public record Recalibration(Metric slope, Metric intercept, Metric inTheLarge) {}

  /**
   * A test of calibration.
   *
   * @param z normal where probabilities are right
   * @param pValue two-sided
   */
  public record Spiegelhalter(Metric z, Metric pValue) {}

  /**
   * The area under the ROC curve.
   *
   * @param variance of the area
   * @param freedom the degrees of freedom of the variance, of Student's distribution
   * @param interval on the scale of the area
   * @param logitInterval on the scale of log odds, which covers better near 0 and 1
   */
  public record Area(double variance, double freedom, Interval interval, Interval logitInterval) {}
}
