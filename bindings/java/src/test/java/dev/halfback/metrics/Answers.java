package dev.halfback.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What this package says to a case: numbers laid flat, a text, or null where it has no such call.
 */
final class Answers {
  private Answers() {}

  static Object of(Case one) {
    String function = one.function();
    if (one.columns() == 0) {
      return counts(one);
    }
    return switch (function) {
      case "auc" -> null;
      case "delong" -> areas(one);
      case "welch" -> welch(one);
      case "welch_claims" -> claims(one, Comparison.welch(one.doubles(0), one.doubles(1), 0.95));
      case "multipletests" -> Comparison.adjust(adjustment(one), one.doubles(0));
      case "calibration_curve", "distances", "recalibration", "spiegelhalter" -> calibration(one);
      case "dcg_score", "ndcg_score" -> gains(one);
      case "coverage_error", "label_ranking_loss", "label_ranking_average_precision_score" ->
          ranking(one);
      case "roc_auc_score",
          "average_precision_score",
          "roc_curve",
          "precision_recall_curve",
          "det_curve",
          "confusion_matrix_at_thresholds",
          "ks_2samp",
          "log_loss",
          "d2_log_loss_score",
          "brier_score_loss",
          "d2_brier_score",
          "hinge_loss",
          "top_k_accuracy_score" ->
          scores(one);
      case "by_group" -> byGroup(one);
      default ->
          function.matches(".*_(parity|opportunity|odds)_.*")
              ? fairness(one)
              : isRegression(function) ? regression(one) : sets(one);
    };
  }

  private static Groups groups(Case one) {
    return Groups.of(
        IntStream.range(2, one.columns()).mapToObj(one::labels).toArray(Labels[]::new));
  }

  private static double[] byGroup(Case one) {
    String metric = one.param("metric").asText();
    ByGroup by =
        groups(one)
            .measure(
                (rows, weights) -> {
                  Classification own =
                      Classification.of(one.labels(0).take(rows), one.labels(1).take(rows))
                          .withWeights(weights);
                  return switch (metric) {
                    case "accuracy_score" -> Metric.of(own.accuracy());
                    case "recall_score" -> own.recall(Average.BINARY);
                    default -> own.precision(Average.BINARY);
                  };
                });
    List<Metric> all = new ArrayList<>(by.groups().values());
    all.addAll(List.of(by.overall(), by.min(), by.max()));
    for (Relation relation : Relation.values()) {
      all.add(by.difference(relation));
    }
    for (Relation relation : Relation.values()) {
      all.add(by.ratio(relation));
    }
    return of(all);
  }

  private static double[] fairness(Case one) {
    Fairness rows =
        Fairness.of(one.labels(0), one.labels(1), groups(one))
            .withRelation(Relation.valueOf(upper(one.param("method"))))
            .withAggregate(
                one.has("agg") ? Aggregate.valueOf(upper(one.param("agg"))) : Aggregate.WORST_CASE);
    Metric found =
        switch (one.function()) {
          case "demographic_parity_difference" -> rows.demographicParityDifference();
          case "demographic_parity_ratio" -> rows.demographicParityRatio();
          case "equal_opportunity_difference" -> rows.equalOpportunityDifference();
          case "equal_opportunity_ratio" -> rows.equalOpportunityRatio();
          case "equalized_odds_difference" -> rows.equalizedOddsDifference();
          default -> rows.equalizedOddsRatio();
        };
    Fairness.Measure measure = Fairness.Measure.valueOf(one.function().toUpperCase(Locale.ROOT));
    if (!found.equals(rows.measure(measure))) {
      throw new AssertionError(measure);
    }
    return of(found);
  }

  private static String upper(JsonNode name) {
    return name.asText().toUpperCase(Locale.ROOT);
  }

  private static double[] claims(Case one, Difference difference) {
    double margin = one.param("margin", 0);
    return Stream.of(
            Question.superiority(margin),
            Question.nonInferiority(margin),
            Question.equivalence(margin))
        .mapToDouble(question -> question.judge(difference).pValue().orElseThrow())
        .toArray();
  }

  private static boolean isRegression(String function) {
    return function.matches(
        ".*(_error|deviance|r2_score|pinball.*|absolute_error_score|tweedie_score|explained_variance_score)$");
  }

