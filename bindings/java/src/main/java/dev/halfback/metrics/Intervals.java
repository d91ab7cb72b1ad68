package dev.halfback.metrics;

/** Intervals of proportions and of their differences. */
public final class Intervals {
  private Intervals() {}

  /**
   * The interval of a proportion by Wilson (1927).
   *
   * @param successes how often it happened
   * @param rows out of how many
   * @param level such as 0.95
   * @return the interval
   */
  public static Interval wilson(long successes, long rows, double level) {
    return Columns.of("wilson", successes, rows, level).interval();
  }

  /**
   * The exact interval of a proportion by Clopper and Pearson (1934).
   *
   * @param successes how often it happened
   * @param rows out of how many
   * @param level such as 0.95
   * @return the interval
   */
  public static Interval clopperPearson(long successes, long rows, double level) {
    return Columns.of("clopper_pearson", successes, rows, level).interval();
  }

  /**
   * The interval of first less second proportion of independent samples by Newcombe (1998).
   *
   * @param successes how often it happened in the first
   * @param rows out of how many
   * @param otherSuccesses how often in the second
   * @param otherRows out of how many
   * @param level such as 0.95
   * @return the interval
   */
  public static Interval newcombe(
      long successes, long rows, long otherSuccesses, long otherRows, double level) {
    return Columns.of("newcombe", successes, rows, otherSuccesses, otherRows, level).interval();
  }

  /**
   * The same by Miettinen and Nurminen (1985).
   *
   * @param successes how often it happened in the first
   * @param rows out of how many
   * @param otherSuccesses how often in the second
   * @param otherRows out of how many
   * @param level such as 0.95
   * @return the interval
   */
  public static Interval miettinenNurminen(
      long successes, long rows, long otherSuccesses, long otherRows, double level) {
    double[] options = {successes, rows, otherSuccesses, otherRows, level};
    return Columns.of("miettinen_nurminen", options).interval();
  }
}
