package dev.halfback;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The columns of a sample, each as bytes under what it is. With one more it is a copy; of two under
 * one name, the later one stays.
 */
final class SampleColumns {
  static final SampleColumns NONE = new SampleColumns(new LinkedHashMap<>());

  private final Map<Place, byte[]> columns;

  private record Place(boolean slice, String name) {}

  private SampleColumns(Map<Place, byte[]> columns) {
    this.columns = columns;
  }

  /** A copy with a column, to slice by or by what it is. */
  SampleColumns with(boolean slice, String name, Object column) {
    ColumnBytes bytes = new ColumnBytes();
    bytes.add(slice, name, column);
    return with(new Place(slice, name), bytes);
  }

  /** A copy with a table of numbers. */
  SampleColumns with(String name, double[][] rows) {
    ColumnBytes bytes = new ColumnBytes();
    bytes.add(name, rows);
    return with(new Place(false, name), bytes);
  }

  private SampleColumns with(Place place, ColumnBytes bytes) {
    Map<Place, byte[]> more = new LinkedHashMap<>(columns);
    more.put(place, bytes.toBytes());
    return new SampleColumns(more);
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    columns.values().forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }
}
