package dev.halfback;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Finds and loads the native library, once: from the file that the property {@code
 * halfback.library} names, else from {@code java.library.path}, else from the jar.
 *
 * <p>What is in the jar has to be a file to be loaded. It is extracted to a new folder that only
 * this user can enter, below the property {@code halfback.extract.dir} or, without that, below
 * {@code java.io.tmpdir}.
 */
public final class NativeLibrary {
  private static final String LIBRARY = "halfback.library";
  private static final String EXTRACT_DIR = "halfback.extract.dir";
  private static final String NAME = System.mapLibraryName("halfback_java");

  private static boolean loaded;

  private NativeLibrary() {}

  /**
   * Loads the library unless that was done before, as the first use of any class here does. A
   * program calls it at its start to learn then whether it can be loaded at all. After a failure
   * the next call tries again.
   */
  public static synchronized void ensureLoaded() {
    if (!loaded) {
      load();
      loaded = true;
    }
  }

  private static void load() {
    String named = System.getProperty(LIBRARY);
    if (named != null) {
      load(Path.of(named), "correct the property " + LIBRARY);
      return;
    }
    for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
      Path file = Path.of(folder, NAME);
      if (Files.isRegularFile(file)) {
        load(file, "remove it from java.library.path, or name another with -D" + LIBRARY + "=FILE");
        return;
      }
    }
    String resource = "/native/" + platform() + "/" + NAME;
    try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
      if (library == null) {
        throw unavailable(
            "this jar has no native library for "
                + platform()
                + "; build one and name it with -D"
                + LIBRARY
                + "=FILE",
            null);
      }
      loadExtracted(library);
    } catch (IOException failed) {
      throw unavailable(
          "cannot extract the native library: "
              + failed
              + "; name a folder that can be written to with -D"
              + EXTRACT_DIR
              + "=FOLDER",
          failed);
    }
  }

  private static void loadExtracted(InputStream library) throws IOException {
    String configured = System.getProperty(EXTRACT_DIR, System.getProperty("java.io.tmpdir"));
    // Only its owner can enter the new folder, so nobody else can swap the file before it loads.
    Path folder =
        Files.createTempDirectory(Files.createDirectories(Path.of(configured)), "halfback-");
    Path file = folder.resolve(NAME);
    try {
      Files.copy(library, file);
      load(
          file,
          "when that folder does not allow execution (noexec), name another with -D"
              + EXTRACT_DIR
              + "=FOLDER");
    } finally {
      discard(file);
      discard(folder);
    }
  }

  /** A loaded file may go where the system allows it; elsewhere it goes when the JVM ends. */
  private static void discard(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException inUse) {
      path.toFile().deleteOnExit();
    }
  }

  private static void load(Path file, String remedy) {
    try {
      System.load(file.toAbsolutePath().toString());
    } catch (LinkageError refused) {
      throw unavailable(
          "cannot load the native library: " + refused.getMessage() + "; " + remedy, refused);
    }
  }

  static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String os =
        system.startsWith("mac") ? "macos" : system.startsWith("windows") ? "windows" : system;
    String arch =
        switch (System.getProperty("os.arch")) {
          case "amd64", "x86_64", "x86-64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> System.getProperty("os.arch");
        };
    return os + "-" + arch;
  }

  private static HalfbackUnavailableException unavailable(String message, Throwable cause) {
    HalfbackUnavailableException failure = new HalfbackUnavailableException("io", message);
    failure.initCause(cause);
    return failure;
  }
}
