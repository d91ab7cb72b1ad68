package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.halfback.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Runs the scenarios that Rust, Python and Java share, and leaves a list of those that it ran. */
class ScenarioTest {
  private static final Path ROOT = Path.of(System.getProperty("halfback.root"));
  private static final Set<String> RAN = new ConcurrentSkipListSet<>();

  @TempDir static Path folder;

  @TestFactory
  Stream<DynamicTest> scenarios() throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(ROOT.resolve("tests/scenarios"))) {
      files = found.filter(file -> file.toString().endsWith(".toml")).sorted().toList();
    }
    assertFalse(files.isEmpty(), "there are scenarios");
    return files.stream().map(file -> DynamicTest.dynamicTest(name(file), () -> run(file)));
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".toml", "");
  }

  private static void run(Path file) throws Exception {
    RAN.add(name(file));
    Scenario.read(file).run(Files.createDirectory(folder.resolve(name(file))));
  }

  @AfterAll
  static void report() throws IOException {
    Path list = ROOT.resolve("target/scenarios/java.txt");
    Files.createDirectories(list.getParent());
    Files.write(list, RAN);
    System.out.println("scenarios in Java: " + RAN.size() + " ran");
  }
}
