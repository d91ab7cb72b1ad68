package dev.halfback;

/**
 * Hears how far a transfer is, about once a mebibyte and once at the end, on the thread that asked
 * for the transfer.
 *
 * <pre>{@code
 * registry.download(champion, Path.of("out"), (done, total) -> {
 *   System.out.printf("%d of %d bytes%n", done, total);
 *   return !stopButton.isPressed();
 * });
 * }</pre>
 */
@FunctionalInterface
public interface ProgressListener {
  /**
   * Hears how far the transfer is and says whether it goes on.
   *
   * <p>When it does not, the call fails with {@link HalfbackUnavailableException}, code {@code
   * cancelled}, and leaves nothing half done. What this method throws comes out of the call
   * unchanged. The listener may read from the registry, but cannot close it.
   *
   * @param done the bytes transferred so far
   * @param total the bytes of the whole transfer
   * @return true to go on, false to stop
   */
  boolean transferred(long done, long total);
}
