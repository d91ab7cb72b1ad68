package dev.halfback.metrics;

/**
 * Comparisons of two models, and of two samples. What they let one say is for a {@link Question}.
 * Any metric of two models is compared by {@link Resampling#compare}.
 */
public final class Comparison {
  private Comparison() {}

  /**
   * Compares the areas under the ROC curves of two models on the same rows (DeLong et al. 1988).
   *
   * @param truth the labels, from {0, 1} or {-1, 1}
   * @param first the scores of the first model
   * @param second the scores of the second
   * @param level such as 0.95
   * @return the difference of first less second
   */
  public static Areas deLong(Labels truth, Scores first, Scores second, double level) {
    Numbers pair =
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(first, "first").column())
            .add(Columns.given(second, "second").column())
            .measure("delong_paired", level);
    return new Areas(
        pair.number(), pair.number(), pair.number(), pair.number(), pair.interval(), pair.metric());
  }

  /**
   * Compares the right answers of two models on the same rows (McNemar 1947).
   *
   * @param truth the labels
   * @param first the labels that the first model predicted
   * @param second those of the second
   * @return the rows that only one of them has right, and p-values
   */
  public static McNemar mcNemar(Labels truth, Labels first, Labels second) {
    Numbers counts =
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(first, "first").column())
            .add(Columns.given(second, "second").column())
            .measure("mcnemar");
    return new McNemar(
        counts.rows(),
        counts.rows(),
        counts.rows(),
        counts.number(),
        counts.number(),
        counts.number());
  }

  /**
   * Compares the means of two independent samples (Welch 1947).
   *
   * @param first the first sample
   * @param second the second sample
   * @param level such as 0.95
   * @return the difference of first less second
   */
  public static Welch welch(double[] first, double[] second, double level) {
    Numbers test =
        new Columns()
            .add(Columns.given(first, "first"))
            .add(Columns.given(second, "second"))
            .measure("welch", level);
    return new Welch(test.number(), test.number(), test.interval(), test.metric());
  }

  /**
   * Compares two proportions of independent samples (Miettinen and Nurminen 1985).
   *
   * @param successes how often it happened in the first
   * @param rows out of how many
   * @param otherSuccesses how often in the second
   * @param otherRows out of how many
   * @param level such as 0.95
   * @return the difference of first less second
   */
  public static TwoProportions twoProportions(
      long successes, long rows, long otherSuccesses, long otherRows, double level) {
    double[] options = {successes, rows, otherSuccesses, otherRows, level};
    Numbers test = Columns.of("two_proportions", options);
    double pValue = test.number();
    return new TwoProportions(successes, rows, otherSuccesses, otherRows, test.interval(), pValue);
  }

  /**
   * Adjusts the p-values of several tests.
   *
   * @param how what is kept
   * @param pValues one for each test
   * @return in the same order
   */
  public static double[] adjust(Adjustment how, double... pValues) {
    return new Columns()
        .add(Columns.given(pValues, "p_values"))
        .measure("adjust", Columns.ordinal(how, "how"))
        .list();
  }

  /**
   * Two areas under ROC curves.
   *
   * @param first of the first model
   * @param second of the second
   * @param variance of their difference
   * @param freedom the degrees of freedom of the variance, of Student's distribution
   * @param difference of first less second, with its interval
   * @param pValue two-sided, of no difference
   */
  public record Areas(
      double first,
      double second,
      double variance,
      double freedom,
      Interval difference,
      Metric pValue)
      implements Difference {}

  /**
   * The rows that tell two models apart.
   *
   * @param firstOnly those that only the first has right
   * @param secondOnly those that only the second has right
   * @param rows all rows
   * @param difference the accuracy of first less second
   * @param exact the exact p-value
   * @param midP the mid-p-value (Fagerland et al. 2013)
   */
  public record McNemar(
      long firstOnly, long secondOnly, long rows, double difference, double exact, double midP)
      implements Difference {}

  /**
   * The difference of two means.
   *
   * @param standardError of the difference
   * @param freedom its degrees of freedom
   * @param difference of first less second, with its interval
   * @param pValue two-sided, of no difference
   */
  public record Welch(double standardError, double freedom, Interval difference, Metric pValue)
      implements Difference {}

  /**
   * Two proportions.
   *
   * @param successes how often it happened in the first
   * @param rows out of how many
   * @param otherSuccesses how often in the second
   * @param otherRows out of how many
   * @param difference of first less second, with its interval
   * @param pValue two-sided, of no difference
   */
  public record TwoProportions(
      long successes,
      long rows,
      long otherSuccesses,
      long otherRows,
      Interval difference,
      double pValue)
      implements Difference {}
}
