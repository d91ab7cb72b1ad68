package dev.halfback.metrics;

import dev.halfback.NativeLibrary;

/**
 * The native library's methods for metrics. Columns are of the kinds that {@link Columns} lists.
 */
final class Native {
  static {
    NativeLibrary.ensureLoaded();
  }

  private Native() {}

  static native double[] measure(byte[] metric, byte[] kinds, Object[] columns, double[] options);

  static native byte[] describe(byte[] metric, byte[] kinds, Object[] columns, double[] options);

  /** Names and texts of all reasons, in the order in which {@link Numbers} counts them. */
  static native byte[] reasons();

  /** Sets the threads of calls from this thread, 0 for one a processor; gives what was set. */
  static native int useThreads(int count);

  static native long newState(double[] options);

  static native void updateState(long state, byte[] kinds, Object[] columns);

  static native void mergeStates(long state, long other);

  static native byte[] writeState(long state);

  static native long readState(byte[] bytes);

  /** The place of its kind: 0 for classes, 1 for scores, 2 for numbers, 3 for values. */
  static native long stateKind(long state);

  static native double[] finishState(long state);

  static native double[] stateQuantiles(long state, double[] q);

  static native byte[] stateLabels(long state);

  static native void freeState(long state);

  /** What a native method gave, which is null where it failed and could not say why. */
  static <T> T given(T result) {
    if (result == null) {
      throw new IllegalStateException(
          "the native library failed and could not say why; please report it");
    }
    return result;
  }
}
