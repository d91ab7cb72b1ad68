package dev.halfback.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import dev.halfback.HalfbackException;
import dev.halfback.HalfbackPermissionDeniedException;
import dev.halfback.Options;
import dev.halfback.Registry;
import dev.halfback.RegistryInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One file of {@code tests/scenarios}: steps, in order, each with what has to come of it. */
public final class Scenario {
  private final JsonNode steps;
  private final Map<String, Registry> handles = new LinkedHashMap<>();

  /** The sessions of the principals that steps are made as. */
  private final Map<String, Registry> sessions = new LinkedHashMap<>();

  private Scenario(JsonNode steps) {
    this.steps = steps;
  }

  /**
   * Reads a scenario.
   *
   * @param file its file
   * @return the scenario
   * @throws IOException when it cannot be read
   */
  public static Scenario read(Path file) throws IOException {
    JsonNode steps = new TomlMapper().readTree(Files.readString(file)).path("step");
    assertTrue(steps.size() > 0, "a scenario has steps");
    return new Scenario(steps);
  }

  /**
   * Runs the scenario.
   *
   * @param folder an empty folder of its own
   * @throws Exception when a fixture cannot be made
   */
  public void run(Path folder) throws Exception {
    Values values = new Values(folder);
    Fixtures fixtures = new Fixtures(folder);
    int number = 0;
    try {
      for (JsonNode step : steps) {
        number++;
        if (step.has("fixture")) {
          fixtures.make(step);
        } else if (!step.has("only") || contains(step.get("only"), "java")) {
          call(step, values);
        }
      }
    } catch (AssertionError | RuntimeException failed) {
      throw new AssertionError(
          "step " + number + ", " + steps.get(number - 1) + ": " + failed.getMessage(), failed);
    } finally {
      Stream.concat(sessions.values().stream(), handles.values().stream())
          .filter(handle -> !handle.isClosed())
          .forEach(Registry::close);
    }
  }

  private static boolean contains(JsonNode list, String text) {
    for (JsonNode item : list) {
      if (item.asText().equals(text)) {
        return true;
      }
    }
    return false;
  }

  private void call(JsonNode step, Values values) throws Exception {
    // Making the token of a session is a change of its own.
    if (step.has("as") && !step.get("call").asText().equals("open")) {
      sessions.computeIfAbsent(step.get("as").asText(), name -> session(handle(step), name));
    }
    if (step.has("error")) {
      refused(step, values);
      return;
    }
    Object result = perform(step, values);
    JsonNode json = values.json(result);
    if (step.has("returns")) {
      values.match(step.get("returns"), json, "returns");
    }
    if (step.has("save")) {
      values.save(step.get("save").asText(), result, json);
    }
  }

  /** A session of a principal, beside a handle. */
  private static Registry session(Registry registry, String principal) {
    String token = registry.createToken(principal).token();
    return Registry.open(registry.path(), Options.defaults().withToken(token));
  }

  /** The handle that a step goes to. */
  private Registry handle(JsonNode step) {
    String name = step.path("on").asText("registry");
    Registry registry = handles.get(name);
    assertNotNull(registry, "no handle is named `" + name + "`");
    return registry;
  }

  private void refused(JsonNode step, Values values) throws Exception {
    List<Optional<RegistryInfo>> before = open();
    try {
      Object result = perform(step, values);
      throw new AssertionError(
          "expected the error " + step.get("error") + ", not " + values.json(result));
    } catch (HalfbackException failure) {
      String code = step.get("error").asText();
      assertEquals(code, failure.code(), failure.getMessage());
      assertEquals(Codes.exception(code), failure.getClass());
      if (step.has("message")) {
        String text = values.text(step.get("message").asText());
        assertTrue(failure.getMessage().contains(text), failure.getMessage());
      }
    }
    assertEquals(before, open(), "a failure changes nothing");
  }

  private Object perform(JsonNode step, Values values) throws Exception {
    String call = step.get("call").asText();
    Map<String, Object> arguments = values.arguments(step.path("args"));
    if (call.equals("open")) {
      Registry opened = Calls.open(arguments);
      String name = step.path("as").asText("registry");
      handles.put(name, opened);
      return null;
    }
    if (Transit.isFree(call)) {
      return Transit.perform(call, arguments);
    }
    arguments = Transit.prepare(call, arguments, handles);
    Registry registry = step.has("as") ? sessions.get(step.get("as").asText()) : handle(step);
    Object target = registry;
    if (step.has("as_of")) {
      target =
          values.argument(step.get("as_of")) instanceof Number commit
              ? registry.asOf(commit.longValue())
              : registry.asOf(values.instant(step.get("as_of")));
    }
    return new Calls(registry, target).call(call, arguments);
  }

  /** What the open registries are now, as each handle and each session tells it. */
  private List<Optional<RegistryInfo>> open() {
    return Stream.concat(handles.values().stream(), sessions.values().stream())
        .filter(handle -> !handle.isClosed())
        .map(Scenario::told)
        .toList();
  }

  /** A session that has ended is told nothing. */
  private static Optional<RegistryInfo> told(Registry registry) {
    try {
      return Optional.of(registry.info());
    } catch (HalfbackPermissionDeniedException ended) {
      assertEquals("unauthenticated", ended.code());
      return Optional.empty();
    }
  }
}
