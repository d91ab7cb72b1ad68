package dev.halfback;

import static dev.halfback.Registries.CHAMPION;
import static dev.halfback.Registries.MODEL;
import static dev.halfback.Registries.refusedAsClosed;
import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.commands.CreatePrincipal;
import dev.halfback.commands.CreateToken;
import dev.halfback.commands.Grant;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, as Java says it; the rules are in the scenarios. */
class AccessTest {
  private static final String URI = "models:/" + MODEL;

  @TempDir Path folder;
  private Registry registry;

  @BeforeEach
  void create() {
    registry = Registries.withVersions(folder, 1);
    registry.createService("scoring");
    registry.grant("Consumer", "catalogs:/risk", "scoring");
  }

  @AfterEach
  void close() {
    if (!registry.isClosed()) {
      registry.close();
    }
  }

  private Registry session(NewToken token) {
    return Registry.open(registry.path(), Options.defaults().withToken(token.token()));
  }

  @Test
  void aTokenProvesASession() {
    try (Registry session = session(registry.createToken("scoring"))) {
      Principal caller = session.whoami();
      assertEquals("scoring", caller.name());
      assertEquals("token", caller.proof());
      assertEquals(PrincipalKind.SERVICE, caller.kind());
      assertEquals(1, session.resolve(CHAMPION).number());
      assertEquals("os_user", registry.whoami().proof());
    }
  }

  @Test
  void aTokenIsShownOnlyToWhoAsksForIt() {
    NewToken token = registry.createToken("scoring");
    Options options = Options.defaults().withToken(token.token());
    assertEquals("NewToken[token=***, record=" + token.record() + "]", token.toString());
    assertEquals("Options[create=false, readOnly=false, token=***]", options.toString());
    assertEquals(
        "Options[create=false, readOnly=false, token=null]", Options.defaults().toString());
    HalfbackException refused =
        assertThrows(
            HalfbackPermissionDeniedException.class,
            () -> Registry.open(registry.path(), options.withToken(token.token() + "0")));
    assertFalse(refused.getMessage().contains(token.token()), refused.getMessage());
  }

  @Test
  void aTokenIsForWhatItsOptionsSay() {
    Instant before = Instant.now();
    TokenOptions options =
        TokenOptions.defaults()
            .withExpiresIn(Duration.ofHours(1))
            .withPrivileges(List.of("EXECUTE"))
            .withOn(registry.getModel(MODEL))
            .withComment("nightly");
    Principal scoring = registry.getPrincipal("scoring");
    TokenRecord record = registry.createToken(scoring, options).record();
    assertEquals(List.of("EXECUTE"), record.privileges());
    assertEquals(URI, record.on());
    assertEquals("nightly", record.comment());
    Duration lifetime = Duration.between(before, record.expiresAt());
    assertTrue(lifetime.compareTo(Duration.ofMinutes(59)) > 0, lifetime.toString());
    assertTrue(lifetime.compareTo(Duration.ofMinutes(61)) < 0, lifetime.toString());
    assertEquals(List.of(record), registry.listTokens("scoring").toList());
    refusedAsInvalid("expiresIn", () -> options.withExpiresIn(null));
    refusedAsInvalid(
        "expiresIn",
        () -> registry.createToken("scoring", options.withExpiresIn(Duration.ofNanos(-1))));
    refusedAsInvalid(
        "comment", () -> registry.createToken("scoring", options.withComment("\ud800")));
    refusedAsInvalid("principal", () -> registry.createToken((String) null));
    refusedAsInvalid("options", () -> registry.createToken("scoring", null));
  }

  @Test
  void aTokenThatIsNotAcceptedOpensNothing() {
    NewToken token = registry.createToken("scoring");
    try (Registry session = session(token)) {
      assertEquals(1, session.resolve(CHAMPION).number());
      registry.revokeToken(token.record());
      // The version that was resolved before is not given from memory.
      unauthenticated(() -> session.resolve(CHAMPION));
      unauthenticated(() -> session(token));
    }
    unauthenticated(() -> Registry.open(registry.path(), Options.defaults().withToken("")));
    refusedAsInvalid("token", () -> Options.defaults().withToken(null));
    refusedAsInvalid(
        "token", () -> Registry.open(registry.path(), Options.defaults().withToken("\ud800")));
  }

