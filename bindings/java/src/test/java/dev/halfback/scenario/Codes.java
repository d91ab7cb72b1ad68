package dev.halfback.scenario;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.halfback.HalfbackClosedException;
import dev.halfback.HalfbackConflictException;
import dev.halfback.HalfbackException;
import dev.halfback.HalfbackIntegrityException;
import dev.halfback.HalfbackInternalException;
import dev.halfback.HalfbackInvalidException;
import dev.halfback.HalfbackNotFoundException;
import dev.halfback.HalfbackPermissionDeniedException;
import dev.halfback.HalfbackUnavailableException;
import java.util.HashMap;
import java.util.Map;

/** Which exception each code comes with. */
final class Codes {
  private static final Map<String, Class<? extends HalfbackException>> EXCEPTIONS = new HashMap<>();

  static {
    all(
        HalfbackInvalidException.class,
        "invalid_name reserved_name invalid_uri invalid_filter invalid_argument invalid_artifact"
            + " invalid_checkpoint"
            + " digest_mismatch secret_suspected");
    all(HalfbackNotFoundException.class, "not_found registry_not_found not_a_registry");
    all(
        HalfbackConflictException.class,
        "already_exists conflict not_empty archived protected in_use idempotency_conflict");
    all(HalfbackPermissionDeniedException.class, "permission_denied unauthenticated read_only");
    all(
        HalfbackIntegrityException.class,
        "artifact_missing artifact_altered artifact_changed corrupt unsupported_format");
    all(HalfbackUnavailableException.class, "io busy cancelled");
    all(HalfbackClosedException.class, "closed");
    all(HalfbackInternalException.class, "internal");
  }

  private Codes() {}

  private static void all(Class<? extends HalfbackException> type, String codes) {
    for (String code : codes.split(" ")) {
      EXCEPTIONS.put(code, type);
    }
  }

  static Class<? extends HalfbackException> exception(String code) {
    Class<? extends HalfbackException> type = EXCEPTIONS.get(code);
    assertNotNull(type, "no exception has the code `" + code + "`");
    return type;
  }
}
