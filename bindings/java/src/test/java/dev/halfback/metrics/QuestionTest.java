package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.Alternative;
import dev.halfback.HalfbackInvalidException;
import dev.halfback.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What differences let one say, and what is refused. */
class QuestionTest {
  private static final int ROWS = 400;
  private static final Labels TRUTH;
  private static final double[] FIRST = new double[ROWS];
  private static final double[] SECOND = new double[ROWS];

  static {
    Random random = new Random(7);
    int[] truth = random.ints(ROWS, 0, 2).toArray();
    for (int row = 0; row < ROWS; row++) {
      FIRST[row] = truth[row] + 0.8 * random.nextGaussian();
      SECOND[row] = FIRST[row] + 0.8 * random.nextGaussian();
    }
    TRUTH = Labels.of(truth);
  }

  private static final Comparison.Areas AREAS =
      Comparison.deLong(TRUTH, Scores.of(FIRST), Scores.of(SECOND), 0.95);
  private static final Comparison.McNemar COUNTS =
      Comparison.mcNemar(TRUTH, labels(FIRST), labels(SECOND));
  private static final Comparison.Welch MEANS =
      Comparison.welch(FIRST, Arrays.stream(SECOND).map(score -> score - 0.4).toArray(), 0.95);
  private static final Comparison.TwoProportions SHARES =
      Comparison.twoProportions(160, 200, 130, 200, 0.95);
  private static final PairedBootstrap RESAMPLES =
      Resampling.of(ROWS)
          .replicates(500)
          .seed(3)
          .compare(weights -> recall(FIRST, weights), weights -> recall(SECOND, weights));

  private static Labels labels(double[] scores) {
    return Labels.of(Arrays.stream(scores).mapToInt(score -> score > 0.5 ? 1 : 0).toArray());
  }

  private static double recall(double[] scores, double[] weights) {
    return Classification.of(TRUTH, labels(scores)).withWeights(weights).f1(Average.BINARY).value();
  }

  private static void refused(String argument, Executable call) {
    HalfbackInvalidException refused = assertThrows(HalfbackInvalidException.class, call);
    assertEquals("invalid_argument", refused.code());
    assertTrue(refused.getMessage().contains("`" + argument + "`"), refused.getMessage());
  }

  @Test
  void everyDifferenceIsJudged() {
    for (Difference difference : List.of(AREAS, COUNTS, MEANS, SHARES, RESAMPLES)) {
      Judgement found = Question.difference().judge(difference);
      assertEquals(Verdict.BETTER, found.verdict(), difference.toString());
      Interval interval = found.interval().orElseThrow();
      assertTrue(interval.lower() > 0);
      assertTrue(found.reason().endsWith("more is better, and 0 is ruled out"), found.reason());
      assertEquals(found.pValue(), found.adjustedPValue());
      assertEquals(
          Verdict.WORSE, Question.difference().lowerIsBetter().judge(difference).verdict());
      double wide = interval.upper() + 0.05;
      assertEquals(Verdict.EQUIVALENT, Question.equivalence(wide).judge(difference).verdict());
      assertEquals(Verdict.BETTER, Question.superiority(0).judge(difference).verdict());
      assertEquals(Verdict.INCONCLUSIVE, Question.superiority(wide).judge(difference).verdict());
      assertEquals(
          Verdict.NON_INFERIOR,
          Question.nonInferiority(wide).lowerIsBetter().judge(difference).verdict());
      Interval narrow =
          Question.difference(wide).withLevel(0.5).judge(difference).interval().orElseThrow();
      assertEquals(0.5, narrow.level());
      assertTrue(narrow.lower() > interval.lower());
    }
  }

  @Test
  void pValuesAndIntervalsAreThoseOfTheMeasurements() {
    Question question = Question.difference();
    assertEquals(AREAS.pValue().value(), p(question.judge(AREAS)), 1e-12);
    assertEquals(COUNTS.midP(), p(question.judge(COUNTS)), 1e-15);
    assertEquals(MEANS.pValue().value(), p(question.judge(MEANS)), 1e-12);
    assertEquals(SHARES.pValue(), p(question.judge(SHARES)), 1e-12);
    assertEquals(RESAMPLES.pValue(), p(question.judge(RESAMPLES)));
    assertEquals(SHARES.difference(), question.judge(SHARES).interval().orElseThrow());
    assertEquals(MEANS.difference(), question.judge(MEANS).interval().orElseThrow());
    assertEquals(RESAMPLES.difference(), question.judge(RESAMPLES).interval().orElseThrow());
    assertEquals(Intervals.miettinenNurminen(160, 200, 130, 200, 0.95), SHARES.difference());
  }

