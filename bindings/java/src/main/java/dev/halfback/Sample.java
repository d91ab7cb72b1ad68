package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Rows that a version predicted for, what is true of them, and how to measure that. Columns are
 * copied when they are given. Each {@code with} gives a copy; of two of one kind, the later stays.
 *
 * <pre>{@code
 * Evaluation evaluation =
 *     registry.evaluate(
 *         "risk.credit.default/1",
 *         Sample.of(new int[] {0, 1, 1, 0})
 *             .withScores(new double[] {0.1, 0.8, 0.4, 0.3})
 *             .withSlice("region", new String[] {"north", "north", "south", "south"})
 *             .withDataset("applications-2026-q1"));
 * }</pre>
 */
public final class Sample {
  private final SampleColumns columns;
  private final ObjectNode options;

  private Sample(SampleColumns columns, ObjectNode options) {
    this.columns = columns;
    this.options = options;
  }

  private Sample(Object truth) {
    this(SampleColumns.NONE.with(false, "y_true", Arguments.given(truth, "truth")), Json.object());
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static Sample of(boolean[] truth) {
    return new Sample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static Sample of(int[] truth) {
    return new Sample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static Sample of(long[] truth) {
    return new Sample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static Sample of(double[] truth) {
    return new Sample(truth);
  }

  /**
   * Rows of which this is true.
   *
   * @param truth a class or a number for each row
   * @return the rows
   */
  public static Sample of(String[] truth) {
    return new Sample(truth);
  }

  /**
   * What the version predicts: a class or a number.
   *
   * @param predictions a value for each row
   * @return a copy with that
   */
  public Sample withPredictions(boolean[] predictions) {
    return column("y_pred", predictions);
  }

  /**
   * What the version predicts: a class or a number.
   *
   * @param predictions a value for each row
   * @return a copy with that
   */
  public Sample withPredictions(int[] predictions) {
    return column("y_pred", predictions);
  }

  /**
   * What the version predicts: a class or a number.
   *
   * @param predictions a value for each row
   * @return a copy with that
   */
  public Sample withPredictions(long[] predictions) {
    return column("y_pred", predictions);
  }

  /**
   * What the version predicts: a class or a number.
   *
   * @param predictions a value for each row
   * @return a copy with that
   */
  public Sample withPredictions(double[] predictions) {
    return column("y_pred", predictions);
  }

  /**
   * What the version predicts: a class or a number.
   *
   * @param predictions a value for each row
   * @return a copy with that
   */
  public Sample withPredictions(String[] predictions) {
    return column("y_pred", predictions);
  }

  /**
   * Scores of the positive class; those within [0, 1] are probabilities.
   *
   * @param scores a value for each row
   * @return a copy with that
   */
  public Sample withScores(double[] scores) {
    return column("y_score", scores);
  }

  /**
   * Probabilities with a column for each class in ascending order.
   *
   * @param scores a row of them for each row
   * @return a copy with that
   */
  public Sample withScores(double[][] scores) {
    return new Sample(columns.with("y_score", scores), options);
  }

  /**
   * How much each row counts.
   *
   * @param weights zero or more for each row
   * @return a copy with that
   */
  public Sample withWeights(double[] weights) {
    return column("weights", weights);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public Sample withClusters(String[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public Sample withClusters(int[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public Sample withClusters(long[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The cluster of each row, such as its customer, patient or day: rows of one are not independent,
   * and every interval comes by a bootstrap of whole clusters, of which two at least are needed.
   *
   * @param clusters a cluster for each row
   * @return a copy with that
   */
  public Sample withClusters(boolean[] clusters) {
    return column("clusters", clusters);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public Sample withStrata(String[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public Sample withStrata(int[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public Sample withStrata(long[] strata) {
    return column("strata", strata);
  }

  /**
   * The stratum of each row, such as its site: each keeps the weight in every resample that it has
   * in the rows.
   *
   * @param strata a stratum for each row
   * @return a copy with that
   */
  public Sample withStrata(boolean[] strata) {
    return column("strata", strata);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public Sample withSlice(String name, String[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public Sample withSlice(String name, int[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public Sample withSlice(String name, long[] column) {
    return slice(name, column);
  }

  /**
   * A column whose values make slices: every value of it is measured alone too.
   *
   * @param name its name
   * @param column a label for each row
   * @return a copy with that
   */
  public Sample withSlice(String name, boolean[] column) {
    return slice(name, column);
  }

  /**
   * What the rows are of.
   *
   * @param name the dataset's name
   * @return a copy with that
   */
  public Sample withDataset(String name) {
    return withDataset(new Dataset(Arguments.given(name, "name"), null));
  }

  /**
   * What the rows are of.
   *
   * @param dataset the dataset
   * @return a copy with that
   */
  public Sample withDataset(Dataset dataset) {
    return option("dataset", Arguments.given(dataset, "dataset"));
  }

  /**
   * The task, which is else guessed.
   *
   * @param task the task
   * @return a copy with that
   */
  public Sample withTask(Task task) {
    return option("task", Arguments.given(task, "task"));
  }

  /**
   * The positive class, where labels are not from {0, 1} or {-1, 1}.
   *
   * @param label text, a number or a boolean
   * @return a copy with that
   */
  public Sample withPosLabel(Object label) {
    return option("pos_label", Arguments.param(label, "posLabel"));
  }

  /**
   * The classes in ascending order, where the truth does not have them all.
   *
   * @param labels texts, numbers or booleans
   * @return a copy with that
   */
  public Sample withLabels(List<?> labels) {
    Arguments.given(labels, "labels").forEach(label -> Arguments.param(label, "labels"));
    return option("labels", labels);
  }

  /**
   * Where only probabilities are given: from this one on, positive is predicted.
   *
   * @param threshold the probability
   * @return a copy with that
   */
  public Sample withThreshold(double threshold) {
    return option("threshold", Arguments.finite(threshold, "threshold"));
  }

  /**
   * The seed of resamples.
   *
   * @param seed zero or more
   * @return a copy with that
   */
  public Sample withSeed(long seed) {
    return option("seed", Arguments.notNegative(seed, "seed"));
  }

  /**
   * The confidence level of intervals, 0.95 unless said.
   *
   * @param level above 0 and below 1
   * @return a copy with that
   */
  public Sample withLevel(double level) {
    return option("level", Arguments.finite(level, "level"));
  }

  /**
   * How many resamples a bootstrap takes, where one is needed.
   *
   * @param replicates two or more, and 2 / (1 - level) - 1 at least where they are drawn
   * @return a copy with that
   */
  public Sample withReplicates(int replicates) {
    return option("replicates", replicates);
  }

  private Sample column(String name, Object values) {
    return new Sample(columns.with(false, name, Arguments.given(values, name)), options);
  }

  private Sample slice(String name, Object column) {
    return new Sample(columns.with(true, name, Arguments.given(column, "column")), options);
  }

  private Sample option(String name, Object value) {
    ObjectNode others = options.deepCopy();
    others.set(name, Json.tree(value, Json.camelCase(name)));
    return new Sample(columns, others);
  }

  byte[] columns() {
    return columns.toBytes();
  }

  ObjectNode options() {
    return options;
  }
}
