package dev.halfback.metrics;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A column of class labels. The array is not copied: it must not change while a metric is computed.
 */
public final class Labels {
  private final Column column;
  private final int size;

  private Labels(Column column, int size) {
    this.column = column;
    this.size = size;
  }

  /**
   * Whole numbers.
   *
   * @param labels a label for each row
   * @return the column
   */
  public static Labels of(int... labels) {
    return new Labels(Column.of('i', Columns.given(labels, "labels")), labels.length);
  }

  /**
   * Whole numbers.
   *
   * @param labels a label for each row
   * @return the column
   */
  public static Labels of(long... labels) {
    return new Labels(Column.of('l', Columns.given(labels, "labels")), labels.length);
  }

  /**
   * Truth values: false is the class 0 and true the class 1.
   *
   * @param labels a label for each row
   * @return the column
   */
  public static Labels of(boolean... labels) {
    return new Labels(Column.of('z', Columns.given(labels, "labels")), labels.length);
  }

  /**
   * Whole numbers that are stored as doubles.
   *
   * @param labels a label for each row
   * @return the column
   */
  public static Labels of(double... labels) {
    return new Labels(Column.of('d', Columns.given(labels, "labels")), labels.length);
  }

  /**
   * Texts, which are ordered by their code points.
   *
   * @param labels a label for each row, none of them null
   * @return the column
   */
  public static Labels of(String... labels) {
    Map<String, Integer> known = new HashMap<>();
    List<String> names = new ArrayList<>();
    int[] places = new int[Columns.given(labels, "labels").length];
    for (int row = 0; row < labels.length; row++) {
      String label = Columns.given(labels[row], "labels");
      Integer place = known.putIfAbsent(label, names.size());
      if (place == null) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(label)) {
          throw Columns.invalid("`labels` has half of a surrogate pair at row " + row);
        }
        place = names.size();
        names.add(label);
      }
      places[row] = place;
    }
    return new Labels(new Column((byte) 't', places, Columns.write(names)), labels.length);
  }

  /**
   * Texts, which are ordered by their code points.
   *
   * @param labels a label for each row, none of them null
   * @return the column
   */
  public static Labels of(List<String> labels) {
    return of(Columns.given(labels, "labels").toArray(String[]::new));
  }

  /**
   * The number of rows.
   *
   * @return how many labels there are
   */
  public int size() {
    return size;
  }

  /**
   * Copies some of the rows, such as those of a group.
   *
   * @param rows their places, from 0
   * @return a column of them in this order
   */
  public Labels take(int... rows) {
    return new Labels(column.take(Columns.given(rows, "rows"), 1), rows.length);
  }

  Column column() {
    return column;
  }

  static Column column(Labels labels) {
    return labels == null ? null : labels.column;
  }
}
