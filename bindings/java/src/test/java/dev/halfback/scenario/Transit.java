package dev.halfback.scenario;

import dev.halfback.Bundle;
import dev.halfback.ConsistencyProof;
import dev.halfback.CopyOptions;
import dev.halfback.InclusionProof;
import dev.halfback.Proofs;
import dev.halfback.Registry;
import dev.halfback.SigningKey;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Steps that take registries and versions to other places. */
final class Transit {
  private static final Set<String> FREE =
      Set.of(
          "restore",
          "open_bundle",
          "verify_bundle",
          "bundle_history",
          "download_bundle",
          "generate_log_key",
          "verify_inclusion",
          "verify_consistency");

  private Transit() {}

  /** Whether a call needs no open registry. */
  static boolean isFree(String call) {
    return FREE.contains(call);
  }

  static Object perform(String call, Map<String, Object> arguments) throws Exception {
    if (call.equals("restore")) {
      Path backup = path(arguments, "backup");
      Path to = path(arguments, "to");
      return arguments.containsKey("erasures")
          ? Registry.restore(backup, to, path(arguments, "erasures"))
          : Registry.restore(backup, to);
    }
    if (call.equals("generate_log_key")) {
      return Proofs.generateLogKey(path(arguments, "path"), (String) arguments.get("name"));
    }
    if (call.startsWith("verify_") && arguments.containsKey("proof")) {
      return verified(arguments);
    }
    Bundle bundle = Bundle.open(path(arguments, "path"));
    return switch (call) {
      case "open_bundle" -> bundle.manifest();
      case "verify_bundle" -> bundle.verify();
      case "bundle_history" -> {
        Map<String, Object> which = new LinkedHashMap<>(arguments);
        which.remove("path");
        yield Calls.page(bundle, "history", which);
      }
      default -> bundle.download(path(arguments, "to"));
    };
  }

  private static Object verified(Map<String, Object> arguments) {
    String checkpoint = (String) arguments.get("checkpoint");
    String key = (String) arguments.get("key");
    if (arguments.get("proof") instanceof InclusionProof proof) {
      return checkpoint == null
          ? Proofs.verifyInclusion(proof)
          : Proofs.verifyInclusion(proof, checkpoint, key);
    }
    ConsistencyProof proof = (ConsistencyProof) arguments.get("proof");
    if (checkpoint == null) {
      Proofs.verifyConsistency(proof);
    } else {
      Proofs.verifyConsistency(proof, checkpoint, key);
    }
    return null;
  }

  /** Puts what the facade takes in the place of what a scenario can say. */
  static Map<String, Object> prepare(
      String call, Map<String, Object> given, Map<String, Registry> handles) {
    Map<String, Object> arguments = new LinkedHashMap<>(given);
    if (arguments.remove("key_file") instanceof String file) {
      arguments.put("key", SigningKey.fromFile(Path.of(file)));
      return arguments;
    }
    if (call.equals("copy_version")) {
      arguments.put("to", handles.get((String) arguments.get("to")));
    } else if (call.equals("submit")) {
      arguments.put("bundle", Bundle.open(path(arguments, "bundle")));
    } else {
      return given;
    }
    if (arguments.containsKey("model") || arguments.containsKey("allow_secrets")) {
      CopyOptions options = CopyOptions.defaults();
      if (arguments.remove("model") instanceof String model) {
        options = options.withModel(model);
      }
      if (arguments.remove("allow_secrets") instanceof Boolean allowed) {
        options = options.withAllowSecrets(allowed);
      }
      arguments.put("options", options);
    }
    return arguments;
  }

  private static Path path(Map<String, Object> arguments, String name) {
    return Path.of((String) arguments.get(name));
  }
}
