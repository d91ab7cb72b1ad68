package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.HalfbackInvalidException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Metrics by group and measures of fairness: what {@link GoldenTest} has no reference for. */
class FairnessTest {
  // Of f one of four is predicted positive, of m three; of positives one of two and two of two; of
  // negatives none of two and one of two.
  private static final Labels TRUTH = Labels.of(1, 1, 0, 0, 1, 1, 0, 0);
  private static final Labels PREDICTED = Labels.of(1, 0, 0, 0, 1, 1, 1, 0);
  private static final Labels SEX = Labels.of("f", "f", "f", "f", "m", "m", "m", "m");
  private static final Labels AGE = Labels.of(1, 2, 1, 2, 1, 1, 2, 2);
  private static final Groups.Measure ACCURACY =
      (rows, weights) ->
          Metric.of(
              Classification.of(TRUTH.take(rows), PREDICTED.take(rows))
                  .withWeights(weights)
                  .accuracy());

  private static void refused(String argument, Executable call) {
    HalfbackInvalidException refused = assertThrows(HalfbackInvalidException.class, call);
    assertEquals("invalid_argument", refused.code());
    assertTrue(refused.getMessage().contains("`" + argument + "`"), refused.getMessage());
  }

  private static Fairness fairness() {
    return Fairness.of(TRUTH, PREDICTED, Groups.of(SEX));
  }

  /** JniLogTest tells whether each column kept a reference. */
  @Test
  void groupsAreOfAnyNumberOfFeatures() {
    Labels[] features = new Labels[2000];
    Arrays.setAll(features, at -> at % 2 == 0 ? Labels.of(0, 1) : Labels.of("a", "b"));
    assertEquals(2, Groups.of(features).names().size());
  }

  @Test
  void measuresByHand() {
    Fairness between = fairness();
    assertEquals(0.5, between.demographicParityDifference().value(), 1e-15);
    assertEquals(1 / 3.0, between.demographicParityRatio().value(), 1e-15);
    assertEquals(0.5, between.equalOpportunityDifference().value(), 1e-15);
    assertEquals(0.5, between.equalOpportunityRatio().value(), 1e-15);
    assertEquals(0.5, between.equalizedOddsDifference().value(), 1e-15);
    assertEquals(0.0, between.equalizedOddsRatio().value(), 1e-15);
    Fairness overall = between.withRelation(Relation.TO_OVERALL);
    assertEquals(0.25, overall.demographicParityDifference().value(), 1e-15);
    assertEquals(2 / 3.0, overall.equalOpportunityRatio().value(), 1e-15);
    assertEquals(0.25, between.withAggregate(Aggregate.MEAN).equalizedOddsRatio().value(), 1e-15);
    Groups crossed = Groups.of(SEX, AGE);
    assertEquals(1.0, Fairness.of(TRUTH, PREDICTED, crossed).demographicParityDifference().value());
  }

  @Test
  void aRowOfWeightTwoIsTwoRows() {
    int[] twice = {0, 1, 1, 2, 3, 4, 5, 6, 6, 7};
    Fairness counted =
        Fairness.of(TRUTH.take(twice), PREDICTED.take(twice), Groups.of(SEX.take(twice)));
    Fairness weighed = fairness().withWeights(1, 2, 1, 1, 1, 1, 2, 1);
    for (Fairness.Measure measure : Fairness.Measure.values()) {
      assertEquals(counted.measure(measure), weighed.measure(measure));
    }
    assertFalse(
        weighed.demographicParityDifference().equals(fairness().demographicParityDifference()));
  }

  @Test
  void anyTwoLabelsWillDo() {
    Labels truth = Labels.of("good", "good", "bad", "bad");
    Labels predicted = Labels.of("good", "bad", "bad", "good");
    Fairness rows =
        Fairness.of(truth, predicted, Groups.of(Labels.of(true, false, true, false)))
            .withPositive(Labels.of("good"));
    assertEquals(0.0, rows.demographicParityDifference().value());
    assertEquals(1.0, rows.equalOpportunityDifference().value());
  }