  private static double[] of(Metric... metrics) {
    return of(List.of(metrics));
  }

  private static double[] of(List<Metric> metrics) {
    return metrics.stream().mapToDouble(Metric::value).toArray();
  }

  private static double[] of(double... numbers) {
    return numbers;
  }

  private static double[] joined(double[]... lists) {
    return Arrays.stream(lists).flatMapToDouble(DoubleStream::of).toArray();
  }

  private static Average average(Case one) {
    if (!one.has("average")) {
      return null;
    }
    return Average.valueOf(one.param("average").asText().toUpperCase(Locale.ROOT));
  }

  private static ZeroDivision zero(Case one) {
    JsonNode zero = one.param("zero_division");
    if (zero.asText().equals("nan")) {
      return ZeroDivision.NAN;
    }
    return zero.isNumber() && zero.asDouble() == 1 ? ZeroDivision.ONE : ZeroDivision.ZERO;
  }

  private static Object sets(Case one) {
    if (one.isMultilabel()) {
      return one.has("labels") ? null : multilabel(one);
    }
    Average average = average(one);
    Classification rows =
        Classification.of(one.labels(0), one.labels(1))
            .withWeights(one.weights())
            .withLabels(average == Average.BINARY ? null : one.labels("labels"))
            .withPositive(one.labels("pos_label"));
    double beta = one.param("beta", 1);
    return switch (one.function()) {
      case "accuracy_score" -> of(rows.accuracy());
      case "zero_one_loss", "hamming_loss" -> of(rows.zeroOneLoss());
      case "matthews_corrcoef" -> of(rows.matthews());
      case "balanced_accuracy_score" ->
          one.param("adjusted").asBoolean()
              ? of(rows.adjustedBalancedAccuracy())
              : of(rows.balancedAccuracy());
      case "cohen_kappa_score" -> of(rows.kappa(kappa(one)));
      case "class_likelihood_ratios" ->
          one.has("replace_undefined_by")
              ? null
              : of(rows.likelihoodRatios().positive(), rows.likelihoodRatios().negative());
      case "multilabel_confusion_matrix" -> tallies(rows.tallies());
      case "confusion_matrix" -> joined(rows.confusionMatrix(normalize(one)));
      case "precision_score" -> of(rows.precision(average));
      case "recall_score" -> of(rows.recall(average));
      case "f1_score" -> of(rows.f1(average));
      case "jaccard_score" ->
          average == null
              ? of(rows.jaccardByClass(zero(one)))
              : of(rows.jaccard(average, zero(one)));
      case "precision_recall_fscore_support" ->
          average == null
              ? byClass(rows.byClass(beta, zero(one)))
              : of(rows.scores(average, beta, zero(one)));
      case "classification_report" ->
          rows.report((int) one.param("digits", 2), ZeroDivision.ZERO, names(one));
      default -> throw new AssertionError(one.function());
    };
  }

  private static String[] names(Case one) {
    List<String> names = new ArrayList<>();
    one.param("target_names").forEach(name -> names.add(name.asText()));
    return names.toArray(String[]::new);
  }

  private static Kappa kappa(Case one) {
    String weights = one.param("weights").asText();
    return weights.equals("linear")
        ? Kappa.LINEAR
        : weights.equals("quadratic") ? Kappa.QUADRATIC : Kappa.PLAIN;
  }

  private static Normalize normalize(Case one) {
    return switch (one.param("normalize").asText()) {
      case "true" -> Normalize.TRUE;
      case "pred" -> Normalize.PREDICTED;
      case "all" -> Normalize.ALL;
      default -> Normalize.NONE;
    };
  }

  private static double[] of(SetScores scores) {
    return of(scores.precision(), scores.recall(), scores.fScore());
  }

  private static double[] byClass(List<Classification.ClassScores> rows) {
    return joined(
        rows.stream().mapToDouble(row -> row.scores().precision().value()).toArray(),
        rows.stream().mapToDouble(row -> row.scores().recall().value()).toArray(),
        rows.stream().mapToDouble(row -> row.scores().fScore().value()).toArray(),
        rows.stream().mapToDouble(Classification.ClassScores::support).toArray());
  }

