package dev.halfback.metrics;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.LongFunction;

/**
 * What has been seen of rows that come in batches, on many machines: what is merged is exact, so
 * any partition and any order of the rows end in the same bytes.
 *
 * <pre>{@code
 * try (State state = State.forScores(true)) {
 *   batches.forEach(batch -> state.update(batch.truth(), batch.scores()));
 *   double area = state.scores().rocAuc().value();
 * }
 * }</pre>
 *
 * <p>One thread at a time uses a state; others wait. Its memory is native: it is freed by {@link
 * #close}, or when nothing can reach it any more.
 */
public final class State implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Kind kind;
  private final long address;
  private final Cleaner.Cleanable memory;
  private boolean closed;

  private enum Kind {
    CLASSES,
    SCORES,
    NUMBERS,
    VALUES
  }

  private State(Kind kind, long address) {
    this.kind = kind;
    this.address = address;
    this.memory = CLEANER.register(this, () -> Native.freeState(address));
  }

  private static State of(Kind kind, double probabilities, double buckets) {
    double[] options = {kind.ordinal(), probabilities, buckets};
    return new State(kind, Native.newState(options));
  }

  /**
   * A state for labels against labels.
   *
   * @return the state, of no rows
   */
  public static State forClasses() {
    return of(Kind.CLASSES, 0, Double.NaN);
  }

  /**
   * A state for two classes against scores. Every different score is kept, and areas are exact.
   *
   * @param probabilities whether scores are within [0, 1], and log loss and Brier score are wanted
   * @return the state, of no rows
   */
  public static State forScores(boolean probabilities) {
    return of(Kind.SCORES, probabilities ? 1 : 0, Double.NaN);
  }

  /**
   * A state for two classes against any scores, of constant memory: areas are off by {@link
   * ScoreSummary#aucError} and {@link ScoreSummary#averagePrecisionError} at most. Scores are kept
   * as they are while no more of them differ than there are buckets; beyond that, neighbours share
   * buckets, whose width doubles for all, relative to the scores, until they fit.
   *
   * @param buckets how many there may be, from 1 to 2^24
   * @return the state, of no rows
   */
  public static State forScores(int buckets) {
    return of(Kind.SCORES, 0, buckets);
  }

  /**
   * A state for two classes against probabilities, of constant memory: areas are off by {@link
   * ScoreSummary#aucError} and {@link ScoreSummary#averagePrecisionError} at most.
   *
   * @param buckets of equal width, from 1 to 2^24
   * @return the state, of no rows
   */
  public static State forProbabilities(int buckets) {
    return of(Kind.SCORES, 1, buckets);
  }

  /**
   * A state for numbers against numbers.
   *
   * @return the state, of no rows
   */
  public static State forNumbers() {
    return of(Kind.NUMBERS, 0, Double.NaN);
  }

  /**
   * A state for a column of numbers, such as latencies. Every different number is kept, and
   * quantiles are exact.
   *
   * @return the state, of no rows
   */
  public static State forQuantiles() {
    return of(Kind.VALUES, 0, Double.NaN);
  }

  /**
   * A state for a column of numbers, of constant memory: quantiles are off by {@link
   * Quantile#error} at most. Numbers share buckets as those of {@link #forScores(int)} do.
   *
   * @param buckets how many there may be, from 1 to 2^24
   * @return the state, of no rows
   */
  public static State forQuantiles(int buckets) {
    return of(Kind.VALUES, 0, buckets);
  }

  /**
   * Reads what {@link #toBytes} wrote, here or in another language.
   *
   * @param bytes the state
   * @return the state
   */
  public static State fromBytes(byte[] bytes) {
    long address = Native.readState(Columns.given(bytes, "bytes"));
    return new State(Kind.values()[(int) Native.stateKind(address)], address);
  }

  /**
   * Adds rows of labels.
   *
   * @param truth the true labels
   * @param predicted the predicted labels
   */
  public void update(Labels truth, Labels predicted) {
    require(Kind.CLASSES);
    update(
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(predicted, "y_pred").column()));
  }

  /**
   * Adds rows of scores, of labels from {0, 1} or {-1, 1}.
   *
   * @param truth the true labels
   * @param scores larger for rows that are likelier positive
   */
  public void update(Labels truth, Scores scores) {
    update(truth, scores, null);
  }

  /**
   * Adds rows of scores.
   *
   * @param truth the true labels
   * @param scores larger for rows that are likelier positive
   * @param positive a column of one label, the positive class; null where labels are from {0, 1} or
   *     {-1, 1}
   */
  public void update(Labels truth, Scores scores, Labels positive) {
    require(Kind.SCORES);
    update(
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(scores, "y_score").column())
            .add(Labels.column(positive)));
  }

  /**
   * Adds rows of numbers.
   *
   * @param truth the true numbers
   * @param predicted the predictions
   */
  public void update(Scores truth, Scores predicted) {
    require(Kind.NUMBERS);
    update(
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(predicted, "y_pred").column()));
  }

  /**
   * Adds a column of numbers.
   *
   * @param values the numbers
   */
  public void update(Scores values) {
    require(Kind.VALUES);
    update(new Columns().add(Columns.given(values, "values").column()));
  }

  private void update(Columns columns) {
    call(
        address -> {
          Native.updateState(address, columns.kinds(), columns.arrays());
          return this;
        });
  }

  /**
   * Adds all rows of another state, which stays as it is.
   *
   * @param other a state of the same kind
   */
  public void merge(State other) {
    byte[] rows = Columns.given(other, "other").toBytes();
    try (State copy = fromBytes(rows)) {
      call(
          address -> {
            Native.mergeStates(address, copy.address);
            return this;
          });
    }
  }

  /**
   * Writes the state, for any language and a later version to read.
   *
   * @return the state as bytes; the same rows give the same bytes
   */
  public byte[] toBytes() {
    return call(Native::writeState);
  }

  /**
   * What came of labels against labels.
   *
   * @return the classes and the confusion matrix
   */
  public ClassCounts classes() {
    require(Kind.CLASSES);
    // One lock for both: rows that come between them would change the classes.
    return call(
        address -> {
          double[] cells = new Numbers(Native.given(Native.finishState(address))).list();
          byte[] told = Native.given(Native.stateLabels(address));
          List<Object> labels = Columns.read(told, new TypeReference<>() {});
          double[][] rows = new double[labels.size()][labels.size()];
          for (int row = 0; row < rows.length; row++) {
            System.arraycopy(cells, row * rows.length, rows[row], 0, rows.length);
          }
          return new ClassCounts(labels, rows);
        });
  }

  /**
   * What came of two classes against scores.
   *
   * @return the metrics
   */
  public ScoreSummary scores() {
    require(Kind.SCORES);
    Numbers numbers = finish();
    return new ScoreSummary(
        numbers.rows(),
        numbers.rows(),
        numbers.metric(),
        numbers.number(),
        numbers.metric(),
        numbers.number(),
        optional(numbers.number()),
        optional(numbers.number()));
  }

  /**
   * What came of numbers against numbers.
   *
   * @return the metrics
   */
  public Regression.ErrorSummary numbers() {
    require(Kind.NUMBERS);
    return Regression.ErrorSummary.read(finish());
  }

  /**
   * Where a column of numbers lies. A quantile is that of numpy's method {@code linear}: of n
   * sorted numbers, the one at place (n - 1) q counted from zero, on a line between the two next to
   * it.
   *
   * @param q the shares to give quantiles at, each from 0 to 1
   * @return the summary, with a quantile for each share in the order given
   */
  public ValueSummary quantiles(double... q) {
    require(Kind.VALUES);
    double[] shares = Columns.given(q, "q");
    Numbers numbers = new Numbers(call(address -> Native.stateQuantiles(address, shares)));
    long count = numbers.rows();
    double min = numbers.number();
    double max = numbers.number();
    double mean = numbers.number();
    List<Quantile> quantiles = new ArrayList<>(shares.length);
    for (int share = 0; share < shares.length; share++) {
      quantiles.add(new Quantile(numbers.number(), numbers.number(), numbers.number()));
    }
    return new ValueSummary(count, min, max, mean, List.copyOf(quantiles));
  }

  private Numbers finish() {
    return new Numbers(call(Native::finishState));
  }

  private static OptionalDouble optional(double number) {
    return Double.isNaN(number) ? OptionalDouble.empty() : OptionalDouble.of(number);
  }

  private void require(Kind asked) {
    if (kind != asked) {
      throw Columns.invalid("this state is for " + kind + ", not for " + asked);
    }
  }

  private synchronized <T> T call(LongFunction<T> call) {
    if (closed) {
      throw new IllegalStateException("the state was closed; make a new one");
    }
    try {
      return Native.given(call.apply(address));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Frees the memory. */
  @Override
  public synchronized void close() {
    closed = true;
    memory.clean();
  }

  /**
   * How many rows of each true class were predicted as each class.
   *
   * @param labels the classes, sorted
   * @param confusionMatrix a row for each true class
   */
  public record ClassCounts(List<Object> labels, double[][] confusionMatrix) {}

  /**
   * Metrics of two classes against scores.
   *
   * @param positives positive rows
   * @param negatives negative rows
   * @param rocAuc the area under the ROC curve
   * @param aucError how far that may be from the area of the scores themselves
   * @param averagePrecision average precision
   * @param averagePrecisionError how far that may be from the average precision of the scores
   *     themselves
   * @param logLoss the mean log loss, of probabilities
   * @param brierScore the Brier score, of probabilities
   */
  public record ScoreSummary(
      long positives,
      long negatives,
      Metric rocAuc,
      double aucError,
      Metric averagePrecision,
      double averagePrecisionError,
      OptionalDouble logLoss,
      OptionalDouble brierScore) {}

  /**
   * Where a column of numbers lies.
   *
   * @param count how many there were
   * @param min the smallest, exact
   * @param max the largest, exact
   * @param mean the mean, of an exact sum
   * @param quantiles those that were asked for
   */
  public record ValueSummary(
      long count, double min, double max, double mean, List<Quantile> quantiles) {}

  /**
   * One quantile.
   *
   * @param q the share it is at
   * @param value the quantile; of buckets, the middle of where it may lie
   * @param error how far that may be from the quantile of the numbers themselves, up to rounding;
   *     zero without buckets, and while no buckets are shared
   */
  public record Quantile(double q, double value, double error) {}
}
