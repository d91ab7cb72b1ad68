package dev.halfback;

/**
 * The handle is closed: open the registry again.
 *
 * <p>Code: {@code closed}.
 */
public final class HalfbackClosedException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackClosedException(String code, String message) {
    super(code, message);
  }
}
