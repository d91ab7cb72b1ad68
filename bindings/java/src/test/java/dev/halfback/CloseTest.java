package dev.halfback;

import static dev.halfback.Registries.CHAMPION;
import static dev.halfback.Registries.MODEL;
import static dev.halfback.Registries.refused;
import static dev.halfback.Registries.refusedAsClosed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Closing while other threads are inside, stopping transfers, and forgetting to close. */
@Timeout(60)
class CloseTest {
  private static final Content LARGE = Content.bytes("large.bin", new byte[8 << 20]);

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stopThreads() {
    threads.shutdownNow();
  }

  @Test
  void callsThatMeetACloseEndOrAreRefused() throws Exception {
    for (int round = 0; round < 20; round++) {
      Registry registry = Registries.withVersions(folder.resolve("" + round), 1);
      List<Callable<?>> calls =
          List.of(
              () -> registry.resolve(CHAMPION),
              () -> registry.getModel(MODEL),
              () -> registry.log().count(),
              () -> registry.verify(CHAMPION),
              () -> registry.asOf(1).listCatalogs().count());
      CountDownLatch running = new CountDownLatch(calls.size());
      List<Future<?>> callers = new ArrayList<>();
      for (Callable<?> call : calls) {
        callers.add(threads.submit(() -> callUntilRefused(call, running)));
      }
      running.await();
      registry.close();
      for (Future<?> caller : callers) {
        ExecutionException end = assertThrows(ExecutionException.class, caller::get);
        assertEquals(HalfbackClosedException.class, end.getCause().getClass());
      }
    }
  }

  private static Void callUntilRefused(Callable<?> call, CountDownLatch running) throws Exception {
    call.call();
    running.countDown();
    while (true) {
      call.call();
    }
  }

  @Test
  void closingStopsATransfer() throws Exception {
    Registry registry = Registries.withVersions(folder, 1);
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    Future<?> transfer =
        threads.submit(
            () ->
                registry.putArtifact(
                    MODEL,
                    LARGE,
                    (done, total) -> {
                      started.countDown();
                      awaitQuietly(closing);
                      return true;
                    }));
    started.await();
    Future<?> close = threads.submit(registry::close);
    while (!registry.isClosed()) {
      Thread.onSpinWait();
    }
    // It waits for the call that is still inside.
    assertFalse(close.isDone());
    closing.countDown();
    close.get();
    ExecutionException end = assertThrows(ExecutionException.class, transfer::get);
    assertEquals(HalfbackClosedException.class, end.getCause().getClass());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
      // The closing thread tells native code to stop right after the registry counts as closed.
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aListenerHearsItAllAndCanStop() {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      List<Long> heard = new ArrayList<>();
      Artifact artifact =
          registry.putArtifact(
              MODEL,
              LARGE,
              (done, total) -> {
                assertEquals(8 << 20, total);
                return heard.add(done);
              });
      assertEquals(8 << 20, artifact.size());
      assertTrue(heard.size() > 2, heard.toString());
      assertEquals(heard.stream().sorted().toList(), heard);
      assertEquals(8L << 20, heard.get(heard.size() - 1));

      AtomicInteger calls = new AtomicInteger();
      refused(
          HalfbackUnavailableException.class,
          "cancelled",
          "cancelled",
          () -> registry.hashArtifact(LARGE, (done, total) -> calls.incrementAndGet() < 2));
      assertEquals(2, calls.get());
    }
  }

  @Test
  void whatAListenerThrowsComesOutUnchanged() {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      for (Throwable thrown : List.of(new IllegalStateException("enough"), new Error("enough"))) {
        Throwable caught =
            assertThrows(
                thrown.getClass(),
                () ->
                    registry.verify(
                        CHAMPION,
                        (done, total) -> {
                          if (thrown instanceof Error error) {
                            throw error;
                          }
                          throw (RuntimeException) thrown;
                        }));
        assertSame(thrown, caught);
      }
      assertEquals(1, registry.verify(CHAMPION).size());
    }
  }

  @Test
  void anInterruptedThreadStopsItsTransfer() throws Exception {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      Future<Boolean> interrupted =
          threads.submit(
              () -> {
                Thread.currentThread().interrupt();
                refused(
                    HalfbackUnavailableException.class,
                    "cancelled",
                    "cancelled",
                    () -> registry.putArtifact(MODEL, LARGE));
                return Thread.interrupted();
              });
      assertTrue(interrupted.get());
    }
  }

  @Test
  void aListenerCanReadButNotClose() {
    Registry registry = Registries.withVersions(folder, 1);
    Artifact verified =
        registry.verify(
            CHAMPION,
            (done, total) -> {
              refused(HalfbackUnavailableException.class, "busy", "listener", registry::close);
              return registry.resolve(CHAMPION).number() == 1;
            });
    assertEquals(1, verified.size());
    registry.close();
    refusedAsClosed(registry::close);
  }

  @Test
  void aRegistryThatIsForgottenIsReleased() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "open files can be listed");
    forget();
    while (openFiles() > 0) {
      System.gc();
      TimeUnit.MILLISECONDS.sleep(10);
    }
    // What a view still uses is not garbage.
    View view = forgetAllButAView();
    for (int collection = 0; collection < 5; collection++) {
      System.gc();
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertEquals(1, view.resolve(CHAMPION).number());
  }

  private void forget() throws IOException {
    Registry registry = Registries.withVersions(folder, 1);
    assertEquals(1, registry.resolve(CHAMPION).number());
    assertTrue(openFiles() > 0);
  }

  private View forgetAllButAView() {
    Registry registry = Registry.open(folder.resolve("reg.hb"));
    return registry.asOf(registry.info().commit());
  }

  /** How many files below this test's folder this process has open. */
  private long openFiles() throws IOException {
    Path real = folder.toRealPath();
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.filter(file -> leadsInto(real, file)).count();
    }
  }

  private static boolean leadsInto(Path folder, Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(folder);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
