package dev.halfback.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.halfback.HalfbackInvalidException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The columns of one call, in the order that its metric takes them. Kinds are letters: {@code -}
 * none, {@code z} boolean, {@code i} int, {@code l} long, {@code f} float, {@code d} double, {@code
 * t} texts, which take two places.
 */
final class Columns {
  private static final JsonMapper MAPPER =
      // What is missing is never 0.
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();
  private static final double[] NONE = {};

  private byte[] kinds = new byte[4];
  private Object[] arrays = new Object[4];
  private int columns;
  private int places;

  /** Adds a column; null is none. */
  Columns add(Column column) {
    if (column == null) {
      return add((byte) '-', null);
    }
    add(column.kind(), column.array());
    return column.names() == null ? this : place(column.names());
  }

  /** Adds numbers, such as weights; null is none. */
  Columns add(double[] numbers) {
    return numbers == null ? add((byte) '-', null) : add((byte) 'd', numbers);
  }

  private Columns add(byte kind, Object array) {
    if (columns == kinds.length) {
      kinds = Arrays.copyOf(kinds, 2 * columns);
    }
    kinds[columns++] = kind;
    return place(array);
  }

  private Columns place(Object array) {
    if (places == arrays.length) {
      arrays = Arrays.copyOf(arrays, 2 * places);
    }
    arrays[places++] = array;
    return this;
  }

  byte[] kinds() {
    return Arrays.copyOf(kinds, columns);
  }

  Object[] arrays() {
    return arrays;
  }

  /** Computes a metric. */
  Numbers measure(String metric, double... options) {
    byte[] name = metric.getBytes(StandardCharsets.US_ASCII);
    return new Numbers(Native.given(Native.measure(name, kinds(), arrays, options)));
  }

  /** Computes what is text. */
  <T> T describe(String metric, TypeReference<T> type, double... options) {
    byte[] name = metric.getBytes(StandardCharsets.US_ASCII);
    return read(Native.given(Native.describe(name, kinds(), arrays, options)), type);
  }

  /** Computes a metric of no columns. */
  static Numbers of(String metric, double... options) {
    return new Columns().measure(metric, options);
  }

  static double[] noOptions() {
    return NONE;
  }

  static <T> T read(byte[] json, TypeReference<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (IOException impossible) {
      throw new IllegalStateException("the native library gave no JSON", impossible);
    }
  }

  static byte[] write(List<String> names) {
    try {
      return MAPPER.writeValueAsBytes(names);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("texts are always JSON", impossible);
    }
  }

  /** The argument itself, unless it is null. */
  static <T> T given(T value, String argument) {
    if (value == null) {
      throw invalid("argument `" + argument + "` is null; give it a value");
    }
    return value;
  }

  /** The place of an option among its kind, unless it is null. */
  static int ordinal(Enum<?> option, String argument) {
    return given(option, argument).ordinal();
  }

  /** The values of a table, unless they are more than an array holds. */
  static int cells(int rows, int columns) {
    if ((long) rows * columns > Integer.MAX_VALUE) {
      throw invalid(
          "`rows` has " + rows + " rows of " + columns + " columns, more than an array holds");
    }
    return rows * columns;
  }

  /** Refuses values that are not rows of so many columns. */
  static void whole(int values, int columns) {
    if (columns < 0 || (columns == 0 ? values > 0 : values % columns > 0)) {
      throw invalid(
          "`values` has " + values + " values, which are no rows of `" + columns + "` columns");
    }
  }

  /** Refuses a table that is not as wide as the truth. */
  static void sameWidth(String argument, int found, int expected) {
    if (found != expected) {
      throw invalid(
          "`" + argument + "` has " + found + " columns, expected " + expected + " as in `y_true`");
    }
  }

  static HalfbackInvalidException invalid(String message) {
    return new HalfbackInvalidException("invalid_argument", message);
  }
}
