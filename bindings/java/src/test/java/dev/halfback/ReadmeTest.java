package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.halfback.commands.CreateModel;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java compiles and runs as it stands there. */
class ReadmeTest {
  private static final Path README = Path.of(System.getProperty("halfback.root"), "README.md");
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern IMPORT = Pattern.compile("(?m)^import .*;$");

  @TempDir Path folder;

  @Test
  void itsJavaRuns() throws Exception {
    assumeTrue(Files.exists(README), "there is a README");
    List<String> blocks =
        JAVA.matcher(Files.readString(README)).results().map(block -> block.group(1)).toList();
    assertFalse(blocks.isEmpty(), "the README shows Java");
    prepare();
    for (String block : blocks) {
      Path out = Files.createTempDirectory(folder, "classes");
      compile(block, out);
      assertEquals("", run(out));
    }
  }

  /** What the README has made by then: a registry with a champion, in the current folder. */
  private void prepare() {
    try (Registry registry =
        Registry.open(folder.resolve("models.hb"), Options.defaults().withCreate(true))) {
      registry.createModel(CreateModel.of("risk.credit.default").withParents(true));
      registry.registerVersion(
          NewVersion.of("risk.credit.default", Content.bytes("model.joblib", new byte[] {1}))
              .withParams(Map.of("depth", 3)));
      registry.setAlias("risk.credit.default", "champion", 1);
    }
  }

  private void compile(String block, Path out) {
    String source = block.contains("class ") ? block : program(block);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    List<String> options =
        List.of("-d", out.toString(), "-cp", System.getProperty("java.class.path"));
    boolean compiled =
        compiler.getTask(errors, null, null, options, null, List.of(new Source(source))).call();
    assertTrue(compiled, () -> errors + "\n" + source);
  }

  /** Statements with their imports, as the program that a reader would put them into. */
  private static String program(String block) {
    String imports =
        String.join("\n", IMPORT.matcher(block).results().map(MatchResult::group).toList());
    return "import dev.halfback.*;\nimport java.nio.file.*;\nimport java.time.*;\n"
        + imports
        + "\npublic class Example {\n  public static void main(String[] args) throws Exception {\n"
        + IMPORT.matcher(block).replaceAll("")
        + "\n  }\n}\n";
  }

  /** Runs the only program there, in the folder of the registry; gives what went wrong. */
  private String run(Path out) throws Exception {
    String name;
    try (var files = Files.list(out)) {
      name =
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> file.endsWith(".class") && !file.contains("$"))
              .map(file -> file.substring(0, file.length() - ".class".length()))
              .filter(type -> hasMain(out, type))
              .findFirst()
              .orElseThrow();
    }
    ProcessBuilder program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dhalfback.library=" + System.getProperty("halfback.library"),
                "-cp",
                out + java.io.File.pathSeparator + System.getProperty("java.class.path"),
                name)
            .directory(folder.toFile())
            .redirectErrorStream(true);
    Process process = program.start();
    String output = new String(process.getInputStream().readAllBytes());
    return process.waitFor() == 0 ? "" : output;
  }

  private static boolean hasMain(Path out, String type) {
    try (URLClassLoader classes = new URLClassLoader(new URL[] {out.toUri().toURL()})) {
      return classes.loadClass(type).getMethod("main", String[].class) != null;
    } catch (ReflectiveOperationException | java.io.IOException without) {
      return false;
    }
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///" + className(text) + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }

    private static String className(String text) {
      var name = Pattern.compile("public (?:final )?class (\\w+)").matcher(text);
      return name.find() ? name.group(1) : "Example";
    }
  }
}
