import dev.halfback.Artifact;
import dev.halfback.Commit;
import dev.halfback.ModelVersion;
import dev.halfback.Registry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * The application's side of the demo: opens a registry that others write to, and sees one move of
 * an alias.
 *
 * <pre>java -cp halfback.jar Watch.java REGISTRY MODEL ALIAS</pre>
 *
 * <p>It says what it sees in one JSON object a line.
 */
public final class Watch {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Watch() {}

  public static void main(String[] arguments) {
    String model = arguments[1];
    String uri = "models:/" + model + "@" + arguments[2];
    try (Registry registry = Registry.open(Path.of(arguments[0]))) {
      ModelVersion before = registry.resolve(uri);
      System.out.printf("{\"resolved\": %d}%n", before.number());

      // A look-up in memory, as often as the application likes.
      Instant deadline = Instant.now().plus(PATIENCE);
      ModelVersion now = before;
      while (now.number() == before.number()) {
        if (Instant.now().isAfter(deadline)) {
          throw new IllegalStateException(uri + " did not move");
        }
        Thread.yield();
        now = registry.resolve(uri);
      }
      Instant seen = Instant.now();

      Commit move = registry.history(model).findFirst().orElseThrow();
      long after = Duration.between(move.time(), seen).toNanos() / 1000;
      Artifact verified = registry.verify(now);
      System.out.printf(
          "{\"resolved\": %d, \"after_us\": %d, \"digest\": \"%s\"}%n",
          now.number(), after, verified.digest());
    }
  }
}
