package dev.halfback;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Columns as the native library reads them, one after another; each is copied when it is added. */
final class ColumnBytes {
  private static final byte BOOLEANS = 1;
  private static final byte WHOLE = 2;
  private static final byte NUMBERS = 3;
  private static final byte TEXTS = 4;

  /** As many numbers of eight bytes as an array of bytes holds. */
  private static final int MOST = Integer.MAX_VALUE / 8 - 64;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a column, to slice by or by what it is. */
  void add(boolean slice, String name, Object column) {
    name(slice, name);
    bytes.write(0);
    values(name, column);
  }

  private void name(boolean slice, String name) {
    bytes.write(slice ? 1 : 0);
    byte[] named = Arguments.utf8(name, "name");
    length(named.length);
    bytes.writeBytes(named);
  }

  private void values(String name, Object column) {
    if (column instanceof boolean[] values) {
      begin(BOOLEANS, name, values.length);
      for (boolean value : values) {
        bytes.write(value ? 1 : 0);
      }
    } else if (column instanceof int[] values) {
      ByteBuffer wide = begin(WHOLE, name, values.length);
      for (int value : values) {
        wide.putLong(value);
      }
      bytes.writeBytes(wide.array());
    } else if (column instanceof long[] values) {
      ByteBuffer wide = begin(WHOLE, name, values.length);
      wide.asLongBuffer().put(values);
      bytes.writeBytes(wide.array());
    } else if (column instanceof double[] values) {
      ByteBuffer wide = begin(NUMBERS, name, values.length);
      wide.asDoubleBuffer().put(values);
      bytes.writeBytes(wide.array());
    } else {
      texts(name, (String[]) Arguments.given(column, name));
    }
  }

  /** Adds a table of numbers, row after row. */
  void add(String name, double[][] rows) {
    int columns = Arguments.given(rows, name).length == 0 ? 0 : rows[0].length;
    long values = (long) rows.length * columns;
    if (values > MOST) {
      throw tooLarge(name, values);
    }
    double[] flat = new double[(int) values];
    for (int row = 0; row < rows.length; row++) {
      if (Arguments.given(rows[row], name).length != columns) {
        throw Arguments.invalid("`" + name + "` has rows of different length at row " + row);
      }
      System.arraycopy(rows[row], 0, flat, row * columns, columns);
    }
    name(false, name);
    bytes.write(1);
    length(columns);
    values(name, flat);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  private void texts(String name, String[] values) {
    begin(TEXTS, name, values.length);
    for (String value : values) {
      byte[] text = Arguments.utf8(value, name);
      length(text.length);
      bytes.writeBytes(text);
    }
  }

  /** Begins a column; gives room for as many numbers. */
  private ByteBuffer begin(byte kind, String name, int values) {
    boolean isWide = kind == WHOLE || kind == NUMBERS;
    if (isWide && values > MOST) {
      throw tooLarge(name, values);
    }
    bytes.write(kind);
    length(values);
    return ByteBuffer.allocate(isWide ? 8 * values : 0);
  }

  private static HalfbackInvalidException tooLarge(String name, long values) {
    return Arguments.invalid(
        "`" + name + "` has " + values + " values, of which " + MOST + " are taken at most");
  }

  private void length(int length) {
    bytes.writeBytes(ByteBuffer.allocate(8).putLong(length).array());
  }
}
