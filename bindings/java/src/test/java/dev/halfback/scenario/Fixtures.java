package dev.halfback.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Files that a scenario needs, made without Halfback. */
final class Fixtures {
  private final Path folder;

  Fixtures(Path folder) {
    this.folder = folder;
  }

  void make(JsonNode step) throws IOException, InterruptedException {
    Path path = folder.resolve(step.get("path").asText());
    String fixture = step.get("fixture").asText();
    switch (fixture) {
      case "write" -> write(path, step);
      case "folder" -> Files.createDirectories(path);
      case "symlink" -> {
        Files.createDirectories(path.getParent());
        Files.createSymbolicLink(path, Path.of(step.get("to").asText()));
      }
      case "fifo" -> fifo(path);
      case "device" -> device(path);
      case "delete" -> delete(one(path));
      case "replace" -> Files.write(one(path), content(step));
      case "flip" -> flip(one(path), step.get("byte").asInt());
      default -> throw new AssertionError("no fixture is called `" + fixture + "`");
    }
  }

  private static void write(Path path, JsonNode step) throws IOException {
    Files.createDirectories(path.getParent());
    Files.write(path, content(step));
  }

  private static byte[] content(JsonNode step) {
    return step.has("hex")
        ? HexFormat.of().parseHex(step.get("hex").asText())
        : step.get("text").asText().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private static void fifo(Path path) throws IOException, InterruptedException {
    Files.createDirectories(path.getParent());
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
  }

  /** A device file; who may not make one gets a pipe, which is refused for the same reason. */
  private static void device(Path path) throws IOException, InterruptedException {
    Files.createDirectories(path.getParent());
    ProcessBuilder mknod = new ProcessBuilder("mknod", path.toString(), "c", "1", "3");
    if (mknod.redirectErrorStream(true).start().waitFor() != 0) {
      fifo(path);
    }
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> below = Files.walk(path)) {
      for (Path each : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static void flip(Path path, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    bytes[at < 0 ? bytes.length + at : at] ^= (byte) 0xff;
    Files.write(path, bytes);
  }

  /** The one path that a pattern with a {@code *} stands for. */
  private Path one(Path pattern) throws IOException {
    if (!pattern.toString().contains("*")) {
      return pattern;
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    try (Stream<Path> below = Files.walk(folder)) {
      List<Path> found =
          below
              .filter(matcher::matches)
              .filter(
                  path ->
                      !Files.isSymbolicLink(path) && Files.exists(path, LinkOption.NOFOLLOW_LINKS))
              .toList();
      assertTrue(found.size() == 1, () -> pattern + " stands for " + found);
      return found.get(0);
    }
  }
}
