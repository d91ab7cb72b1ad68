package dev.halfback;

import static dev.halfback.Registries.refused;
import static dev.halfback.Registries.refusedAsInvalid;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.halfback.commands.Command;
import dev.halfback.commands.CreateModel;
import dev.halfback.commands.RegisterVersion;
import dev.halfback.commands.SetAlias;
import dev.halfback.commands.SetTag;
import dev.halfback.commands.UpdateVersion;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The generated commands and the facade fit each other and the wire. */
class CommandsTest {
  private static void check(Command command, String json) throws Exception {
    assertEquals(new ObjectMapper().readTree(json), Json.read(Json.bytes(Json.tree(command))));
  }

  @Test
  void aMissingNumberIsNeverZero() {
    assertEquals(new Point(0, 1), Json.read("{\"x\": 0, \"y\": 1}", Point.class));
    Point open = new Point(Double.NEGATIVE_INFINITY, Double.NaN);
    assertEquals(open, Json.read("{\"x\": \"-Infinity\", \"y\": \"NaN\"}", Point.class));
    for (String json :
        List.of("{\"x\": null, \"y\": 1}", "{\"y\": 1}", "{\"x\": \"\", \"y\": 1}")) {
      refused(
          HalfbackInternalException.class,
          "internal",
          "do not fit together",
          () -> Json.read(json, Point.class));
    }
  }

  @Test
  void signaturesAreHeldAgainstEachOther() {
    Map<String, Object> old = Map.of("inputs", List.of(Map.of("name", "age", "type", "long")));
    Map<String, Object> other = Map.of("inputs", List.of(Map.of("name", "age", "type", "string")));
    assertEquals(List.of(), Signatures.compatible(old, old).reasons());
    Compatibility told = Signatures.compatible(old, other);
    assertEquals(false, told.compatible());
    assertEquals(1, told.reasons().size());
    refused(
        HalfbackInvalidException.class,
        "invalid_argument",
        "new: `signature.inputs`",
        () -> Signatures.compatible(old, Map.of("inputs", List.of())));
  }

  @Test
  void anExpectationIsAbsentNullOrAValue() throws Exception {
    SetAlias command = SetAlias.of("m", "champion", 3);
    String plain = "{'command':'set_alias','model':'m','alias':'champion','version':3}";
    check(command, plain.replace('\'', '"'));
    check(command.withExpect(Expect.any()), plain.replace('\'', '"'));
    check(
        command.withExpect(Expect.unset()),
        plain.replace("3}", "3,'expect':null}").replace('\'', '"'));
    check(
        command.withExpect(Expect.value(2L)),
        plain.replace("3}", "3,'expect':2}").replace('\'', '"'));
    check(
        SetTag.of("t", "k", "v").withExpect(Expect.value("w")),
        "{\"command\":\"set_tag\",\"target\":\"t\",\"key\":\"k\",\"value\":\"v\",\"expect\":\"w\"}");
  }

  @Test
  void optionsHaveTheirWireNamesAndAreLeftOutWhenNotGiven() throws Exception {
    check(
        CreateModel.of("m").withParents(true).withComment("").withExistOk(false),
        """
        {"command": "create_model", "name": "m", "parents": true, "comment": "", "exist_ok": false}
        """);
    check(
        RegisterVersion.of("m", "sha256:00")
            .withCodeCommit("abc")
            .withParams(Map.of("rate", 0.5))
            .withSignature(Map.of("inputs", Map.of())),
        """
        {"command": "register_version", "model": "m", "digest": "sha256:00", "code_commit": "abc",
         "params": {"rate": 0.5}, "signature": {"inputs": {}}}
        """);
    check(
        UpdateVersion.of("m/1").withStage(Stage.PRODUCTION).withExpectRevision(7),
        """
        {"command": "update_version", "version": "m/1", "stage": "production", "expect_revision": 7}
        """);
  }

  @TestFactory
  Stream<DynamicTest> everyCommandHasAMethodAndAnOutput() {
    return Stream.of(Command.class.getPermittedSubclasses())
        .map(type -> DynamicTest.dynamicTest(type.getSimpleName(), () -> hasMethod(type)));
  }

  private static void hasMethod(Class<?> type) throws Exception {
    String name = type.getSimpleName();
    String method = name.substring(0, 1).toLowerCase() + name.substring(1);
    Method taking = assertDoesNotThrow(() -> Writes.class.getMethod(method, type));
    String command = name.replaceAll("(?<=.)([A-Z])", "_$1").toLowerCase();
    Class<?> output = Outputs.type(command);
    assertEquals(output == null ? void.class : output, taking.getReturnType());
    assertNotNull(type.getMethod("command"));
  }

  @Test
  void expectationsCompareByWhatTheyExpect() {
    assertEquals(Expect.value(3L), Expect.value(3L));
    assertEquals(Expect.value(3L).hashCode(), Expect.value(3L).hashCode());
    assertEquals(
        "[any, unset, 3]",
        Stream.of(Expect.any(), Expect.unset(), Expect.value(3)).toList().toString());
    refusedAsInvalid("value", () -> Expect.value(null));
  }
}