  private static double p(Judgement judgement) {
    return judgement.pValue().orElseThrow();
  }

  @Test
  void severalAreAdjustedForTheirNumber() {
    Interval bounds = new Interval(0.022, 0, 0, 0.95);
    Comparison.Welch weak = new Comparison.Welch(0.01, 1e9, bounds, Metric.of(0));
    Comparison.Welch none = new Comparison.Welch(0, 1e9, bounds, Metric.of(0));
    assertEquals(Verdict.BETTER, Question.difference().judge(weak).verdict());
    List<Difference> several = List.of(weak, none, weak, weak);
    List<Judgement> found = Question.difference().judge(Adjustment.HOLM, several);
    assertEquals(4, found.size());
    assertEquals(Verdict.INCONCLUSIVE, found.get(0).verdict());
    assertEquals(3 * p(found.get(0)), found.get(0).adjustedPValue().orElseThrow(), 1e-12);
    assertTrue(found.get(0).reason().contains("among so many questions"), found.get(0).reason());
    assertEquals(OptionalDouble.empty(), found.get(1).pValue());
    assertEquals(
        Verdict.BETTER,
        Question.difference().judge(Adjustment.BENJAMINI_HOCHBERG, several).get(0).verdict());
    List<Difference> mixed = List.of(AREAS, COUNTS, MEANS, SHARES, RESAMPLES);
    for (Adjustment how : Adjustment.values()) {
      List<Judgement> judged = Question.superiority(0.01).judge(how, mixed);
      double[] pValues = judged.stream().mapToDouble(QuestionTest::p).toArray();
      double[] adjusted =
          judged.stream().mapToDouble(one -> one.adjustedPValue().orElseThrow()).toArray();
      assertArrayEquals(Comparison.adjust(how, pValues), adjusted, 1e-15);
    }
  }

  @Test
  void whatDoesNotVarySaysWhy() {
    Judgement same =
        Question.difference()
            .judge(Comparison.deLong(TRUTH, Scores.of(FIRST), Scores.of(FIRST), 0.95));
    assertEquals(Verdict.INCONCLUSIVE, same.verdict());
    assertTrue(same.reason().startsWith("both give the same on all rows"), same.reason());
    assertEquals(Optional.empty(), same.interval());
    assertEquals(OptionalDouble.empty(), same.adjustedPValue());
    double[] ones = {1, 1};
    Judgement constant =
        Question.difference().judge(Comparison.welch(ones, new double[] {2, 2}, 0.95));
    assertTrue(constant.reason().startsWith("both samples are constant"), constant.reason());
  }

  @Test
  void aBoundWithoutEndIsNotZero() {
    Interval bounds = new Interval(0.02, 0, 0, 0.95);
    Comparison.Welch vast = new Comparison.Welch(1.5e308, 5, bounds, Metric.of(0));
    Interval ends = Question.difference().judge(vast).interval().orElseThrow();
    assertEquals(
        new Interval(0.02, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 0.95), ends);
    PairedBootstrap above =
        Resampling.of(20).replicates(200).compare(weights -> 1 / weights[0], weights -> 1);
    Interval half = Question.difference().judge(above).interval().orElseThrow();
    assertTrue(Double.isFinite(half.lower()), half.toString());
    assertFalse(Double.isFinite(half.upper()), half.toString());
    assertEquals(above.difference(), half);
  }

  @Test
  void rowsAreDrawnTogether() {
    assertEquals(RESAMPLES.first() - RESAMPLES.second(), RESAMPLES.difference().estimate());
    assertEquals(500, RESAMPLES.replicates().length);
    assertEquals(0, RESAMPLES.undefined());
    assertTrue(RESAMPLES.toString().endsWith("500 replicates]"), RESAMPLES.toString());
    Bootstrap own =
        Resampling.of(ROWS)
            .replicates(500)
            .seed(3)
            .measure(weights -> recall(FIRST, weights) - recall(SECOND, weights));
    assertEquals(own.interval(), RESAMPLES.difference());
    assertEquals(own.standardError(), RESAMPLES.standardError());
    PairedBootstrap areas =
        Resampling.of(ROWS)
            .replicates(400)
            .compare(weights -> area(FIRST, weights), weights -> area(SECOND, weights));
    assertEquals(AREAS.difference().estimate(), areas.difference().estimate(), 1e-12);
    assertEquals(1, areas.standardError() / Math.sqrt(AREAS.variance()), 0.15);
    PairedBootstrap few =
        Resampling.of(3)
            .replicates(100)
            .level(0.5)
            .compare(
                weights -> few(weights, 0.1, 0.2, 0.3), weights -> few(weights, 0.3, 0.2, 0.1));
    assertTrue(few.undefined() > 0);
    assertEquals(100 - few.undefined(), few.replicates().length);
    PairedBootstrap corrected =
        Resampling.of(ROWS)
            .replicates(200)
            .bca()
            .compare(weights -> recall(FIRST, weights), weights -> recall(SECOND, weights));
    assertTrue(corrected.difference().lower() < corrected.difference().upper());
    // It is judged as it was measured.
    Judgement judgement = Question.difference().judge(corrected);
    assertEquals(Optional.of(corrected.difference()), judgement.interval());
    assertEquals(corrected.pValue(), judgement.pValue().getAsDouble(), 1e-12);
  }

