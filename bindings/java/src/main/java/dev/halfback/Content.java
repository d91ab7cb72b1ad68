package dev.halfback;

import java.nio.file.Path;

/**
 * What becomes an artifact: a file, a folder, or bytes under a file name.
 *
 * <pre>{@code
 * Artifact folder = registry.putArtifact("risk.credit.default", Content.path(Path.of("model")));
 * Artifact bytes = registry.putArtifact("risk.credit.default", Content.bytes("model.bin", weights));
 * }</pre>
 */
public final class Content {
  private final byte[] path;
  private final byte[] name;
  private final byte[] bytes;

  private Content(byte[] path, byte[] name, byte[] bytes) {
    this.path = path;
    this.name = name;
    this.bytes = bytes;
  }

  /**
   * A file, or a folder with everything in it.
   *
   * @param path where it is
   * @return the content
   */
  public static Content path(Path path) {
    return new Content(NativePath.encode(path, "path"), null, null);
  }

  /**
   * Bytes that are already in memory. They are not copied; leave them as they are until they have
   * been stored.
   *
   * @param name the file name that they get, such as {@code model.bin}
   * @param bytes the bytes
   * @return the content
   */
  public static Content bytes(String name, byte[] bytes) {
    return new Content(null, Arguments.utf8(name, "name"), Arguments.given(bytes, "bytes"));
  }

  /** The bytes of the path's name, null when the content is bytes. */
  byte[] path() {
    return path;
  }

  /** The file name of the bytes in UTF-8, null when the content is a path. */
  byte[] name() {
    return name;
  }

  /** The bytes, null when the content is a path. */
  byte[] bytes() {
    return bytes;
  }
}
