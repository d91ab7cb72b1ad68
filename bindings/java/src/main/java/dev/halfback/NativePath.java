package dev.halfback;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Paths as the bytes that the operating system knows them by.
 *
 * <p>On Unix a file name is bytes, and a JVM in the C locale turns those that are not ASCII into
 * question marks when it makes a string of them. A path's URI keeps every byte.
 */
final class NativePath {
  private static final boolean UNIX = File.separatorChar == '/';
  private static final String PLAIN =
      "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

  private NativePath() {}

  static byte[] encode(Path path, String argument) {
    if (Arguments.given(path, argument).getFileSystem() != FileSystems.getDefault()) {
      throw Arguments.invalid(
          "argument `" + argument + "` is not a path of the file system of this machine");
    }
    Path absolute = path.toAbsolutePath();
    return UNIX
        ? unescape(absolute.toUri().getRawPath())
        : Arguments.utf8(absolute.toString(), argument);
  }

  static Path decode(byte[] path) {
    return UNIX
        ? Path.of(URI.create("file://" + escape(path)))
        : Path.of(new String(path, StandardCharsets.UTF_8));
  }

  private static byte[] unescape(String raw) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = 0; at < raw.length(); at++) {
      if (raw.charAt(at) == '%') {
        bytes.write(HexFormat.fromHexDigits(raw, at + 1, at + 3));
        at += 2;
      } else {
        bytes.write(raw.charAt(at));
      }
    }
    byte[] path = bytes.toByteArray();
    // A URI ends the path of a folder with a slash.
    return path.length > 1 && path[path.length - 1] == '/'
        ? java.util.Arrays.copyOf(path, path.length - 1)
        : path;
  }

  private static String escape(byte[] path) {
    StringBuilder raw = new StringBuilder();
    for (byte unit : path) {
      if (PLAIN.indexOf(unit) >= 0) {
        raw.append((char) unit);
      } else {
        raw.append('%').append(HexFormat.of().withUpperCase().toHexDigits(unit));
      }
    }
    return raw.toString();
  }
}
