package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * A private Ed25519 key that signs checkpoints. It stays where it is: here is only its place.
 *
 * <pre>{@code
 * String publicKey = Proofs.generateLogKey(file, "halfback/" + registry.info().uuid());
 * String checkpoint = registry.checkpoint(SigningKey.fromFile(file));
 * registry.verifyLog(checkpoint, publicKey);
 * }</pre>
 */
public final class SigningKey {
  /** Signs with a key that is elsewhere, such as in a vault. */
  @FunctionalInterface
  public interface Sign {
    /**
     * Signs a text.
     *
     * @param content the bytes of the text
     * @return the 64 bytes of the Ed25519 signature
     */
    byte[] sign(byte[] content);
  }

  private final ObjectNode place;
  private final Sign sign;
  private final String key;

  private SigningKey(ObjectNode place, Sign sign) {
    NativeLibrary.ensureLoaded();
    this.place = place;
    this.sign = sign;
    this.key = new String(Native.logKey(Json.bytes(place)), StandardCharsets.UTF_8);
  }

  /**
   * The key in a file that {@link Proofs#generateLogKey} wrote. A file that every user of the
   * machine may read or write is refused.
   *
   * @param file the file
   * @return the key
   */
  public static SigningKey fromFile(Path file) {
    String path = Arguments.given(file, "file").toString();
    return new SigningKey(Json.object().put("file", Queries.text(path, "file")), null);
  }

  /**
   * The key in the environment variable {@code HALFBACK_LOG_KEY}.
   *
   * @return the key
   */
  public static SigningKey fromEnv() {
    return fromEnv("HALFBACK_LOG_KEY");
  }

  /**
   * The key in an environment variable.
   *
   * @param variable the variable's name
   * @return the key
   */
  public static SigningKey fromEnv(String variable) {
    return new SigningKey(Json.object().put("env", Queries.text(variable, "variable")), null);
  }

  /**
   * A key that is elsewhere.
   *
   * @param key the public key as text, {@code name+hash+base64}
   * @param sign signs with the private one
   * @return the key
   */
  public static SigningKey of(String key, Sign sign) {
    Arguments.given(sign, "sign");
    return new SigningKey(Json.object().put("key", Queries.text(key, "key")), sign);
  }

  /**
   * The public key, for everybody who verifies.
   *
   * @return the key as text, {@code name+hash+base64}
   */
  public String key() {
    return key;
  }

  /** How the native side signs the head of a registry's log. */
  byte[] signing(Handle handle) {
    if (sign == null) {
      return Json.bytes(place);
    }
    byte[] head = handle.call(Native::logHead);
    byte[] signature = Arguments.given(sign.sign(head.clone()), "signature");
    ObjectNode request = Json.object();
    request
        .putObject("signed")
        .put("key", key)
        .put("head", new String(head, StandardCharsets.UTF_8))
        .put("signature", HexFormat.of().formatHex(signature));
    return Json.bytes(request);
  }

  @Override
  public String toString() {
    return "SigningKey " + key;
  }
}
