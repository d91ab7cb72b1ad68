package dev.halfback.metrics;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.ArrayList;
import java.util.List;

/**
 * True labels against predicted ones. Each method counts the rows once; what differs is told by
 * copies with other {@link #withWeights weights}, {@link #withLabels classes} or {@link
 * #withPositive positive class}.
 */
public final class Classification {
  private final Labels truth;
  private final Labels predicted;
  private final double[] weights;
  private final Labels labels;
  private final Labels positive;

  private Classification(
      Labels truth, Labels predicted, double[] weights, Labels labels, Labels positive) {
    this.truth = truth;
    this.predicted = predicted;
    this.weights = weights;
    this.labels = labels;
    this.positive = positive;
  }

  /**
   * Holds predictions against the truth.
   *
   * @param truth the true labels
   * @param predicted the predicted labels, as many
   * @return the metrics
   */
  public static Classification of(Labels truth, Labels predicted) {
    Columns.given(truth, "y_true");
    return new Classification(truth, Columns.given(predicted, "y_pred"), null, null, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public Classification withWeights(double... weights) {
    return new Classification(truth, predicted, weights, labels, positive);
  }

  /**
   * The same over these classes, in this order; they need not occur.
   *
   * @param labels the classes
   * @return the metrics
   */
  public Classification withLabels(Labels labels) {
    return new Classification(truth, predicted, weights, labels, positive);
  }

  /**
   * The same with this positive class, which is 1 unless given.
   *
   * @param positive a column of one label
   * @return the metrics
   */
  public Classification withPositive(Labels positive) {
    return new Classification(truth, predicted, weights, labels, positive);
  }

  /**
   * The share of rows that are right.
   *
   * @return between 0 and 1
   */
  public double accuracy() {
    return measure("accuracy").number();
  }

  /**
   * The share of rows that are wrong; of one label a row, the Hamming loss as well.
   *
   * @return between 0 and 1
   */
  public double zeroOneLoss() {
    return measure("zero_one_loss").number();
  }

  /**
   * The mean recall of the classes.
   *
   * @return between 0 and 1
   */
  public Metric balancedAccuracy() {
    return measure("balanced_accuracy", 0).metric();
  }

  /**
   * The mean recall of the classes, moved so that chance is 0.
   *
   * @return at most 1
   */
  public Metric adjustedBalancedAccuracy() {
    return measure("balanced_accuracy", 1).metric();
  }

  /**
   * Matthews' correlation.
   *
   * @return between -1 and 1
   */
  public Metric matthews() {
    return measure("matthews").metric();
  }

  /**
   * Cohen's kappa: agreement beyond chance.
   *
   * @param distance how far apart classes are
   * @return at most 1
   */
  public Metric kappa(Kappa distance) {
    return measure("kappa", Columns.ordinal(distance, "distance")).metric();
  }

  /**
   * The classes that metrics are about, in the order of the confusion matrix.
   *
   * @return strings, numbers or booleans, as they were given
   */
  public List<Object> labels() {
    return columns().describe("labels", new TypeReference<>() {}, Columns.noOptions());
  }

  /**
   * How many rows of each true class were predicted as each class.
   *
   * @return a row for each true class
   */
  public double[][] confusionMatrix() {
    return confusionMatrix(Normalize.NONE);
  }

  /**
   * The scaled confusion matrix.
   *
   * @param normalize how it is scaled
   * @return a row for each true class
   */
  public double[][] confusionMatrix(Normalize normalize) {
    double[] cells = measure("confusion_matrix", Columns.ordinal(normalize, "normalize")).list();
    int classes = (int) Math.round(Math.sqrt(cells.length));
    double[][] rows = new double[classes][classes];
    for (int row = 0; row < classes; row++) {
      System.arraycopy(cells, row * classes, rows[row], 0, classes);
    }
    return rows;
  }

  /**
   * The tally of each class against all others.
   *
   * @return in the order of {@link #labels}
   */
  public List<Tally> tallies() {
    return Tally.read(measure("tallies"));
  }

  /**
   * Precision, recall and F of an average.
   *
   * @param average how classes become one number
   * @param beta how much more recall counts than precision; 1 for F1
   * @param zero what a share of nothing is
   * @return the scores
   */
  public SetScores scores(Average average, double beta, ZeroDivision zero) {
    return measure(
            "scores", Columns.ordinal(average, "average"), Columns.ordinal(zero, "zero"), beta)
        .sets();
  }

  /**
   * The share of what was predicted that is true.
   *
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric precision(Average average) {
    return scores(average, 1, ZeroDivision.ZERO).precision();
  }

  /**
   * The share of what is true that was predicted.
   *
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric recall(Average average) {
    return scores(average, 1, ZeroDivision.ZERO).recall();
  }

  /**
   * The harmonic mean of precision and recall.
   *
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric f1(Average average) {
    return scores(average, 1, ZeroDivision.ZERO).fScore();
  }

  /**
   * The weighted harmonic mean of precision and recall.
   *
   * @param beta how much more recall counts than precision
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric fBeta(double beta, Average average) {
    return scores(average, beta, ZeroDivision.ZERO).fScore();
  }

  /**
   * The size of what is true and predicted, over that of what is either.
   *
   * @param average how classes become one number
   * @param zero what a share of nothing is
   * @return between 0 and 1
   */
  public Metric jaccard(Average average, ZeroDivision zero) {
    return measure("jaccard", Columns.ordinal(average, "average"), Columns.ordinal(zero, "zero"))
        .metric();
  }

  /**
   * The share of what is not true that was not predicted.
   *
   * @param average how classes become one number
   * @param zero what a share of nothing is
   * @return between 0 and 1
   */
  public Metric specificity(Average average, ZeroDivision zero) {
    return measure(
            "specificity", Columns.ordinal(average, "average"), Columns.ordinal(zero, "zero"))
        .metric();
  }

  /**
   * The share of what was not predicted that is not true.
   *
   * @param average how classes become one number
   * @param zero what a share of nothing is
   * @return between 0 and 1
   */
  public Metric negativePredictiveValue(Average average, ZeroDivision zero) {
    return measure(
            "negative_predictive_value",
            Columns.ordinal(average, "average"),
            Columns.ordinal(zero, "zero"))
        .metric();
  }

  /**
   * The scores of each class.
   *
   * @param beta how much more recall counts than precision; 1 for F1
   * @param zero what a share of nothing is
   * @return in the order of {@link #labels}
   */
  public List<ClassScores> byClass(double beta, ZeroDivision zero) {
    return ClassScores.read(measure("label_scores", Columns.ordinal(zero, "zero"), beta));
  }

  /**
   * The Jaccard score of each class.
   *
   * @param zero what a share of nothing is
   * @return in the order of {@link #labels}
   */
  public List<Metric> jaccardByClass(ZeroDivision zero) {
    return measure("label_jaccard", Columns.ordinal(zero, "zero")).metrics();
  }

  /**
   * How much a prediction changes the odds of the positive class.
   *
   * @return both ratios
   */
  public LikelihoodRatios likelihoodRatios() {
    Numbers ratios = measure("likelihood_ratios");
    return new LikelihoodRatios(ratios.metric(), ratios.metric());
  }

  /**
   * The mean of what predictions cost.
   *
   * @param costs a row for each true class, a column for each predicted one, in the order of {@link
   *     #labels}
   * @return in the unit of the costs
   */
  public Metric meanCost(double[]... costs) {
    Columns columns = columns().add(Table.of(costs).column());
    return columns.measure("mean_cost").metric();
  }

  /**
   * The classification report as text, as scikit-learn prints it.
   *
   * @return lines for people
   */
  public String report() {
    return report(2, ZeroDivision.ZERO);
  }

  /**
   * The classification report as text, as scikit-learn prints it.
   *
   * @param digits the digits of each number
   * @param zero what a share of nothing is
   * @param names what stands for the classes, one each; none for the classes themselves
   * @return lines for people
   */
  public String report(int digits, ZeroDivision zero, String... names) {
    Columns columns =
        counted().add(Columns.given(names, "names").length == 0 ? null : Labels.of(names).column());
    return columns.describe(
        "report", new TypeReference<>() {}, Columns.ordinal(zero, "zero"), digits);
  }

  /** Truth, predictions, weights, classes, positive class. */
  private Columns counted() {
    return new Columns()
        .add(truth.column())
        .add(predicted.column())
        .add(weights)
        .add(Labels.column(labels))
        .add(Labels.column(positive));
  }

  private Columns columns() {
    return counted().add((Column) null);
  }

  private Numbers measure(String metric, double... options) {
    return columns().measure(metric, options);
  }

  /**
   * The scores of one class.
   *
   * @param scores precision, recall and F
   * @param support its true rows, or their weight
   */
  public record ClassScores(SetScores scores, double support) {
    static List<ClassScores> read(Numbers numbers) {
      int classes = numbers.count();
      List<ClassScores> rows = new ArrayList<>(classes);
      for (int row = 0; row < classes; row++) {
        rows.add(new ClassScores(numbers.sets(), numbers.number()));
      }
      return List.copyOf(rows);
    }
  }

  /**
   * The tally of a class against all others: rows, or their weights.
   *
   * @param trueNegatives neither true nor predicted
   * @param falsePositives predicted, but not true
   * @param falseNegatives true, but not predicted
   * @param truePositives true and predicted
   */
  public record Tally(
      double trueNegatives, double falsePositives, double falseNegatives, double truePositives) {
    static List<Tally> read(Numbers numbers) {
      int classes = numbers.count();
      List<Tally> tallies = new ArrayList<>(classes);
      for (int row = 0; row < classes; row++) {
        tallies.add(
            new Tally(numbers.number(), numbers.number(), numbers.number(), numbers.number()));
      }
      return List.copyOf(tallies);
    }
  }

  /**
   * How much a prediction changes the odds.
   *
   * @param positive recall over the share of false alarms
   * @param negative the share of misses over specificity
   */
  public record LikelihoodRatios(Metric positive, Metric negative) {}
}
