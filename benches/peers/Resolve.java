import dev.halfback.Registry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The Java side of the suite {@code registry}: for every line that it reads, it resolves a URI over
 * and over and prints a JSON list with the seconds of one call.
 *
 * <pre>java -cp halfback.jar:. Resolve REGISTRY URI</pre>
 */
public final class Resolve {
  private static final int BATCHES = 20;

  /** Short enough to be seldom interrupted on a busy machine. */
  private static final int CALLS = 10_000;

  private Resolve() {}

  public static void main(String[] arguments) throws IOException {
    String uri = arguments[1];
    try (Registry registry = Registry.open(Path.of(arguments[0]));
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      while (input.readLine() != null) {
        double[] batches = new double[BATCHES];
        Arrays.setAll(batches, batch -> seconds(registry, uri));
        Arrays.sort(batches);
        System.out.printf("[%s]%n", batches[BATCHES / 2] / CALLS);
      }
    }
  }

  private static double seconds(Registry registry, String uri) {
    long began = System.nanoTime();
    long numbers = 0;
    for (int call = 0; call < CALLS; call++) {
      numbers += registry.resolve(uri).number();
    }
    long took = System.nanoTime() - began;
    // Whoever uses the answers keeps the compiler from leaving the calls out.
    if (numbers < CALLS) {
      throw new IllegalStateException(uri + " resolved to no version");
    }
    return took / 1e9;
  }
}