  private static void unauthenticated(org.junit.jupiter.api.function.Executable call) {
    HalfbackPermissionDeniedException denied =
        assertThrows(HalfbackPermissionDeniedException.class, call);
    assertEquals("unauthenticated", denied.code());
    assertTrue(denied.explanation().isEmpty());
  }

  @Test
  void aTokenKnownByItsHashIsARecord() {
    TokenRecord record =
        registry.createToken(
            CreateToken.of("scoring", "0".repeat(64)).withComment("made elsewhere"));
    assertEquals("made elsewhere", record.comment());
    assertEquals(List.of(record), registry.listTokens().toList());
  }

  @Test
  void aDenialSaysWhatIsMissingAndWhoCanGrantIt() throws Exception {
    try (Registry session = session(registry.createToken("scoring"))) {
      HalfbackPermissionDeniedException denied =
          assertThrows(
              HalfbackPermissionDeniedException.class,
              () -> session.setAlias(MODEL, "challenger", 1));
      assertEquals("permission_denied", denied.code());
      Explanation explanation = denied.explanation().orElseThrow();
      assertFalse(explanation.allowed());
      assertEquals("SET ALIAS", explanation.privilege());
      assertEquals(URI, explanation.on());
      assertEquals("SET ALIAS", explanation.missing().privilege());
      String steward = registry.whoami().name();
      assertTrue(
          explanation.missing().givers().stream().anyMatch(giver -> giver.contains(steward)),
          explanation.missing().givers().toString());
      assertEquals(denied.getMessage(), explanation.toString());
      assertEquals(explanation, session.explain("SET ALIAS", URI));
      assertEquals(explanation, copy(denied).explanation().orElseThrow());
    }
    try (Registry reader = Registry.open(registry.path(), Options.defaults().withReadOnly(true))) {
      HalfbackPermissionDeniedException denied =
          assertThrows(
              HalfbackPermissionDeniedException.class, () -> reader.setTag(MODEL, "k", "v"));
      assertEquals("read_only", denied.code());
      assertTrue(denied.explanation().isEmpty());
    }
  }