  @Test
  void whatNoGroupHasSaysWhy() {
    Labels none = Labels.of(0, 0, 0, 0, 0, 0, 0, 0);
    Fairness nobody = Fairness.of(none, PREDICTED, Groups.of(SEX));
    assertTrue(nobody.equalOpportunityDifference().reason().isPresent());
    Disparity found = nobody.interval(Fairness.Measure.EQUAL_OPPORTUNITY_DIFFERENCE, 20, 1, 0.9);
    assertFalse(found.metric().isDefined());
    assertEquals(Optional.empty(), found.interval());
    Fairness even = Fairness.of(TRUTH, none, Groups.of(SEX));
    assertEquals(Reason.ZERO_DENOMINATOR, even.demographicParityRatio().reason().orElseThrow());
    Disparity constant = even.interval(Fairness.Measure.DEMOGRAPHIC_PARITY_DIFFERENCE, 20, 1, 0.9);
    assertEquals(Metric.of(0), constant.metric());
    assertEquals(Optional.empty(), constant.interval());
    ByGroup by = Groups.of(SEX).measure((rows, weights) -> new Metric(0, Reason.NO_POSITIVES));
    assertEquals(Reason.TOO_FEW_ROWS, by.min().reason().orElseThrow());
    assertEquals(Reason.NO_POSITIVES, by.of("f").reason().orElseThrow());
    assertEquals(Reason.NO_POSITIVES, by.difference(Relation.TO_OVERALL).reason().orElseThrow());
  }

  @Test
  void anUndefinedGroupIsLeftOut() {
    ByGroup by =
        Groups.of(Labels.of(1, 1, 2, 2, 3, 3, 3, 3))
            .measure(
                (rows, weights) ->
                    Classification.of(TRUTH.take(rows), PREDICTED.take(rows))
                        .recall(Average.BINARY));
    assertFalse(by.of(2).isDefined());
    assertEquals(0.5, by.min().value());
    assertEquals(1.0, by.max().value());
    assertEquals(0.5, by.difference().value());
    assertEquals(0.5, by.ratio().value());
  }

  @Test
  void aGroupIsFoundByItsLabelInAnyType() {
    long large = 1L << 40;
    Labels ints = Labels.of(1, 1, 1, 1, 2, 2, 2, 2);
    Labels longs = Labels.of(1L, 1L, 1L, 1L, 2L, 2L, 2L, 2L);
    Labels doubles = Labels.of(1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0);
    for (Labels labels : List.of(ints, longs, doubles)) {
      ByGroup by = Groups.of(labels, SEX).measure((rows, weights) -> Metric.of(rows[0]));
      for (Object two : List.of(2, 2L, (short) 2, (byte) 2, 2.0, 2f, BigInteger.TWO)) {
        assertEquals(Metric.of(4), by.of(two, "m"), two.getClass().getName());
      }
      for (Object none :
          new Object[] {3L, 2.5, "2", Double.NaN, BigInteger.ONE.shiftLeft(65), null}) {
        refused("labels", () -> by.of(none, "m"));
      }
      refused("labels", () -> by.of(2));
    }
    Labels wide = Labels.of(large, large, large, large, 1, 1, 1, 1);
    ByGroup by = Groups.of(wide).measure((rows, weights) -> Metric.of(rows[0]));
    assertEquals(Metric.of(0), by.of(large));
    assertEquals(Metric.of(4), by.of(1L));
    assertEquals(List.of(List.of(1), List.of(large)), List.copyOf(by.groups().keySet()));
    Labels flags = Labels.of(false, false, false, false, true, true, true, true);
    ByGroup flagged = Groups.of(flags).measure((rows, weights) -> Metric.of(rows[0]));
    assertEquals(Metric.of(4), flagged.of(true));
    refused("labels", () -> flagged.of("true"));
  }

