package dev.halfback;

import static dev.halfback.Registries.CHAMPION;
import static dev.halfback.Registries.MODEL;
import static dev.halfback.Registries.refused;
import static dev.halfback.Registries.refusedAsClosed;
import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.commands.CreateModel;
import dev.halfback.commands.SetAlias;
import dev.halfback.commands.SetTag;
import dev.halfback.commands.UpdateVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to the Java facade; what a registry does is in the scenarios. */
class RegistryTest {
  @TempDir Path folder;

  @Test
  void resolvingAgainGivesTheSameRecordUntilSomethingMoves() {
    try (Registry registry = Registries.withVersions(folder, 2);
        Registry other = Registry.open(registry.path())) {
      ModelVersion first = registry.resolve(CHAMPION);
      assertSame(first, registry.resolve(new String(CHAMPION)));

      other.setAlias(MODEL, "champion", 2);

      ModelVersion second = registry.resolve(CHAMPION);
      assertEquals(2, second.number());
      assertSame(second, registry.resolve(CHAMPION));

      registry.setTag(MODEL + "/2", "approved", "yes");
      assertNotSame(second, registry.resolve(CHAMPION));
      assertEquals("yes", registry.resolve(CHAMPION).tags().get("approved"));
    }
  }

  @Test
  void aClosedRegistryRefusesEverything() {
    Registry registry = Registries.withVersions(folder, 1);
    ModelVersion champion = registry.resolve(CHAMPION);
    View view = registry.asOf(champion.revision());
    Stream<Model> models = registry.listModels();
    assertFalse(registry.isClosed());

    registry.close();

    assertTrue(registry.isClosed());
    refusedAsClosed(registry::close);
    refusedAsClosed(() -> registry.resolve(CHAMPION));
    refusedAsClosed(() -> registry.findVersion(CHAMPION));
    refusedAsClosed(() -> registry.createModel("fraud"));
    refusedAsClosed(() -> registry.asOf(1));
    refusedAsClosed(() -> registry.download(champion, folder));
    refusedAsClosed(() -> registry.verify(champion));
    refusedAsClosed(() -> registry.filePath(champion));
    refusedAsClosed(() -> registry.putArtifact(MODEL, Content.bytes("a", new byte[1])));
    refusedAsClosed(() -> view.getModel(MODEL));
    refusedAsClosed(models::toList);
  }

  @Test
  void nullIsRefusedByTheNameOfItsArgument() {
    refusedAsInvalid("path", () -> Registry.open(null));
    refusedAsInvalid("options", () -> Registry.open(folder, null));
    try (Registry registry = Registries.create(folder)) {
      refusedAsInvalid("uri", () -> registry.resolve(null));
      refusedAsInvalid("name", () -> registry.getModel(null));
      refusedAsInvalid("name", () -> registry.createModel((String) null));
      refusedAsInvalid("command", () -> registry.createModel((CreateModel) null));
      refusedAsInvalid("value", () -> registry.setTag("a", "b", null));
      refusedAsInvalid("version", () -> registry.archiveVersion((ModelVersion) null));
      refusedAsInvalid("version", () -> registry.verify((String) null));
      refusedAsInvalid("to", () -> registry.download("fraud/1", null));
      refusedAsInvalid("time", () -> registry.asOf(null));
      refusedAsInvalid("commands", () -> registry.transact(null));
      refusedAsInvalid("page", () -> registry.listModelsPage(null));
      refusedAsInvalid("key", () -> registry.withIdempotencyKey(null));
      refusedAsInvalid("content", () -> registry.hashArtifact(null));
    }
  }

