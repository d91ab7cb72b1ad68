package dev.halfback.metrics;

import dev.halfback.HalfbackInvalidException;
import java.util.function.Supplier;

/**
 * How many threads a metric takes: one, unless a call says otherwise.
 *
 * <pre>{@code
 * Metric area = Threads.with(2, () -> BinaryScores.of(truth, scores).rocAuc());
 * }</pre>
 *
 * <p>{@code Registry.evaluate} and {@code compare} take as many, called from within. Results are
 * the same to the last bit for any number of threads; columns of fewer than some 100,000 rows are
 * left to one.
 */
public final class Threads {
  private Threads() {}

  /**
   * Lets the metrics that {@code call} asks for, from this thread, take up to so many threads.
   *
   * @throws HalfbackInvalidException if {@code count} is below one
   */
  public static <T> T with(int count, Supplier<T> call) {
    if (count < 1) {
      throw Columns.invalid("`count` is `" + count + "`, expected at least 1");
    }
    return set(count, call);
  }

  /** {@link #with(int, Supplier)} with a thread for each processor. */
  public static <T> T withAll(Supplier<T> call) {
    return set(0, call);
  }

  private static <T> T set(int count, Supplier<T> call) {
    Columns.given(call, "call");
    int before = Native.useThreads(count);
    try {
      return call.get();
    } finally {
      Native.useThreads(before);
    }
  }
}
