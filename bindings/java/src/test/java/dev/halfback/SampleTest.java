package dev.halfback;

import static dev.halfback.Registries.MODEL;
import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to samples in Java; what measuring them gives is in the scenarios. */
class SampleTest {
  private static final int[] TRUTH = {0, 1, 1, 0, 1, 0};
  private static final double[] GOOD = {0.1, 0.9, 0.8, 0.2, 0.8, 0.3};
  private static final double[] BAD = {0.9, 0.1, 0.2, 0.8, 0.2, 0.7};

  @TempDir Path folder;

  @Test
  void theRowsOfOneVersionServeAnother() {
    try (Registry registry = Registries.withVersions(folder, 2)) {
      Sample rows = Sample.of(TRUTH).withDataset("holdout");
      assertEquals(1, area(registry.evaluate(MODEL + "/1", rows.withScores(GOOD))));
      assertEquals(0, area(registry.evaluate(MODEL + "/2", rows.withScores(BAD))));
      assertEquals(0, area(registry.evaluate(MODEL + "/2", rows.withScores(GOOD).withScores(BAD))));

      PairedSample pairs = PairedSample.of(TRUTH).withScores(GOOD, BAD);
      assertEquals(1, difference(registry, pairs));
      assertEquals(-1, difference(registry, pairs.withScores(BAD, GOOD)));
      assertEquals(1, difference(registry, pairs));
    }
  }

  @Test
  void theLaterOfTwoColumnsOfAKindStays() {
    double[] ones = {1, 1, 1, 1, 1, 1};
    double[][] table = {{0.5, 0.5}, {1, 0}, {0, 1}, {0.5, 0.5}, {1, 0}, {0, 1}};
    String[] halves = {"a", "a", "a", "b", "b", "b"};
    Sample rows = Sample.of(TRUTH);
    for (List<Sample> pair :
        List.of(
            List.of(rows.withScores(table).withScores(GOOD), rows.withScores(GOOD)),
            List.of(rows.withScores(GOOD).withScores(table), rows.withScores(table)),
            List.of(
                rows.withPredictions(halves).withPredictions(TRUTH), rows.withPredictions(TRUTH)),
            List.of(rows.withWeights(ones).withWeights(GOOD), rows.withWeights(GOOD)),
            List.of(rows.withClusters(TRUTH).withClusters(halves), rows.withClusters(halves)),
            List.of(rows.withStrata(halves).withStrata(TRUTH), rows.withStrata(TRUTH)),
            List.of(
                rows.withSlice("s", halves).withSlice("s", TRUTH), rows.withSlice("s", TRUTH)))) {
      assertArrayEquals(pair.get(1).columns(), pair.get(0).columns());
    }
    Sample sliced = rows.withSlice("weights", halves);
    assertTrue(sliced.columns().length < sliced.withWeights(GOOD).columns().length);

    PairedSample pairs = PairedSample.of(TRUTH);
    assertArrayEquals(
        pairs.withPredictions(TRUTH, TRUTH).columns(),
        pairs.withPredictions(GOOD, BAD).withPredictions(TRUTH, TRUTH).columns());
    assertArrayEquals(
        pairs.withScores(table, table).columns(),
        pairs.withScores(GOOD, BAD).withScores(table, table).columns());
  }

  @Test
  void settingsOfACopyLeaveTheOthersAsTheyAre() {
    Sample rows = Sample.of(TRUTH).withSeed(1);
    assertEquals(2, rows.withSeed(2).options().get("seed").intValue());
    assertEquals(1, rows.options().get("seed").intValue());
    PairedSample pairs = PairedSample.of(TRUTH).withMargin(0.5);
    assertEquals(0.25, pairs.withMargin(0.25).options().get("margin").doubleValue());
    assertEquals(0.5, pairs.options().get("margin").doubleValue());
  }

  @Test
  void whatDoesNotFitIsRefusedByItsName() {
    Sample rows = Sample.of(TRUTH);
    PairedSample pairs = PairedSample.of(TRUTH);
    refusedAsInvalid("seed", () -> rows.withSeed(-1));
    refusedAsInvalid("seed", () -> pairs.withSeed(Long.MIN_VALUE));
    refusedAsInvalid("posLabel", () -> rows.withPosLabel(Double.NaN));
    refusedAsInvalid("posLabel", () -> pairs.withPosLabel(Float.NEGATIVE_INFINITY));
    refusedAsInvalid("posLabel", () -> rows.withPosLabel("\ud800"));
    refusedAsInvalid("posLabel", () -> rows.withPosLabel(null));
    refusedAsInvalid("labels", () -> rows.withLabels(List.of(1, Double.NaN)));
    refusedAsInvalid("dataset.name", () -> rows.withDataset("\udfff"));
    for (int width : new int[] {46_341, 65_536}) {
      double[][] table = new double[width][];
      Arrays.fill(table, new double[width]);
      refusedAsInvalid("y_score", () -> rows.withScores(table));
      refusedAsInvalid("y_score", () -> pairs.withScores(table, table));
    }
  }

  private static double area(Evaluation evaluation) {
    return evaluation.metrics().stream()
        .filter(metric -> metric.metric().equals("roc_auc"))
        .findFirst()
        .orElseThrow()
        .value();
  }

  private static double difference(Registry registry, PairedSample sample) {
    return registry.compare(MODEL + "/1", MODEL + "/2", sample).results().get(0).difference();
  }
}