  @Test
  void textThatIsNotUnicodeAndNumbersThatAreNotFiniteAreRefused() {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      RegistryInfo before = registry.info();
      refusedAsInvalid("uri", () -> registry.resolve("fraud\ud800"));
      refusedAsInvalid("name", () -> registry.createModel("fraud\udc00"));
      refusedAsInvalid("value", () -> registry.setTag(MODEL, "k", "\ud800x"));
      refusedAsInvalid("file", () -> registry.filePath(CHAMPION, "\ud800"));
      refusedAsInvalid(
          "tags",
          () -> registry.createModel(CreateModel.of("fraud").withTags(Map.of("\ud800", "x"))));
      NewVersion version = NewVersion.of(MODEL, Content.bytes("b", new byte[] {9}));
      for (Number number : List.of(Double.NaN, Double.NEGATIVE_INFINITY, Float.NaN)) {
        refusedAsInvalid(
            "params.depth",
            () -> registry.registerVersion(version.withParams(Map.of("depth", number))));
      }
      Map<String, Object> strange = new HashMap<>();
      strange.put("depth", new Object());
      refused(
          HalfbackInvalidException.class,
          "invalid_argument",
          "neither text nor a number nor a boolean",
          () -> registry.registerVersion(version.withParams(strange)));
      assertEquals(before, registry.info());
    }
  }

  @Test
  void aListIsReadAPageAtATime() {
    try (Registry registry = Registries.create(folder)) {
      for (String name : List.of("a", "b", "c")) {
        registry.createModel(name);
      }
      Page<Model> page = registry.listModelsPage(PageRequest.first().withSize(2));
      assertEquals(List.of("main.default.a", "main.default.b"), names(page));
      Page<Model> rest = registry.listModelsPage(PageRequest.after(page.cursor()).withSize(2));
      assertEquals(List.of("main.default.c"), names(rest));
      assertEquals(null, rest.cursor());

      AtomicInteger read = new AtomicInteger();
      Stream<Model> models =
          PageIterator.stream(
              request -> {
                read.incrementAndGet();
                return registry.listModelsPage(request.withSize(1));
              });
      assertEquals(0, read.get());
      assertEquals("main.default.a", models.findFirst().orElseThrow().name());
      assertEquals(1, read.get());
      assertEquals(3, registry.listModels("main.default").count());
    }
  }

  private static List<String> names(Page<Model> page) {
    return page.items().stream().map(Model::name).toList();
  }

  @Test
  void theStreamOfAListIsItsPages() {
    try (Registry registry = Registries.withVersions(folder, 130)) {
      assertEquals(130, registry.listVersions(MODEL).map(ModelVersion::number).distinct().count());
      assertEquals(registry.log().toList(), pages(registry));
    }
  }

  private static List<Commit> pages(Registry registry) {
    Page<Commit> first = registry.logPage(PageRequest.first());
    Page<Commit> second = registry.logPage(PageRequest.after(first.cursor()));
    return Stream.concat(first.items().stream(), second.items().stream()).toList();
  }

  @Test
  void aRecordPinsItsVersion() throws Exception {
    try (Registry registry = Registries.withVersions(folder, 2)) {
      ModelVersion champion = registry.resolve(CHAMPION);
      registry.setAlias(MODEL, "champion", 2);
      registry.renameModel(MODEL, "risk.credit.arrears");

      Path copy = registry.download(champion, folder.resolve("out"));
      assertEquals(1, Files.readAllBytes(copy)[0]);
      assertEquals(champion.digest(), registry.verify(champion).digest());
      assertEquals(champion.digest(), registry.getArtifact(champion).digest());
      assertEquals(1, Files.readAllBytes(registry.filePath(champion))[0]);
      assertEquals(1, Files.readAllBytes(registry.filePath(champion, "model.bin"))[0]);
      ModelVersion staged =
          (ModelVersion) registry.execute(UpdateVersion.of(champion).withStage(Stage.STAGING));
      assertEquals(1, staged.number());
      assertEquals(Stage.STAGING, staged.stage());
      assertEquals(Stage.ARCHIVED, registry.archiveVersion(champion).stage());
    }
  }

  @Test
  void aViewSeesItsMomentThroughEveryRead() {
    try (Registry registry = Registries.withVersions(folder, 2)) {
      long then = registry.info().commit();
      Instant time = registry.log().findFirst().orElseThrow().time();
      registry.setAlias(MODEL, "champion", 2);
      for (View view : List.of(registry.asOf(then), registry.asOf(time))) {
        assertEquals(then, view.commit());
        assertEquals(1, view.resolve(CHAMPION).number());
        assertEquals(1, view.findVersion(CHAMPION).orElseThrow().number());
        assertEquals(Map.of("champion", 1L), view.getModel(MODEL).aliases());
        assertEquals(then, view.log().findFirst().orElseThrow().commit());
        assertEquals(view.getArtifact(CHAMPION), view.verify(CHAMPION));
        assertEquals("model.bin", view.verify(CHAMPION).files().get(0).path());
      }
      assertEquals(2, registry.resolve(CHAMPION).number());
    }
  }

  @Test
  void commandsCanBeSentTogetherAndOnce() {
    try (Registry registry = Registries.withVersions(folder, 2)) {
      long before = registry.info().commit();
      Writes once = registry.withIdempotencyKey("run-1");
      List<SetTag> tags = List.of(SetTag.of(MODEL, "a", "1"), SetTag.of(MODEL, "b", "2"));
      assertEquals(2, once.transact(tags).size());
      assertEquals(2, once.transact(tags).size());
      assertEquals(before + 1, registry.info().commit());
      refused(
          HalfbackConflictException.class,
          "idempotency_conflict",
          "run-1",
          () -> once.setAlias(MODEL, "champion", 2));

      SetAlias move = SetAlias.of(MODEL, "champion", 2).withExpect(Expect.value(2L));
      refused(
          HalfbackConflictException.class, "conflict", "champion", () -> registry.setAlias(move));
      assertEquals(2, registry.setAlias(move.withExpect(Expect.value(1L))).number());
      assertEquals(
          1, registry.setAlias(SetAlias.of(MODEL, "new", 1).withExpect(Expect.unset())).number());
    }
  }

  @Test
  void whatIsNotThereIsEmptyOnlyWhereItIsAskedFor() {
    try (Registry registry = Registries.create(folder)) {
      assertTrue(registry.findModel("fraud").isEmpty());
      assertTrue(registry.findVersion("fraud@champion").isEmpty());
      refused(
          HalfbackNotFoundException.class,
          "not_found",
          "fraud",
          () -> registry.resolve("fraud@champion"));
      refused(
          HalfbackNotFoundException.class,
          "not_found",
          "nowhere",
          () -> registry.listVersions("nowhere").toList());
    }
  }

  @Test
  void aDigestThatTheContentDoesNotHaveIsRefused() {
    try (Registry registry = Registries.withVersions(folder, 1)) {
      Content content = Content.bytes("model.bin", new byte[] {7});
      String digest = registry.hashArtifact(content).digest();
      NewVersion version = NewVersion.of(MODEL, content);
      assertEquals(
          digest, registry.registerVersion(version.withDigest(digest).withFlavor("x")).digest());
      refused(
          HalfbackInvalidException.class,
          "digest_mismatch",
          digest,
          () -> registry.registerVersion(version.withDigest("sha256:00")));
    }
  }
}
