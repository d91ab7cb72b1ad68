package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Reads what {@code -Xcheck:jni} had to say about the other tests. Maven runs this after they have
 * ended, and gives their JVM a log file of its own.
 */
class JniLogTest {
  @Test
  void nothingWasWrongWithTheNativeCalls() throws Exception {
    List<String> log = Files.readAllLines(Path.of(System.getProperty("jni.log")));
    assertTrue(log.stream().anyMatch(line -> line.contains("-Xcheck:jni")), "the check was on");
    List<String> found =
        log.stream()
            .filter(line -> line.contains("in native method") || line.contains("WARNING"))
            .toList();
    assertEquals(List.of(), found);
  }
}
