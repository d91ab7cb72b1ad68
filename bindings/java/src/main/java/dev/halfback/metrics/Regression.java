package dev.halfback.metrics;

/**
 * True numbers against predicted ones, of one output or several. What differs is told by copies
 * with other {@link #withWeights weights} or another {@link #withAverage average} of outputs.
 */
public final class Regression {
  private final Column truth;
  private final Column predicted;
  private final int outputs;
  private final double[] weights;
  private final OutputAverage average;
  private final double[] outputWeights;

  private Regression(
      Column truth,
      Column predicted,
      int outputs,
      double[] weights,
      OutputAverage average,
      double[] outputWeights) {
    this.truth = truth;
    this.predicted = predicted;
    this.outputs = outputs;
    this.weights = weights;
    this.average = average;
    this.outputWeights = outputWeights;
  }

  /**
   * Holds predictions against the truth.
   *
   * @param truth the true numbers
   * @param predicted as many predictions
   * @return the metrics
   */
  public static Regression of(Scores truth, Scores predicted) {
    Column known = Columns.given(truth, "y_true").column();
    Column said = Columns.given(predicted, "y_pred").column();
    return new Regression(known, said, 1, null, OutputAverage.UNIFORM, null);
  }

  /**
   * Holds predictions of several outputs against the truth.
   *
   * @param truth a column for each output
   * @param predicted the same shape
   * @return the metrics
   */
  public static Regression of(Table truth, Table predicted) {
    Columns.given(predicted, "y_pred");
    int outputs = Columns.given(truth, "y_true").columns();
    Columns.sameWidth("y_pred", predicted.columns(), outputs);
    return new Regression(
        truth.column(), predicted.column(), outputs, null, OutputAverage.UNIFORM, null);
  }

  /**
   * The same with a weight for each row.
   *
   * @param weights zero or more each, not all zero
   * @return the metrics
   */
  public Regression withWeights(double... weights) {
    return new Regression(truth, predicted, outputs, weights, average, outputWeights);
  }

  /**
   * The same where outputs become one number in this way.
   *
   * @param average the mean unless given
   * @return the metrics
   */
  public Regression withAverage(OutputAverage average) {
    OutputAverage given = Columns.given(average, "multioutput");
    return new Regression(truth, predicted, outputs, weights, given, null);
  }

  /**
   * The same where outputs become one number by their weights.
   *
   * @param outputWeights one for each output
   * @return the metrics
   */
  public Regression withOutputWeights(double... outputWeights) {
    return new Regression(truth, predicted, outputs, weights, average, outputWeights);
  }

  /**
   * The mean absolute error.
   *
   * @return in the unit of the truth
   */
  public Metric meanAbsoluteError() {
    return measure("mean_absolute_error");
  }

  /**
   * The mean squared error.
   *
   * @return in the squared unit of the truth
   */
  public Metric meanSquaredError() {
    return measure("mean_squared_error");
  }

  /**
   * The root of the mean squared error.
   *
   * @return in the unit of the truth
   */
  public Metric rootMeanSquaredError() {
    return measure("root_mean_squared_error");
  }

  /**
   * The mean squared error of logarithms of one more.
   *
   * @return zero or more
   */
  public Metric meanSquaredLogError() {
    return measure("mean_squared_log_error");
  }

  /**
   * The root of the mean squared error of logarithms of one more.
   *
   * @return zero or more
   */
  public Metric rootMeanSquaredLogError() {
    return measure("root_mean_squared_log_error");
  }

  /**
   * The mean of errors relative to the truth.
   *
   * @return 0.1 for ten percent
   */
  public Metric meanAbsolutePercentageError() {
    return measure("mean_absolute_percentage_error");
  }

  /**
   * The mean of errors relative to the mean of truth and prediction.
   *
   * @return between 0 and 2
   */
  public Metric symmetricMeanAbsolutePercentageError() {
    return measure("symmetric_percentage_error");
  }

  /**
   * The sum of errors over the sum of the truth.
   *
   * @return 0.1 for ten percent
   */
  public Metric weightedMeanAbsolutePercentageError() {
    return measure("weighted_percentage_error");
  }

  /**
   * The mean of predictions less truth.
   *
   * @return in the unit of the truth
   */
  public Metric bias() {
    return measure("bias");
  }

  /**
   * The median absolute error.
   *
   * @return in the unit of the truth
   */
  public Metric medianAbsoluteError() {
    return measure("median_absolute_error");
  }

  /**
   * The largest absolute error, of one output.
   *
   * @return in the unit of the truth
   */
  public double maxError() {
    return columns().measure("max_error", options()).number();
  }

