package dev.halfback;

import static dev.halfback.Registries.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How native failures arrive. */
class FailureTest {
  @BeforeAll
  static void load() {
    NativeLibrary.ensureLoaded();
  }

  @Test
  void eachKindHasItsClass() {
    Map<String, Class<? extends HalfbackException>> classes =
        Map.of(
            "invalid", HalfbackInvalidException.class,
            "not_found", HalfbackNotFoundException.class,
            "conflict", HalfbackConflictException.class,
            "denied", HalfbackPermissionDeniedException.class,
            "integrity", HalfbackIntegrityException.class,
            "unavailable", HalfbackUnavailableException.class,
            "closed", HalfbackClosedException.class,
            "internal", HalfbackInternalException.class);
    assertEquals(HalfbackException.class.getPermittedSubclasses().length, classes.size());
    classes.forEach(
        (kind, type) -> {
          HalfbackException failure = HalfbackException.of(kind, "some_code", "text", null);
          assertEquals(type, failure.getClass());
          assertEquals("some_code", failure.code());
          assertEquals("text", failure.getMessage());
        });
  }

  /** A null handle is a defect: an assertion of a debug build panics over it. */
  @Test
  void aPanicIsAnExceptionWithItsText() {
    for (int time = 0; time < 2; time++) {
      refused(
          HalfbackInternalException.class,
          "internal",
          "a null handle reached the native library",
          () -> Native.query(0, new byte[0]));
    }
    assertEquals(false, Native.isCurrent(0, 1, 2, 3));
  }

  @Test
  void nativeCodeRefusesWhatJavaNeverPasses() {
    refused(
        HalfbackInternalException.class,
        "internal",
        "report it",
        () -> Native.open(null, false, false, null));
    assertTrue(Native.class.getDeclaredMethods().length > 10);
  }
}
