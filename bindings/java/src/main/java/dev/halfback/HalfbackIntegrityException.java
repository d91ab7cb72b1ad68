package dev.halfback;

/**
 * Stored bytes are missing or differ from what was recorded: investigate, restore.
 *
 * <p>Codes: {@code artifact_missing}, {@code artifact_altered}, {@code artifact_changed}, {@code
 * corrupt}, {@code unsupported_format}.
 */
public final class HalfbackIntegrityException extends HalfbackException {
  private static final long serialVersionUID = 1L;

  HalfbackIntegrityException(String code, String message) {
    super(code, message);
  }
}
