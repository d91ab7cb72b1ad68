package dev.halfback;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/**
 * The native side of one open registry, shared by the {@link Registry} and its views.
 *
 * <p>Calls hold the lock for reading and {@link #close()} takes it for writing, so nothing is
 * closed under a running call. The native memory itself, a few words, is freed only when no object
 * can reach this one any more. That is what lets {@link #isCurrent} do without the lock.
 */
final class Handle {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long address;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final AtomicBoolean closed = new AtomicBoolean();

  Handle(byte[] path, Options options) {
    byte[] token = options.token() == null ? null : Arguments.utf8(options.token(), "token");
    long opened = Native.open(path, options.create(), options.readOnly(), token);
    address = opened;
    // The action must not hold this object, or it would stay reachable for ever.
    CLEANER.register(this, () -> Native.free(opened));
  }

  /** Runs one call while the registry cannot be closed. */
  <T> T call(LongFunction<T> call) {
    lock.readLock().lock();
    try {
      if (closed.get()) {
        throw closed();
      }
      T result = call.apply(address);
      if (result == null) {
        throw new HalfbackInternalException(
            "internal", "the native library failed and could not say why; please report it");
      }
      return result;
    } finally {
      lock.readLock().unlock();
      Reference.reachabilityFence(this);
    }
  }

  /** Runs one call that moves many bytes and reports how far it is. */
  byte[] transfer(ProgressListener listener, Transfer transfer) {
    Progress progress = new Progress(listener);
    try {
      return call(address -> transfer.run(address, progress));
    } catch (HalfbackUnavailableException stopped) {
      progress.rethrow();
      throw stopped;
    }
  }

  /** Whether what was read with this stamp still holds; false once closed. */
  boolean isCurrent(long first, long second, long third) {
    try {
      return Native.isCurrent(address, first, second, third);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  boolean isClosed() {
    return closed.get();
  }

  /** Stops running transfers, waits for running calls, and closes. */
  void close() {
    if (lock.getReadHoldCount() > 0) {
      throw new HalfbackUnavailableException(
          "busy",
          "a progress listener cannot close the registry that is calling it; return false to stop"
              + " the transfer, then close");
    }
    if (!closed.compareAndSet(false, true)) {
      throw closed();
    }
    try {
      Native.interrupt(address);
      lock.writeLock().lock();
      try {
        Native.close(address);
      } finally {
        lock.writeLock().unlock();
      }
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private static HalfbackClosedException closed() {
    return new HalfbackClosedException("closed", "the registry is closed; open it again");
  }

  /** A native call that reports to a {@link Progress}. */
  interface Transfer {
    byte[] run(long address, Progress progress);
  }
}
