package dev.halfback.metrics;

import java.util.Arrays;
import java.util.Optional;

/**
 * How predictions of two classes differ between groups of people, by the measures that have names.
 * Labels are from {0, 1} or {-1, 1} unless the {@link #withPositive positive class} is given.
 *
 * <p>A difference of 0 and a ratio of 1 is parity. A group without the rows that a rate is of, such
 * as one without positives, is left out. Sources: fairlearn 0.15; Hardt, Price and Srebro (2016).
 *
 * <pre>{@code
 * Fairness fairness = Fairness.of(truth, predicted, Groups.of(sex));
 * double ratio = fairness.demographicParityRatio().value();
 * }</pre>
 */
public final class Fairness {
  private final Labels truth;
  private final Labels predicted;
  private final Groups groups;
  private final Labels positive;
  private final Relation relation;
  private final Aggregate aggregate;

  private Fairness(
      Labels truth,
      Labels predicted,
      Groups groups,
      Labels positive,
      Relation relation,
      Aggregate aggregate) {
    this.truth = truth;
    this.predicted = predicted;
    this.groups = groups;
    this.positive = positive;
    this.relation = relation;
    this.aggregate = aggregate;
  }

  /**
   * Holds predictions against the truth by group.
   *
   * @param truth the true labels
   * @param predicted the predicted labels, as many
   * @param groups the groups of the rows, and their weights
   * @return the measures
   */
  public static Fairness of(Labels truth, Labels predicted, Groups groups) {
    return new Fairness(
        Columns.given(truth, "y_true"),
        Columns.given(predicted, "y_pred"),
        Columns.given(groups, "groups"),
        null,
        Relation.BETWEEN_GROUPS,
        Aggregate.WORST_CASE);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the measures
   */
  public Fairness withWeights(double... weights) {
    Groups weighted = groups.withWeights(weights);
    return new Fairness(truth, predicted, weighted, positive, relation, aggregate);
  }

  /**
   * The same with this positive class; all others are negative.
   *
   * @param positive a column of one label
   * @return the measures
   */
  public Fairness withPositive(Labels positive) {
    return new Fairness(truth, predicted, groups, positive, relation, aggregate);
  }

  /**
   * The same with groups held against each other, as they are unless told, or against all rows.
   *
   * @param relation what groups are held against
   * @return the measures
   */
  public Fairness withRelation(Relation relation) {
    Columns.given(relation, "relation");
    return new Fairness(truth, predicted, groups, positive, relation, aggregate);
  }

  /**
   * The same with the worse of two rates in equalized odds, as it is unless told, or their mean.
   *
   * @param aggregate how two rates become one
   * @return the measures
   */
  public Fairness withAggregate(Aggregate aggregate) {
    Columns.given(aggregate, "aggregate");
    return new Fairness(truth, predicted, groups, positive, relation, aggregate);
  }

  /**
   * The largest difference of the share that is predicted positive. The truth is checked and not
   * used.
   *
   * @return between 0 and 1
   */
  public Metric demographicParityDifference() {
    return measure(Measure.DEMOGRAPHIC_PARITY_DIFFERENCE);
  }

  /**
   * The smallest ratio of the share that is predicted positive. Below 0.8 is where the four-fifths
   * rule of the United States' Uniform Guidelines on Employee Selection Procedures (1978) sees
   * adverse impact.
   *
   * @return between 0 and 1
   */
  public Metric demographicParityRatio() {
    return measure(Measure.DEMOGRAPHIC_PARITY_RATIO);
  }

  /**
   * The largest difference of the true positive rate.
   *
   * @return between 0 and 1
   */
  public Metric equalOpportunityDifference() {
    return measure(Measure.EQUAL_OPPORTUNITY_DIFFERENCE);
  }

  /**
   * The smallest ratio of the true positive rate.
   *
   * @return between 0 and 1
   */
  public Metric equalOpportunityRatio() {
    return measure(Measure.EQUAL_OPPORTUNITY_RATIO);
  }

  /**
   * The difference of the true and of the false positive rate: the larger, or their mean.
   *
   * @return between 0 and 1
   */
  public Metric equalizedOddsDifference() {
    return measure(Measure.EQUALIZED_ODDS_DIFFERENCE);
  }

  /**
   * The ratio of the true and of the false positive rate: the smaller, or their mean.
   *
   * @return between 0 and 1
   */
  public Metric equalizedOddsRatio() {
    return measure(Measure.EQUALIZED_ODDS_RATIO);
  }

  /**
   * Any of the measures.
   *
   * @param measure which
   * @return between 0 and 1
   */
  public Metric measure(Measure measure) {
    return read(measure).metric();
  }

  /**
   * A measure with the percentiles of a Poisson bootstrap over rows (Efron 1979; Chamandy et al.
   * 2012). {@link Groups#interval} draws clusters and strata as well.
   *
   * @param measure which
   * @param replicates how many resamples, at most 2^24
   * @param seed where the random numbers begin
   * @param level such as 0.95
   * @return the measure and its interval
   */
  public Disparity interval(Measure measure, int replicates, long seed, double level) {
    if (!(level > 0 && level < 1)) {
      throw Columns.invalid("`level` is `" + level + "`, expected above 0 and below 1");
    }
    Numbers found = read(measure, level, replicates, Bootstrap.bits(seed));
    Metric metric = found.metric();
    return new Disparity(
        metric, found.count() == 0 ? Optional.empty() : Optional.of(found.interval()));
  }

  private Numbers read(Measure measure, double... settings) {
    int place = Columns.ordinal(measure, "measure");
    double[] options = new double[7];
    Arrays.fill(options, Double.NaN);
    options[0] = place / 2;
    options[1] = place % 2;
    options[2] = relation.ordinal();
    options[3] = aggregate.ordinal();
    System.arraycopy(settings, 0, options, 4, settings.length);
    return new Columns()
        .add(truth.column())
        .add(predicted.column())
        .add(groups.weights())
        .add(Labels.column(positive))
        .add(groups.column())
        .measure("fairness", options);
  }

  /** The measures by their names. */
  public enum Measure {
    /** {@link Fairness#demographicParityDifference}. */
    DEMOGRAPHIC_PARITY_DIFFERENCE,
    /** {@link Fairness#demographicParityRatio}. */
    DEMOGRAPHIC_PARITY_RATIO,
    /** {@link Fairness#equalOpportunityDifference}. */
    EQUAL_OPPORTUNITY_DIFFERENCE,
    /** {@link Fairness#equalOpportunityRatio}. */
    EQUAL_OPPORTUNITY_RATIO,
    /** {@link Fairness#equalizedOddsDifference}. */
    EQUALIZED_ODDS_DIFFERENCE,
    /** {@link Fairness#equalizedOddsRatio}. */
    EQUALIZED_ODDS_RATIO
  }
}
