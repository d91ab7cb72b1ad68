package dev.halfback;

/**
 * A registry as it stood at a past moment: every read, answered with what was true then. Access
 * follows the rights of now.
 *
 * <pre>{@code
 * View yesterday = registry.asOf(Instant.now().minus(Duration.ofDays(1)));
 * ModelVersion champion = yesterday.resolve("risk.credit.default@champion");
 * }</pre>
 *
 * <p>A view needs no closing; it ends with its registry.
 */
public final class View extends Reads {
  private final long commit;

  View(Handle handle, long commit) {
    super(handle, commit);
    this.commit = commit;
  }

  /**
   * The last commit that this view sees.
   *
   * @return the commit's number
   */
  public long commit() {
    return commit;
  }

  @Override
  public String toString() {
    return "View[commit=" + commit + "]";
  }
}