  private static double[] tallies(List<Classification.Tally> tallies) {
    return tallies.stream()
        .flatMapToDouble(
            tally ->
                DoubleStream.of(
                    tally.trueNegatives(),
                    tally.falsePositives(),
                    tally.falseNegatives(),
                    tally.truePositives()))
        .toArray();
  }

  private static Object multilabel(Case one) {
    Multilabel rows = Multilabel.of(one.flags(0), one.flags(1)).withWeights(one.weights());
    return switch (one.function()) {
      case "accuracy_score" -> of(rows.accuracy());
      case "hamming_loss" -> of(rows.hammingLoss());
      case "multilabel_confusion_matrix" ->
          tallies(one.param("samplewise").asBoolean() ? rows.talliesOfRows() : rows.tallies());
      case "precision_recall_fscore_support" ->
          of(rows.scores(average(one), one.param("beta", 1), zero(one)));
      case "jaccard_score" -> of(rows.jaccard(average(one), zero(one)));
      case "classification_report" -> rows.report(2, zero(one));
      default -> throw new AssertionError(one.function());
    };
  }

  private static Object scores(Case one) {
    if (one.isMultilabel()) {
      return several(one);
    }
    if (one.width(1) > 1) {
      return multiclass(one);
    }
    // With all classes listed, or scaled, only tables of probabilities are offered here.
    if (one.has("labels")
        || one.has("scale_by_half")
        || one.function().equals("top_k_accuracy_score")) {
      return null;
    }
    // BinaryScoresTest has the classes that are nowhere, which are refused here.
    if (one.has("pos_label") && !one.hasLabel(0, one.param("pos_label"))) {
      return null;
    }
    BinaryScores rows =
        BinaryScores.of(one.labels(0), one.scores(1))
            .withWeights(one.weights())
            .withPositive(one.labels("pos_label"));
    JsonNode drops = one.param("drop_intermediate");
    return switch (one.function()) {
      case "roc_auc_score" ->
          of(one.has("max_fpr") ? rows.rocAuc(one.param("max_fpr", 1)) : rows.rocAuc());
      case "average_precision_score" -> of(rows.averagePrecision());
      case "ks_2samp" -> of(rows.kolmogorovSmirnov());
      case "roc_curve" -> {
        BinaryScores.RocCurve curve = rows.rocCurve(drops.isMissingNode() || drops.asBoolean());
        yield joined(curve.falsePositiveRate(), curve.truePositiveRate(), curve.thresholds());
      }
      case "precision_recall_curve" -> {
        BinaryScores.PrecisionRecallCurve curve = rows.precisionRecallCurve();
        yield drops.asBoolean()
            ? null
            : joined(curve.precision(), curve.recall(), curve.thresholds());
      }
      case "det_curve" -> {
        BinaryScores.DetCurve curve = rows.detCurve();
        yield drops.asBoolean()
            ? null
            : joined(curve.falsePositiveRate(), curve.falseNegativeRate(), curve.thresholds());
      }
      case "confusion_matrix_at_thresholds" -> {
        BinaryScores.ThresholdCounts at = rows.confusionAtThresholds();
        yield joined(
            at.trueNegatives(),
            at.falsePositives(),
            at.falseNegatives(),
            at.truePositives(),
            at.thresholds());
      }
      case "log_loss" -> one.param("normalize").isBoolean() ? null : of(rows.logLoss());
      case "d2_log_loss_score" -> of(rows.d2LogLoss());
      case "brier_score_loss" -> of(rows.brierScore());
      case "d2_brier_score" -> of(rows.d2BrierScore());
      case "hinge_loss" -> of(rows.hingeLoss());
      default -> throw new AssertionError(one.function());
    };
  }

