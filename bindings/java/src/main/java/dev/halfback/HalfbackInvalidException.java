package dev.halfback;

/**
 * The request is wrong as it stands: correct it.
 *
 * <p>Codes: {@code invalid_name}, {@code reserved_name}, {@code invalid_uri}, {@code
 * invalid_filter}, {@code invalid_argument}, {@code invalid_artifact}, {@code invalid_checkpoint},
 * {@code digest_mismatch}, {@code secret_suspected}.
 */
public final class HalfbackInvalidException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  /**
   * Refuses a request.
   *
   * @param code the stable code
   * @param message what is wrong, and what would mend it
   */
  public HalfbackInvalidException(String code, String message) {
    super(code, message);
  }
}
