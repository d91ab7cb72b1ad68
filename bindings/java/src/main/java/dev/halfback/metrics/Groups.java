package dev.halfback.metrics;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The groups of rows, such as of people, by which a metric is measured: those that occur in a
 * column, or in several crossed.
 *
 * <pre>{@code
 * Groups groups = Groups.of(sex, age);
 * ByGroup recall =
 *     groups.measure(
 *         (rows, weights) ->
 *             Classification.of(truth.take(rows), predicted.take(rows))
 *                 .withWeights(weights)
 *                 .recall(Average.BINARY));
 * double gap = recall.difference().value();
 * }</pre>
 */
public final class Groups {
  private final List<List<Object>> names;
  private final int[] codes;
  private final double[] weights;

  private Groups(List<List<Object>> names, int[] codes, double[] weights) {
    this.names = names;
    this.codes = codes;
    this.weights = weights;
  }

  /**
   * Crosses the labels of sensitive features.
   *
   * @param features a column each, with the label of each row; 10,000 groups at most
   * @return the groups that occur
   */
  public static Groups of(Labels... features) {
    Columns columns = new Columns();
    for (Labels feature : Columns.given(features, "features")) {
      columns.add(Columns.given(feature, "features").column());
    }
    List<List<Object>> names = columns.describe("groups", new TypeReference<>() {});
    double[] codes = columns.measure("group_codes").list();
    return new Groups(
        names.stream().map(List::copyOf).toList(),
        Arrays.stream(codes).mapToInt(code -> (int) code).toArray(),
        null);
  }

  /**
   * The same with a weight for each row, for all that is measured by group.
   *
   * @param weights zero or more each, not all zero
   * @return the groups
   */
  public Groups withWeights(double... weights) {
    if (weights != null && weights.length != codes.length) {
      throw Columns.invalid(
          "`sample_weight` has " + weights.length + " rows, expected " + codes.length);
    }
    return new Groups(names, codes, weights);
  }

  /**
   * The labels of each group, one for each feature.
   *
   * @return in the order of the labels
   */
  public List<List<Object>> names() {
    return names;
  }

  /**
   * The rows of each group.
   *
   * @return in the order of {@link #names}
   */
  public List<int[]> rows() {
    int[] sizes = new int[names.size()];
    for (int code : codes) {
      sizes[code]++;
    }
    List<int[]> rows = new ArrayList<>();
    for (int size : sizes) {
      rows.add(new int[size]);
    }
    Arrays.fill(sizes, 0);
    for (int row = 0; row < codes.length; row++) {
      rows.get(codes[row])[sizes[codes[row]]++] = row;
    }
    return rows;
  }

  /**
   * Measures any metric in each group and in all rows.
   *
   * @param metric is called with the rows of each group, and with all
   * @return the metric by group
   */
  public ByGroup measure(Measure metric) {
    Columns.given(metric, "metric");
    return measured(rows(), metric, weights);
  }

  /**
   * Measures something of a metric by group with its interval: all rows are drawn again, and the
   * metric is measured in each group of what was drawn.
   *
   * <pre>{@code
   * groups.interval(Resampling.of(rows).seed(7), metric, ByGroup::difference)
   * }</pre>
   *
   * @param resampling how rows are drawn, of as many rows
   * @param metric is called for each group of each resample
   * @param of what is wanted, such as {@code by -> by.ratio(Relation.TO_OVERALL)} or {@code by ->
   *     by.of("f")}
   * @return what it is over the rows, and its interval
   */
  public Disparity interval(Resampling resampling, Measure metric, Function<ByGroup, Metric> of) {
    if (Columns.given(resampling, "resampling").rows() != codes.length) {
      throw Columns.invalid(
          "`resampling` has " + resampling.rows() + " rows, expected " + codes.length);
    }
    Columns.given(of, "of");
    Metric found = of.apply(measure(metric));
    if (!found.isDefined()) {
      return new Disparity(found, Optional.empty());
    }
    List<int[]> rows = rows();
    return new Disparity(
        found,
        resampling.interval(
            drawn ->
                of.apply(measured(rows, metric, product(drawn))).defined().orElse(Double.NaN)));
  }

  private double[] product(double[] drawn) {
    if (weights == null) {
      return drawn;
    }
    return IntStream.range(0, drawn.length).mapToDouble(row -> drawn[row] * weights[row]).toArray();
  }

  private ByGroup measured(List<int[]> rows, Measure metric, double[] weights) {
    List<Metric> metrics = rows.stream().map(own -> one(own, metric, weights)).toList();
    Metric overall = one(IntStream.range(0, codes.length).toArray(), metric, weights);
    return new ByGroup(names, metrics, overall);
  }

  /** A group of which nothing was drawn has no metric. */
  private static Metric one(int[] rows, Measure metric, double[] weights) {
    double[] own = new double[rows.length];
    Arrays.setAll(own, at -> weights == null ? 1 : weights[rows[at]]);
    if (Arrays.stream(own).allMatch(weight -> weight == 0)) {
      return new Metric(Double.NaN, Reason.TOO_FEW_ROWS);
    }
    return Columns.given(metric.of(rows, own), "metric");
  }

  Column column() {
    return Column.of('i', codes);
  }

  double[] weights() {
    return weights;
  }

  /** A metric of some of the rows. */
  @FunctionalInterface
  public interface Measure {
    /**
     * Computes the metric of these rows; {@link Labels#take} and its like choose them.
     *
     * @param rows their places
     * @param weights the weight of each of them, 1 where there are none
     * @return the metric; {@link Metric#of} makes one of a number
     */
    Metric of(int[] rows, double[] weights);
  }
}
