package dev.halfback;

/**
 * The machine could not do it now: retry.
 *
 * <p>Codes: {@code io}, {@code busy}, {@code cancelled}.
 */
public final class HalfbackUnavailableException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackUnavailableException(String code, String message) {
    super(code, message);
  }
}
