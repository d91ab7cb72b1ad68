package dev.halfback;

/**
 * How a registry is opened.
 *
 * <pre>{@code
 * Registry.open(Path.of("models.hb"), Options.defaults().withCreate(true));
 * }</pre>
 *
 * @param create whether to make the registry when there is none
 * @param readOnly whether to refuse every command; the right to read is enough then, and no file is
 *     left in the directory, unless a writer is at work there or was killed
 * @param token the token that proves who is asking; null for the one in the environment variable
 *     {@code HALFBACK_TOKEN} or in the file that {@code HALFBACK_TOKEN_FILE} names, and where there
 *     is neither, for the operating system's user
 */
public record Options(boolean create, boolean readOnly, String token) {
  /**
   * An existing registry, for reading and writing.
   *
   * @return the options
   */
  public static Options defaults() {
    return new Options(false, false, null);
  }

  /**
   * The same options with another {@code create}.
   *
   * @param create whether to make the registry when there is none
   * @return the options
   */
  public Options withCreate(boolean create) {
    return new Options(create, readOnly, token);
  }

  /**
   * The same options with another {@code readOnly}.
   *
   * @param readOnly whether to refuse every command
   * @return the options
   */
  public Options withReadOnly(boolean readOnly) {
    return new Options(create, readOnly, token);
  }

  /**
   * The same options for the session that a token proves. One that is not accepted is refused with
   * code {@code unauthenticated}, whatever is wrong with it.
   *
   * @param token the token, as {@link NewToken#token} has it
   * @return the options
   */
  public Options withToken(String token) {
    return new Options(create, readOnly, Arguments.given(token, "token"));
  }

  /** Hides the token. */
  @Override
  public String toString() {
    return "Options[create="
        + create
        + ", readOnly="
        + readOnly
        + ", token="
        + (token == null ? null : "***")
        + "]";
  }
}
