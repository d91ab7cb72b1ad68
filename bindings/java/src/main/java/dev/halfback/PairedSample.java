package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Rows that two versions predicted for, what is true of them, and how to compare both. Columns are
 * copied when they are given. Each {@code with} gives a copy; of two of one kind, the later stays.
 *
 * <pre>{@code
 * Comparison comparison =
 *     registry.compare(
 *         "risk.credit.default/2",
 *         "risk.credit.default@champion",
 *         PairedSample.of(truth).withScores(scores, championScores).withMargin(0.01));
 * }</pre>
 */
public final class PairedSample {
  private final SampleColumns columns;
  private final ObjectNode options;

  private PairedSample(SampleColumns columns, ObjectNode options) {
    this.columns = columns;
    this.options = options;
  }

  private PairedSample(Object truth) {
    this(SampleColumns.NONE.with(false, "y_true", Arguments.given(truth, "truth")), Json.object());
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static PairedSample of(boolean[] truth) {
    return new PairedSample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static PairedSample of(int[] truth) {
    return new PairedSample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static PairedSample of(long[] truth) {
    return new PairedSample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static PairedSample of(double[] truth) {
    return new PairedSample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static PairedSample of(String[] truth) {
    return new PairedSample(truth);
  }

  /**
   * What both versions predict: a class or a number.
   *
   * @param candidate a value of the candidate for each row
   * @param baseline a value of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withPredictions(boolean[] candidate, boolean[] baseline) {
    return pair("y_pred", candidate, baseline);
  }

  /**
   * What both versions predict: a class or a number.
   *
   * @param candidate a value of the candidate for each row
   * @param baseline a value of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withPredictions(int[] candidate, int[] baseline) {
    return pair("y_pred", candidate, baseline);
  }

  /**
   * What both versions predict: a class or a number.
   *
   * @param candidate a value of the candidate for each row
   * @param baseline a value of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withPredictions(long[] candidate, long[] baseline) {
    return pair("y_pred", candidate, baseline);
  }

  /**
   * What both versions predict: a class or a number.
   *
   * @param candidate a value of the candidate for each row
   * @param baseline a value of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withPredictions(double[] candidate, double[] baseline) {
    return pair("y_pred", candidate, baseline);
  }

  /**
   * What both versions predict: a class or a number.
   *
   * @param candidate a value of the candidate for each row
   * @param baseline a value of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withPredictions(String[] candidate, String[] baseline) {
    return pair("y_pred", candidate, baseline);
  }

  /**
   * Scores of the positive class; those within [0, 1] are probabilities.
   *
   * @param candidate a score of the candidate for each row
   * @param baseline a score of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withScores(double[] candidate, double[] baseline) {
    return pair("y_score", candidate, baseline);
  }

  /**
   * Probabilities with a column for each class in ascending order.
   *
   * @param candidate a row of them of the candidate for each row
   * @param baseline a row of them of the baseline for each row
   * @return a copy with that
   */
  public PairedSample withScores(double[][] candidate, double[][] baseline) {
    SampleColumns both = columns.with("y_score", candidate).with("baseline.y_score", baseline);
    return new PairedSample(both, options);
  }

  /**
   * The metric, which is else the area under the ROC curve, accuracy, or the root of the mean
   * squared error.
   *
   * @param metric such as {@code log_loss}
   * @return a copy with that
   */
  public PairedSample withMetric(String metric) {
    return option("metric", Arguments.given(metric, "metric"));
  }

  /**
   * What is to be shown of the candidate.
   *
   * @param alternative what
   * @return a copy with that
   */
  public PairedSample withAlternative(Alternative alternative) {
    return option("alternative", Arguments.given(alternative, "alternative"));
  }

  /**
   * The difference that matters, in the unit of the metric.
   *
   * @param margin zero or more
   * @return a copy with that
   */
  public PairedSample withMargin(double margin) {
    return option("margin", Arguments.finite(margin, "margin"));
  }

  /**
   * How p-values of slices are adjusted for their number.
   *
   * @param adjustment how
   * @return a copy with that
   */
  public PairedSample withAdjustment(Adjustment adjustment) {
    return option("adjustment", Arguments.given(adjustment, "adjustment"));
  }

  /**
   * How much each row counts.
   *
   * @param weights zero or more for each row
   * @return a copy with that
   */
  public PairedSample withWeights(double[] weights) {
    return column("weights", weights);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public PairedSample withClusters(String[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public PairedSample withClusters(int[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public PairedSample withClusters(long[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public PairedSample withClusters(boolean[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public PairedSample withStrata(String[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public PairedSample withStrata(int[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public PairedSample withStrata(long[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public PairedSample withStrata(boolean[] strata) {
    return column("strata", strata);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public PairedSample withSlice(String name, String[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public PairedSample withSlice(String name, int[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public PairedSample withSlice(String name, long[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public PairedSample withSlice(String name, boolean[] column) {
    return slice(name, column);
  }

  /**
   * What the rows are of.
   *
   * @param name the dataset's name
   * @return a copy with that
   */
  public PairedSample withDataset(String name) {
    return withDataset(new Dataset(Arguments.given(name, "name"), null));
  }

  /**
   * What the rows are of.
   *
   * @param dataset the dataset
   * @return a copy with that
   */
  public PairedSample withDataset(Dataset dataset) {
    return option("dataset", Arguments.given(dataset, "dataset"));
  }

  /**
   * The task, which is else guessed.
   *
   * @param task the task
   * @return a copy with that
   */
  public PairedSample withTask(Task task) {
    return option("task", Arguments.given(task, "task"));
  }

  /**
   * The positive class, where labels are not from {0, 1} or {-1, 1}.
   *
   * @param label text, a number or a boolean
   * @return a copy with that
   */
  public PairedSample withPosLabel(Object label) {
    return option("pos_label", Arguments.param(label, "posLabel"));
  }

  /**
   * The classes in ascending order, where the truth does not have them all.
   *
   * @param labels texts, numbers or booleans
   * @return a copy with that
   */
  public PairedSample withLabels(List<?> labels) {
    Arguments.given(labels, "labels").forEach(label -> Arguments.param(label, "labels"));
    return option("labels", labels);
  }

  /**
   * Where only probabilities are given: from this one on, positive is predicted.
   *
   * @param threshold the probability
   * @return a copy with that
   */
  public PairedSample withThreshold(double threshold) {
    return option("threshold", Arguments.finite(threshold, "threshold"));
  }

  /**
   * The seed of resamples.
   *
   * @param seed zero or more
   * @return a copy with that
   */
  public PairedSample withSeed(long seed) {
    return option("seed", Arguments.notNegative(seed, "seed"));
  }

  /**
   * The confidence level of intervals, 0.95 unless said.
   *
   * @param level above 0 and below 1
   * @return a copy with that
   */
  public PairedSample withLevel(double level) {
    return option("level", Arguments.finite(level, "level"));
  }

  /**
   * How many resamples a bootstrap takes, where one is needed.
   *
   * @param replicates two or more, and 2 / (1 - level) - 1 at least where they are drawn
   * @return a copy with that
   */
  public PairedSample withReplicates(int replicates) {
    return option("replicates", replicates);
  }

  private PairedSample pair(String name, Object candidate, Object baseline) {
    SampleColumns both =
        columns
            .with(false, name, Arguments.given(candidate, "candidate"))
            .with(false, "baseline." + name, Arguments.given(baseline, "baseline"));
    return new PairedSample(both, options);
  }

  private PairedSample column(String name, Object values) {
    return new PairedSample(columns.with(false, name, Arguments.given(values, name)), options);
  }

  private PairedSample slice(String name, Object column) {
    return new PairedSample(columns.with(true, name, Arguments.given(column, "column")), options);
  }

  private PairedSample option(String name, Object value) {
    ObjectNode others = options.deepCopy();
    others.set(name, Json.tree(value, Json.camelCase(name)));
    return new PairedSample(columns, others);
  }

  byte[] columns() {
    return columns.toBytes();
  }

  ObjectNode options() {
    return options;
  }
}
