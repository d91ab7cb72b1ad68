package dev.halfback;

/**
 * The native library's methods. Text and paths are bytes, requests and records are JSON; a null
 * path, name, file, token, moment or progress means that there is none.
 */
final class Native {
  private Native() {}

  static native long open(byte[] path, boolean create, boolean readOnly, byte[] token);

  static native void interrupt(long handle);

  static native void close(long handle);

  static native void free(long handle);

  static native byte[] execute(long handle, byte[] request);

  static native byte[] query(long handle, byte[] request);

  static native byte[] createToken(long handle, byte[] request);

  /** The number of the operating system's user with a login name, or -1. */
  static native long osUser(byte[] login);

  static native byte[] compatible(byte[] request);

  static native long moment(long handle, byte[] asOf);

  /** Fills {@code stamp}, of length 3, with what {@link #isCurrent} takes. */
  static native byte[] resolve(long handle, byte[] uri, long[] stamp);

  static native boolean isCurrent(long handle, long first, long second, long third);

  static native byte[] putArtifact(
      long handle,
      byte[] model,
      byte[] path,
      byte[] name,
      byte[] bytes,
      boolean allowSecrets,
      Progress progress);

  static native byte[] hashArtifact(
      long handle, byte[] path, byte[] name, byte[] bytes, Progress progress);

  static native byte[] download(
      long handle, byte[] version, byte[] asOf, byte[] to, Progress progress);

  static native byte[] check(long handle, boolean artifacts, Progress progress);

  static native byte[] verify(long handle, byte[] version, byte[] asOf, Progress progress);

  static native byte[] filePath(long handle, byte[] version, byte[] asOf, byte[] file);

  static native byte[] backup(long handle, byte[] to, boolean verify, Progress progress);

  static native byte[] restore(byte[] backup, byte[] to, byte[] erasures, Progress progress);

  static native byte[] copyVersion(
      long handle, byte[] version, byte[] asOf, long target, byte[] options, Progress progress);

  static native byte[] bundle(
      long handle, byte[] version, byte[] asOf, byte[] to, boolean overwrite, Progress progress);

  static native byte[] submit(
      long handle, byte[] path, byte[] identity, byte[] options, Progress progress);

  static native byte[] openBundle(byte[] path);

  static native byte[] bundleHistory(byte[] path, byte[] identity, byte[] page);

  static native byte[] bundleVerify(byte[] path, byte[] identity, byte[] keys, Progress progress);

  static native byte[] bundleDownload(byte[] path, byte[] identity, byte[] to, Progress progress);

  static native byte[] sweep(long handle, byte[] options);

  static native byte[] purge(long handle, byte[] options);

  static native byte[] compact(long handle);

  static native byte[] evaluate(long handle, byte[] request, byte[] columns);

  static native byte[] compare(long handle, byte[] request, byte[] columns);

  static native byte[] picture(byte[] request);

  static native byte[] modelKey(byte[] place);

  static native byte[] generateModelKey(byte[] path);

  static native byte[] signingMessage(byte[] statement);

  static native byte[] signStatement(byte[] request);

  static native byte[] logKey(byte[] request);

  static native byte[] generateLogKey(byte[] path, byte[] name);

  static native byte[] logHead(long handle);

  static native byte[] checkpoint(long handle, byte[] signing);

  static native byte[] exportLog(
      long handle, byte[] to, byte[] signing, boolean overwrite, Progress progress);

  static native byte[] verifyInclusion(byte[] request);

  static native void verifyConsistency(byte[] request);
}
