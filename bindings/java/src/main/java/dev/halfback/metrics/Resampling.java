package dev.halfback.metrics;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How rows are drawn for a {@link Bootstrap}: each alone, or all of a cluster together; from all
 * rows, or within strata.
 *
 * <pre>{@code
 * Bootstrap bootstrap =
 *     Resampling.of(rows).keys(customers).replicates(2000).bca()
 *         .measure(weights -> scores.withWeights(weights).rocAuc().value());
 * }</pre>
 *
 * <p>The weight of a row depends on the seed, its key and the resample alone: any order of the rows
 * draws the same resamples.
 */
public final class Resampling {
  private static final int GROUPS = 200;

  private final int rows;
  private Column keys;
  private int[] strata;
  private int[] classes;
  private double[] weights;
  private int replicates = 1000;
  private long seed;
  private double level = 0.95;
  private boolean isCorrected;

  private Resampling(int rows) {
    this.rows = rows;
  }

  /**
   * Draws each of so many rows by its number, 1000 times, for intervals of 95 %.
   *
   * @param rows how many rows there are
   * @return what can be told further
   */
  public static Resampling of(int rows) {
    if (rows < 1) {
      throw Columns.invalid("`rows` is `" + rows + "`, expected one at least");
    }
    return new Resampling(rows);
  }

  /**
   * Draws rows of one key, a cluster such as a customer, together. Intervals are wider than the
   * percentiles by how few there are, or rows where these are drawn alone (Hesterberg 2015), and
   * one of 95 % takes six of them at least.
   *
   * @param keys a key for each row
   * @return this
   */
  public Resampling keys(long... keys) {
    fits("keys", Columns.given(keys, "keys").length);
    this.keys = Column.of('l', keys.clone());
    return this;
  }

  /**
   * Lets each stratum, such as a class or a site, keep the weight that it has in the rows.
   *
   * @param strata the number of its stratum for each row
   * @return this
   */
  public Resampling strata(int... strata) {
    this.strata = numbered("strata", strata);
    return this;
  }

