package dev.halfback;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Refuses what Java lets through and no command may hold: null and text that is not Unicode. */
final class Arguments {
  private Arguments() {}

  /** The argument itself, unless it is null. */
  static <T> T given(T value, String argument) {
    if (value == null) {
      throw invalid("argument `" + argument + "` is null; give it a value");
    }
    return value;
  }

  /** Text as UTF-8, unless it is null or holds half of a surrogate pair. */
  static byte[] utf8(String text, String argument) {
    try {
      ByteBuffer bytes =
          StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(given(text, argument)));
      byte[] exact = new byte[bytes.remaining()];
      bytes.get(exact);
      return exact;
    } catch (CharacterCodingException malformed) {
      throw invalid(
          "argument `"
              + argument
              + "` is not valid Unicode: it holds half of a surrogate pair; remove it");
    }
  }

  /** The URI of a securable. */
  static String uri(Securable securable, String argument) {
    return given(given(securable, argument).uri(), argument);
  }

  /** The id of a principal that has one. */
  static String id(Principal principal, String argument) {
    String id = given(principal, argument).id();
    if (id == null) {
      throw invalid(
          "argument `" + argument + "` is a principal that is not known here; create it first");
    }
    return id;
  }

  /** The argument itself, unless it is not a finite number. */
  static double finite(double number, String argument) {
    if (!Double.isFinite(number)) {
      throw invalid("argument `" + argument + "` is " + number + "; only finite numbers are kept");
    }
    return number;
  }

  /** The argument itself, unless it is below zero. */
  static long notNegative(long number, String argument) {
    if (number < 0) {
      throw invalid("argument `" + argument + "` is " + number + "; give 0 or more");
    }
    return number;
  }

  /** The whole seconds of a duration, rounded up: waiting longer is the safe side. */
  static long seconds(Duration duration, String argument) {
    if (given(duration, argument).isNegative()) {
      throw invalid("argument `" + argument + "` is negative; give a duration of 0 or more");
    }
    return duration.getSeconds() + (duration.getNano() > 0 ? 1 : 0);
  }

  static HalfbackInvalidException invalid(String message) {
    return new HalfbackInvalidException("invalid_argument", message);
  }

  /** A parameter's value: text, a number or a boolean, and nothing that would turn into one. */
  static Object param(Object value, String name) {
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return value;
    }
    throw invalid("parameter `" + name + "` is neither text nor a number nor a boolean");
  }
}