  private static PairedBootstrap clustered(long[] keys, double level) {
    return Resampling.of(ROWS)
        .keys(keys)
        .seed(3)
        .level(level)
        .compare(weights -> recall(FIRST, weights), weights -> recall(SECOND, weights));
  }

  @Test
  void fewClustersAreToldWiderAndTooFewNotAtAll() {
    long[] six = LongStream.range(0, ROWS).map(row -> row % 6).toArray();
    PairedBootstrap wide = clustered(six, 0.95);
    assertEquals(6, wide.units());
    assertTrue(wide.toString().contains("units=6"), wide.toString());
    Judgement judgement = Question.difference().judge(wide);
    assertEquals(Optional.of(wide.difference()), judgement.interval());
    assertEquals(wide.pValue(), judgement.pValue().getAsDouble(), 1e-12);
    assertTrue(wide.pValue() >= 1.0 / 32);
    Judgement few = Question.difference().withLevel(0.99).judge(wide);
    assertEquals(
        "this rests on too few rows or clusters: they count as 6, a level of 99 % takes 8",
        few.reason());
    assertEquals(Verdict.INCONCLUSIVE, few.verdict());
    assertEquals(Optional.empty(), few.interval());
    refused("level", () -> clustered(six, 0.99));
    refused("keys", () -> clustered(new long[ROWS], 0.5));
  }

  private static double area(double[] scores, double[] weights) {
    return BinaryScores.of(TRUTH, Scores.of(scores)).withWeights(weights).rocAuc().value();
  }

  private static double few(double[] weights, double... scores) {
    if (Arrays.stream(weights).sum() == 0) {
      return Double.NaN;
    }
    Labels truth = Labels.of(0, 1, 1);
    return BinaryScores.of(truth, Scores.of(scores)).withWeights(weights).rocAuc().value();
  }

  @Test
  void whatIsWrongIsRefusedByItsName() {
    Question question = Question.difference();
    refused("difference", () -> question.judge(null));
    refused("differences", () -> question.judge(Adjustment.HOLM, List.of()));
    refused("differences", () -> question.judge(Adjustment.HOLM, null));
    refused("differences", () -> question.judge(Adjustment.HOLM, Arrays.asList(AREAS, null)));
    refused("how", () -> question.judge(null, List.of(AREAS)));
    refused("alternative", () -> new Question(null, 0, 0.95, true).judge(AREAS));
    for (double margin : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      for (Alternative alternative : Alternative.values()) {
        refused("margin", () -> new Question(alternative, margin, 0.95, true).judge(AREAS));
      }
    }
    refused("margin", () -> Question.nonInferiority(0).judge(AREAS));
    refused("margin", () -> Question.equivalence(0).judge(AREAS));
    refused("margin", () -> Question.equivalence(2).judge(COUNTS));
    for (double level : new double[] {0, 1, 95, Double.NaN}) {
      refused("level", () -> question.withLevel(level).judge(AREAS));
    }
    Interval nowhere = new Interval(Double.NaN, 0, 0, 0.95);
    refused(
        "difference",
        () -> question.judge(new Comparison.Areas(0, 0, 1, 9, nowhere, Metric.of(0))));
    refused(
        "difference",
        () -> question.judge(new Comparison.Welch(-1, 3, MEANS.difference(), Metric.of(0))));
    refused("difference", () -> question.judge(new Comparison.McNemar(3, 3, 4, 0, 0, 0)));
    refused("difference", () -> question.judge(new Comparison.McNemar(-3, 3, 4, 0, 0, 0)));
    refused("successes", () -> Comparison.twoProportions(3, 2, 1, 2, 0.95));
    refused("rows", () -> Comparison.twoProportions(0, 0, 1, 2, 0.95));
    refused("level", () -> Comparison.twoProportions(1, 2, 1, 2, 0));
    refused("first", () -> Resampling.of(2).compare(null, weights -> 0));
    refused("second", () -> Resampling.of(2).compare(weights -> 0, null));
    refused("replicates", () -> Resampling.of(6).replicates(0).compare(w -> 1, w -> 0));
  }
}
