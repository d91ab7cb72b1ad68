package dev.halfback;

/**
 * What every failure of Halfback is. The subclass says what to do about it, {@link #code()} is the
 * same string in Rust, Python and Java, and the message gives the cause and the next step.
 *
 * <pre>{@code
 * try {
 *   registry.setAlias("risk.credit.default", "champion", 9);
 * } catch (HalfbackNotFoundException missing) {
 *   System.err.println(missing.code() + ": " + missing.getMessage());
 * }
 * }</pre>
 */
public abstract sealed class HalfbackException extends RuntimeException
    permits HalfbackInvalidException,
        HalfbackNotFoundException,
        HalfbackConflictException,
        HalfbackPermissionDeniedException,
        HalfbackIntegrityException,
        HalfbackUnavailableException,
        HalfbackClosedException,
        HalfbackInternalException {
  private static final long serialVersionUID = 1L;

  /** The stable code. */
  private final String code;

  HalfbackException(String code, String message) {
    super(message);
    this.code = code;
  }

  /**
   * The stable code of this failure, such as {@code not_found}.
   *
   * @return the code
   */
  public final String code() {
    return code;
  }

  /**
   * Makes the exception of a kind. Native code calls this; the explanation is JSON, or null where
   * there is none.
   */
  static HalfbackException of(String kind, String code, String message, String explanation) {
    return switch (kind) {
      case "invalid" -> new HalfbackInvalidException(code, message);
      case "not_found" -> new HalfbackNotFoundException(code, message);
      case "conflict" -> new HalfbackConflictException(code, message);
      case "denied" -> new HalfbackPermissionDeniedException(code, message, explanation);
      case "integrity" -> new HalfbackIntegrityException(code, message);
      case "unavailable" -> new HalfbackUnavailableException(code, message);
      case "closed" -> new HalfbackClosedException(code, message);
      default -> new HalfbackInternalException(code, message);
    };
  }
}
