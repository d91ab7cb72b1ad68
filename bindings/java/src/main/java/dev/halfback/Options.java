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
 */
public record Options(boolean create, boolean readOnly) {
  /**
   * An existing registry, for reading and writing.
   *
   * @return the options
   */
  public static Options defaults() {
    return new Options(false, false);
  }

  /**
   * The same options with another {@code create}.
   *
   * @param create whether to make the registry when there is none
   * @return the options
   */
  public Options withCreate(boolean create) {
    return new Options(create, readOnly);
  }

  /**
   * The same options with another {@code readOnly}.
   *
   * @param readOnly whether to refuse every command
   * @return the options
   */
  public Options withReadOnly(boolean readOnly) {
    return new Options(create, readOnly);
  }
}
