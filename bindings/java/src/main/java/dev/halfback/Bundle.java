package dev.halfback;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A version in one file, as {@link Registry#bundle} wrote it: to be read, verified and taken out
 * where there is no registry.
 *
 * <pre>{@code
 * Bundle bundle = Bundle.open(Path.of("fraud-7.hbz"));
 * bundle.verify();
 * Path model = bundle.download(Path.of("out"));
 * }</pre>
 *
 * <p>Nothing stays open, so there is nothing to close. A file that becomes another bundle meanwhile
 * is refused with code {@code artifact_changed}.
 */
public final class Bundle {
  static {
    NativeLibrary.ensureLoaded();
  }

  private final Path path;
  private final byte[] file;
  private final byte[] identity;
  private final BundleManifest manifest;

  private Bundle(Path path, byte[] file, JsonNode told) {
    this.path = path;
    this.file = file;
    this.identity = told.path("identity").asText().getBytes(StandardCharsets.UTF_8);
    this.manifest = Json.read(told.path("manifest"), BundleManifest.class);
  }

  /**
   * Opens a bundle. Its files are verified when they are read; {@link #verify} examines everything.
   *
   * @param path the file
   * @return the bundle
   */
  public static Bundle open(Path path) {
    byte[] file = NativePath.encode(path, "path");
    return new Bundle(path, file, Json.read(Native.openBundle(file)));
  }

  /**
   * The file.
   *
   * @return its path
   */
  public Path path() {
    return path;
  }

  /**
   * Everything that the bundle says of the version.
   *
   * @return the manifest
   */
  public BundleManifest manifest() {
    return manifest;
  }

  /**
   * The version, as it was when it was bundled.
   *
   * @return the version
   */
  public ModelVersion version() {
    return manifest.version();
  }

  /**
   * The files of the version, with their sizes and digests.
   *
   * @return the files
   */
  public Artifact files() {
    return manifest.artifact();
  }

  /**
   * The example rows of the version, if it has some.
   *
   * @return the example, or empty
   */
  public Optional<Example> example() {
    return Optional.ofNullable(manifest.example());
  }

  /**
   * The commits that touched the version, the newest first. {@link #verify} holds them against the
   * log.
   *
   * @return the commits
   */
  public Stream<Commit> history() {
    return PageIterator.stream(this::historyPage);
  }

  /**
   * A page of the commits that touched the version, the newest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<Commit> historyPage(PageRequest page) {
    byte[] request = Json.bytes(Arguments.given(page, "page").of(Json.object()));
    return Json.readPage(Native.bundleHistory(file, identity, request), Commit.class);
  }

  /**
   * Examines the whole bundle: every byte of the file, the version's files by their digests, its
   * record and history by the entries of the registry's log and by what the files are recognised
   * as, and these entries by the root of its tree. What is not as it was bundled is refused with
   * {@link HalfbackIntegrityException}.
   *
   * <p>Told and not proved are the names of model and people, a number that was given in turn, and
   * tags, aliases, comment and stage where a commit of the history is about them.
   *
   * @return what it was found to be, with the root to compare with the registry's
   */
  public BundleVerification verify() {
    return verified(null, null);
  }

  /**
   * Examines the whole bundle, and refuses it with {@link HalfbackNotFoundException} unless one of
   * these public keys has signed its files. It takes no registry.
   *
   * @param keys public keys, as PEM
   * @return what it was found to be, with the keys whose signatures verify
   */
  public BundleVerification verify(List<String> keys) {
    return verified(Json.bytes(Json.tree(Arguments.given(keys, "keys"))), null);
  }

  /**
   * Examines the whole bundle and tells how far it is.
   *
   * @param progress hears how far it is
   * @return what it was found to be, with the root to compare with the registry's
   */
  public BundleVerification verify(ProgressListener progress) {
    return verified(null, Arguments.given(progress, "progress"));
  }

  private BundleVerification verified(byte[] keys, ProgressListener listener) {
    byte[] found =
        Progress.told(listener, progress -> Native.bundleVerify(file, identity, keys, progress));
    return Json.read(found, BundleVerification.class);
  }

  /**
   * Copies the version's files out of the bundle. They are verified on the way, and appear complete
   * or not at all.
   *
   * @param to the folder that they go into
   * @return the file when the version has one file, else the folder
   */
  public Path download(Path to) {
    return downloaded(to, null);
  }

  /**
   * Copies the version's files out of the bundle and tells how far it is.
   *
   * @param to the folder that they go into
   * @param progress hears how far it is
   * @return the file when the version has one file, else the folder
   */
  public Path download(Path to, ProgressListener progress) {
    return downloaded(to, Arguments.given(progress, "progress"));
  }

  private Path downloaded(Path to, ProgressListener listener) {
    byte[] folder = NativePath.encode(to, "to");
    return NativePath.decode(
        Progress.told(
            listener, progress -> Native.bundleDownload(file, identity, folder, progress)));
  }

  byte[] file() {
    return file;
  }

  byte[] identity() {
    return identity;
  }

  @Override
  public String toString() {
    return "Bundle[" + path + ", " + version().uri() + "]";
  }
}
