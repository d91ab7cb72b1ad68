package dev.halfback;

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
