package dev.halfback.metrics;

import java.lang.reflect.Array;

/**
 * An array as it crosses to native code.
 *
 * @param kind the letter of its type, see {@link Columns}
 * @param array the array itself
 * @param names where the array holds places: the texts that they stand for, as JSON
 */
record Column(byte kind, Object array, byte[] names) {
  static Column of(char kind, Object array) {
    return new Column((byte) kind, array, null);
  }

  /** Some rows of the column, or of the table of this width that it is. */
  Column take(int[] rows, int width) {
    int length = Array.getLength(array);
    Object taken =
        Array.newInstance(array.getClass().getComponentType(), Columns.cells(rows.length, width));
    for (int at = 0; at < rows.length; at++) {
      if (rows[at] < 0 || (long) rows[at] * width >= length) {
        throw Columns.invalid("`rows` has `" + rows[at] + "`, of which there is no row");
      }
      System.arraycopy(array, rows[at] * width, taken, at * width, width);
    }
    return new Column(kind, taken, names);
  }

  /** A column of the table that this array of doubles or floats is. */
  Column every(int width, int from) {
    if (array instanceof float[] all) {
      float[] one = new float[all.length / width];
      for (int row = 0; row < one.length; row++) {
        one[row] = all[row * width + from];
      }
      return of('f', one);
    }
    double[] all = (double[]) array;
    double[] one = new double[all.length / width];
    for (int row = 0; row < one.length; row++) {
      one[row] = all[row * width + from];
    }
    return of('d', one);
  }
}
