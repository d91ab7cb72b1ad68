package dev.halfback;

import java.util.Objects;

/**
 * What a fact must be now for a command to change it: compare and set.
 *
 * <pre>{@code
 * // Move the champion only if it is still version 3.
 * registry.setAlias(
 *     SetAlias.of("risk.credit.default", "champion", 4).withExpect(Expect.value(3L)));
 * }</pre>
 *
 * @param <T> the type of the fact: the number of a version for an alias, a string for a tag
 */
public final class Expect<T> {
  private static final Expect<?> ANY = new Expect<>(false, null);
  private static final Expect<?> UNSET = new Expect<>(true, null);

  private final boolean stated;
  private final T value;

  private Expect(boolean stated, T value) {
    this.stated = stated;
    this.value = value;
  }

  /**
   * No expectation.
   *
   * @param <T> the type of the fact
   * @return the expectation
   */
  @SuppressWarnings("unchecked") // It holds no value of any type.
  public static <T> Expect<T> any() {
    return (Expect<T>) ANY;
  }

  /**
   * The fact must not be set now.
   *
   * @param <T> the type of the fact
   * @return the expectation
   */
  @SuppressWarnings("unchecked") // It holds no value of any type.
  public static <T> Expect<T> unset() {
    return (Expect<T>) UNSET;
  }

  /**
   * The fact must have this value now.
   *
   * @param <T> the type of the fact
   * @param value the value
   * @return the expectation
   */
  public static <T> Expect<T> value(T value) {
    return new Expect<>(true, Arguments.given(value, "value"));
  }

  /** Whether a command carries this expectation at all. */
  boolean isStated() {
    return stated;
  }

  /** The expected value, null when the fact must be unset. */
  T expected() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Expect<?> that
        && stated == that.stated
        && Objects.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(stated, value);
  }

  @Override
  public String toString() {
    return !stated ? "any" : value == null ? "unset" : String.valueOf(value);
  }
}
