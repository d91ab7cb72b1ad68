package dev.halfback;

import com.fasterxml.jackson.databind.JsonNode;
import dev.halfback.commands.Command;

/** Which record each command answers with. */
final class Outputs {
  private Outputs() {}

  /** The record of a command's output, null for a command that answers with nothing. */
  static Object read(Command command, JsonNode output) {
    Class<?> type = type(command.command());
    return type == null || output.isNull() ? null : Json.read(output, type);
  }

  /** The record's class, null for a command that answers with nothing. */
  static Class<?> type(String command) {
    return switch (command) {
      case "create_catalog", "update_catalog", "rename_catalog" -> Catalog.class;
      case "create_schema", "update_schema", "rename_schema" -> Schema.class;
      case "create_model", "update_model", "rename_model" -> Model.class;
      case "register_version",
          "update_version",
          "archive_version",
          "restore_version",
          "set_alias" ->
          ModelVersion.class;
      case "purge" -> Purged.class;
      case "erase", "purge_artifact", "purge_version", "repeat_erasures" -> Erased.class;
      case "record_evaluation" -> Evaluation.class;
      case "record_comparison" -> Comparison.class;
      case "sign_version" -> VersionSignature.class;
      case "set_signing_keys" -> SigningKeys.class;
      case "create_principal" -> Principal.class;
      case "set_role" -> Role.class;
      case "create_token" -> TokenRecord.class;
      case "delete_catalog",
          "delete_schema",
          "delete_model",
          "delete_version",
          "set_tag",
          "delete_tag",
          "delete_alias",
          "protect_alias",
          "delete_principal",
          "add_member",
          "remove_member",
          "grant",
          "revoke",
          "delete_role",
          "separate_roles",
          "set_hold",
          "set_retention",
          "release_hold",
          "revoke_token",
          "allow_os_users" ->
          null;
      default ->
          throw new HalfbackInternalException(
              "internal", "command `" + command + "` has no known output; please report it");
    };
  }
}
