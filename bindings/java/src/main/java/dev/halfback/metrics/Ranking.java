package dev.halfback.metrics;

import java.util.List;

/** Which labels a row has, or which documents are relevant to it, against a score for each. */
public final class Ranking {
  private final Flags truth;
  private final Table scores;
  private final double[] weights;

  private Ranking(Flags truth, Table scores, double[] weights) {
    this.truth = truth;
    this.scores = scores;
    this.weights = weights;
  }

  /**
   * Holds scores against the truth.
   *
   * @param truth a row for each query, a column for each label or document
   * @param scores the same shape
   * @return the metrics
   */
  public static Ranking of(Flags truth, Table scores) {
    Columns.given(scores, "y_score");
    Columns.sameWidth("y_score", scores.columns(), Columns.given(truth, "y_true").columns());
    return new Ranking(truth, scores, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public Ranking withWeights(double... weights) {
    return new Ranking(truth, scores, weights);
  }

  /**
   * The discounted cumulative gain of graded relevance.
   *
   * @param relevance how relevant each document is, zero or more
   * @param scores the same shape
   * @param k how many of the best-scored documents are looked at, or 0 for all
   * @return the mean over rows
   */
  public static double dcg(Table relevance, Table scores, int k) {
    return gains("dcg", relevance, scores, k).number();
  }

  /**
   * The discounted cumulative gain, over the best that could be.
   *
   * @param relevance how relevant each document is, zero or more
   * @param scores the same shape
   * @param k how many of the best-scored documents are looked at, or 0 for all
   * @return between 0 and 1
   */
  public static Metric ndcg(Table relevance, Table scores, int k) {
    return gains("ndcg", relevance, scores, k).metric();
  }

  private static Numbers gains(String metric, Table relevance, Table scores, int k) {
    return new Columns()
        .add(Columns.given(relevance, "y_true").column())
        .add(Columns.given(scores, "y_score").column())
        .add((Column) null)
        .measure(metric, relevance.columns(), k == 0 ? Double.NaN : k, 2, 0);
  }

  /**
   * The mean average precision of the best-scored documents.
   *
   * @param k how many are looked at, or 0 for all
   * @return between 0 and 1
   */
  public Metric meanAveragePrecision(int k) {
    return cut("mean_average_precision", k);
  }

  /**
   * The mean of one over the rank of the first relevant document.
   *
   * @param k how many are looked at, or 0 for all
   * @return between 0 and 1
   */
  public Metric meanReciprocalRank(int k) {
    return cut("mean_reciprocal_rank", k);
  }

  /**
   * The share of rows with a relevant document among the best scored.
   *
   * @param k how many are looked at, or 0 for all
   * @return between 0 and 1
   */
  public Metric hitRate(int k) {
    return cut("hit_rate", k);
  }

  /**
   * The share of the best-scored documents that are relevant.
   *
   * @param k how many are looked at, or 0 for all
   * @return between 0 and 1
   */
  public Metric precisionAt(int k) {
    return cut("precision_at_k", k);
  }

  /**
   * The share of relevant documents that are among the best scored.
   *
   * @param k how many are looked at, or 0 for all
   * @return between 0 and 1
   */
  public Metric recallAt(int k) {
    return cut("recall_at_k", k);
  }

  /**
   * The mean share of true labels among those that score at least as well as a true one.
   *
   * @return between 0 and 1
   */
  public Metric labelRankingAveragePrecision() {
    return measure("label_ranking_average_precision").metric();
  }

  /**
   * How far down the ranking all true labels are found.
   *
   * @return the mean rank
   */
  public Metric coverageError() {
    return measure("coverage_error").metric();
  }

  /**
   * The share of pairs of a true and another label that are in the wrong order.
   *
   * @return between 0 and 1
   */
  public Metric labelRankingLoss() {
    return measure("label_ranking_loss").metric();
  }

  /**
   * The area under the ROC curve.
   *
   * @param average how labels become one number
   * @return between 0 and 1
   */
  public Metric rocAuc(Average average) {
    return measure("roc_auc_multilabel", Columns.ordinal(average, "average"), Double.NaN).metric();
  }

  /**
   * Average precision.
   *
   * @param average how labels become one number
   * @return between 0 and 1
   */
  public Metric averagePrecision(Average average) {
    return measure("average_precision_multilabel", Columns.ordinal(average, "average")).metric();
  }

  /**
   * Average precision of each label.
   *
   * @return in the order of the columns
   */
  public List<Metric> averagePrecisionByLabel() {
    return measure("average_precision_by_label").metrics();
  }

  private Metric cut(String metric, int k) {
    return measure(metric, k == 0 ? Double.NaN : k).metric();
  }

  private Numbers measure(String metric, double... options) {
    double[] all = new double[options.length + 1];
    all[0] = truth.columns();
    System.arraycopy(options, 0, all, 1, options.length);
    return new Columns().add(truth.column()).add(scores.column()).add(weights).measure(metric, all);
  }
}
