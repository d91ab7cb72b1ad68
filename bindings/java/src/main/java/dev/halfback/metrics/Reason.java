package dev.halfback.metrics;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.List;
import java.util.Locale;

/** Why a metric is undefined for its rows. */
public enum Reason {
  /** Nothing was predicted for a class. */
  NONE_PREDICTED,
  /** Nothing of a class is in the truth. */
  NONE_TRUE,
  /** Nothing of a class is in the truth or was predicted. */
  NONE_TRUE_NOR_PREDICTED,
  /** A predicted class is missing in the truth. */
  PREDICTED_NOT_TRUE,
  /** The truth has one class only. */
  ONE_CLASS,
  /** The truth has no positive rows. */
  NO_POSITIVES,
  /** The truth has no negative rows. */
  NO_NEGATIVES,
  /** A denominator of the formula is zero. */
  ZERO_DENOMINATOR,
  /** The truth is constant, so that there is nothing to explain. */
  CONSTANT_TRUTH,
  /** A true value is zero, so that a relative error has no bound. */
  ZERO_TARGET,
  /** There are too few rows. */
  TOO_FEW_ROWS,
  /** All rows are counted as right, whatever the scores are. */
  MEANINGLESS,
  /** No document is relevant. */
  NONE_RELEVANT,
  /** The scores separate the classes or are constant, so that no solution was found. */
  SEPARATED,
  /** The probabilities of a row do not sum to one. */
  NOT_PROBABILITIES,
  /** The classes are not in ascending order, which is how columns are taken. */
  UNSORTED_LABELS,
  /** There is no variance to divide by. */
  NO_VARIANCE;

  /** The reasons by their places in native code, and what they say. */
  private static final class Known {
    static final List<List<String>> TOLD =
        Columns.read(Native.given(Native.reasons()), new TypeReference<>() {});
    static final List<Reason> REASONS =
        TOLD.stream().map(told -> valueOf(told.get(0).toUpperCase(Locale.ROOT))).toList();
  }

  static Reason at(int place) {
    return Known.REASONS.get(place);
  }

  int place() {
    return Known.REASONS.indexOf(this);
  }

  /**
   * Says it in words.
   *
   * @return such as {@code the truth has one class only}
   */
  public String text() {
    return Known.TOLD.get(place()).get(1);
  }
}
