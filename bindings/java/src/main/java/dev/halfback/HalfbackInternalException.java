package dev.halfback;

/**
 * A defect of Halfback: report it. A panic of the native library arrives as this, with its text.
 *
 * <p>Code: {@code internal}.
 */
public final class HalfbackInternalException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackInternalException(String code, String message) {
    super(code, message);
  }
}
