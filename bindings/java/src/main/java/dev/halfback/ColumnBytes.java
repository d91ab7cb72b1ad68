package dev.halfback;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Columns as the native library reads them, one after another; each is copied when it is added. */
final class ColumnBytes {
  private static final byte BOOLEANS = 1;
  private static final byte WHOLE = 2;
  private static final byte NUMBERS = 3;
  private static final byte TEXTS = 4;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a column, to slice by or by what it is. */
  void add(boolean slice, String name, Object column) {
    bytes.write(slice ? 1 : 0);
    byte[] named = Arguments.utf8(name, "name");
    length(named.length);
    bytes.writeBytes(named);
    if (column instanceof boolean[] values) {
      begin(BOOLEANS, values.length);
      for (boolean value : values) {
        bytes.write(value ? 1 : 0);
      }
    } else if (column instanceof int[] values) {
      ByteBuffer wide = begin(WHOLE, values.length);
      for (int value : values) {
        wide.putLong(value);
      }
      bytes.writeBytes(wide.array());
    } else if (column instanceof long[] values) {
      ByteBuffer wide = begin(WHOLE, values.length);
      wide.asLongBuffer().put(values);
      bytes.writeBytes(wide.array());
    } else if (column instanceof double[] values) {
      ByteBuffer wide = begin(NUMBERS, values.length);
      wide.asDoubleBuffer().put(values);
      bytes.writeBytes(wide.array());
    } else {
      texts(name, (String[]) Arguments.given(column, name));
    }
  }

  /** Adds a table of numbers, row after row. */
  void add(String name, double[][] rows) {
    int columns = Arguments.given(rows, name).length == 0 ? 0 : rows[0].length;
    double[] flat = new double[rows.length * columns];
    for (int row = 0; row < rows.length; row++) {
      if (Arguments.given(rows[row], name).length != columns) {
        throw Arguments.invalid("`" + name + "` has rows of different length at row " + row);
      }
      System.arraycopy(rows[row], 0, flat, row * columns, columns);
    }
    add(false, name, flat);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  private void texts(String name, String[] values) {
    begin(TEXTS, values.length);
    for (String value : values) {
      byte[] text = Arguments.utf8(value, name);
      length(text.length);
      bytes.writeBytes(text);
    }
  }

  /** Begins a column; gives room for as many numbers. */
  private ByteBuffer begin(byte kind, int values) {
    bytes.write(kind);
    length(values);
    return ByteBuffer.allocate(
        kind == WHOLE || kind == NUMBERS ? Math.multiplyExact(8, values) : 0);
  }

  private void length(int length) {
    bytes.writeBytes(ByteBuffer.allocate(8).putLong(length).array());
  }
}