  /**
   * The share of the variance of the truth that is explained.
   *
   * @return at most 1
   */
  public Metric r2() {
    return measure("r2");
  }

  /**
   * The share of variance that is explained where a constant error counts for nothing.
   *
   * @return at most 1
   */
  public Metric explainedVariance() {
    return measure("explained_variance");
  }

  /**
   * The pinball loss of a predicted quantile.
   *
   * @param alpha the quantile, between 0 and 1
   * @return in the unit of the truth
   */
  public Metric meanPinballLoss(double alpha) {
    return measure("pinball_loss", alpha);
  }

  /**
   * The share of the pinball loss that is explained.
   *
   * @param alpha the quantile, between 0 and 1
   * @return at most 1
   */
  public Metric d2PinballScore(double alpha) {
    return measure("d2_pinball", alpha);
  }

  /**
   * The share of the absolute error that is explained.
   *
   * @return at most 1
   */
  public Metric d2AbsoluteErrorScore() {
    return measure("d2_absolute_error");
  }

  /**
   * The mean Tweedie deviance, of one output: 0 normal, 1 Poisson, 2 gamma.
   *
   * @param power the power of the variance
   * @return zero or more
   */
  public double meanTweedieDeviance(double power) {
    return columns().measure("tweedie_deviance", options(power)).number();
  }

  /**
   * The share of the Tweedie deviance that is explained, of one output.
   *
   * @param power the power of the variance
   * @return at most 1
   */
  public Metric d2TweedieScore(double power) {
    return columns().measure("d2_tweedie", options(power)).metric();
  }

  /**
   * MAE, RMSE, bias and R² in a single pass, of one output.
   *
   * @return the four
   */
  public ErrorSummary summary() {
    if (outputs != 1) {
      throw Columns.invalid("a summary is of one output, here are " + outputs);
    }
    return ErrorSummary.read(columns().measure("regression_summary"));
  }

  /**
   * One output by itself.
   *
   * @param output its column, from 0
   * @return the metrics of this output
   */
  public Regression output(int output) {
    if (output < 0 || output >= outputs) {
      throw Columns.invalid("`output` is " + output + ", here are " + outputs + " outputs");
    }
    return new Regression(
        truth.every(outputs, output),
        predicted.every(outputs, output),
        1,
        weights,
        OutputAverage.UNIFORM,
        null);
  }

  /**
   * How predicted intervals hold the truth.
   *
   * @param truth the true numbers
   * @param lower as many lower bounds
   * @param upper as many upper bounds
   * @param alpha the share of rows that intervals are meant to miss, such as 0.05
   * @return coverage, width and interval score
   */
  public static IntervalCoverage intervalCoverage(
      Scores truth, Scores lower, Scores upper, double alpha) {
    Numbers covered =
        new Columns()
            .add(Columns.given(truth, "y_true").column())
            .add(Columns.given(lower, "lower").column())
            .add(Columns.given(upper, "upper").column())
            .add((Column) null)
            .measure("interval_coverage", alpha);
    return new IntervalCoverage(covered.number(), covered.number(), covered.number());
  }

  private Metric measure(String metric) {
    return measure(metric, Double.NaN);
  }

  private Metric measure(String metric, double parameter) {
    return columns().measure(metric, options(parameter)).metric();
  }

  private Columns columns() {
    return new Columns().add(truth).add(predicted).add(weights).add(outputWeights);
  }

  private double[] options(double... parameters) {
    int how = outputWeights != null ? 3 : average == OutputAverage.VARIANCE ? 2 : 1;
    return new double[] {outputs, how, parameters.length == 0 ? Double.NaN : parameters[0]};
  }

  /**
   * Four metrics of one output.
   *
   * @param meanAbsoluteError the mean absolute error
   * @param rootMeanSquaredError the root of the mean squared error
   * @param bias the mean of predictions less truth
   * @param r2 the share of the variance of the truth that is explained
   */
  public record ErrorSummary(
      double meanAbsoluteError, double rootMeanSquaredError, double bias, Metric r2) {
    static ErrorSummary read(Numbers numbers) {
      return new ErrorSummary(
          numbers.number(), numbers.number(), numbers.number(), numbers.metric());
    }
  }

  /**
   * How predicted intervals hold the truth.
   *
   * @param coverage the share of rows within their intervals
   * @param meanWidth in the unit of the truth
   * @param score width, and what lies outside by how much (Gneiting and Raftery 2007)
   */
  public record IntervalCoverage(double coverage, double meanWidth, double score) {}
}
