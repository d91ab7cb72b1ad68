package dev.halfback;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;

/** Commands, queries and records as the JSON that crosses to native code. */
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .addModule(new SimpleModule().addSerializer(expectations(), new ExpectSerializer()))
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          // A native library of a later version may tell more than this one has names for.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          // What is missing is never 0 or false.
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** A command or a value as a checked tree: every text is Unicode, every number is finite. */
  static JsonNode tree(Object value) {
    return tree(value, "");
  }

  /** The value of an argument as a checked tree. */
  static JsonNode tree(Object value, String argument) {
    JsonNode tree;
    try {
      tree = MAPPER.valueToTree(value);
    } catch (IllegalArgumentException unknown) {
      throw Arguments.invalid(
          "a value cannot be written as JSON; use strings, numbers, booleans, lists and maps");
    }
    check(tree, argument);
    return tree;
  }

  static byte[] bytes(JsonNode tree) {
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException impossible) {
      throw unreadable(impossible);
    }
  }

  static <T> T read(byte[] json, Class<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (IOException unexpected) {
      throw unreadable(unexpected);
    }
  }

  static <T> T read(String json, Class<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (JsonProcessingException unexpected) {
      throw unreadable(unexpected);
    }
  }

  static JsonNode read(byte[] json) {
    return read(json, JsonNode.class);
  }

  static <T> T read(JsonNode tree, Class<T> type) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException unexpected) {
      throw unreadable(unexpected);
    }
  }

  static <T> Page<T> readPage(byte[] json, Class<T> items) {
    JavaType page = MAPPER.getTypeFactory().constructParametricType(Page.class, items);
    try {
      return MAPPER.readValue(json, page);
    } catch (IOException unexpected) {
      throw unreadable(unexpected);
    }
  }

  private static void check(JsonNode node, String place) {
    if (node.isTextual()) {
      Arguments.utf8(node.textValue(), place);
    } else if (node.isBigInteger()) {
      throw Arguments.invalid(
          "`" + place + "` is " + node.bigIntegerValue() + ", beyond 64 bits; pass it as text");
    } else if (node.isDouble() || node.isFloat()) {
      Arguments.finite(node.doubleValue(), place);
    } else if (node.isArray()) {
      for (JsonNode item : node) {
        check(item, place);
      }
    } else {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        // The command's own fields go by their Java names, what a map holds by its keys.
        String inside = place.isEmpty() ? camelCase(field.getKey()) : place + "." + field.getKey();
        Arguments.utf8(field.getKey(), place);
        check(field.getValue(), inside);
      }
    }
  }

  static String camelCase(String field) {
    StringBuilder name = new StringBuilder();
    for (String word : field.split("_")) {
      name.append(
          name.isEmpty() ? word.substring(0, 1) : word.substring(0, 1).toUpperCase(Locale.ROOT));
      name.append(word.substring(1));
    }
    return name.toString();
  }

  private static HalfbackInternalException unreadable(Exception cause) {
    HalfbackInternalException failure =
        new HalfbackInternalException(
            "internal",
            "the native library and this jar do not fit together: " + cause.getMessage());
    failure.initCause(cause);
    return failure;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // A class literal has no type arguments.
  private static Class<Expect<?>> expectations() {
    return (Class) Expect.class;
  }

  /** Writes what is expected; no expectation is empty, and commands leave empty ones out. */
  private static final class ExpectSerializer extends JsonSerializer<Expect<?>> {
    @Override
    public boolean isEmpty(SerializerProvider provider, Expect<?> expect) {
      return !expect.isStated();
    }

    @Override
    public void serialize(Expect<?> expect, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      provider.defaultSerializeValue(expect.expected(), json);
    }
  }
}
