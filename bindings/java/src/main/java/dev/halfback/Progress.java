package dev.halfback;

import java.util.function.Function;

/**
 * What native code reports a transfer to. An exception must not cross it, so what the listener
 * throws waits here until the native call has returned.
 */
final class Progress {
  private final ProgressListener listener;
  private RuntimeException exception;
  private Error error;

  Progress(ProgressListener listener) {
    this.listener = listener;
  }

  /** Runs one call of native code that no registry is needed for. */
  static byte[] told(ProgressListener listener, Function<Progress, byte[]> call) {
    Progress progress = new Progress(listener);
    try {
      byte[] result = call.apply(progress);
      if (result == null) {
        throw new HalfbackInternalException(
            "internal", "the native library failed and could not say why; please report it");
      }
      return result;
    } catch (HalfbackUnavailableException stopped) {
      progress.rethrow();
      throw stopped;
    }
  }

  /** Called by native code: whether the transfer goes on. */
  boolean report(long done, long total) {
    // An interrupted thread is one that was asked to stop; the flag stays for its owner to see.
    if (Thread.currentThread().isInterrupted()) {
      return false;
    }
    try {
      return listener == null || listener.transferred(done, total);
    } catch (RuntimeException thrown) {
      exception = thrown;
    } catch (Error thrown) {
      error = thrown;
    }
    return false;
  }

  /** Throws what the listener threw, if it did. */
  void rethrow() {
    if (error != null) {
      throw error;
    }
    if (exception != null) {
      throw exception;
    }
  }
}
