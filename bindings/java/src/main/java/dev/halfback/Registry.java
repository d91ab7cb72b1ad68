package dev.halfback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.halfback.commands.Command;
import dev.halfback.commands.Purge;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An open registry: the door to every read and every command. Programs in Python, Java and Rust
 * open the same folder side by side and see each other's changes at once.
 *
 * <pre>{@code
 * try (Registry registry = Registry.open(Path.of("models.hb"))) {
 *   ModelVersion champion = registry.resolve("models:/risk.credit.default@champion");
 *   Path model = registry.download(champion, Path.of("out"));
 * }
 * }</pre>
 *
 * <p>A registry may be used by many threads. Closing it stops running transfers and waits for other
 * running calls; every later call fails with {@link HalfbackClosedException}. An object that is
 * never closed is released once it is garbage.
 */
public final class Registry extends Reads implements Writes, AutoCloseable {
  /** Above what any program resolves over and over, and a few megabytes at most. */
  private static final int MOST_RESOLVED = 10_000;

  private final Path path;
  private final ConcurrentHashMap<String, Resolved> resolved = new ConcurrentHashMap<>();

  private Registry(Path path, Handle handle) {
    super(handle, null);
    this.path = path;
  }

  /**
   * Opens an existing registry for reading and writing.
   *
   * @param path the registry's folder
   * @return the open registry
   */
  public static Registry open(Path path) {
    return open(path, Options.defaults());
  }

  /**
   * Opens a registry.
   *
   * <pre>{@code
   * Registry registry = Registry.open(Path.of("models.hb"), Options.defaults().withCreate(true));
   * }</pre>
   *
   * @param path the registry's folder
   * @param options whether to create it, whether only to read it, and who is asking
   * @return the open registry
   */
  public static Registry open(Path path, Options options) {
    byte[] folder = NativePath.encode(path, "path");
    Arguments.given(options, "options");
    NativeLibrary.ensureLoaded();
    return new Registry(path, new Handle(folder, options));
  }

  /**
   * The folder that this registry was opened with.
   *
   * @return the folder
   */
  public Path path() {
    return path;
  }

  /**
   * Whether {@link #close} was called.
   *
   * @return true from then on
   */
  public boolean isClosed() {
    return handle().isClosed();
  }

  /**
   * The version that a URI names now.
   *
   * <p>While nothing about it has changed, in any process, the answer is the record that was given
   * before: asking again and again costs about as much as looking into a map.
   *
   * @param uri a number, an alias or {@code latest} of a model
   * @return the version
   */
  @Override
  public ModelVersion resolve(String uri) {
    Resolved known = resolved.get(Arguments.given(uri, "uri"));
    if (known != null && handle().isCurrent(known.first, known.second, known.third)) {
      return known.version;
    }
    return readVersion(uri);
  }

  private ModelVersion readVersion(String uri) {
    byte[] reference = Arguments.utf8(uri, "uri");
    long[] stamp = new long[3];
    byte[] record = handle().call(address -> Native.resolve(address, reference, stamp));
    ModelVersion version = Json.read(record, ModelVersion.class);
    if (resolved.size() >= MOST_RESOLVED) {
      resolved.clear();
    }
    resolved.put(uri, new Resolved(version, stamp[0], stamp[1], stamp[2]));
    return version;
  }

  /**
   * The registry as it stood at a moment. Every read of the view sees that moment.
   *
   * <pre>{@code
   * registry.asOf(Instant.parse("2026-11-23T10:00:00Z")).resolve("risk.credit.default@champion");
   * }</pre>
   *
   * @param time the moment
   * @return the view
   */
  public View asOf(Instant time) {
    // The log counts microseconds.
    String text = Arguments.given(time, "time").truncatedTo(ChronoUnit.MICROS).toString();
    return view(Json.object().put("time", text));
  }

  /**
   * The registry as it stood after a commit. Every read of the view sees that moment.
   *
   * @param commit the commit's number, such as a record's {@code revision}
   * @return the view
   */
  public View asOf(long commit) {
    return view(Json.object().put("commit", commit));
  }

