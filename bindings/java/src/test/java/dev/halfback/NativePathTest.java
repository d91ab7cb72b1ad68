package dev.halfback;

import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Paths keep every byte on their way to native code and back. */
class NativePathTest {
  @TempDir Path folder;

  private static void check(Path path) {
    assertEquals(path.toAbsolutePath(), NativePath.decode(NativePath.encode(path, "path")));
  }

  @Test
  void anyNameComesBack() {
    for (String name : List.of("a", "a b", "100%", "%41", "a+b&c=d#e?f", "~x", "a\\b", "'q\"")) {
      check(folder.resolve(name));
    }
    check(folder);
    check(Path.of("/"));
    check(Path.of("relative/name"));
  }

  @Test
  void namesThatAreNotUnicodeComeBack() throws IOException {
    byte[] latin = (folder + "/caf\u00e9").getBytes(StandardCharsets.ISO_8859_1);
    Path path = NativePath.decode(latin);
    Files.createFile(path);
    assertArrayEquals(latin, NativePath.encode(path, "path"));
    byte[] utf8 = (folder + "/\u6a21\u578b").getBytes(StandardCharsets.UTF_8);
    assertArrayEquals(utf8, NativePath.encode(NativePath.decode(utf8), "path"));
  }

  @Test
  void pathsOfOtherFileSystemsAreRefused() throws IOException {
    Path archive = folder.resolve("a.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
      zip.putNextEntry(new ZipEntry("entry"));
    }
    try (FileSystem inside = FileSystems.newFileSystem(archive)) {
      Path entry = inside.getPath("entry");
      refusedAsInvalid("to", () -> NativePath.encode(entry, "to"));
      refusedAsInvalid("path", () -> Content.path(entry));
    }
  }
}
