package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.halfback.HalfbackInvalidException;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What {@link GoldenTest} has no reference for: shapes, refusals, states, resamples. */
class MetricsTest {
  private static final Labels TRUTH = Labels.of(0, 1, 1, 0, 1, 0, 1, 0);
  private static final Scores SCORES = Scores.of(0.1, 0.8, 0.4, 0.3, 0.9, 0.45, 0.7, 0.2);

  private static void refused(String argument, Executable call) {
    HalfbackInvalidException refused = assertThrows(HalfbackInvalidException.class, call);
    assertEquals("invalid_argument", refused.code());
    assertTrue(refused.getMessage().contains("`" + argument + "`"), refused.getMessage());
  }

  @Test
  void everyReasonOfTheNativeLibraryIsKnown() {
    List<List<String>> told =
        Columns.read(Native.given(Native.reasons()), new TypeReference<>() {});
    Set<String> names =
        told.stream().map(reason -> reason.get(0).toUpperCase()).collect(Collectors.toSet());
    assertEquals(Arrays.stream(Reason.values()).map(Enum::name).collect(Collectors.toSet()), names);
    assertEquals("the truth has one class only", Reason.ONE_CLASS.text());
  }

  @Test
  void anUndefinedMetricSaysWhy() {
    Metric area = BinaryScores.of(Labels.of(1, 1), Scores.of(0.2, 0.3)).rocAuc();
    assertTrue(Double.isNaN(area.value()));
    assertEquals(Reason.ONE_CLASS, area.reason().orElseThrow());
    assertTrue(area.defined().isEmpty());
    assertTrue(
        assertThrows(NoSuchElementException.class, area::orElseThrow)
            .getMessage()
            .endsWith("the truth has one class only"));
    Metric right = BinaryScores.of(TRUTH, SCORES).rocAuc();
    assertTrue(right.isDefined());
    assertEquals(right.value(), right.orElseThrow());
    assertEquals(right, BinaryScores.of(TRUTH, SCORES).rocAuc());
  }

  @Test
  void labelsOfAnyTypeAreCounted() {
    double expected = 0.75;
    Labels[][] pairs = {
      {Labels.of(0, 1, 1, 0), Labels.of(0, 1, 0, 0)},
      {Labels.of(0L, 1L, 1L, 0L), Labels.of(0L, 1L, 0L, 0L)},
      {Labels.of(0.0, 1.0, 1.0, 0.0), Labels.of(0.0, 1.0, 0.0, 0.0)},
      {Labels.of(false, true, true, false), Labels.of(false, true, false, false)},
      {Labels.of("no", "ja", "ja", "no"), Labels.of(List.of("no", "ja", "no", "no"))},
    };
    for (Labels[] pair : pairs) {
      assertEquals(expected, Classification.of(pair[0], pair[1]).accuracy());
    }
    Classification texts = Classification.of(pairs[4][0], pairs[4][1]);
    assertEquals(List.of("ja", "no"), texts.labels());
    assertEquals(1.0, texts.withPositive(Labels.of("ja")).precision(Average.BINARY).value());
    assertTrue(texts.report().contains("weighted avg"));
    assertEquals(List.of(0, 1), Classification.of(pairs[0][0], pairs[0][1]).labels());
    assertEquals(
        0.25, Classification.of(TRUTH, TRUTH).withWeights(ones(8)).accuracy() - 0.75, 1e-12);
  }

