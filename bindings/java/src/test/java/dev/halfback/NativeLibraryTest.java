package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the native library is looked for, each case in a JVM of its own. */
class NativeLibraryTest {
  private static final Path LIBRARY = Path.of(System.getProperty("halfback.library"));
  private static final String NAME = System.mapLibraryName("halfback_java");

  @TempDir static Path libraries;
  private static Path good;
  private static Path broken;

  @TempDir Path folder;

  @BeforeAll
  static void makeLibraries() throws Exception {
    good = Files.createDirectory(libraries.resolve("good")).resolve(NAME);
    Files.copy(LIBRARY, good);
    // What a folder without the right to execute comes to: the linker refuses the file.
    broken = Files.createDirectory(libraries.resolve("broken")).resolve(NAME);
    Files.writeString(broken, "not a library");
  }

  @Test
  void theNamedFileComesFirst() throws Exception {
    String output = load("-Dhalfback.library=" + good, "-Djava.library.path=" + broken.getParent());
    assertEquals("loaded", output);
    output = load("-Dhalfback.library=" + broken, "-Djava.library.path=" + good.getParent());
    assertRefused(output, broken.toString(), "halfback.library");
  }

  @Test
  void theLibraryPathComesSecond() throws Exception {
    String output = load("-Djava.library.path=" + folder + File.pathSeparator + good.getParent());
    assertEquals("loaded", output);
    output = load(inJar(good), "-Djava.library.path=" + broken.getParent());
    assertRefused(output, broken.toString(), "java.library.path");
  }

  @Test
  void theJarComesLastAndLeavesNothingBehind() throws Exception {
    Path extracted = folder.resolve("new/extracted");
    assertEquals("loaded", load(inJar(good), "-Dhalfback.extract.dir=" + extracted));
    try (Stream<Path> left = Files.list(extracted)) {
      assertEquals(List.of(), left.toList());
    }
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    assertEquals("loaded", load(inJar(good), "-Djava.io.tmpdir=" + temporary));
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void aFolderThatDoesNotServeIsNamedWithTheWayOut() throws Exception {
    Path extracted = folder.resolve("extracted");
    String output = load(inJar(broken), "-Dhalfback.extract.dir=" + extracted);
    assertRefused(output, extracted.toString(), "noexec", "-Dhalfback.extract.dir=FOLDER");
    output = load(inJar(good), "-Dhalfback.extract.dir=" + broken);
    assertRefused(output, broken.toString(), "-Dhalfback.extract.dir=FOLDER");
  }

  @Test
  void aJarWithoutTheLibrarySaysSo() throws Exception {
    assertRefused(load(), "has no native library", "-Dhalfback.library=FILE");
  }

  private static void assertRefused(String output, String... parts) {
    assertTrue(output.startsWith("io: "), output);
    for (String part : parts) {
      assertTrue(output.contains(part), output);
    }
  }

  /** A class path with a library where a jar would carry it. */
  private String inJar(Path library) throws Exception {
    Path root = Files.createTempDirectory(folder, "jar");
    Path place = root.resolve("native/" + NativeLibrary.platform());
    Files.createDirectories(place);
    Files.copy(library, place.resolve(NAME));
    return root.toString();
  }

  private static String load(String... options) throws Exception {
    List<String> given = new ArrayList<>();
    String classPath = System.getProperty("java.class.path");
    for (String option : options) {
      if (option.startsWith("-")) {
        given.add(option);
      } else {
        classPath = option + File.pathSeparator + classPath;
      }
    }
    // The last of two class paths counts.
    given.addAll(List.of("-cp", classPath));
    String output = Registries.run(Registries.program(given, Loader.class)).strip();
    // Before it, the JVM may have had its own word about a file that is no library.
    return output.substring(output.lastIndexOf('\n') + 1);
  }

  /** Loads the library and says how that went. */
  static final class Loader {
    private Loader() {}

    public static void main(String[] arguments) {
      try {
        NativeLibrary.ensureLoaded();
        System.out.println("loaded");
      } catch (HalfbackException refused) {
        System.out.println(refused.code() + ": " + refused.getMessage());
      }
    }
  }
}