  private View view(JsonNode moment) {
    byte[] asOf = Json.bytes(moment);
    return new View(handle(), handle().call(address -> Native.moment(address, asOf)));
  }

  @Override
  public Object execute(Command command) {
    return execute(List.of(Arguments.given(command, "command")), null).get(0);
  }

  @Override
  public List<Object> transact(List<? extends Command> commands) {
    return execute(commands, null);
  }

  List<Object> execute(List<? extends Command> commands, String idempotencyKey) {
    ObjectNode request = Json.object();
    ArrayNode list = request.putArray("commands");
    for (Command command : Arguments.given(commands, "commands")) {
      list.add(Json.tree(Arguments.given(command, "commands")));
    }
    if (idempotencyKey != null) {
      request.put("idempotency_key", idempotencyKey);
    }
    byte[] json = Json.bytes(request);
    JsonNode outputs = Json.read(handle().call(address -> Native.execute(address, json)));
    List<Object> records = new ArrayList<>();
    for (int at = 0; at < commands.size(); at++) {
      records.add(Outputs.read(commands.get(at), outputs.path(at)));
    }
    return Collections.unmodifiableList(records);
  }

  /**
   * Measures a version's predictions, each metric with its interval, and keeps the evaluation.
   *
   * @param version the URI of the version
   * @param sample the rows, and how to measure them
   * @return the evaluation
   */
  public Evaluation evaluate(String version, Sample sample) {
    ObjectNode request = Json.object();
    request.set("version", Json.tree(Arguments.given(version, "version")));
    request.set("options", Arguments.given(sample, "sample").options());
    byte[] json = Json.bytes(request);
    byte[] columns = sample.columns();
    byte[] record = handle().call(address -> Native.evaluate(address, json, columns));
    return Json.read(record, Evaluation.class);
  }

  /**
   * Compares two versions on the same rows, and keeps the comparison with its verdict.
   *
   * @param candidate the URI of the version that is to be judged
   * @param baseline the URI of the version that it is held against
   * @param sample the rows, and how to compare both
   * @return the comparison
   */
  public Comparison compare(String candidate, String baseline, PairedSample sample) {
    ObjectNode request = Json.object();
    request.set("candidate", Json.tree(Arguments.given(candidate, "candidate")));
    request.set("baseline", Json.tree(Arguments.given(baseline, "baseline")));
    request.set("options", Arguments.given(sample, "sample").options());
    byte[] json = Json.bytes(request);
    byte[] columns = sample.columns();
    byte[] record = handle().call(address -> Native.compare(address, json, columns));
    return Json.read(record, Comparison.class);
  }

  /**
   * The same commands, each carried out at most once under a key: when it is sent again, also after
   * a crash, it answers what it answered before and changes nothing.
   *
   * <pre>{@code
   * registry.withIdempotencyKey("training-run-381").registerVersion("fraud", Path.of("model.bin"));
   * }</pre>
   *
   * @param key text of the caller's choice; using it for another command fails with code {@code
   *     idempotency_conflict}
   * @return the commands
   */
  public Writes withIdempotencyKey(String key) {
    Arguments.utf8(key, "key");
    return new Keyed(this, key);
  }

  @Override
  public Artifact putArtifact(
      String model, Content content, boolean allowSecrets, ProgressListener progress) {
    byte[] name = Arguments.utf8(model, "model");
    Arguments.given(content, "content");
    Arguments.given(progress, "progress");
    return Json.read(
        handle()
            .transfer(
                progress,
                (address, report) ->
                    Native.putArtifact(
                        address,
                        name,
                        content.path(),
                        content.name(),
                        content.bytes(),
                        allowSecrets,
                        report)),
        Artifact.class);
  }

  @Override
  public Artifact hashArtifact(Content content, ProgressListener progress) {
    Arguments.given(content, "content");
    Arguments.given(progress, "progress");
    return Json.read(
        handle()
            .transfer(
                progress,
                (address, report) ->
                    Native.hashArtifact(
                        address, content.path(), content.name(), content.bytes(), report)),
        Artifact.class);
  }

