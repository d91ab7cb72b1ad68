package dev.halfback;

/**
 * What was asked for is not there, or not there at that moment.
 *
 * <p>Codes: {@code not_found}, {@code registry_not_found}, {@code not_a_registry}.
 */
public final class HalfbackNotFoundException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackNotFoundException(String code, String message) {
    super(code, message);
  }
}
