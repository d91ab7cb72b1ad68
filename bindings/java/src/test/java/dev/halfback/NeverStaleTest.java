package dev.halfback;

import static dev.halfback.Registries.CHAMPION;
import static dev.halfback.Registries.MODEL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two threads resolve while the alias moves: once a move is acknowledged, none sees the past. */
@Timeout(120)
class NeverStaleTest {
  private static final int MOVES = 200;

  @TempDir Path folder;

  @Test
  void movesByAnotherHandleAreSeenAtOnce() throws Exception {
    try (Registry registry = Registries.withVersions(folder, 2);
        Registry other = Registry.open(registry.path())) {
      check(
          registry,
          acknowledged -> {
            for (long move = 1; move <= MOVES; move++) {
              other.setAlias(MODEL, "champion", move % 2 + 1);
              acknowledged.set(other.info().commit());
            }
          });
    }
  }

  @Test
  void movesByAnotherProcessAreSeenAtOnce() throws Exception {
    try (Registry registry = Registries.withVersions(folder, 2)) {
      Process mover =
          Registries.program(
                  List.of("-Dhalfback.library=" + System.getProperty("halfback.library")),
                  Mover.class,
                  registry.path().toString())
              .start();
      check(
          registry,
          acknowledged -> {
            try (BufferedReader lines = mover.inputReader()) {
              for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                acknowledged.set(Long.parseLong(line));
              }
            }
          });
      assertEquals(0, mover.waitFor());
    }
  }

  /** Resolves on two threads while {@code moves} tells which commits are acknowledged. */
  private static void check(Registry registry, Moves moves) throws Exception {
    AtomicLong acknowledged = new AtomicLong(registry.info().commit());
    long start = acknowledged.get();
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<Long>> readers = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        readers.add(
            threads.submit(
                () -> {
                  long reads = 0;
                  for (; !over.get(); reads++) {
                    long atLeast = acknowledged.get();
                    ModelVersion seen = registry.resolve(CHAMPION);
                    // A move touches the version that gains the alias, so its revision tells which
                    // move was seen.
                    assertTrue(
                        seen.revision() >= atLeast || atLeast == start,
                        () -> seen.revision() + " was seen after " + atLeast);
                  }
                  return reads;
                }));
      }
      moves.make(acknowledged);
      over.set(true);
      for (Future<Long> reader : readers) {
        assertTrue(reader.get() > 0);
      }
      assertEquals(start + MOVES, acknowledged.get());
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
  }

  private interface Moves {
    void make(AtomicLong acknowledged) throws Exception;
  }

  /** The other process: moves the alias and prints the commit of each move. */
  static final class Mover {
    private Mover() {}

    public static void main(String[] arguments) {
      try (Registry registry = Registry.open(Path.of(arguments[0]))) {
        for (long move = 1; move <= MOVES; move++) {
          registry.setAlias(MODEL, "champion", move % 2 + 1);
          System.out.println(registry.info().commit());
        }
      }
    }
  }
}