  /**
   * Makes a token for a principal: whoever opens the registry with it acts as that principal. It is
   * shown in the answer and never again.
   *
   * <pre>{@code
   * NewToken token = registry.createToken("scoring");
   * Registry session = Registry.open(path, Options.defaults().withToken(token.token()));
   * }</pre>
   *
   * @param principal its name or id
   * @return the token, and what is known of it
   */
  public NewToken createToken(String principal) {
    return createToken(principal, TokenOptions.defaults());
  }

  /**
   * Makes a token for a principal.
   *
   * @param principal the principal
   * @return the token, and what is known of it
   */
  public NewToken createToken(Principal principal) {
    return createToken(principal, TokenOptions.defaults());
  }

  /**
   * Makes a token for a principal that ends, or that is for less than all its principal may do.
   *
   * @param principal its name or id
   * @param options what the token is to be
   * @return the token, and what is known of it
   */
  public NewToken createToken(String principal, TokenOptions options) {
    byte[] json = Arguments.given(options, "options").json(principal);
    byte[] token = handle().call(address -> Native.createToken(address, json));
    return Json.read(token, NewToken.class);
  }

  /**
   * Makes a token for a principal that ends, or that is for less than all its principal may do.
   *
   * @param principal the principal
   * @param options what the token is to be
   * @return the token, and what is known of it
   */
  public NewToken createToken(Principal principal, TokenOptions options) {
    return createToken(Arguments.id(principal, "principal"), options);
  }

  /**
   * Copies the registry, as one moment has it, into a folder, while others write. The folder is
   * new, empty, or an earlier backup of this registry: then only content that is new is copied, and
   * what the registry let go of goes. A backup that is interrupted leaves the one before as it was;
   * run it again. It can be opened for reading, and {@link #restore} makes a registry of it.
   *
   * @param to the folder of the backup
   * @return what was backed up
   */
  public Backup backup(Path to) {
    return backedUp(to, false, null);
  }

  /**
   * Copies the registry into a folder, and tells how far it is.
   *
   * @param to the folder of the backup
   * @param verify whether what the backup has already is read, and copied again where it was
   *     altered
   * @param progress hears how far it is
   * @return what was backed up
   */
  public Backup backup(Path to, boolean verify, ProgressListener progress) {
    return backedUp(to, verify, Arguments.given(progress, "progress"));
  }

  /**
   * Copies the registry into a folder.
   *
   * @param to the folder of the backup
   * @param verify whether what the backup has already is read, and copied again where it was
   *     altered
   * @return what was backed up
   */
  public Backup backup(Path to, boolean verify) {
    return backedUp(to, verify, null);
  }

  private Backup backedUp(Path to, boolean verify, ProgressListener listener) {
    byte[] folder = NativePath.encode(to, "to");
    return Json.read(
        handle()
            .transfer(
                listener, (address, progress) -> Native.backup(address, folder, verify, progress)),
        Backup.class);
  }

  /**
   * Signs the files of a version, and keeps the signature.
   *
   * @param version the URI of the version
   * @param key the key that signs
   * @return the signature
   */
  public VersionSignature signVersion(String version, ModelKey key) {
    String bundle = Arguments.given(key, "key").bundle(signingStatement(version));
    return signVersion(version, bundle, key.publicKey());
  }

  /**
   * The head of the log as it is, signed: a checkpoint to be kept where those who can write the
   * registry cannot. It signs what is there: verify the log against the checkpoint before it first.
   *
   * @param key the key that signs
   * @return the checkpoint, a signed note
   */
  public String checkpoint(SigningKey key) {
    byte[] signing = Arguments.given(key, "key").signing(handle());
    byte[] note = handle().call(address -> Native.checkpoint(address, signing));
    return new String(note, StandardCharsets.UTF_8);
  }

  /**
   * Writes the log into a file of JSON lines that can be verified without Halfback. A log that is
   * damaged is not exported.
   *
   * @param to the file to write
   * @return what was exported
   */
  public LogExport exportLog(Path to) {
    return exportedLog(to, null, false, null);
  }

