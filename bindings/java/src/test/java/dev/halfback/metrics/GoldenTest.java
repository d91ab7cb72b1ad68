package dev.halfback.metrics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.halfback.HalfbackInvalidException;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every metric against what scikit-learn and its like gave, as the Rust crate is tested. */
class GoldenTest {
  private static final String GOLDEN = "../../crates/halfback-metrics/tests/golden/";

  @ParameterizedTest
  @CsvSource({
    "classification, 1e-12, 500",
    "sets, 1e-12, 700",
    "scores, 1e-12, 615",
    "regression, 1e-12, 694",
    "ranking, 1e-12, 74",
    "calibration, 1e-9, 40",
    "statistics, 1e-10, 102",
    "fairness, 1e-12, 41"
  })
  void givesWhatTheReferenceGave(String file, double tolerance, int atLeast) throws IOException {
    JsonNode book = new JsonMapper().readTree(new File(GOLDEN + file + ".json"));
    List<String> wrong = new ArrayList<>();
    int asked = 0;
    for (JsonNode shown : book.get("cases")) {
      Case one = new Case(book.get("data"), shown);
      Object given;
      try {
        given = Answers.of(one);
      } catch (HalfbackInvalidException refused) {
        given = refused;
      }
      if (given == null) {
        continue;
      }
      asked++;
      String difference = differs(shown, given, one.isSingle() ? 2e-6 : tolerance);
      if (difference != null) {
        wrong.add(
            difference
                + "\n    "
                + shown.toString().substring(0, Math.min(300, shown.toString().length())));
      }
    }
    assertTrue(
        wrong.isEmpty(),
        wrong.size()
            + " differ:\n"
            + String.join("\n", wrong.subList(0, Math.min(20, wrong.size()))));
    assertTrue(asked >= atLeast, asked + " cases were asked");
  }

  private static String differs(JsonNode shown, Object given, double tolerance) {
    JsonNode want = shown.get("value");
    if (given instanceof HalfbackInvalidException refused) {
      return want == null ? null : "refused: " + refused.getMessage();
    }
    if (want == null) {
      return shown.get("error") + " was due";
    }
    if (given instanceof String text) {
      return text.equals(want.asText()) ? null : "got\n" + text + "\nwant\n" + want.asText();
    }
    double[] got = (double[]) given;
    double[] wanted = flat(want).toArray();
    boolean same = got.length == wanted.length;
    for (int at = 0; same && at < got.length; at++) {
      same = isClose(got[at], wanted[at], tolerance);
    }
    return same ? null : "got " + Arrays.toString(got);
  }

  private static boolean isClose(double got, double want, double tolerance) {
    double scale = Math.max(Math.max(Math.abs(want), Math.abs(got)), 1e-3);
    return Double.isNaN(got) && Double.isNaN(want)
        || got == want
        || Math.abs(got - want) <= tolerance * scale;
  }

  private static DoubleStream flat(JsonNode value) {
    if (value.isArray()) {
      return StreamSupport.stream(value.spliterator(), false).flatMapToDouble(GoldenTest::flat);
    }
    return value.isNull() ? DoubleStream.empty() : DoubleStream.of(Case.number(value));
  }
}
