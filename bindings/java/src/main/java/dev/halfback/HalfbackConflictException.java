package dev.halfback;

/**
 * The request is well formed but the present state forbids it: read again and decide.
 *
 * <p>Codes: {@code already_exists}, {@code conflict} (the expected value differs), {@code
 * not_empty}, {@code archived}, {@code protected}, {@code in_use}, {@code idempotency_conflict}.
 */
public final class HalfbackConflictException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackConflictException(String code, String message) {
    super(code, message);
  }
}