  private static Object multiclass(Case one) {
    MulticlassScores rows =
        MulticlassScores.of(one.labels(0), one.table(1))
            .withWeights(one.weights())
            .withLabels(one.labels("labels"));
    Average average = one.param("average").isMissingNode() ? Average.MACRO : average(one);
    return switch (one.function()) {
      case "roc_auc_score" ->
          average == null
              ? of(rows.rocAucByClass())
              : of(
                  rows.rocAuc(
                      one.param("multi_class").asText().equals("ovr")
                          ? Multiclass.ONE_VS_REST
                          : Multiclass.ONE_VS_ONE,
                      average));
      case "average_precision_score" -> of(rows.averagePrecision(average));
      case "top_k_accuracy_score" -> of(rows.topKAccuracy((int) one.param("k", 2)));
      case "log_loss" -> one.param("normalize").isBoolean() ? null : of(rows.logLoss());
      case "d2_log_loss_score" -> of(rows.d2LogLoss());
      case "brier_score_loss" -> one.has("scale_by_half") ? null : of(rows.brierScore());
      case "d2_brier_score" -> of(rows.d2BrierScore());
      case "hinge_loss" -> of(rows.hingeLoss());
      default -> throw new AssertionError(one.function());
    };
  }

  private static Object several(Case one) {
    Ranking rows = Ranking.of(one.flags(0), one.table(1)).withWeights(one.weights());
    Average average = one.param("average").isMissingNode() ? Average.MACRO : average(one);
    if (average == null) {
      return of(rows.averagePrecisionByLabel());
    }
    if (one.has("max_fpr")) {
      return null;
    }
    return of(
        one.function().equals("roc_auc_score")
            ? rows.rocAuc(average)
            : rows.averagePrecision(average));
  }

  private static Object ranking(Case one) {
    Ranking rows = Ranking.of(one.flags(0), one.table(1)).withWeights(one.weights());
    return switch (one.function()) {
      case "coverage_error" -> of(rows.coverageError());
      case "label_ranking_loss" -> of(rows.labelRankingLoss());
      default -> of(rows.labelRankingAveragePrecision());
    };
  }

  private static Object gains(Case one) {
    if (one.weights() != null || one.has("ignore_ties") || one.has("log_base")) {
      return null;
    }
    int k = (int) one.param("k", 0);
    return one.function().equals("dcg_score")
        ? of(Ranking.dcg(one.table(0), one.table(1), k))
        : of(Ranking.ndcg(one.table(0), one.table(1), k));
  }

  private static Object regression(Case one) {
    JsonNode how = one.param("multioutput");
    if (one.param("force_finite").isBoolean() && !one.param("force_finite").asBoolean()
        || how.asText().equals("raw_values")) {
      return null;
    }
    Regression rows = Regression.of(one.table(0), one.table(1)).withWeights(one.weights());
    if (how.asText().equals("variance_weighted")) {
      rows = rows.withAverage(OutputAverage.VARIANCE);
    } else if (how.isArray()) {
      double[] weights = new double[how.size()];
      for (int at = 0; at < weights.length; at++) {
        weights[at] = Case.number(how.get(at));
      }
      rows = rows.withOutputWeights(weights);
    }
    double alpha = one.param("alpha", 0.5);
    return switch (one.function()) {
      case "mean_absolute_error" -> of(rows.meanAbsoluteError());
      case "mean_squared_error" -> of(rows.meanSquaredError());
      case "root_mean_squared_error" -> of(rows.rootMeanSquaredError());
      case "mean_squared_log_error" -> of(rows.meanSquaredLogError());
      case "root_mean_squared_log_error" -> of(rows.rootMeanSquaredLogError());
      case "median_absolute_error" -> of(rows.medianAbsoluteError());
      case "mean_absolute_percentage_error" -> of(rows.meanAbsolutePercentageError());
      case "r2_score" -> of(rows.r2());
      case "explained_variance_score" -> of(rows.explainedVariance());
      case "d2_absolute_error_score" -> of(rows.d2AbsoluteErrorScore());
      case "mean_pinball_loss" -> of(rows.meanPinballLoss(alpha));
      case "d2_pinball_score" -> of(rows.d2PinballScore(alpha));
      case "max_error" -> of(rows.maxError());
      case "mean_poisson_deviance" -> of(rows.meanTweedieDeviance(1));
      case "mean_gamma_deviance" -> of(rows.meanTweedieDeviance(2));
      case "mean_tweedie_deviance" -> of(rows.meanTweedieDeviance(one.param("power", 0)));
      case "d2_tweedie_score" -> of(rows.d2TweedieScore(one.param("power", 0)));
      default -> throw new AssertionError(one.function());
    };
  }

