package dev.halfback;

import java.util.Optional;

/**
 * A right is missing, or nothing proves who is asking: ask for it.
 *
 * <pre>{@code
 * try {
 *   registry.setAlias("risk.credit.default", "champion", 4);
 * } catch (HalfbackPermissionDeniedException denied) {
 *   denied.explanation().map(Explanation::missing).map(Missing::givers)
 *       .ifPresent(givers -> System.err.println("ask one of " + givers));
 * }
 * }</pre>
 *
 * <p>Codes: {@code permission_denied}, {@code unauthenticated}, {@code read_only}.
 */
public final class HalfbackPermissionDeniedException extends HalfbackException {
  private static final long serialVersionUID = 2L;

  /** The explanation as JSON, which can be serialized; null where there is none. */
  private final String explanation;

  HalfbackPermissionDeniedException(String code, String message, String explanation) {
    super(code, message);
    this.explanation = explanation;
  }

  /**
   * Which privilege is missing and who can grant it; empty where it is not for want of a privilege.
   *
   * @return the decision and what led to it
   */
  public Optional<Explanation> explanation() {
    return Optional.ofNullable(explanation).map(json -> Json.read(json, Explanation.class));
  }
}
