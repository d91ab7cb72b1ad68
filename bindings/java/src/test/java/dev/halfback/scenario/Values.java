package dev.halfback.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of a scenario: what was saved, what stands for something else, what must match. */
final class Values {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .build();
  private static final Pattern ALONE = Pattern.compile("\\$(\\w+(?:\\.\\w+)*)");
  private static final Pattern INSIDE = Pattern.compile("\\$\\{(\\w+(?:\\.\\w+)*)}");

  private final Map<String, Object> objects = new HashMap<>();
  private final Map<String, JsonNode> saved = new HashMap<>();

  Values(Path folder) {
    saved.put("dir", MAPPER.getNodeFactory().textNode(folder.toString()));
  }

  void save(String name, Object object, JsonNode json) {
    objects.put(name, object);
    saved.put(name, json);
  }

  /** A result as the JSON that scenarios compare. */
  JsonNode json(Object result) {
    if (result instanceof Optional<?> optional) {
      return json(optional.orElse(null));
    }
    // Jackson would write a path as a URI.
    return MAPPER.valueToTree(result instanceof Path path ? path.toString() : result);
  }

  Map<String, Object> arguments(JsonNode arguments) {
    Map<String, Object> given = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : arguments.properties()) {
      given.put(field.getKey(), argument(field.getValue()));
    }
    return given;
  }

  /** An argument as a Java value; a saved record that stands alone is the record itself. */
  Object argument(JsonNode value) {
    if (value.isTextual()) {
      return special(value.textValue());
    }
    if (value.isArray()) {
      List<Object> items = new ArrayList<>();
      value.forEach(item -> items.add(argument(item)));
      return items;
    }
    return value.isObject() ? arguments(value) : plain(value);
  }

  private Object special(String text) {
    switch (text) {
      case "$null":
        return null;
      case "$nan":
        return Double.NaN;
      case "$inf":
        return Double.POSITIVE_INFINITY;
      case "$surrogate":
        return "\ud800";
      default:
        Matcher alone = ALONE.matcher(text);
        if (!alone.matches()) {
          return text(text);
        }
        Object object = objects.get(alone.group(1));
        return object == null ? plain(saved(alone.group(1))) : object;
    }
  }

  private static Object plain(JsonNode value) {
    // An integer is a long, as the facade has them.
    return value.isIntegralNumber()
        ? (Object) value.longValue()
        : MAPPER.convertValue(value, Object.class);
  }

  Instant instant(JsonNode value) {
    return Instant.parse(text(value.asText()));
  }

  /** Text with what it refers to put in. */
  String text(String text) {
    Matcher alone = ALONE.matcher(text);
    if (alone.matches() && saved.containsKey(alone.group(1).split("\\.")[0])) {
      return saved(alone.group(1)).asText();
    }
    String filled = INSIDE.matcher(text).replaceAll(it -> quoted(saved(it.group(1)).asText()));
    return filled.replaceAll("\\$dir\\b", quoted(saved.get("dir").asText()));
  }

  private static String quoted(String text) {
    return Matcher.quoteReplacement(text);
  }

  private JsonNode saved(String path) {
    String[] parts = path.split("\\.");
    JsonNode value = saved.get(parts[0]);
    assertNotNull(value, "nothing was saved as `" + parts[0] + "`");
    for (int part = 1; part < parts.length; part++) {
      value = value.isArray() ? value.path(Integer.parseInt(parts[part])) : value.path(parts[part]);
    }
    assertTrue(!value.isMissingNode(), "`" + path + "` is not in " + saved.get(parts[0]));
    return value;
  }

  /** Checks a result: objects may have more, lists match as a whole. */
  void match(JsonNode expected, JsonNode actual, String place) {
    if (expected.isTextual() && expected.textValue().startsWith("$")) {
      matchSpecial(expected.textValue(), actual, place);
    } else if (expected.isObject()) {
      assertTrue(actual.isObject(), () -> place + " is " + actual);
      for (Map.Entry<String, JsonNode> field : expected.properties()) {
        String inside = place + "." + field.getKey();
        assertTrue(actual.has(field.getKey()), () -> inside + " is missing in " + actual);
        match(field.getValue(), actual.get(field.getKey()), inside);
      }
    } else if (expected.isArray()) {
      assertTrue(actual.isArray(), () -> place + " is " + actual);
      assertEquals(expected.size(), actual.size(), () -> place + " is " + actual);
      for (int at = 0; at < expected.size(); at++) {
        match(expected.get(at), actual.get(at), place + "." + at);
      }
    } else if (expected.isTextual()) {
      assertEquals(
          text(expected.textValue()), actual.isTextual() ? actual.textValue() : actual, place);
    } else if (expected.isNumber()) {
      assertTrue(actual.isNumber(), () -> place + " is " + actual);
      assertEquals(
          0,
          expected.decimalValue().compareTo(actual.decimalValue()),
          () -> place + " is " + actual);
    } else {
      assertEquals(expected, actual, place);
    }
  }

  private void matchSpecial(String expected, JsonNode actual, String place) {
    switch (expected) {
      case "$any" -> {}
      case "$null" -> assertTrue(actual.isNull(), () -> place + " is " + actual);
      default -> {
        Matcher alone = ALONE.matcher(expected);
        if (alone.matches()) {
          assertEquals(saved(alone.group(1)), actual, place);
        } else {
          assertEquals(text(expected), actual.textValue(), place);
        }
      }
    }
  }
}
