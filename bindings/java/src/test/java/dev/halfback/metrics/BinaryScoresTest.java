package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.halfback.HalfbackInvalidException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every metric of binary scores beside a positive class and beside weights. */
class BinaryScoresTest {
  private static final int[] BAD = {0, 1, 1, 0, 1, 0, 1, 0, 0, 1};
  private static final double[] SCORES = {0.1, 0.8, 0.4, 0.3, 0.9, 0.45, 0.7, 0.2, 0.6, 0.75};
  private static final int[] TIMES = {1, 2, 1, 3, 1, 1, 2, 1, 1, 2};
  private static final Map<String, Function<BinaryScores, Object>> METRICS = new TreeMap<>();

  static {
    METRICS.put("rocAuc", rows -> List.of(rows.rocAuc(), rows.rocAuc(0.4)));
    METRICS.put("averagePrecision", BinaryScores::averagePrecision);
    METRICS.put("gini", BinaryScores::gini);
    METRICS.put("kolmogorovSmirnov", BinaryScores::kolmogorovSmirnov);
    METRICS.put("lift", rows -> rows.lift(0.5));
    METRICS.put("logLoss", BinaryScores::logLoss);
    METRICS.put("d2LogLoss", BinaryScores::d2LogLoss);
    METRICS.put("brierScore", BinaryScores::brierScore);
    METRICS.put("d2BrierScore", BinaryScores::d2BrierScore);
    METRICS.put("hingeLoss", BinaryScores::hingeLoss);
    METRICS.put("rocCurve", BinaryScores::rocCurve);
    METRICS.put("precisionRecallCurve", BinaryScores::precisionRecallCurve);
    METRICS.put("detCurve", BinaryScores::detCurve);
    METRICS.put("gainCurve", BinaryScores::gainCurve);
    METRICS.put("confusionAtThresholds", BinaryScores::confusionAtThresholds);
    METRICS.put("bestThreshold", rows -> rows.bestThreshold(new BinaryScores.Costs(-1, 1, 5, 0)));
    METRICS.put("reliability", rows -> rows.reliability(Binning.UNIFORM, 4));
    METRICS.put("murphy", BinaryScores::murphy);
    METRICS.put("recalibration", BinaryScores::recalibration);
    METRICS.put("spiegelhalter", BinaryScores::spiegelhalter);
    METRICS.put("deLong", rows -> rows.deLong(0.8));
    METRICS.put("bootstrapRocAuc", rows -> rows.bootstrapRocAuc(200, 7, 0.8));
  }

  private static final Set<String> UNWEIGHTED = Set.of("deLong", "bootstrapRocAuc");

  private static BinaryScores texts() {
    String[] texts =
        Arrays.stream(BAD).mapToObj(it -> it == 1 ? "bad" : "good").toArray(String[]::new);
    return BinaryScores.of(Labels.of(texts), Scores.of(SCORES));
  }

  private static double[] numbers(Object answer) {
    JsonNode tree = new JsonMapper().findAndRegisterModules().valueToTree(answer);
    return leaves(tree).toArray();
  }

  private static DoubleStream leaves(JsonNode tree) {
    return tree.isContainerNode()
        ? StreamSupport.stream(tree.spliterator(), false).flatMapToDouble(BinaryScoresTest::leaves)
        : tree.isNumber() || tree.isTextual()
            ? DoubleStream.of(Case.number(tree))
            : DoubleStream.empty();
  }

  @Test
  void everyMetricIsAskedFor() {
    Set<String> all =
        Arrays.stream(BinaryScores.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()))
            .map(Method::getName)
            .filter(name -> !name.startsWith("with") && !name.equals("of"))
            .collect(Collectors.toSet());
    assertEquals(all, METRICS.keySet());
  }

  @Test
  void thePositiveClassIsTheOneThatIsGiven() {
    BinaryScores bad = texts().withPositive(Labels.of("bad"));
    BinaryScores good = texts().withPositive(Labels.of("good"));
    int[] turned = Arrays.stream(BAD).map(it -> 1 - it).toArray();
    Map<BinaryScores, BinaryScores> same =
        Map.of(
            bad, BinaryScores.of(Labels.of(BAD), Scores.of(SCORES)),
            good, BinaryScores.of(Labels.of(turned), Scores.of(SCORES)));
    METRICS.forEach(
        (name, metric) ->
            same.forEach(
                (given, plain) ->
                    assertArrayEquals(
                        numbers(metric.apply(plain)), numbers(metric.apply(given)), name)));
    assertEquals(
        1,
        BinaryScores.of(Labels.of("a", "b"), Scores.of(0.9, 0.1))
            .withPositive(Labels.of("a"))
            .rocAuc()
            .value());
  }

  @Test
  void aClassThatIsNowhereIsRefused() {
    METRICS.forEach(
        (name, metric) -> {
          refused("pos_label", name, () -> metric.apply(texts().withPositive(Labels.of("zzz"))));
          refused("pos_label", name, () -> metric.apply(texts().withPositive(Labels.of(1))));
          Labels both = Labels.of("good", "bad");
          refused("pos_label", name, () -> metric.apply(texts().withPositive(both)));
        });
    BinaryScores none = BinaryScores.of(Labels.of("good", "good"), Scores.of(0.1, 0.2));
    assertFalse(none.withPositive(Labels.of("bad")).rocAuc().isDefined());
  }

  @Test
  void aWeightCountsAsSoManyRows() {
    int all = Arrays.stream(TIMES).sum();
    int[] truth = new int[all];
    double[] scores = new double[all];
    int at = 0;
    for (int row = 0; row < TIMES.length; row++) {
      Arrays.fill(truth, at, at + TIMES[row], BAD[row]);
      Arrays.fill(scores, at, at + TIMES[row], SCORES[row]);
      at += TIMES[row];
    }
    double[] weights = Arrays.stream(TIMES).asDoubleStream().toArray();
    BinaryScores weighted = BinaryScores.of(Labels.of(BAD), Scores.of(SCORES)).withWeights(weights);
    BinaryScores repeated = BinaryScores.of(Labels.of(truth), Scores.of(scores));
    METRICS.forEach(
        (name, metric) -> {
          if (UNWEIGHTED.contains(name)) {
            refused("weights", name, () -> metric.apply(weighted));
            return;
          }
          assertArrayEquals(
              numbers(metric.apply(repeated)), numbers(metric.apply(weighted)), 1e-9, name);
        });
  }

  @Test
  void aShareThatIsNoNumberIsRefused() {
    for (double share : new double[] {Double.NaN, 0, -0.1, 1.1}) {
      refused("max_fpr", "" + share, () -> texts().rocAuc(share));
    }
    assertEquals(texts().rocAuc(), texts().rocAuc(1));
  }

  private static void refused(String argument, String name, Executable call) {
    HalfbackInvalidException refused = assertThrows(HalfbackInvalidException.class, call, name);
    assertTrue(refused.getMessage().contains("`" + argument + "`"), name + refused.getMessage());
  }
}
