import dev.halfback.metrics.BinaryScores;
import dev.halfback.metrics.Labels;
import dev.halfback.metrics.Scores;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The Java side of the suite {@code metrics}: for every line that it reads, it measures the ROC AUC
 * of ten rows over and over and prints a JSON list with the seconds of one call.
 *
 * <pre>java -cp halfback.jar:. TenRows</pre>
 */
public final class TenRows {
  private static final int BATCHES = 20;

  /** Short enough to be seldom interrupted on a busy machine. */
  private static final int CALLS = 10_000;

  private static final int[] TRUTH = {0, 1, 1, 0, 1, 0, 1, 0, 1, 0};
  private static final double[] SCORE = {0.1, 0.8, 0.4, 0.3, 0.9, 0.45, 0.7, 0.2, 0.6, 0.5};

  private TenRows() {}

  public static void main(String[] arguments) throws IOException {
    try (BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      while (input.readLine() != null) {
        double[] batches = new double[BATCHES];
        Arrays.setAll(batches, batch -> seconds());
        Arrays.sort(batches);
        System.out.printf("[%s]%n", batches[BATCHES / 2] / CALLS);
      }
    }
  }

  private static double seconds() {
    long began = System.nanoTime();
    double sum = 0;
    for (int call = 0; call < CALLS; call++) {
      sum += BinaryScores.of(Labels.of(TRUTH), Scores.of(SCORE)).rocAuc().value();
    }
    long took = System.nanoTime() - began;
    // Whoever uses the answers keeps the compiler from leaving the calls out.
    if (sum < CALLS / 2.0) {
      throw new IllegalStateException("the area is less than one half");
    }
    return took / 1e9;
  }
}