  /**
   * Writes the log into a file of JSON lines, with a signed checkpoint.
   *
   * @param to the file to write
   * @param key the key that signs
   * @param overwrite whether an export that is there already is replaced
   * @return what was exported
   */
  public LogExport exportLog(Path to, SigningKey key, boolean overwrite) {
    return exportedLog(to, Arguments.given(key, "key"), overwrite, null);
  }

  /**
   * Writes the log into a file of JSON lines, with a signed checkpoint, and tells how far it is.
   *
   * @param to the file to write
   * @param key the key that signs
   * @param overwrite whether an export that is there already is replaced
   * @param progress hears how far it is, in bytes of entries
   * @return what was exported
   */
  public LogExport exportLog(
      Path to, SigningKey key, boolean overwrite, ProgressListener progress) {
    SigningKey given = Arguments.given(key, "key");
    return exportedLog(to, given, overwrite, Arguments.given(progress, "progress"));
  }

  private LogExport exportedLog(
      Path to, SigningKey key, boolean overwrite, ProgressListener listener) {
    byte[] file = NativePath.encode(to, "to");
    byte[] signing = key == null ? null : key.signing(handle());
    return Json.read(
        handle()
            .transfer(
                listener,
                (address, progress) ->
                    Native.exportLog(address, file, signing, overwrite, progress)),
        LogExport.class);
  }

  /**
   * Makes a registry of a backup. Everything is examined before it has its name; a backup that is
   * damaged is refused. The registry has the identity of the one that was backed up: where that one
   * still exists, only one of the two may go on.
   *
   * @param backup the folder of the backup
   * @param to the folder of the registry, which must be absent or empty
   * @return what was restored
   */
  public static Restored restore(Path backup, Path to) {
    return restored(backup, to, null, null);
  }

  /**
   * Makes a registry of a backup, and erases again what was erased after the backup.
   *
   * @param backup the folder of the backup
   * @param to the folder of the registry, which must be absent or empty
   * @param erasures the folder of the registry that was backed up, or of a later backup; or a file
   *     with the entries of {@link #listErasures()}, one in a line
   * @return what was restored
   */
  public static Restored restore(Path backup, Path to, Path erasures) {
    return restored(backup, to, NativePath.encode(erasures, "erasures"), null);
  }

  /**
   * Makes a registry of a backup, erases again what was erased after the backup, and tells how far
   * it is.
   *
   * @param backup the folder of the backup
   * @param to the folder of the registry, which must be absent or empty
   * @param erasures the folder of the registry that was backed up, or of a later backup; or a file
   *     with the entries of {@link #listErasures()}, one in a line
   * @param progress hears how far it is
   * @return what was restored
   */
  public static Restored restore(Path backup, Path to, Path erasures, ProgressListener progress) {
    byte[] known = NativePath.encode(erasures, "erasures");
    return restored(backup, to, known, Arguments.given(progress, "progress"));
  }

  /**
   * Makes a registry of a backup and tells how far it is.
   *
   * @param backup the folder of the backup
   * @param to the folder of the registry, which must be absent or empty
   * @param progress hears how far it is
   * @return what was restored
   */
  public static Restored restore(Path backup, Path to, ProgressListener progress) {
    return restored(backup, to, null, Arguments.given(progress, "progress"));
  }

  private static Restored restored(
      Path backup, Path to, byte[] erasures, ProgressListener listener) {
    byte[] source = NativePath.encode(backup, "backup");
    byte[] folder = NativePath.encode(to, "to");
    NativeLibrary.ensureLoaded();
    return Json.read(
        Progress.told(listener, progress -> Native.restore(source, folder, erasures, progress)),
        Restored.class);
  }

  /**
   * Brings the version in a bundle in as a new version of the model of its name. The whole bundle
   * is verified first. Submitting it again gives the version that is there already.
   *
   * @param bundle the bundle
   * @return the version
   */
  public ModelVersion submit(Bundle bundle) {
    return submitted(bundle, CopyOptions.defaults(), null);
  }