  private static Object calibration(Case one) {
    BinaryScores rows = BinaryScores.of(one.labels(0), one.scores(1)).withWeights(one.weights());
    switch (one.function()) {
      case "recalibration" -> {
        BinaryScores.Recalibration line = rows.recalibration();
        return of(line.slope(), line.intercept(), line.inTheLarge());
      }
      case "spiegelhalter" -> {
        return of(rows.spiegelhalter().z(), rows.spiegelhalter().pValue());
      }
      default -> {}
    }
    int bins = (int) one.param("n_bins", one.param("bins", 0));
    boolean uniform = one.param("strategy").asText().equals("uniform");
    BinaryScores.Reliability table =
        rows.reliability(uniform ? Binning.UNIFORM : Binning.QUANTILE, bins);
    if (one.function().equals("distances")) {
      return of(table.expectedError(), table.maximumError(), table.adaptiveError());
    }
    return joined(
        table.bins().stream().mapToDouble(BinaryScores.ReliabilityBin::observed).toArray(),
        table.bins().stream().mapToDouble(BinaryScores.ReliabilityBin::predicted).toArray());
  }

  private static Object areas(Case one) {
    if (one.columns() == 2) {
      BinaryScores.Area area = BinaryScores.of(one.labels(0), one.scores(1)).deLong(0.9);
      return of(area.interval().estimate(), area.variance(), area.variance());
    }
    Comparison.Areas pair = Comparison.deLong(one.labels(0), one.scores(1), one.scores(2), 0.9);
    double first = BinaryScores.of(one.labels(0), one.scores(1)).deLong(0.9).variance();
    double second = BinaryScores.of(one.labels(0), one.scores(2)).deLong(0.9).variance();
    double covariance = (first + second - pair.variance()) / 2;
    return of(pair.first(), pair.second(), first, second, covariance);
  }

  private static Object welch(Case one) {
    Comparison.Welch test = Comparison.welch(one.doubles(0), one.doubles(1), 0.9);
    return of(
        test.pValue().value(),
        test.freedom(),
        test.difference().lower(),
        test.difference().upper());
  }

  private static Adjustment adjustment(Case one) {
    return switch (one.param("method").asText()) {
      case "holm" -> Adjustment.HOLM;
      case "fdr_bh" -> Adjustment.BENJAMINI_HOCHBERG;
      default -> Adjustment.BENJAMINI_YEKUTIELI;
    };
  }

  private static Object counts(Case one) {
    return switch (one.function()) {
      case "proportion_claims" ->
          claims(
              one,
              Comparison.twoProportions(
                  (long) one.param("count1", 0),
                  (long) one.param("nobs1", 0),
                  (long) one.param("count2", 0),
                  (long) one.param("nobs2", 0),
                  0.95));
      case "proportion_confint" -> {
        long count = (long) one.param("count", 0);
        long rows = (long) one.param("nobs", 0);
        double level = 1 - one.param("alpha", 0);
        yield bounds(
            one.param("method").asText().equals("beta")
                ? Intervals.clopperPearson(count, rows, level)
                : Intervals.wilson(count, rows, level));
      }
      case "newcombe", "miettinen_nurminen" -> {
        long first = (long) one.param("count1", 0);
        long firstRows = (long) one.param("nobs1", 0);
        long second = (long) one.param("count2", 0);
        long secondRows = (long) one.param("nobs2", 0);
        yield bounds(
            one.function().equals("newcombe")
                ? Intervals.newcombe(first, firstRows, second, secondRows, 0.95)
                : Intervals.miettinenNurminen(first, firstRows, second, secondRows, 0.95));
      }
      case "power_means" ->
          of(
              Power.ofMeans(
                  one.param("d", 0),
                  (long) one.param("n", 0),
                  one.param("alpha", 0),
                  one.param("ratio", 1)));
      case "power_proportions" ->
          of(
              Power.ofProportions(
                  one.param("p1", 0),
                  one.param("p2", 0),
                  (long) one.param("n", 0),
                  one.param("alpha", 0),
                  one.param("ratio", 1)));
      // Distribution functions and tests of counts alone are not for callers from Java.
      default -> null;
    };
  }

  private static double[] bounds(Interval interval) {
    return of(interval.lower(), interval.upper());
  }
}
