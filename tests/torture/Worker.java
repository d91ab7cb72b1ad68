import dev.halfback.Content;
import dev.halfback.Expect;
import dev.halfback.Model;
import dev.halfback.NewVersion;
import dev.halfback.Registry;
import dev.halfback.commands.Command;
import dev.halfback.commands.SetAlias;
import dev.halfback.commands.SetTag;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** A writer and a reader in Java; {@code worker.rs} says what they do. */
final class Worker {
  private Worker() {}

  public static void main(String[] arguments) throws Exception {
    try (Registry registry = Registry.open(Path.of(arguments[1]))) {
      Map<String, FileChannel> files = new LinkedHashMap<>();
      for (String model : List.of(arguments).subList(3, arguments.length)) {
        Path file = Path.of(arguments[2], model);
        files.put(model, FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
      }
      if (arguments[0].equals("write")) {
        write(registry, files);
      } else {
        read(registry, files);
      }
    } catch (Throwable failure) {
      endWith(failure);
    }
  }

  private static void endWith(Throwable failure) {
    System.err.println("torture: " + failure);
    Runtime.getRuntime().halt(1);
  }

  private static void note(FileChannel file, long count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(0, count);
    file.write(bytes, 0);
  }

  private static long noted(FileChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
    file.read(bytes, 0);
    return bytes.getLong(0);
  }

  private static void write(Registry registry, Map<String, FileChannel> files) throws IOException {
    files.forEach(
        (model, file) ->
            new Thread(
                    () -> {
                      try {
                        count(registry, file, model);
                      } catch (Throwable failure) {
                        endWith(failure);
                      }
                    })
                .start());
    // It ends with its input, where whoever started it has ended without killing it.
    System.in.transferTo(OutputStream.nullOutputStream());
    Runtime.getRuntime().halt(0);
  }

  private static void count(Registry registry, FileChannel file, String model) throws IOException {
    Model before = registry.getModel(model);
    long champion = before.aliases().get("champion");
    long count = Long.parseLong(before.tags().get("count"));
    while (true) {
      count++;
      List<Command> commands = new ArrayList<>();
      if (count % 4 == 0) {
        champion = 3 - champion;
        commands.add(
            SetAlias.of(model, "champion", champion).withExpect(Expect.value(3 - champion)));
      }
      String value = Long.toString(count);
      commands.add(SetTag.of(model + "/" + champion, "count", value));
      commands.add(SetTag.of(model, "count", value));
      commands.add(SetTag.of(model, "again", value));
      registry.transact(commands);
      note(file, count);
      if (count % 20 == 0) {
        byte[] bytes = (model + " " + count).getBytes(StandardCharsets.UTF_8);
        registry.registerVersion(NewVersion.of(model, Content.bytes("m", bytes)));
      }
    }
  }

  private static void read(Registry registry, Map<String, FileChannel> files) throws IOException {
    AtomicBoolean over = new AtomicBoolean();
    Thread end =
        new Thread(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException failure) {
                throw new UncheckedIOException(failure);
              }
              over.set(true);
            });
    end.setDaemon(true);
    end.start();
    Map<String, Long> last = new LinkedHashMap<>();
    long looks = 0;
    while (!over.get()) {
      for (Map.Entry<String, FileChannel> entry : files.entrySet()) {
        String model = entry.getKey();
        long least = noted(entry.getValue());
        String champion = "models:/" + model + "@champion";
        hold(last, model, least, registry.resolve(champion).tags().get("count"));
        least = noted(entry.getValue());
        Map<String, String> tags = registry.getModel(model).tags();
        hold(last, model, least, tags.get("count"));
        if (!tags.get("again").equals(tags.get("count"))) {
          throw new IllegalStateException(model + ": half of a commit was seen");
        }
        looks++;
      }
    }
    System.out.println(looks);
  }

  private static void hold(Map<String, Long> last, String model, long least, String found) {
    long count = Long.parseLong(found);
    long seen = last.getOrDefault(model, 0L);
    if (count < Math.max(least, seen)) {
      throw new IllegalStateException(
          model + ": " + least + " was noted and " + seen + " was seen, then " + count);
    }
    last.put(model, count);
  }
}