  @Test
  void groupsCrossAndKeepTheirRows() {
    Groups groups = Groups.of(SEX, AGE);
    assertEquals(
        List.of(List.of("f", 1), List.of("f", 2), List.of("m", 1), List.of("m", 2)),
        groups.names());
    assertArrayEquals(new int[] {0, 2}, groups.rows().get(0));
    assertArrayEquals(new int[] {6, 7}, groups.rows().get(3));
    ByGroup by = groups.measure(ACCURACY);
    assertEquals(Metric.of(0.5), by.of("f", 2));
    assertEquals(Metric.of(0.75), by.overall());
    assertEquals(Metric.of(0.5), by.difference());
    assertEquals(Metric.of(0.25), by.difference(Relation.TO_OVERALL));
    assertEquals(Metric.of(0.5), by.ratio());
    assertEquals(2 / 3.0, by.ratio(Relation.TO_OVERALL).value(), 1e-15);
    assertEquals("{[f]=0.75, [m]=0.75}, overall 0.75", Groups.of(SEX).measure(ACCURACY).toString());
    assertEquals(
        Metric.of(0.5),
        Groups.of(SEX).withWeights(1, 3, 1, 1, 1, 1, 5, 1).measure(ACCURACY).of("f"));
  }

  @Test
  void tablesAreTakenByRowsToo() {
    Table table = Table.of(new double[] {1, 2}, new double[] {3, 4}, new double[] {5, 7});
    Table predicted = Table.of(new double[] {1, 2}, new double[] {3, 6}, new double[] {5, 4});
    Regression last = Regression.of(table.take(2, 1), predicted.take(2, 1));
    assertEquals(1.25, last.meanAbsoluteError().value());
    Flags flags = Flags.of(new boolean[] {true, false}, new boolean[] {false, true});
    assertEquals(1.0, Multilabel.of(flags.take(1, 1), flags.take(1, 1)).accuracy());
    assertEquals(2, Scores.of(1f, 2f, 3f).take(0, 2).size());
    refused("rows", () -> table.take(3));
    refused("rows", () -> flags.take(-1));
    refused("rows", () -> TRUTH.take((int[]) null));
  }

  @Test
  void intervalsHoldWhatDiffers() {
    Random random = new Random(7);
    int rows = 600;
    int[] truth = random.ints(rows, 0, 2).toArray();
    int[] sex = random.ints(rows, 0, 2).toArray();
    int[] predicted = new int[rows];
    for (int row = 0; row < rows; row++) {
      double rate = sex[row] == 0 ? 0.3 : 0.6;
      predicted[row] = random.nextDouble() < rate ? 1 : 0;
    }
    Groups groups = Groups.of(Labels.of(sex));
    Fairness fairness = Fairness.of(Labels.of(truth), Labels.of(predicted), groups);
    Fairness.Measure measure = Fairness.Measure.DEMOGRAPHIC_PARITY_DIFFERENCE;
    Disparity found = fairness.interval(measure, 400, 7, 0.95);
    Interval interval = found.interval().orElseThrow();
    assertEquals(found.metric().value(), interval.estimate());
    assertTrue(interval.lower() > 0.2 && interval.upper() < 0.4, interval.toString());
    assertEquals(found, fairness.interval(measure, 400, 7, 0.95));
    // The same of any metric: the share that is predicted positive.
    Groups.Measure selected =
        (own, weights) -> {
          double sum = 0;
          double all = 0;
          for (int at = 0; at < own.length; at++) {
            sum += weights[at] * predicted[own[at]];
            all += weights[at];
          }
          return Metric.of(sum / all);
        };
    Resampling resampling = Resampling.of(rows).replicates(400).seed(7);
    Interval same =
        groups.interval(resampling, selected, ByGroup::difference).interval().orElseThrow();
    // The measure counts the rows of the smallest group, and any metric all rows.
    assertEquals(interval.lower(), same.lower(), 1e-3);
    assertEquals(interval.upper(), same.upper(), 1e-3);
    Interval one = groups.interval(resampling, selected, by -> by.of(1)).interval().orElseThrow();
    assertTrue(one.lower() > 0.5 && one.upper() < 0.7, one.toString());
    double[] weights = new double[rows];
    Arrays.fill(weights, 2);
    Interval weighed =
        groups
            .withWeights(weights)
            .interval(resampling, selected, ByGroup::ratio)
            .interval()
            .orElseThrow();
    assertEquals(
        fairness
            .interval(Fairness.Measure.DEMOGRAPHIC_PARITY_RATIO, 400, 7, 0.95)
            .interval()
            .orElseThrow()
            .lower(),
        weighed.lower(),
        5e-3);
    Disparity constant = groups.interval(resampling, (own, w) -> Metric.of(1), ByGroup::difference);
    assertEquals(Optional.empty(), constant.interval());
  }

