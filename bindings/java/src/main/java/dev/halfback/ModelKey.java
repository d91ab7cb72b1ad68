package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;

/**
 * A private key that signs versions: ECDSA on the curve P-256 with SHA-256, as OpenSSF Model
 * Signing has it. It stays where it is: here is only its place.
 *
 * <pre>{@code
 * String publicKey = ModelKey.generate(file);
 * registry.signVersion("fraud/1", ModelKey.fromFile(file));
 * registry.setSigningKeys("main", List.of(publicKey));
 * }</pre>
 */
public final class ModelKey {
  /** Signs with a key that is elsewhere, such as in a vault. */
  @FunctionalInterface
  public interface Sign {
    /**
     * Signs a message.
     *
     * @param message the bytes of the message
     * @return the ECDSA signature with SHA-256, as DER
     */
    byte[] sign(byte[] message);
  }

  private final ObjectNode place;
  private final Sign sign;
  private final String publicKey;

  private ModelKey(ObjectNode place, Sign sign) {
    NativeLibrary.ensureLoaded();
    this.place = place;
    this.sign = sign;
    this.publicKey = new String(Native.modelKey(Json.bytes(place)), StandardCharsets.UTF_8);
  }

  /**
   * Makes a key in a new file that only its owner may read.
   *
   * @param file the file to make
   * @return the public key as PEM, for everybody who verifies
   */
  public static String generate(Path file) {
    NativeLibrary.ensureLoaded();
    byte[] path = NativePath.encode(file, "file");
    return new String(Native.generateModelKey(path), StandardCharsets.UTF_8);
  }

  /**
   * The key in a file, as PEM that is not encrypted. A file that every user of the machine may read
   * or write is refused.
   *
   * @param file the file
   * @return the key
   */
  public static ModelKey fromFile(Path file) {
    String path = Arguments.given(file, "file").toString();
    return new ModelKey(Json.object().put("file", Queries.text(path, "file")), null);
  }

  /**
   * The key in the environment variable {@code HALFBACK_SIGNING_KEY}, as PEM.
   *
   * @return the key
   */
  public static ModelKey fromEnv() {
    return fromEnv("HALFBACK_SIGNING_KEY");
  }

  /**
   * The key in an environment variable, as PEM.
   *
   * @param variable the variable's name
   * @return the key
   */
  public static ModelKey fromEnv(String variable) {
    return new ModelKey(Json.object().put("env", Queries.text(variable, "variable")), null);
  }

  /**
   * The key in a text.
   *
   * @param pem the key as PEM
   * @return the key
   */
  public static ModelKey fromPem(String pem) {
    return new ModelKey(Json.object().put("pem", Queries.text(pem, "pem")), null);
  }

  /**
   * A key that is elsewhere.
   *
   * @param publicKey the public key as PEM
   * @param sign signs with the private one
   * @return the key
   */
  public static ModelKey of(String publicKey, Sign sign) {
    Arguments.given(sign, "sign");
    String key = Queries.text(publicKey, "publicKey");
    return new ModelKey(Json.object().put("public_key", key), sign);
  }

  /**
   * The public key, for everybody who verifies.
   *
   * @return the key as PEM
   */
  public String publicKey() {
    return publicKey;
  }

  /** A statement, signed. */
  String bundle(String statement) {
    ObjectNode request = Json.object().put("statement", statement);
    request.set("key", place);
    if (sign != null) {
      byte[] message = Native.signingMessage(statement.getBytes(StandardCharsets.UTF_8));
      byte[] signature = Arguments.given(sign.sign(message), "signature");
      request.put("signature", Base64.getEncoder().encodeToString(signature));
    }
    return new String(Native.signStatement(Json.bytes(request)), StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "ModelKey " + publicKey.lines().skip(1).findFirst().orElse("");
  }
}