  /** What comes out of an exception that is kept or sent. */
  private static HalfbackPermissionDeniedException copy(Exception exception) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(exception);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (HalfbackPermissionDeniedException) in.readObject();
    }
  }

  @Test
  void recordsNameWhatIsGrantedOnAndToWhom() {
    Catalog catalog = registry.getCatalog("risk");
    Schema schema = registry.getSchema("risk.credit");
    Model model = registry.getModel(MODEL);
    Principal group = registry.createGroup("analysts");
    Principal ann = registry.createUser("ann");
    registry.addMember(group, ann);
    assertEquals(List.of(ann.id()), registry.getPrincipal("analysts").members());

    registry.grant("Consumer", catalog, group);
    registry.grant("APPLY TAG", schema, "analysts");
    registry.deny("EXECUTE", model, ann);
    registry.deny("MODIFY", URI, ann);
    assertEquals(List.of("Consumer"), granted(GrantFilter.all().withOn(catalog).withTo(group)));
    assertEquals(List.of("EXECUTE", "MODIFY"), granted(GrantFilter.all().withTo(ann)));
    assertFalse(registry.explain("EXECUTE", model, ann).allowed());
    assertTrue(registry.explain("APPLY TAG", schema, ann).allowed());
    assertTrue(registry.explain("MANAGE", model).allowed());
    assertTrue(
        registry.whoCan("APPLY TAG", schema).anyMatch(it -> it.principal().equals(ann.id())));
    assertTrue(registry.whatCan(ann.id()).anyMatch(held -> held.on().equals(catalog.uri())));
    assertEquals(List.of("registry:/"), registry.whatCan().map(Held::on).toList());

    registry.revoke("EXECUTE", model, ann);
    registry.revoke("MODIFY", model, "ann");
    registry.revoke("Consumer", "catalogs:/risk", group);
    registry.revoke("APPLY TAG", schema.uri(), "analysts");
    assertEquals(List.of("Consumer"), granted(GrantFilter.all().withOn("catalogs:/risk")));
    registry.removeMember(group, ann);
    registry.deletePrincipal(ann);
    assertTrue(registry.listPrincipals().noneMatch(principal -> principal.id().equals(ann.id())));
  }

  private List<String> granted(GrantFilter filter) {
    return registry.listGrants(filter).map(GrantRecord::what).sorted().toList();
  }

  @Test
  void whoIsNotKnownIsRefusedByTheNameOfTheArgument() {
    Principal unknown =
        new Principal(PrincipalKind.USER, "os_user", List.of(), List.of(), true, null, "ann");
    refusedAsInvalid("to", () -> registry.grant("EXECUTE", URI, unknown));
    refusedAsInvalid("principal", () -> registry.deletePrincipal(unknown));
    refusedAsInvalid("to", () -> registry.grant("EXECUTE", URI, (Principal) null));
    refusedAsInvalid("on", () -> registry.explain("EXECUTE", (Securable) null));
    refusedAsInvalid("on", () -> registry.listGrants(GrantFilter.all().withOn("\ud800")));
    refusedAsInvalid("filter", () -> registry.listGrants(null));
    refusedAsInvalid("name", () -> registry.createUser(null));
  }

  @Test
  void aUserOfTheOperatingSystemHasALoginNameOrANumber() {
    // Who runs the tests made the registry and is known in it; that is not `nobody`.
    Principal byName = registry.createUser("Nobody", "nobody");
    assertEquals("os_user", byName.proof());
    assertEquals(
        byName,
        registry.createPrincipal(
            CreatePrincipal.of("Nobody").withOsUser(OsUsers.number("nobody")).withExistOk(true)));
    assertEquals("os_user", registry.createUser("Ann", 4_000_000_000L).proof());
    assertEquals(0, OsUsers.number("root"));
    refusedAsInvalid("no such login", () -> registry.createUser("Ben", "no such login"));
    refusedAsInvalid("osUser", () -> registry.createUser("Ben", null));
  }

  @Test
  void aGrantCanHaveACondition() {
    View before = registry.asOf(registry.info().commit());
    registry.grant(Grant.of("SET ALIAS", URI, "scoring").withCondition("tags.env = 'test'"));
    assertFalse(registry.explain("SET ALIAS", URI, "scoring").allowed());
    registry.setTag(MODEL, "env", "test");
    assertTrue(registry.explain("SET ALIAS", URI, "scoring").allowed());
    assertFalse(before.explain("SET ALIAS", URI, "scoring").allowed());
  }

  @Test
  void aListOfGrantsIsReadAPageAtATime() {
    registry.grant("MODIFY", URI, "scoring");
    GrantFilter filter = GrantFilter.all().withTo("scoring");
    Page<GrantRecord> first = registry.listGrantsPage(filter, PageRequest.first().withSize(1));
    Page<GrantRecord> second = registry.listGrantsPage(filter, PageRequest.after(first.cursor()));
    assertEquals(
        registry.listGrants(filter).toList(),
        Stream.concat(first.items().stream(), second.items().stream()).toList());
    assertEquals(2, registry.listGrants(filter).count());
    assertEquals(
        registry.listGrants().toList(), registry.listGrantsPage(PageRequest.first()).items());
  }

  @Test
  void aClosedSessionRefusesEverythingAndItsNeighboursGoOn() {
    Registry session = session(registry.createToken("scoring"));
    Stream<Role> roles = session.listRoles();
    session.close();
    refusedAsClosed(session::whoami);
    refusedAsClosed(session::close);
    refusedAsClosed(() -> session.explain("EXECUTE", URI));
    refusedAsClosed(() -> session.createToken("scoring"));
    refusedAsClosed(() -> session.grant("EXECUTE", URI, "scoring"));
    refusedAsClosed(roles::toList);
    assertTrue(registry.listRoles().anyMatch(role -> role.name().equals("Steward")));
  }

  @Test
  void theEnvironmentNamesATokenOrAFileThatHasOne() throws Exception {
    String token = registry.createToken("scoring").token();
    Path file = Files.writeString(folder.resolve("token"), token + "\n");
    for (List<String> variable :
        List.of(
            List.of("HALFBACK_TOKEN", token), List.of("HALFBACK_TOKEN_FILE", file.toString()))) {
      String library = "-Dhalfback.library=" + System.getProperty("halfback.library");
      ProcessBuilder program =
          Registries.program(List.of(library), Caller.class, registry.path().toString());
      program.environment().put(variable.get(0), variable.get(1));
      assertEquals("scoring", Registries.run(program).strip());
    }
  }

  /** Says who it is in a registry. */
  static final class Caller {
    private Caller() {}

    public static void main(String[] arguments) {
      try (Registry registry = Registry.open(Path.of(arguments[0]))) {
        System.out.println(registry.whoami().name());
      }
    }
  }
}
