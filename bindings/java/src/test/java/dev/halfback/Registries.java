package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.halfback.commands.CreateModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.function.Executable;

/** What the tests start from: a small registry, and Java programs of their own. */
final class Registries {
  static final String MODEL = "risk.credit.default";
  static final String CHAMPION = MODEL + "@champion";

  private Registries() {}

  static Registry create(Path folder) {
    return Registry.open(folder.resolve("reg.hb"), Options.defaults().withCreate(true));
  }

  /** A registry whose model has {@code versions} versions, the first of them its champion. */
  static Registry withVersions(Path folder, int versions) {
    Registry registry = create(folder);
    registry.createModel(CreateModel.of(MODEL).withParents(true));
    for (int number = 1; number <= versions; number++) {
      byte[] weights = {(byte) number};
      registry.registerVersion(NewVersion.of(MODEL, Content.bytes("model.bin", weights)));
    }
    registry.setAlias(MODEL, "champion", 1);
    return registry;
  }

  /** Checks that something fails with an exception of a class, a code and a text. */
  static void refused(
      Class<? extends HalfbackException> type, String code, String text, Executable call) {
    HalfbackException failure = assertThrows(type, call);
    assertEquals(code, failure.code());
    assertTrue(failure.getMessage().contains(text), failure.getMessage());
  }

  static void refusedAsClosed(Executable call) {
    refused(HalfbackClosedException.class, "closed", "closed", call);
  }

  static void refusedAsInvalid(String argument, Executable call) {
    refused(HalfbackInvalidException.class, "invalid_argument", "`" + argument + "`", call);
  }

  /** A Java program with this class path and these options, its output in one stream. */
  static ProcessBuilder program(List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true);
  }

  /** The output of a program that has to end well. */
  static String run(ProcessBuilder program) throws IOException, InterruptedException {
    Process process = program.start();
    String output = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), output);
    assertEquals(0, process.exitValue(), output);
    return output;
  }
}
