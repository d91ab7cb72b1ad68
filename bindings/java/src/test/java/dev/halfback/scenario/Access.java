package dev.halfback.scenario;

import dev.halfback.GrantFilter;
import dev.halfback.TokenOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Steps on who may do what, in the words of Java where it has others. */
final class Access {
  private Access() {}

  /** Puts what the facade takes in the place of what a scenario can say. */
  static void prepare(String call, Map<String, Object> arguments) {
    switch (call) {
      case "list_grants" -> {
        if (arguments.containsKey("on") || arguments.containsKey("to")) {
          arguments.put("filter", filter(arguments));
        }
      }
      case "create_token" -> {
        if (arguments.size() > 1 && !arguments.containsKey("hash")) {
          arguments.put("options", options(arguments));
        }
      }
      case "allow_os_users" -> arguments.putIfAbsent("allowed", true);
      default -> {}
    }
  }

  private static GrantFilter filter(Map<String, Object> arguments) {
    return new GrantFilter((String) arguments.remove("on"), (String) arguments.remove("to"));
  }

  private static TokenOptions options(Map<String, Object> arguments) {
    TokenOptions options = TokenOptions.defaults();
    if (arguments.remove("expires_in") instanceof Number seconds) {
      options = options.withExpiresIn(Duration.ofSeconds(seconds.longValue()));
    }
    if (arguments.remove("privileges") instanceof List<?> privileges) {
      options = options.withPrivileges(privileges.stream().map(String.class::cast).toList());
    }
    if (arguments.remove("on") instanceof String on) {
      options = options.withOn(on);
    }
    if (arguments.remove("comment") instanceof String comment) {
      options = options.withComment(comment);
    }
    return options;
  }

  /** The command whose record has the options of a call. */
  static String command(String call) {
    return switch (call) {
      case "create_user", "create_service", "create_group" -> "create_principal";
      case "deny" -> "grant";
      default -> call;
    };
  }

  /** Names the options of a call as the record of its command does. */
  static void rename(String call, Map<String, Object> arguments) {
    switch (call) {
      case "create_user", "create_service", "create_group" ->
          arguments.put("kind", call.substring("create_".length()));
      case "deny" -> arguments.put("deny", true);
      default -> {}
    }
    if (arguments.containsKey("where")) {
      arguments.put("condition", arguments.remove("where"));
    }
  }
}