  @Test
  void aGroupThatWasNotDrawnHasNoMetric() {
    Groups groups = Groups.of(SEX).withWeights(0, 0, 0, 0, 1, 1, 1, 1);
    ByGroup by = groups.measure(ACCURACY);
    assertEquals(Reason.TOO_FEW_ROWS, by.of("f").reason().orElseThrow());
    assertEquals(by.of("m"), by.min());
    Resampling few = Resampling.of(8).replicates(200);
    Disparity found = Groups.of(SEX).interval(few, ACCURACY, ByGroup::min);
    assertTrue(found.interval().isPresent());
  }

  @Test
  void whatDoesNotFitIsRefusedByItsName() {
    Groups groups = Groups.of(SEX);
    refused("features", Groups::of);
    refused("features", () -> Groups.of((Labels) null));
    refused("features", () -> Groups.of(SEX, Labels.of(1)));
    refused("features", () -> Groups.of(Labels.of(new int[0])));
    refused("features", () -> Groups.of(Labels.of(0.5, Double.NaN)));
    refused("y_true", () -> Fairness.of(null, PREDICTED, groups));
    refused("y_pred", () -> Fairness.of(TRUTH, null, groups));
    refused("groups", () -> Fairness.of(TRUTH, PREDICTED, null));
    Executable[] lengths = {
      () -> Fairness.of(TRUTH, Labels.of(1), groups).demographicParityRatio(),
      () -> Fairness.of(TRUTH, PREDICTED, Groups.of(Labels.of(1))).demographicParityRatio(),
    };
    refused("y_pred", lengths[0]);
    refused("groups", lengths[1]);
    refused("y_true", () -> Fairness.of(SEX, SEX, groups).demographicParityRatio());
    refused("y_pred", () -> Fairness.of(TRUTH, AGE, groups).demographicParityRatio());
    refused("pos_label", () -> fairness().withPositive(Labels.of(7)).demographicParityDifference());
    refused(
        "pos_label", () -> fairness().withPositive(Labels.of(0, 1)).demographicParityDifference());
    refused("sample_weight", () -> fairness().withWeights(1, 2));
    refused("sample_weight", () -> fairness().withWeights(new double[8]).demographicParityRatio());
    refused(
        "sample_weight",
        () -> fairness().withWeights(1, 1, 1, 1, 1, 1, 1, Double.NaN).demographicParityRatio());
    refused("relation", () -> fairness().withRelation(null));
    refused("aggregate", () -> fairness().withAggregate(null));
    refused("measure", () -> fairness().measure(null));
    Fairness.Measure measure = Fairness.Measure.DEMOGRAPHIC_PARITY_RATIO;
    refused("level", () -> fairness().interval(measure, 10, 1, 1.0));
    refused("level", () -> fairness().interval(measure, 10, 1, Double.NaN));
    refused("replicates", () -> fairness().interval(measure, 0, 1, 0.9));
    refused("metric", () -> groups.measure(null));
    refused("metric", () -> groups.measure((rows, weights) -> null));
    refused("resampling", () -> groups.interval(Resampling.of(3), ACCURACY, ByGroup::difference));
    refused("labels", () -> groups.measure(ACCURACY).of("x"));
    refused("relation", () -> groups.measure(ACCURACY).ratio(null));
  }
}
