package dev.halfback.metrics;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.List;

/** Rows that have several labels each: which they have against which were predicted. */
public final class Multilabel {
  private final Flags truth;
  private final Flags predicted;
  private final double[] weights;

  private Multilabel(Flags truth, Flags predicted, double[] weights) {
    this.truth = truth;
    this.predicted = predicted;
    this.weights = weights;
  }

  /**
   * Holds predictions against the truth.
   *
   * @param truth a column for each label
   * @param predicted the same shape
   * @return the metrics
   */
  public static Multilabel of(Flags truth, Flags predicted) {
    Columns.given(predicted, "y_pred");
    Columns.sameWidth("y_pred", predicted.columns(), Columns.given(truth, "y_true").columns());
    return new Multilabel(truth, predicted, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public Multilabel withWeights(double... weights) {
    return new Multilabel(truth, predicted, weights);
  }

  /**
   * The share of rows all of whose labels are right.
   *
   * @return between 0 and 1
   */
  public double accuracy() {
    return measure("multilabel_accuracy", truth.columns()).number();
  }

  /**
   * The share of labels that are wrong.
   *
   * @return between 0 and 1
   */
  public double hammingLoss() {
    return measure("multilabel_hamming_loss", truth.columns()).number();
  }

  /**
   * Precision, recall and F of an average.
   *
   * @param average how labels become one number
   * @param beta how much more recall counts than precision; 1 for F1
   * @param zero what a share of nothing is
   * @return the scores
   */
  public SetScores scores(Average average, double beta, ZeroDivision zero) {
    double[] options = {
      truth.columns(), Columns.ordinal(average, "average"), Columns.ordinal(zero, "zero"), beta
    };
    return measure("multilabel_scores", options).sets();
  }

  /**
   * The size of what is true and predicted, over that of what is either.
   *
   * @param average how labels become one number
   * @param zero what a share of nothing is
   * @return between 0 and 1
   */
  public Metric jaccard(Average average, ZeroDivision zero) {
    double[] options = {
      truth.columns(), Columns.ordinal(average, "average"), Columns.ordinal(zero, "zero")
    };
    return measure("multilabel_jaccard", options).metric();
  }

  /**
   * The scores of each label.
   *
   * @param beta how much more recall counts than precision; 1 for F1
   * @param zero what a share of nothing is
   * @return in the order of the columns
   */
  public List<Classification.ClassScores> byLabel(double beta, ZeroDivision zero) {
    double[] options = {truth.columns(), Columns.ordinal(zero, "zero"), beta};
    return Classification.ClassScores.read(measure("multilabel_label_scores", options));
  }

  /**
   * The tally of each label.
   *
   * @return in the order of the columns
   */
  public List<Classification.Tally> tallies() {
    return Classification.Tally.read(measure("multilabel_tallies", truth.columns()));
  }

  /**
   * The tally of each row.
   *
   * @return in the order of the rows
   */
  public List<Classification.Tally> talliesOfRows() {
    return Classification.Tally.read(measure("multilabel_row_tallies", truth.columns()));
  }

  /**
   * The classification report as text, as scikit-learn prints it.
   *
   * @param digits the digits of each number
   * @param zero what a share of nothing is
   * @param names what stands for the labels, one each; none for their numbers
   * @return lines for people
   */
  public String report(int digits, ZeroDivision zero, String... names) {
    Columns columns =
        columns().add(Columns.given(names, "names").length == 0 ? null : Labels.of(names).column());
    double[] options = {truth.columns(), Columns.ordinal(zero, "zero"), digits};
    return columns.describe("multilabel_report", new TypeReference<>() {}, options);
  }

  private Columns columns() {
    return new Columns()
        .add(truth.column())
        .add(predicted.column())
        .add(weights)
        .add((Column) null)
        .add((Column) null);
  }

  private Numbers measure(String metric, double... options) {
    return columns().measure(metric, options);
  }
}
