package dev.halfback.metrics;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A metric of each group, and of all rows. Groups in which it is undefined are left out. */
public final class ByGroup {
  private final Map<List<Object>, Metric> groups;
  private final Map<List<Object>, Metric> byKey = new HashMap<>();
  private final Metric overall;
  private final Metric min;
  private final Metric max;
  private final Metric[] differences = new Metric[2];
  private final Metric[] ratios = new Metric[2];

  ByGroup(List<List<Object>> names, List<Metric> metrics, Metric overall) {
    Map<List<Object>, Metric> known = new LinkedHashMap<>();
    for (int group = 0; group < names.size(); group++) {
      known.put(names.get(group), metrics.get(group));
      byKey.put(keys(names.get(group)), metrics.get(group));
    }
    this.groups = Collections.unmodifiableMap(known);
    this.overall = overall;
    List<Metric> all = new ArrayList<>(metrics);
    all.add(overall);
    Numbers found =
        new Columns()
            .add(all.stream().mapToDouble(Metric::value).toArray())
            .add(Column.of('i', all.stream().mapToInt(Metric::place).toArray()))
            .measure("by_group");
    this.min = found.metric();
    this.max = found.metric();
    for (Relation relation : Relation.values()) {
      differences[relation.ordinal()] = found.metric();
      ratios[relation.ordinal()] = found.metric();
    }
  }

  /**
   * The metric of each group that has rows.
   *
   * @return by the group's labels, one for each feature, in their order; a whole number is an
   *     {@code Integer}, and a {@code Long} where it is too large for one
   */
  public Map<List<Object>, Metric> groups() {
    return groups;
  }

  /**
   * The metric of a group.
   *
   * @param labels its labels, one for each feature; numbers may be of any type
   * @return the metric
   */
  public Metric of(Object... labels) {
    Metric found = byKey.get(keys(Arrays.asList(Columns.given(labels, "labels"))));
    if (found == null) {
      throw Columns.invalid(
          "`labels` is `"
              + Arrays.asList(labels)
              + "`, expected one of the groups "
              + groups.keySet());
    }
    return found;
  }

  private static List<Object> keys(List<Object> labels) {
    return labels.stream().map(ByGroup::key).toList();
  }

  /** What is the same for equal numbers of different types. */
  private static Object key(Object label) {
    if (label instanceof Byte || label instanceof Short || label instanceof Integer) {
      return ((Number) label).longValue();
    }
    if (label instanceof BigInteger whole && whole.bitLength() < Long.SIZE) {
      return whole.longValue();
    }
    if (label instanceof Float || label instanceof Double) {
      double number = ((Number) label).doubleValue();
      return number == (long) number ? (Object) (long) number : number;
    }
    return label;
  }

  /**
   * The metric of all rows.
   *
   * @return the metric
   */
  public Metric overall() {
    return overall;
  }

  /**
   * The smallest value of a group.
   *
   * @return undefined where it is in all groups
   */
  public Metric min() {
    return min;
  }

  /**
   * The largest value of a group.
   *
   * @return undefined where it is in all groups
   */
  public Metric max() {
    return max;
  }

  /**
   * The largest difference between groups.
   *
   * @return zero or more
   */
  public Metric difference() {
    return difference(Relation.BETWEEN_GROUPS);
  }

  /**
   * The largest difference: of two groups, or of a group and all rows.
   *
   * @param relation what groups are held against
   * @return zero or more
   */
  public Metric difference(Relation relation) {
    return differences[Columns.ordinal(relation, "relation")];
  }

  /**
   * The smallest ratio between groups.
   *
   * @return at most 1 where values are above zero
   */
  public Metric ratio() {
    return ratio(Relation.BETWEEN_GROUPS);
  }

  /**
   * The smallest ratio: of two groups, or of a group and all rows, whichever is larger.
   *
   * @param relation what groups are held against
   * @return at most 1 where values are above zero
   */
  public Metric ratio(Relation relation) {
    return ratios[Columns.ordinal(relation, "relation")];
  }

  @Override
  public String toString() {
    return groups + ", overall " + overall;
  }
}
