package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What becomes of a version that is copied or submitted to a registry.
 *
 * <pre>{@code
 * CopyOptions options = CopyOptions.defaults().withModel("prod.credit.default");
 * }</pre>
 *
 * @param model the model that gets the version; null for the one of the same name
 * @param allowSecrets whether texts that look like keys, tokens or passwords are kept
 */
public record CopyOptions(String model, boolean allowSecrets) {
  /**
   * Into the model of the same name, refusing what looks like a secret.
   *
   * @return the options
   */
  public static CopyOptions defaults() {
    return new CopyOptions(null, false);
  }

  /**
   * These options with another model.
   *
   * @param model the model that gets the version
   * @return the options
   */
  public CopyOptions withModel(String model) {
    Arguments.utf8(model, "model");
    return new CopyOptions(model, allowSecrets);
  }

  /**
   * These options, keeping or refusing what looks like a secret.
   *
   * @param allowSecrets whether it is kept
   * @return the options
   */
  public CopyOptions withAllowSecrets(boolean allowSecrets) {
    return new CopyOptions(model, allowSecrets);
  }

  byte[] json() {
    ObjectNode options = Json.object().put("allow_secrets", allowSecrets);
    return Json.bytes(model == null ? options : options.put("model", model));
  }
}
