package dev.halfback.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a metric gave, laid flat; read in the order in which native code wrote it. */
final class Numbers {
  private final double[] numbers;
  private int at;

  Numbers(double[] numbers) {
    this.numbers = numbers;
  }

  double number() {
    return numbers[at++];
  }

  int count() {
    return (int) number();
  }

  long rows() {
    return (long) number();
  }

  double[] list() {
    int length = count();
    at += length;
    return Arrays.copyOfRange(numbers, at - length, at);
  }

  Metric metric() {
    double value = number();
    return new Metric(value, reason());
  }

  /** The reason why a number is undefined; null where it is not. */
  Reason reason() {
    int place = count();
    return place < 0 ? null : Reason.at(place);
  }

  List<Metric> metrics() {
    int length = count();
    List<Metric> metrics = new ArrayList<>(length);
    for (int metric = 0; metric < length; metric++) {
      metrics.add(metric());
    }
    return List.copyOf(metrics);
  }

  SetScores sets() {
    return new SetScores(metric(), metric(), metric());
  }

  Interval interval() {
    return new Interval(number(), number(), number(), number());
  }
}
