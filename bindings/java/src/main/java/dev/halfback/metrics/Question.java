package dev.halfback.metrics;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.halfback.Alternative;
import dev.halfback.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/**
 * A question about a difference: whether the first is better than the second, not worse, or as
 * good.
 *
 * <pre>{@code
 * Judgement judgement =
 *     Question.nonInferiority(0.01).judge(Comparison.deLong(truth, candidate, baseline, 0.95));
 * }</pre>
 *
 * <p>What is said is wrong with a chance of 1 less the level at most, and with half of it where
 * only one side can be wrong, as in superiority, non-inferiority and equivalence: two one-sided
 * tests at 5 %, as most of the literature has them, are asked for by a level of 0.9. Sources: ICH
 * E9, Statistical principles for clinical trials (1998); Schuirmann (1987) for equivalence; EMA
 * (2000) for superiority after non-inferiority. One-sided tests are by the normal distribution for
 * areas, by Student's for means, by the mid-p-value or Tango's score (1998) for accuracies, by the
 * score of Miettinen and Nurminen for proportions, and of resamples by the method of their
 * interval. Where rows or clusters are too few for the level, nothing is told.
 *
 * @param alternative what is to be shown
 * @param margin a difference that matters, zero or more, in the unit of the metric
 * @param level the confidence level, such as 0.95
 * @param higherIsBetter whether more of the metric is better
 */
public record Question(
    Alternative alternative, double margin, double level, boolean higherIsBetter) {
  private static final double LEVEL = 0.95;

  /**
   * Whether both differ.
   *
   * @return the question, at a level of 0.95, more being better
   */
  public static Question difference() {
    return difference(0);
  }

  /**
   * Whether both differ, else whether they do so by less than the margin.
   *
   * @param margin zero or more
   * @return the question, at a level of 0.95, more being better
   */
  public static Question difference(double margin) {
    return new Question(Alternative.DIFFERENCE, margin, LEVEL, true);
  }

  /**
   * Whether the first is better by more than the margin.
   *
   * @param margin zero or more
   * @return the question, at a level of 0.95, more being better
   */
  public static Question superiority(double margin) {
    return new Question(Alternative.SUPERIORITY, margin, LEVEL, true);
  }

  /**
   * Whether the first is not worse by the margin or more.
   *
   * @param margin above zero
   * @return the question, at a level of 0.95, more being better
   */
  public static Question nonInferiority(double margin) {
    return new Question(Alternative.NON_INFERIORITY, margin, LEVEL, true);
  }

  /**
   * Whether both differ by less than the margin, by two one-sided tests (TOST).
   *
   * @param margin above zero
   * @return the question, at a level of 0.95, more being better
   */
  public static Question equivalence(double margin) {
    return new Question(Alternative.EQUIVALENCE, margin, LEVEL, true);
  }

  /**
   * The same at another level.
   *
   * @param level such as 0.95
   * @return the question
   */
  public Question withLevel(double level) {
    return new Question(alternative, margin, level, higherIsBetter);
  }

  /**
   * The same of a metric of which less is better, such as an error.
   *
   * @return the question
   */
  public Question lowerIsBetter() {
    return new Question(alternative, margin, level, false);
  }

  /**
   * Judges a difference.
   *
   * @param difference first less second
   * @return what can be said of the first
   */
  public Judgement judge(Difference difference) {
    return judged(Adjustment.HOLM, List.of(Columns.given(difference, "difference"))).get(0);
  }

  /**
   * Judges differences that are looked at together, such as those of slices.
   *
   * @param how the p-values are adjusted for their number; an interval is that of its difference
   *     alone
   * @param differences one at least
   * @return in their order
   */
  public List<Judgement> judge(Adjustment how, List<? extends Difference> differences) {
    Columns.given(how, "how");
    if (Columns.given(differences, "differences").isEmpty()) {
      throw Columns.invalid("`differences` is empty, expected at least one");
    }
    return judged(how, differences);
  }

  private List<Judgement> judged(Adjustment how, List<? extends Difference> differences) {
    Columns columns = new Columns();
    for (Difference difference : differences) {
      columns.add(numbers(Columns.given(difference, "differences")));
    }
    List<Told> told =
        columns.describe(
            "judge",
            new TypeReference<>() {},
            place(Columns.given(alternative, "alternative")),
            margin,
            level,
            higherIsBetter ? 1 : 0,
            how.ordinal());
    return told.stream().map(Told::judgement).toList();
  }

  private static int place(Alternative alternative) {
    return switch (alternative) {
      case DIFFERENCE -> 0;
      case SUPERIORITY -> 1;
      case NON_INFERIORITY -> 2;
      case EQUIVALENCE -> 3;
    };
  }

  /** The place of the record, and what tells the difference. */
  private static double[] numbers(Difference difference) {
    if (difference instanceof Comparison.Areas areas) {
      double estimate = areas.difference().estimate();
      return new double[] {0, estimate, areas.variance(), areas.freedom()};
    }
    if (difference instanceof Comparison.McNemar counts) {
      return new double[] {1, counts.firstOnly(), counts.secondOnly(), counts.rows()};
    }
    if (difference instanceof Comparison.Welch means) {
      double estimate = means.difference().estimate();
      return new double[] {2, estimate, means.standardError(), means.freedom()};
    }
    if (difference instanceof Comparison.TwoProportions shares) {
      return new double[] {
        3, shares.successes(), shares.rows(), shares.otherSuccesses(), shares.otherRows()
      };
    }
    PairedBootstrap resamples = (PairedBootstrap) difference;
    double[] head = {
      4, resamples.difference().estimate(), resamples.units(), resamples.acceleration()
    };
    return DoubleStream.concat(Arrays.stream(head), Arrays.stream(resamples.replicates()))
        .toArray();
  }

  /** A judgement as native code tells it. */
  private record Told(
      Verdict verdict,
      String reason,
      Interval interval,
      @JsonProperty("p_value") Double pValue,
      @JsonProperty("adjusted_p_value") Double adjustedPValue) {
    Judgement judgement() {
      return new Judgement(
          verdict,
          reason,
          Optional.ofNullable(interval),
          optional(pValue),
          optional(adjustedPValue));
    }

    private static OptionalDouble optional(Double number) {
      return number == null ? OptionalDouble.empty() : OptionalDouble.of(number);
    }
  }
}
