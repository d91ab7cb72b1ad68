package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.halfback.HalfbackInvalidException;
import java.lang.reflect.Array;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Null in place of each argument of each method is refused by name, or is none. */
class NullTest {
  private static final Labels TRUTH = Labels.of(0, 1, 1, 0);
  private static final Scores SCORES = Scores.of(0.1, 0.8, 0.4, 0.3);
  private static final Table TABLE = Table.of(new double[] {0.2, 0.8, 1, 0, 0.5, 0.5, 0, 1}, 2);
  private static final Flags FLAGS =
      Flags.of(new boolean[] {true, false, false, true, true, false, false, true}, 2);
  private static final Groups GROUPS = Groups.of(TRUTH);
  private static final Groups.Measure MEASURE = (rows, weights) -> Metric.of(rows.length);
  private static final Function<ByGroup, Metric> OVERALL = ByGroup::overall;
  private static final ToDoubleFunction<double[]> SUM = weights -> Stream.of(weights).count();
  private static final Supplier<Integer> ONE = () -> 1;

  /** Each kind of thing, and how it is asked. */
  private static final List<Object> ASKED =
      List.of(
          TRUTH,
          SCORES,
          TABLE,
          FLAGS,
          GROUPS,
          GROUPS.measure(MEASURE),
          BinaryScores.of(TRUTH, SCORES),
          MulticlassScores.of(TRUTH, TABLE),
          Classification.of(TRUTH, TRUTH),
          Multilabel.of(FLAGS, FLAGS),
          Ranking.of(FLAGS, TABLE),
          Regression.of(SCORES, SCORES),
          Fairness.of(TRUTH, TRUTH, GROUPS),
          Resampling.of(4).replicates(50),
          Question.superiority(0),
          State.forClasses(),
          State.forScores(true),
          State.forNumbers(),
          State.forQuantiles());

  private static final List<Class<?>> STATICS =
      List.of(Bootstrap.class, Comparison.class, Intervals.class, Power.class, Threads.class);

  private static Object sound(Class<?> type) {
    Map<Class<?>, Object> known =
        Map.ofEntries(
            Map.entry(int.class, 2),
            Map.entry(long.class, 2L),
            Map.entry(double.class, 0.5),
            Map.entry(float.class, 0.5f),
            Map.entry(byte.class, (byte) 1),
            Map.entry(boolean.class, true),
            Map.entry(Labels.class, TRUTH),
            Map.entry(Scores.class, SCORES),
            Map.entry(Table.class, TABLE),
            Map.entry(Flags.class, FLAGS),
            Map.entry(Groups.class, GROUPS),
            Map.entry(Groups.Measure.class, MEASURE),
            Map.entry(Function.class, OVERALL),
            Map.entry(ToDoubleFunction.class, SUM),
            Map.entry(Supplier.class, ONE),
            Map.entry(List.class, List.of("a", "b")),
            Map.entry(String.class, "a"),
            Map.entry(Resampling.class, Resampling.of(4)),
            Map.entry(BinaryScores.Costs.class, new BinaryScores.Costs(0, 1, 1, 0)),
            Map.entry(State.class, State.forQuantiles()),
            Map.entry(Difference.class, Comparison.welch(ones(), new double[] {1, 2, 3, 4}, 0.9)));
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type.isArray()) {
      Object array = Array.newInstance(type.getComponentType(), 4);
      for (int at = 0; at < 4; at++) {
        Array.set(array, at, sound(type.getComponentType()));
      }
      return array;
    }
    return type.equals(Object.class) ? "a" : known.get(type);
  }

  private static double[] ones() {
    return new double[] {1, 1, 1, 1};
  }

  @Test
  void nullIsRefusedByNameOrIsNone() throws Exception {
    List<String> raw = new ArrayList<>();
    int asked = 0;
    for (Object each : ASKED) {
      for (Method method : each.getClass().getDeclaredMethods()) {
        asked += ask(Modifier.isStatic(method.getModifiers()) ? null : each, method, raw);
      }
    }
    for (Class<?> each : STATICS) {
      for (Method method : each.getDeclaredMethods()) {
        asked += ask(null, method, raw);
      }
    }
    assertEquals(List.of(), raw);
    assertEquals(true, asked > 150, asked + " were asked");
  }

  private static int ask(Object of, Method method, List<String> raw) throws Exception {
    if (!Modifier.isPublic(method.getModifiers())
        || of == null && !Modifier.isStatic(method.getModifiers())
        || method.getName().matches("equals|close")) {
      return 0;
    }
    int asked = 0;
    Class<?>[] types = method.getParameterTypes();
    for (int missing = 0; missing < types.length; missing++) {
      if (types[missing].isPrimitive()) {
        continue;
      }
      asked++;
      Object[] arguments = Stream.of(types).map(NullTest::sound).toArray();
      arguments[missing] = null;
      refused(of, method, arguments, raw);
      if (types[missing].isArray() && !types[missing].getComponentType().isPrimitive()) {
        Object holed = sound(types[missing]);
        Array.set(holed, 1, null);
        arguments[missing] = holed;
        refused(of, method, arguments, raw);
      }
    }
    return asked;
  }

  private static void refused(Object of, Method method, Object[] arguments, List<String> raw)
      throws Exception {
    try {
      method.invoke(of, arguments);
    } catch (InvocationTargetException thrown) {
      if (!(thrown.getCause() instanceof HalfbackInvalidException)) {
        raw.add(name(method) + ": " + thrown.getCause());
      }
    }
  }

  private static String name(Executable method) {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }
}
