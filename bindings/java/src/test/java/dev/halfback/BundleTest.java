package dev.halfback;

import static dev.halfback.Registries.CHAMPION;
import static dev.halfback.Registries.MODEL;
import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles, backups and copies as Java uses them; what they are is in the scenarios. */
class BundleTest {
  @TempDir Path folder;

  @Test
  void aBundleIsReadWithoutARegistry() throws Exception {
    Path file = folder.resolve("credit.hbz");
    ModelVersion champion;
    RegistryInfo info;
    try (Registry registry = Registries.withVersions(folder, 2)) {
      champion = registry.resolve(CHAMPION);
      info = registry.info();
      assertEquals(file, registry.bundle(champion, file));
    }
    Bundle bundle = Bundle.open(file);
    assertEquals(champion, bundle.version());
    assertEquals(info.uuid(), bundle.manifest().registry());
    assertTrue(bundle.example().isEmpty());
    assertEquals("register_version", bundle.history().toList().get(1).commands().get(0));
    assertEquals(info.root(), bundle.verify().root());
    assertTrue(Files.isRegularFile(bundle.download(folder.resolve("out"))));
    assertTrue(bundle.toString().contains(champion.uri()));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertEquals("manifest.json", zip.entries().nextElement().getName());
      assertEquals(4, zip.size());
    }
  }

  @Test
  void aBundleThatWasReplacedIsNoticed() {
    Path file = folder.resolve("credit.hbz");
    try (Registry registry = Registries.withVersions(folder, 2)) {
      registry.bundle(MODEL + "/1", file);
      Bundle bundle = Bundle.open(file);
      registry.bundle(MODEL + "/2", file, true);
      HalfbackIntegrityException changed =
          assertThrows(HalfbackIntegrityException.class, bundle::verify);
      assertEquals("artifact_changed", changed.code());
    }
  }

  @Test
  void listenersHearAndStopEveryWayToAnotherPlace() {
    try (Registry registry = Registries.withVersions(folder, 2);
        Registry other =
            Registry.open(folder.resolve("other.hb"), Options.defaults().withCreate(true))) {
      other.createModel("fraud");
      CopyOptions options = CopyOptions.defaults().withModel("fraud");
      AtomicLong last = new AtomicLong();
      ProgressListener hears =
          (done, total) -> {
            last.set(total - done);
            return true;
          };
      Path saved = folder.resolve("saved");
      Path file = folder.resolve("credit.hbz");
      Backup backup = registry.backup(saved, true, hears);
      assertEquals(2, backup.filesCopied());
      assertEquals(0, last.getAndSet(1));
      assertEquals(backup.root(), Registry.restore(saved, folder.resolve("again"), hears).root());
      assertEquals(0, last.getAndSet(1));
      registry.bundle(MODEL + "/1", file, false, hears);
      assertEquals(0, last.getAndSet(1));
      Bundle bundle = Bundle.open(file);
      bundle.verify(hears);
      assertEquals(0, last.getAndSet(1));
      assertEquals(1, other.submit(bundle, options, hears).number());
      assertEquals(0, last.getAndSet(1));
      assertEquals(2, registry.copyVersion(MODEL + "/2", other, options, hears).number());
      assertEquals(0, last.get());

      ProgressListener stops = (done, total) -> false;
      for (Runnable stopped :
          new Runnable[] {
            () -> registry.backup(saved, false, stops),
            () -> Registry.restore(saved, folder.resolve("never"), stops),
            () -> registry.bundle(MODEL + "/1", folder.resolve("never"), false, stops),
            () -> bundle.verify(stops),
            () -> bundle.download(folder.resolve("never"), stops),
          }) {
        HalfbackUnavailableException cancelled =
            assertThrows(HalfbackUnavailableException.class, stopped::run);
        assertEquals("cancelled", cancelled.code());
        assertFalse(Files.isRegularFile(folder.resolve("never")));
      }
      ProgressListener throwing =
          (done, total) -> {
            throw new IllegalStateException("mine");
          };
      assertThrows(IllegalStateException.class, () -> bundle.verify(throwing));
    }
  }

  @Test
  void nothingIsTakenForGranted() {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      refusedAsInvalid("path", () -> Bundle.open(null));
      refusedAsInvalid("to", () -> registry.backup(null));
      refusedAsInvalid("bundle", () -> registry.submit(null));
      refusedAsInvalid("to", () -> registry.copyVersion(MODEL + "/1", null));
      refusedAsInvalid("model", () -> CopyOptions.defaults().withModel(null));
      refusedAsInvalid("to", () -> Registry.restore(folder, null));
    }
  }
}
