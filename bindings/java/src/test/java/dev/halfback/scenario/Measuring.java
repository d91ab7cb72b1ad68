package dev.halfback.scenario;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.halfback.Adjustment;
import dev.halfback.Alternative;
import dev.halfback.Comparison;
import dev.halfback.Dataset;
import dev.halfback.Evaluation;
import dev.halfback.ModelVersion;
import dev.halfback.PairedSample;
import dev.halfback.Registry;
import dev.halfback.Sample;
import dev.halfback.Task;
import java.util.List;
import java.util.Map;

/** Steps that measure: lists become the arrays that the facade takes. */
final class Measuring {
  private Measuring() {}

  static Evaluation evaluate(Registry registry, Map<String, Object> arguments) throws Exception {
    Sample sample = (Sample) start(Sample.class, arguments.get("y_true"));
    for (Map.Entry<String, Object> each : arguments.entrySet()) {
      Object value = each.getValue();
      sample =
          switch (each.getKey()) {
            case "version", "y_true" -> sample;
            case "y_pred" -> (Sample) with(sample, "withPredictions", array(value));
            case "y_score" -> (Sample) with(sample, "withScores", scores(value));
            default -> (Sample) option(sample, each.getKey(), value);
          };
    }
    return registry.evaluate(reference(arguments.get("version")), sample);
  }

  static Comparison compare(Registry registry, Map<String, Object> arguments) throws Exception {
    PairedSample sample = (PairedSample) start(PairedSample.class, arguments.get("y_true"));
    for (Map.Entry<String, Object> each : arguments.entrySet()) {
      Object value = each.getValue();
      sample =
          switch (each.getKey()) {
            case "candidate", "baseline", "y_true" -> sample;
            case "y_pred" ->
                (PairedSample)
                    with(sample, "withPredictions", array(half(value, 0)), array(half(value, 1)));
            case "y_score" ->
                (PairedSample)
                    with(sample, "withScores", scores(half(value, 0)), scores(half(value, 1)));
            case "metric" -> sample.withMetric((String) value);
            case "margin" -> sample.withMargin(((Number) value).doubleValue());
            case "alternative" ->
                sample.withAlternative(new ObjectMapper().convertValue(value, Alternative.class));
            case "adjustment" ->
                sample.withAdjustment(new ObjectMapper().convertValue(value, Adjustment.class));
            default -> (PairedSample) option(sample, each.getKey(), value);
          };
    }
    String candidate = reference(arguments.get("candidate"));
    return registry.compare(candidate, reference(arguments.get("baseline")), sample);
  }

  /** What both kinds of samples have. */
  private static Object option(Object sample, String name, Object value) throws Exception {
    return switch (name) {
      case "slices" -> {
        Object sliced = sample;
        for (Map.Entry<?, ?> slice : ((Map<?, ?>) value).entrySet()) {
          sliced = with(sliced, "withSlice", slice.getKey(), array(slice.getValue()));
        }
        yield sliced;
      }
      case "dataset" ->
          value instanceof Map<?, ?> dataset
              ? with(
                  sample,
                  "withDataset",
                  new Dataset((String) dataset.get("name"), (String) dataset.get("digest")))
              : with(sample, "withDataset", value);
      case "weights" -> with(sample, "withWeights", numbers(value));
      case "clusters" -> with(sample, "withClusters", array(value));
      case "strata" -> with(sample, "withStrata", array(value));
      case "task" -> with(sample, "withTask", new ObjectMapper().convertValue(value, Task.class));
      case "pos_label" -> posLabel(sample, value);
      case "labels" ->
          sample instanceof Sample one
              ? one.withLabels((List<?>) value)
              : ((PairedSample) sample).withLabels((List<?>) value);
      case "seed" -> with(sample, "withSeed", ((Number) value).longValue());
      case "level" -> with(sample, "withLevel", ((Number) value).doubleValue());
      case "replicates" -> with(sample, "withReplicates", ((Number) value).intValue());
      default -> throw new AssertionError("nothing is called " + name);
    };
  }

  private static Object posLabel(Object sample, Object label) {
    return sample instanceof Sample one
        ? one.withPosLabel(label)
        : ((PairedSample) sample).withPosLabel(label);
  }

  private static Object start(Class<?> type, Object truth) throws Exception {
    Object array = array(truth);
    return call(() -> type.getMethod("of", array.getClass()).invoke(null, array));
  }

  private static Object with(Object sample, String method, Object... values) throws Exception {
    Class<?>[] types = new Class<?>[values.length];
    for (int at = 0; at < values.length; at++) {
      types[at] = type(values[at]);
    }
    return call(() -> sample.getClass().getMethod(method, types).invoke(sample, values));
  }

  private static Class<?> type(Object value) {
    if (value instanceof Long) {
      return long.class;
    }
    if (value instanceof Integer) {
      return int.class;
    }
    return value instanceof Double ? double.class : value.getClass();
  }

  private static Object call(Reflective call) throws Exception {
    try {
      return call.run();
    } catch (java.lang.reflect.InvocationTargetException failed) {
      throw (Exception) failed.getCause();
    }
  }

  private interface Reflective {
    Object run() throws Exception;
  }

  private static String reference(Object version) {
    return version instanceof ModelVersion record ? record.pin() : (String) version;
  }

  private static Object half(Object pair, int which) {
    return ((List<?>) pair).get(which);
  }

  /** A column of scores, or a table of them row by row. */
  private static Object scores(Object values) {
    boolean table = ((List<?>) values).stream().anyMatch(List.class::isInstance);
    return table
        ? ((List<?>) values).stream().map(Measuring::numbers).toArray(double[][]::new)
        : numbers(values);
  }

  private static double[] numbers(Object values) {
    return ((List<?>) values).stream().mapToDouble(it -> ((Number) it).doubleValue()).toArray();
  }

  private static Object array(Object values) {
    List<?> list = (List<?>) values;
    if (list.stream().allMatch(String.class::isInstance)) {
      return list.toArray(String[]::new);
    }
    if (list.stream().allMatch(it -> it instanceof Long || it instanceof Integer)) {
      return list.stream().mapToLong(it -> ((Number) it).longValue()).toArray();
    }
    return numbers(values);
  }
}
