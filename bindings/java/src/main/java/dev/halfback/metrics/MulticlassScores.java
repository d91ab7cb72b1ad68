package dev.halfback.metrics;

import java.util.List;

/**
 * Labels of several classes against a score for each class. Columns are in ascending order of
 * class.
 */
public final class MulticlassScores {
  private final Labels truth;
  private final Table scores;
  private final double[] weights;
  private final Labels labels;

  private MulticlassScores(Labels truth, Table scores, double[] weights, Labels labels) {
    this.truth = truth;
    this.scores = scores;
    this.weights = weights;
    this.labels = labels;
  }

  /**
   * Holds scores against the truth.
   *
   * @param truth the labels
   * @param scores a row for each label, a column for each class
   * @return the metrics
   */
  public static MulticlassScores of(Labels truth, Table scores) {
    Columns.given(truth, "y_true");
    return new MulticlassScores(truth, Columns.given(scores, "y_score"), null, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public MulticlassScores withWeights(double... weights) {
    return new MulticlassScores(truth, scores, weights, labels);
  }

  /**
   * The same with all classes, where not all of them are in the truth.
   *
   * @param labels in ascending order, one for each column
   * @return the metrics
   */
  public MulticlassScores withLabels(Labels labels) {
    return new MulticlassScores(truth, scores, weights, labels);
  }

  /**
   * The area under the ROC curve.
   *
   * @param how what a class is held against
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric rocAuc(Multiclass how, Average average) {
    double[] options = {
      scores.columns(), Columns.ordinal(how, "how"), Columns.ordinal(average, "average")
    };
    return measure("roc_auc_multiclass", options).metric();
  }

  /**
   * The area under the ROC curve of each class against all others.
   *
   * @return in the order of the columns
   */
  public List<Metric> rocAucByClass() {
    return measure("roc_auc_by_class", scores.columns()).metrics();
  }

  /**
   * Average precision.
   *
   * @param average how classes become one number
   * @return between 0 and 1
   */
  public Metric averagePrecision(Average average) {
    double[] options = {scores.columns(), Columns.ordinal(average, "average")};
    return measure("average_precision_multiclass", options).metric();
  }

  /**
   * The share of rows whose class is among the best scored.
   *
   * @param k how many classes are looked at
   * @return between 0 and 1
   */
  public Metric topKAccuracy(int k) {
    return measure("top_k_accuracy", scores.columns(), k).metric();
  }

  /**
   * The mean log loss of probabilities.
   *
   * @return zero or more
   */
  public Metric logLoss() {
    return measure("log_loss", scores.columns(), 1).metric();
  }

  /**
   * The share of log loss that is explained.
   *
   * @return at most 1
   */
  public Metric d2LogLoss() {
    return measure("d2_log_loss", scores.columns()).metric();
  }

  /**
   * The Brier score of probabilities, between 0 and 2.
   *
   * @return zero or more
   */
  public Metric brierScore() {
    return measure("brier_score", scores.columns(), Double.NaN).metric();
  }

  /**
   * The share of the Brier score that is explained.
   *
   * @return at most 1
   */
  public Metric d2BrierScore() {
    return measure("d2_brier_score", scores.columns(), Double.NaN).metric();
  }

  /**
   * The mean hinge loss of decisions.
   *
   * @return zero or more
   */
  public Metric hingeLoss() {
    return measure("hinge_loss", scores.columns()).metric();
  }

  private Numbers measure(String metric, double... options) {
    return new Columns()
        .add(truth.column())
        .add(scores.column())
        .add(weights)
        .add(Labels.column(labels))
        .add((Column) null)
        .measure(metric, options);
  }
}