  /**
   * Gives rows weights of their own, which are multiplied by the draws, and which strata keep.
   *
   * @param weights of each row, zero or more
   * @return this
   */
  public Resampling weights(double... weights) {
    fits("weights", Columns.given(weights, "weights").length);
    for (double weight : weights) {
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw Columns.invalid("`weights` has `" + weight + "`, expected zero or more");
      }
    }
    this.weights = weights.clone();
    return this;
  }

  /**
   * Says that the metric is made of a mean over each class, as areas, average precision and
   * balanced accuracy are, so that intervals are as wide as few rows of a class make them.
   *
   * @param classes the number of its class for each row
   * @return this
   */
  public Resampling classes(int... classes) {
    this.classes = numbered("classes", classes);
    return this;
  }

  private int[] numbered(String argument, int... given) {
    fits(argument, Columns.given(given, argument).length);
    int[] names = Arrays.stream(given).distinct().sorted().toArray();
    return Arrays.stream(given).map(name -> Arrays.binarySearch(names, name)).toArray();
  }

  /**
   * How many resamples there are.
   *
   * @param replicates at most 2^24
   * @return this
   */
  public Resampling replicates(int replicates) {
    this.replicates = replicates;
    return this;
  }

  /**
   * Where the random numbers begin.
   *
   * @param seed any number
   * @return this
   */
  public Resampling seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * The chance that an interval holds the true number.
   *
   * @param level such as 0.95
   * @return this
   */
  public Resampling level(double level) {
    this.level = level;
    return this;
  }

  /**
   * Corrects intervals and p-values for bias and acceleration (Efron 1987), which takes up to 200
   * calls of the metric more.
   *
   * @return this
   */
  public Resampling bca() {
    isCorrected = true;
    return this;
  }

  /**
   * Computes a metric again with the weights of each resample.
   *
   * @param metric takes a weight for each row; NaN leaves a resample out
   * @return its interval
   */
  public Bootstrap measure(ToDoubleFunction<double[]> metric) {
    double estimate = Columns.given(metric, "metric").applyAsDouble(all());
    return Bootstrap.read(found(estimate, values(metric), metric));
  }

  /**
   * Compares a metric of two models on the same rows, which are drawn together.
   *
   * <pre>{@code
   * PairedBootstrap pair =
   *     Resampling.of(rows).compare(
   *         weights -> first.withWeights(weights).averagePrecision().value(),
   *         weights -> second.withWeights(weights).averagePrecision().value());
   * Judgement judgement = Question.superiority(0).judge(pair);
   * }</pre>
   *
   * @param first takes a weight for each row; NaN leaves a resample out
   * @param second the same of the second model
   * @return first less second
   */
  public PairedBootstrap compare(
      ToDoubleFunction<double[]> first, ToDoubleFunction<double[]> second) {
    double one = Columns.given(first, "first").applyAsDouble(all());
    double other = Columns.given(second, "second").applyAsDouble(all());
    ToDoubleFunction<double[]> difference =
        weights -> less(first.applyAsDouble(weights), second.applyAsDouble(weights));
    double[] values = values(difference);
    return new PairedBootstrap(one, other, values, found(less(one, other), values, difference));
  }

  /** First less second; zero where they differ by no more than sums are rounded. */
  private static double less(double first, double second) {
    double difference = first - second;
    double rounding = 1e-12 * Math.max(Math.abs(first), Math.abs(second));
    return Double.isFinite(difference) && Math.abs(difference) <= rounding ? 0 : difference;
  }

  /** The interval of a metric; empty where it does not vary. */
  Optional<Interval> interval(ToDoubleFunction<double[]> metric) {
    double[] values = values(metric);
    long different =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).distinct().limit(2).count();
    if (values.length > 0 && different < 2) {
      return Optional.empty();
    }
    double estimate = metric.applyAsDouble(all());
    return Optional.of(Bootstrap.read(found(estimate, values, metric)).interval());
  }

  int rows() {
    return rows;
  }

  private Numbers found(double estimate, double[] values, ToDoubleFunction<double[]> metric) {
    return new Columns()
        .add(values)
        .add(isCorrected ? jackknife(metric) : null)
        .add(keys)
        .add(strata == null ? null : Column.of('i', strata))
        .add((Column) null) // where other metrics have the positive class
        .add(classes == null ? null : Column.of('i', classes))
        .add(weights)
        .measure("bootstrap", estimate, level, rows);
  }

  /** The metric over each resample; NaN where nothing was drawn. */
  private double[] values(ToDoubleFunction<double[]> metric) {
    double[] values = new double[Math.max(replicates, 0)];
    for (int replicate = 0; replicate < values.length; replicate++) {
      double[] drawn = drawn(replicate);
      boolean isDrawn = scale(drawn) && Arrays.stream(drawn).anyMatch(weight -> weight > 0);
      values[replicate] = isDrawn ? metric.applyAsDouble(drawn) : Double.NaN;
    }
    return values;
  }

  private double[] drawn(int replicate) {
    double[] times =
        new Columns().add(keys).measure("resample", rows, Bootstrap.bits(seed), replicate).list();
    for (int row = 0; row < rows; row++) {
      times[row] *= own(row);
    }
    return times;
  }

  private double own(int row) {
    return weights == null ? 1 : weights[row];
  }

  /** Gives strata their weight back; false where one was not drawn. */
  private boolean scale(double[] weights) {
    if (strata == null) {
      return true;
    }
    double[] sizes = new double[strata.length];
    double[] drawn = new double[strata.length];
    for (int row = 0; row < rows; row++) {
      sizes[strata[row]] += own(row);
      drawn[strata[row]] += weights[row];
    }
    for (int row = 0; row < rows; row++) {
      double size = sizes[strata[row]];
      if (size > 0 && drawn[strata[row]] == 0) {
        return false;
      }
      weights[row] *= size > 0 ? size / drawn[strata[row]] : 0;
    }
    return true;
  }

  /** The metric without each of some groups of rows. */
  private double[] jackknife(ToDoubleFunction<double[]> metric) {
    double[] groups = new Columns().add(keys).measure("jackknife_groups", rows, GROUPS).list();
    double[] without = new double[(int) Arrays.stream(groups).max().orElse(-1) + 1];
    for (int group = 0; group < without.length; group++) {
      double[] weights = all();
      for (int row = 0; row < rows; row++) {
        weights[row] = groups[row] == group ? 0 : own(row);
      }
      without[group] = metric.applyAsDouble(weights);
    }
    return without;
  }

  private double[] all() {
    double[] all = new double[rows];
    Arrays.setAll(all, this::own);
    return all;
  }

  private void fits(String argument, int found) {
    if (found != rows) {
      throw Columns.invalid("`" + argument + "` has " + found + " rows, expected " + rows);
    }
  }
}