  private static double[] ones(int rows) {
    double[] ones = new double[rows];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Test
  void anyNumberOfThreadsGivesTheSameNumber() {
    int rows = 300_000;
    boolean[] truth = new boolean[rows];
    double[] scores = new double[rows];
    for (int row = 0; row < rows; row++) {
      truth[row] = row % 3 == 0;
      scores[row] = row * 0.618033988749 % 1;
    }
    BinaryScores binary = BinaryScores.of(Labels.of(truth), Scores.of(scores));
    double area = binary.rocAuc().value();
    assertEquals(area, Threads.with(2, () -> binary.rocAuc().value()));
    assertEquals(area, Threads.withAll(() -> binary.rocAuc().value()));
    IllegalStateException thrown = new IllegalStateException();
    Supplier<Integer> failing =
        () -> {
          assertEquals(3, Native.useThreads(3));
          throw thrown;
        };
    assertSame(thrown, assertThrows(IllegalStateException.class, () -> Threads.with(3, failing)));
    assertEquals(1, Native.useThreads(1));
    refused("count", () -> Threads.with(0, () -> area));
  }

  @Test
  void whatDoesNotFitIsRefusedByItsName() {
    refused("values", () -> Table.of(new double[] {1, 2, 3}, 2));
    refused("values", () -> Table.of(new float[] {1, 2, 3}, 0));
    refused("values", () -> Table.of(new double[] {1, 2}, -2));
    refused("values", () -> Flags.of(new boolean[] {true}, 2));
    double[][] wide = new double[65_536][];
    Arrays.fill(wide, new double[65_536]);
    refused("rows", () -> Table.of(wide));
    Regression numbers = Regression.of(Scores.of(1, 2), Scores.of(2, 3));
    for (double power : new double[] {0.5, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      refused("power", () -> numbers.meanTweedieDeviance(power));
      refused("power", () -> numbers.d2TweedieScore(power));
    }
    refused("p2", () -> Power.rowsForProportions(0.5, 0.5, 0.8, 0.05, 1));
    refused("difference", () -> Power.rowsForMeans(1e-9, 0.8, 0.05, 1));
    refused("y_true", () -> Classification.of(null, TRUTH));
    refused("y_pred", () -> Classification.of(TRUTH, Labels.of(1)).accuracy());
    refused(
        "y_true", () -> Classification.of(Labels.of(new int[0]), Labels.of(new int[0])).accuracy());
    refused(
        "y_pred",
        () ->
            Classification.of(TRUTH, Labels.of("a", "b", "a", "b", "a", "b", "a", "b")).matthews());
    refused(
        "sample_weight",
        () -> Classification.of(TRUTH, TRUTH).withWeights(1, -1, 1, 1, 1, 1, 1, 1).accuracy());
    refused(
        "sample_weight",
        () -> Classification.of(TRUTH, TRUTH).withWeights(new double[8]).accuracy());
    refused("y_score", () -> BinaryScores.of(Labels.of(0, 1), Scores.of(0.1, Double.NaN)).rocAuc());
    refused(
        "y_score",
        () -> BinaryScores.of(Labels.of(0, 1), Scores.of(0.1f, Float.POSITIVE_INFINITY)).rocAuc());
    refused(
        "pos_label",
        () -> BinaryScores.of(TRUTH, SCORES).withPositive(Labels.of(0, 1)).averagePrecision());
    refused("labels", () -> Labels.of("a", null));
    refused(
        "y_pred", () -> Regression.of(Table.of(new double[] {1, 2}), Table.of(new double[] {1})));
    refused(
        "k",
        () ->
            Ranking.of(Flags.of(new boolean[] {true, false}), Table.of(new double[] {1, 2}))
                .hitRate(-1));
    refused("replicates", () -> BinaryScores.of(TRUTH, SCORES).bootstrapRocAuc(-1, 1, 0.95));
    refused("level", () -> Intervals.wilson(1, 2, 1.5));
    assertThrows(
        HalfbackInvalidException.class, () -> Table.of(new double[] {1, 2}, new double[] {1}));
    refused("labels", () -> Labels.of("\ud800"));
  }

  @Test
  void aTableMayBeOfNothing() {
    refused(
        "y_true", () -> Regression.of(Table.of(new double[0][]), Table.of(new double[0][])).r2());
    refused(
        "y_score",
        () -> Ranking.of(Flags.of(new boolean[0][]), Table.of(new double[0][])).coverageError());
  }

  @Test
  void outputsAreLookedAtByThemselves() {
    Table truth = Table.of(new double[] {1, 10}, new double[] {2, 20}, new double[] {3, 35});
    Table predicted = Table.of(new double[] {1, 11}, new double[] {2, 19}, new double[] {4, 35});
    Regression both = Regression.of(truth, predicted);
    assertEquals(1 / 3.0, both.output(0).meanAbsoluteError().value(), 1e-15);
    assertEquals(2 / 3.0, both.output(1).meanAbsoluteError().value(), 1e-15);
    assertEquals(0.5, both.meanAbsoluteError().value(), 1e-15);
    assertEquals(5 / 12.0, both.withOutputWeights(3, 1).meanAbsoluteError().value(), 1e-15);
    assertEquals(both.output(0).r2(), both.output(0).summary().r2());
    assertThrows(HalfbackInvalidException.class, () -> both.output(2));
    assertThrows(HalfbackInvalidException.class, both::summary);
  }

  @Test
  void costsAndThresholds() {
    Classification rows = Classification.of(TRUTH, Labels.of(0, 1, 0, 0, 1, 1, 1, 0));
    assertEquals((5 + 1) / 8.0, rows.meanCost(new double[] {0, 1}, new double[] {5, 0}).value());
    BinaryScores.BestThreshold best =
        BinaryScores.of(TRUTH, SCORES).bestThreshold(new BinaryScores.Costs(0, 1, 5, 0));
    assertEquals(0.4, best.threshold());
    assertEquals(1 / 8.0, best.meanCost());
    assertEquals(2.0, BinaryScores.of(TRUTH, SCORES).lift(0.25).value());
    assertEquals(1.0, BinaryScores.of(TRUTH, SCORES).gainCurve().gain()[8], 1e-15);
  }

  @Test
  void rankingsAreCut() {
    Ranking ranking =
        Ranking.of(
            Flags.of(new boolean[] {true, false, false}, new boolean[] {false, true, true}),
            Table.of(new double[] {3, 2, 1}, new double[] {3, 2, 1}));
    assertEquals(0.75, ranking.meanReciprocalRank(0).value());
    assertEquals(0.5, ranking.hitRate(1).value());
    assertEquals(0.5, ranking.precisionAt(2).value());
    assertEquals(0.75, ranking.recallAt(2).value());
  }

  @Test
  void theSameSeedGivesTheSameInterval() {
    Random random = new Random(3);
    int[] truth = random.ints(400, 0, 2).toArray();
    double[] scores = Arrays.stream(truth).mapToDouble(t -> t + random.nextGaussian()).toArray();
    BinaryScores rows = BinaryScores.of(Labels.of(truth), Scores.of(scores));
    Bootstrap first = rows.bootstrapRocAuc(500, 7, 0.95);
    assertEquals(first, rows.bootstrapRocAuc(500, 7, 0.95));
    assertFalse(first.equals(rows.bootstrapRocAuc(500, 8, 0.95)));
    // The same resamples, one by one.
    ToDoubleFunction<double[]> area = weights -> rows.withWeights(weights).rocAuc().value();
    Resampling drawn = Resampling.of(400).replicates(500).seed(7);
    Bootstrap slow = drawn.classes(truth).measure(area);
    assertTrue(slow.units() < Resampling.of(400).replicates(500).measure(area).units());
    assertEquals(first.interval().lower(), slow.interval().lower(), 1e-12);
    assertEquals(first.standardError(), slow.standardError(), 1e-12);
    Interval analytic = rows.deLong(0.95).interval();
    assertEquals(analytic.lower(), first.interval().lower(), 0.01);
    assertEquals(analytic.upper(), first.interval().upper(), 0.01);
  }

  @Test
  void weightsOfTheRowsAreMultipliedByTheDraws() {
    double[] values = {1, 2, 3, 4, 5, 6, 7, 8};
    double[] own = {1, 2, 0, 1, 3, 1, 1, 2};
    ToDoubleFunction<double[]> mean =
        weights -> {
          double sum = 0;
          double all = 0;
          for (int row = 0; row < 8; row++) {
            sum += weights[row] * values[row];
            all += weights[row];
          }
          return sum / all;
        };
    Bootstrap found = Resampling.of(8).weights(own).seed(3).measure(mean);
    assertEquals(53.0 / 11, found.interval().estimate(), 1e-12);
    // The third row does not count.
    assertEquals(7, found.units());
    int[] halves = {0, 0, 0, 0, 1, 1, 1, 1};
    ToDoubleFunction<double[]> first = weights -> weights[0] + weights[1] + weights[2] + weights[3];
    Bootstrap held = Resampling.of(8).weights(1, 2, 3, 1, 3, 1, 1, 2).strata(halves).measure(first);
    assertEquals(7, held.interval().estimate(), 1e-12);
    assertEquals(0, held.standardError(), 1e-12);
    assertThrows(HalfbackInvalidException.class, () -> Resampling.of(2).weights(1, Double.NaN));
    assertThrows(HalfbackInvalidException.class, () -> Resampling.of(2).weights(1));
  }

  @Test
  void clustersAndStrataAreDrawnAsOne() {
    int[] strata = new int[200];
    long[] clusters = new long[200];
    double[] values = new double[200];
    Random random = new Random(5);
    for (int row = 0; row < 200; row++) {
      strata[row] = row < 50 ? 7 : -3;
      clusters[row] = row / 4;
      values[row] = (row < 50 ? 10 : 0) + clusters[row] % 5 + 0.1 * random.nextGaussian();
    }
    ToDoubleFunction<double[]> mean =
        weights -> {
          double sum = 0;
          double whole = 0;
          for (int row = 0; row < 200; row++) {
            sum += weights[row] * values[row];
            whole += weights[row];
          }
          return sum / whole;
        };
    Bootstrap plain = Resampling.of(200).seed(3).measure(mean);
    assertEquals(plain, Bootstrap.of(200, 1000, 3, 0.95, mean));
    Bootstrap within = Resampling.of(200).seed(3).strata(strata).measure(mean);
    assertTrue(within.standardError() < plain.standardError() / 2);
    assertEquals(plain.interval().estimate(), within.interval().estimate());
    Bootstrap together = Resampling.of(200).seed(3).strata(strata).keys(clusters).measure(mean);
    assertTrue(together.standardError() > within.standardError() * 1.5);
    assertTrue(together.units() < plain.units());
    Bootstrap corrected = Resampling.of(200).seed(3).level(0.9).bca().measure(mean);
    assertTrue(corrected.interval().lower() > plain.interval().lower());
    assertEquals(0.9, corrected.interval().level());
  }

  @Test
  void whatDoesNotFitTheRowsIsRefused() {
    Resampling rows = Resampling.of(3);
    refused("keys", () -> rows.keys(1, 2));
    refused("keys", () -> rows.keys((long[]) null));
    refused("strata", rows::strata);
    refused("rows", () -> Resampling.of(0));
  }

  @Test
  void statesOfPartsMergeIntoThatOfAll() {
    try (State all = State.forScores(false);
        State left = State.forScores(false);
        State right = State.forScores(false)) {
      all.update(TRUTH, SCORES);
      left.update(Labels.of(0, 1, 1), Scores.of(0.1, 0.8, 0.4));
      right.update(Labels.of(0, 1, 0, 1, 0), Scores.of(0.3, 0.9, 0.45, 0.7, 0.2));
      right.merge(left);
      assertArrayEquals(all.toBytes(), right.toBytes());
      assertEquals(BinaryScores.of(TRUTH, SCORES).rocAuc(), right.scores().rocAuc());
      assertEquals(4, right.scores().positives());
      assertTrue(right.scores().logLoss().isEmpty());
      try (State read = State.fromBytes(right.toBytes())) {
        read.merge(read);
        assertEquals(8, read.scores().positives());
      }
      assertThrows(HalfbackInvalidException.class, right::numbers);
      assertThrows(HalfbackInvalidException.class, () -> right.update(TRUTH, TRUTH));
      refused("bytes", () -> State.fromBytes(new byte[] {1, 2, 3}));
    }
  }

  @Test
  void statesOfClassesAndNumbers() {
    try (State classes = State.forClasses();
        State numbers = State.forNumbers();
        State buckets = State.forProbabilities(4)) {
      classes.update(Labels.of("b", "a"), Labels.of("b", "b"));
      State.ClassCounts counts = classes.classes();
      assertEquals(List.of("a", "b"), counts.labels());
      assertArrayEquals(new double[] {0, 1}, counts.confusionMatrix()[0]);
      numbers.update(Scores.of(1, 2, 4), Scores.of(1, 2, 3));
      assertEquals(1 / 3.0, numbers.numbers().meanAbsoluteError(), 1e-15);
      buckets.update(TRUTH, SCORES);
      assertTrue(buckets.scores().aucError() > 0);
      assertTrue(buckets.scores().brierScore().isPresent());
      refused("y_score", () -> buckets.update(TRUTH, Scores.of(2, 0, 0, 0, 0, 0, 0, 0)));
    }
    State closed = State.forNumbers();
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, closed::toBytes);
  }
}
