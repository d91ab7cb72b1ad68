package dev.halfback;

import dev.halfback.commands.Command;
import java.util.List;

/** The commands of a registry under one idempotency key. */
final class Keyed implements Writes {
  private final Registry registry;
  private final String key;

  Keyed(Registry registry, String key) {
    this.registry = registry;
    this.key = key;
  }

  @Override
  public Object execute(Command command) {
    return registry.execute(List.of(Arguments.given(command, "command")), key).get(0);
  }

  @Override
  public List<Object> transact(List<? extends Command> commands) {
    return registry.execute(commands, key);
  }

  @Override
  public Artifact putArtifact(
      String model, Content content, boolean allowSecrets, ProgressListener progress) {
    return registry.putArtifact(model, content, allowSecrets, progress);
  }

  @Override
  public Artifact hashArtifact(Content content, ProgressListener progress) {
    return registry.hashArtifact(content, progress);
  }
}
