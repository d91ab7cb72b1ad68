package dev.halfback.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.stream.StreamSupport;

/** A case of the golden files: a function, the columns it takes, its parameters. */
record Case(JsonNode data, JsonNode shown) {
  static double number(JsonNode value) {
    if (value.isBoolean()) {
      return value.asBoolean() ? 1 : 0;
    }
    return switch (value.asText()) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> Double.parseDouble(value.asText());
    };
  }

  String function() {
    return shown.get("fn").asText();
  }

  int columns() {
    return shown.path("columns").size();
  }

  private JsonNode column(int at) {
    return data.get(shown.get("columns").get(at).asText());
  }

  String kind(int at) {
    return column(at).get("kind").asText();
  }

  int width(int at) {
    return column(at).get("shape").size() < 2 ? 1 : column(at).get("shape").get(1).asInt();
  }

  boolean isSingle() {
    for (int at = 0; at < columns(); at++) {
      if (kind(at).equals("f32")) {
        return true;
      }
    }
    return false;
  }

  boolean isMultilabel() {
    return kind(0).equals("bool") && width(0) > 1;
  }

  JsonNode param(String name) {
    return shown.path("params").path(name);
  }

  boolean has(String name) {
    return !param(name).isMissingNode() && !param(name).isNull();
  }

  double param(String name, double otherwise) {
    return has(name) ? number(param(name)) : otherwise;
  }

  double[] doubles(int at) {
    return numbers(column(at).get("values"));
  }

  private static double[] numbers(JsonNode values) {
    return StreamSupport.stream(values.spliterator(), false).mapToDouble(Case::number).toArray();
  }

  private float[] floats(int at) {
    double[] wide = doubles(at);
    float[] values = new float[wide.length];
    for (int row = 0; row < values.length; row++) {
      values[row] = (float) wide[row];
    }
    return values;
  }

  Scores scores(int at) {
    return kind(at).equals("f32") ? Scores.of(floats(at)) : Scores.of(doubles(at));
  }

  Table table(int at) {
    int width = width(at);
    return kind(at).equals("f32") ? Table.of(floats(at), width) : Table.of(doubles(at), width);
  }

  Flags flags(int at) {
    return Flags.of(booleans(column(at).get("values")), width(at));
  }

  private static boolean[] booleans(JsonNode values) {
    boolean[] flags = new boolean[values.size()];
    for (int row = 0; row < flags.length; row++) {
      flags[row] = values.get(row).asBoolean();
    }
    return flags;
  }

  Labels labels(int at) {
    return labels(column(at).get("values"), kind(at));
  }

  boolean hasLabel(int at, JsonNode label) {
    return StreamSupport.stream(column(at).get("values").spliterator(), false)
        .anyMatch(value -> value.equals(label) || value.asDouble() == label.asDouble(Double.NaN));
  }

  /** A parameter that lists labels; null where it is not given. */
  Labels labels(String name) {
    if (!has(name)) {
      return null;
    }
    JsonNode given = param(name);
    JsonNode first = given.isArray() ? given.path(0) : given;
    JsonNode values = given.isArray() ? given : new JsonMapper().createArrayNode().add(given);
    return labels(values, first.isTextual() ? "str" : first.isIntegralNumber() ? "int" : "f64");
  }

  private static Labels labels(JsonNode values, String kind) {
    return switch (kind) {
      case "bool" -> Labels.of(booleans(values));
      case "int" ->
          Labels.of(
              StreamSupport.stream(values.spliterator(), false)
                  .mapToLong(JsonNode::asLong)
                  .toArray());
      case "f64" -> Labels.of(numbers(values));
      default ->
          Labels.of(
              StreamSupport.stream(values.spliterator(), false)
                  .map(JsonNode::asText)
                  .toArray(String[]::new));
    };
  }

  /** The weights of rows; null where there are none. */
  double[] weights() {
    JsonNode weight = shown.path("weight");
    return weight.isTextual() ? numbers(data.get(weight.asText()).get("values")) : null;
  }
}