  /**
   * Brings the version in a bundle in as a new version.
   *
   * @param bundle the bundle
   * @param options which model gets it
   * @return the version
   */
  public ModelVersion submit(Bundle bundle, CopyOptions options) {
    return submitted(bundle, options, null);
  }

  /**
   * Brings the version in a bundle in as a new version and tells how far it is.
   *
   * @param bundle the bundle
   * @param options which model gets it
   * @param progress hears how far it is
   * @return the version
   */
  public ModelVersion submit(Bundle bundle, CopyOptions options, ProgressListener progress) {
    return submitted(bundle, options, Arguments.given(progress, "progress"));
  }

  private ModelVersion submitted(Bundle bundle, CopyOptions options, ProgressListener listener) {
    Arguments.given(bundle, "bundle");
    byte[] json = Arguments.given(options, "options").json();
    return Json.read(
        handle()
            .transfer(
                listener,
                (address, progress) ->
                    Native.submit(address, bundle.file(), bundle.identity(), json, progress)),
        ModelVersion.class);
  }

  /**
   * Removes files that nothing needs: content that no version names or ever named, content that was
   * purged, and what killed transfers left. What was put within the last day stays.
   *
   * @return what was removed
   */
  public Swept sweep() {
    return sweep(Duration.ofDays(1), false);
  }

  /**
   * Removes files that nothing needs. Others read, put and register meanwhile.
   *
   * @param grace what was put more lately than this stays: somebody may be about to register it
   * @return what was removed
   */
  public Swept sweep(Duration grace) {
    return sweep(grace, false);
  }

  /**
   * Removes files that nothing needs, or tells what would be removed.
   *
   * @param grace what was put more lately than this stays: somebody may be about to register it
   * @param dryRun only tell
   * @return what was removed, or would be
   */
  public Swept sweep(Duration grace, boolean dryRun) {
    ObjectNode options = Json.object().put("grace", Arguments.seconds(grace, "grace"));
    byte[] json = Json.bytes(options.put("dry_run", dryRun));
    byte[] swept = handle().call(address -> Native.sweep(address, json));
    return Json.read(swept, Swept.class);
  }

  /**
   * Lets go of the content of versions that were deleted at least so long ago, for good. Numbers,
   * parameters and history of these versions stay; content that another version names stays too.
   *
   * <pre>{@code
   * registry.purge(Duration.ofDays(365));
   * }</pre>
   *
   * @param olderThan how long ago a version was deleted at least
   * @return what was purged
   */
  public Purged purge(Duration olderThan) {
    return purge(olderThan, false);
  }

  /**
   * Lets go of the content of versions that were deleted long ago, or tells what would go.
   *
   * @param olderThan how long ago a version was deleted at least
   * @param dryRun only tell
   * @return what was purged, or would be
   */
  public Purged purge(Duration olderThan, boolean dryRun) {
    ObjectNode options = Json.object().put("older_than", Arguments.seconds(olderThan, "olderThan"));
    byte[] json = Json.bytes(options.put("dry_run", dryRun));
    byte[] purged = handle().call(address -> Native.purge(address, json));
    return Json.read(purged, Purged.class);
  }

  @Override
  public Purged purge(Purge command) {
    return purge(Duration.ofSeconds(Arguments.given(command, "command").olderThan()));
  }

  /**
   * Gives the free space of the database back to the disk. Writers wait, readers read on; on the
   * way it takes up to twice the size of the database, half of it in the temporary folder.
   *
   * @return the sizes before and after
   */
  public Compacted compact() {
    byte[] compacted = handle().call(Native::compact);
    return Json.read(compacted, Compacted.class);
  }

  /**
   * Closes the registry: running transfers are stopped, other running calls are waited for.
   *
   * @throws HalfbackClosedException when it is closed already
   */
  @Override
  public void close() {
    handle().close();
    resolved.clear();
  }

  @Override
  public String toString() {
    return "Registry[" + path + (isClosed() ? ", closed]" : "]");
  }

  /** A version with the stamp that says whether it is still the answer. */
  private record Resolved(ModelVersion version, long first, long second, long third) {}
}
