package dev.halfback;

/**
 * A right is missing: ask for it.
 *
 * <p>Codes: {@code permission_denied}, {@code read_only}.
 */
public final class HalfbackPermissionDeniedException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackPermissionDeniedException(String code, String message) {
    super(code, message);
  }
}
