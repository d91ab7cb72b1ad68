package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.HalfbackInvalidException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class StateTest {
  private static void refused(String argument, Executable call) {
    String message = assertThrows(HalfbackInvalidException.class, call).getMessage();
    assertTrue(message.contains("`" + argument + "`"), message);
  }

  @Test
  void quantilesAreExact() {
    try (State state = State.forQuantiles()) {
      state.update(Scores.of(3, 1));
      state.update(Scores.of(2f, 10f));
      State.ValueSummary found = state.quantiles(0, 0.5, 0.75, 1);
      List<State.Quantile> quantiles =
          List.of(
              new State.Quantile(0, 1, 0),
              new State.Quantile(0.5, 2.5, 0),
              new State.Quantile(0.75, 4.75, 0),
              new State.Quantile(1, 10, 0));
      assertEquals(new State.ValueSummary(4, 1, 10, 4, quantiles), found);
    }
  }

  @Test
  void quantilesOfBucketsAreWithinTheirErrors() {
    double[] values = new Random(3).doubles(2000).map(unit -> 100 * unit * unit).toArray();
    double[] shares = {0.01, 0.25, 0.5, 0.9, 0.99};
    try (State exact = State.forQuantiles();
        State whole = State.forQuantiles(64);
        State one = State.forQuantiles(64);
        State other = State.forQuantiles(64)) {
      exact.update(Scores.of(values));
      whole.update(Scores.of(values));
      one.update(Scores.of(java.util.Arrays.copyOfRange(values, 0, 700)));
      other.update(Scores.of(java.util.Arrays.copyOfRange(values, 700, 2000)));
      other.merge(one);
      assertArrayEquals(whole.toBytes(), other.toBytes());
      for (int share = 0; share < shares.length; share++) {
        double expected = exact.quantiles(shares).quantiles().get(share).value();
        State.Quantile found = whole.quantiles(shares).quantiles().get(share);
        assertTrue(found.error() > 0);
        assertEquals(expected, found.value(), found.error() * (1 + 1e-12));
      }
      try (State read = State.fromBytes(whole.toBytes())) {
        assertEquals(whole.quantiles(shares), read.quantiles(shares));
      }
    }
  }

  @Test
  void areasOfBucketsAreWithinTheirErrors() {
    Random random = new Random(7);
    int rows = 3000;
    boolean[] truth = new boolean[rows];
    double[] margins = new double[rows];
    double[] chances = new double[rows];
    for (int row = 0; row < rows; row++) {
      truth[row] = random.nextBoolean();
      margins[row] = 3 * random.nextGaussian() + (truth[row] ? 1.5 : 0);
      chances[row] = 1 / (1 + Math.exp(-margins[row]));
    }
    try (State exact = State.forScores(false);
        State any = State.forScores(128);
        State probabilities = State.forProbabilities(128)) {
      exact.update(Labels.of(truth), Scores.of(margins));
      any.update(Labels.of(truth), Scores.of(margins));
      probabilities.update(Labels.of(truth), Scores.of(chances));
      State.ScoreSummary expected = exact.scores();
      assertEquals(0, expected.averagePrecisionError());
      for (State.ScoreSummary found : List.of(any.scores(), probabilities.scores())) {
        assertTrue(found.aucError() > 0 && found.averagePrecisionError() > 0);
        assertEquals(expected.rocAuc().value(), found.rocAuc().value(), found.aucError());
        assertEquals(
            expected.averagePrecision().value(),
            found.averagePrecision().value(),
            found.averagePrecisionError());
      }
    }
  }

  @Test
  void classesAndTheirCountsAreOfOneMoment() throws InterruptedException {
    try (State state = State.forClasses()) {
      state.update(Labels.of(0), Labels.of(0));
      List<Thread> writers =
          IntStream.range(0, 4)
              .mapToObj(
                  writer ->
                      new Thread(
                          () ->
                              IntStream.range(0, 100)
                                  .map(row -> 1 + 4 * row + writer)
                                  .forEach(row -> state.update(Labels.of(row), Labels.of(row)))))
              .toList();
      writers.forEach(Thread::start);
      int seen = 1;
      while (seen < 401) {
        State.ClassCounts found = state.classes();
        int classes = found.labels().size();
        for (int at = 0; at < classes; at++) {
          assertEquals(1, found.confusionMatrix()[at][at]);
        }
        assertTrue(classes >= seen);
        seen = classes;
        Thread.yield();
      }
      for (Thread writer : writers) {
        writer.join();
      }
    }
  }

  @Test
  void mistakesAreNamed() {
    refused("buckets", () -> State.forQuantiles(0));
    refused("buckets", () -> State.forQuantiles(-1));
    refused("buckets", () -> State.forScores((1 << 24) + 1));
    refused("buckets", () -> State.forProbabilities(0));
    try (State state = State.forQuantiles(8);
        State scores = State.forScores(8)) {
      refused("values", () -> state.quantiles(0.5));
      refused("values", () -> state.update(Scores.of(1, Double.NaN)));
      refused("values", () -> state.update(Scores.of(Double.NEGATIVE_INFINITY)));
      refused("values", () -> state.update((Scores) null));
      state.update(Scores.of(1.0));
      refused("q", () -> state.quantiles(0.5, 1.5));
      refused("q", () -> state.quantiles(Double.NaN));
      refused("q", () -> state.quantiles((double[]) null));
      refused("other", () -> state.merge(scores));
      assertThrows(HalfbackInvalidException.class, state::scores);
      assertThrows(HalfbackInvalidException.class, () -> scores.update(Scores.of(1.0)));
      assertEquals(1, state.quantiles().count());
    }
  }
}
