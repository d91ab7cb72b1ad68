package dev.halfback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/** Every read of what a version consists of: its files, its example, and copies of both. */
public abstract sealed class ContentReads extends AccessReads permits Reads {
  ContentReads(Handle handle, Long commit) {
    super(handle, commit);
  }

  /**
   * The files of a version, as they were registered.
   *
   * @param version the version's URI
   * @return the files, their sizes and digests
   */
  public Artifact getArtifact(String version) {
    return getArtifact(reference(version));
  }

  /**
   * The files of a version, as they were registered.
   *
   * @param version the version
   * @return the files, their sizes and digests
   */
  public Artifact getArtifact(ModelVersion version) {
    return getArtifact(reference(version));
  }

  private Artifact getArtifact(JsonNode version) {
    ObjectNode query = request("get_artifact");
    query.set("version", version);
    return query(query, Artifact.class);
  }

  /**
   * The example rows of a version; {@link HalfbackNotFoundException} where it has none.
   *
   * @param version the version's URI
   * @return rows to try it with, and what it answered to them
   */
  public Example getExample(String version) {
    return getExample(reference(version));
  }

  /**
   * The example rows of a version; {@link HalfbackNotFoundException} where it has none.
   *
   * @param version the version
   * @return rows to try it with, and what it answered to them
   */
  public Example getExample(ModelVersion version) {
    return getExample(reference(version));
  }

  private Example getExample(JsonNode version) {
    ObjectNode query = request("get_example");
    query.set("version", version);
    return query(query, Example.class);
  }

  /**
   * Copies the files of a version out of the registry. They are verified on the way, and appear
   * complete or not at all.
   *
   * <pre>{@code
   * Path model = registry.download(champion, Path.of("out"));
   * }</pre>
   *
   * @param version the version
   * @param to the folder that they go into
   * @return the file when the version has one file, else the folder
   */
  public Path download(ModelVersion version, Path to) {
    return download(reference(version), to, null);
  }

  /**
   * Copies the files of a version out of the registry and tells how far it is.
   *
   * @param version the version
   * @param to the folder that they go into
   * @param progress hears how far it is
   * @return the file when the version has one file, else the folder
   */
  public Path download(ModelVersion version, Path to, ProgressListener progress) {
    return download(reference(version), to, Arguments.given(progress, "progress"));
  }

  /**
   * Copies the files of a version out of the registry. They are verified on the way, and appear
   * complete or not at all.
   *
   * @param version the version's URI
   * @param to the folder that they go into
   * @return the file when the version has one file, else the folder
   */
  public Path download(String version, Path to) {
    return download(reference(version), to, null);
  }

  /**
   * Copies the files of a version out of the registry and tells how far it is.
   *
   * @param version the version's URI
   * @param to the folder that they go into
   * @param progress hears how far it is
   * @return the file when the version has one file, else the folder
   */
  public Path download(String version, Path to, ProgressListener progress) {
    return download(reference(version), to, Arguments.given(progress, "progress"));
  }

  private Path download(JsonNode version, Path to, ProgressListener listener) {
    byte[] reference = Json.bytes(version);
    byte[] folder = NativePath.encode(to, "to");
    return NativePath.decode(
        handle()
            .transfer(
                listener,
                (address, progress) ->
                    Native.download(address, reference, moment(), folder, progress)));
  }

  /**
   * Reads every stored byte of a version and compares it with the digest.
   *
   * @param version the version
   * @return the files that were verified
   */
  public Artifact verify(ModelVersion version) {
    return verify(reference(version), null);
  }

  /**
   * Reads every stored byte of a version, compares it with the digest and tells how far it is.
   *
   * @param version the version
   * @param progress hears how far it is
   * @return the files that were verified
   */
  public Artifact verify(ModelVersion version, ProgressListener progress) {
    return verify(reference(version), Arguments.given(progress, "progress"));
  }

  /**
   * Reads every stored byte of a version and compares it with the digest.
   *
   * @param version the version's URI
   * @return the files that were verified
   */
  public Artifact verify(String version) {
    return verify(reference(version), null);
  }

  /**
   * Reads every stored byte of a version, compares it with the digest and tells how far it is.
   *
   * @param version the version's URI
   * @param progress hears how far it is
   * @return the files that were verified
   */
  public Artifact verify(String version, ProgressListener progress) {
    return verify(reference(version), Arguments.given(progress, "progress"));
  }

  private Artifact verify(JsonNode version, ProgressListener listener) {
    byte[] reference = Json.bytes(version);
    byte[] artifact =
        handle()
            .transfer(
                listener,
                (address, progress) -> Native.verify(address, reference, moment(), progress));
    return Json.read(artifact, Artifact.class);
  }

  /**
   * Where the one file of a version is stored. Read it there, but never write to it.
   *
   * @param version the version
   * @return the stored file
   */
  public Path filePath(ModelVersion version) {
    return filePath(reference(version), null);
  }

  /**
   * Where a file of a version is stored. Read it there, but never write to it.
   *
   * @param version the version
   * @param file the file's path inside the artifact
   * @return the stored file
   */
  public Path filePath(ModelVersion version, String file) {
    return filePath(reference(version), Arguments.utf8(file, "file"));
  }

  /**
   * Where the one file of a version is stored. Read it there, but never write to it.
   *
   * @param version the version's URI
   * @return the stored file
   */
  public Path filePath(String version) {
    return filePath(reference(version), null);
  }

  /**
   * Where a file of a version is stored. Read it there, but never write to it.
   *
   * @param version the version's URI
   * @param file the file's path inside the artifact
   * @return the stored file
   */
  public Path filePath(String version, String file) {
    return filePath(reference(version), Arguments.utf8(file, "file"));
  }

  private Path filePath(JsonNode version, byte[] file) {
    byte[] reference = Json.bytes(version);
    return NativePath.decode(
        handle().call(address -> Native.filePath(address, reference, moment(), file)));
  }

  /**
   * Copies a version to the model of its name in another registry: the same files, with signature,
   * parameters, metrics, tags, comment and example. Its origin names the original. Copying again
   * gives the version that is there already.
   *
   * @param version the version
   * @param to the registry that gets it
   * @return the copy
   */
  public ModelVersion copyVersion(ModelVersion version, Registry to) {
    return copied(reference(version), to, CopyOptions.defaults(), null);
  }

  /**
   * Copies a version to another registry, or to another model of this one.
   *
   * @param version the version
   * @param to the registry that gets it
   * @param options which model gets it
   * @return the copy
   */
  public ModelVersion copyVersion(ModelVersion version, Registry to, CopyOptions options) {
    return copied(reference(version), to, options, null);
  }

  /**
   * Copies a version to another registry, or to another model of this one, and tells how far it is.
   *
   * @param version the version
   * @param to the registry that gets it
   * @param options which model gets it
   * @param progress hears how far it is
   * @return the copy
   */
  public ModelVersion copyVersion(
      ModelVersion version, Registry to, CopyOptions options, ProgressListener progress) {
    return copied(reference(version), to, options, Arguments.given(progress, "progress"));
  }

  /**
   * Writes a version into one new file, with its record, its history and the proof of both. {@link
   * Bundle#open} reads it without a registry, and {@link Registry#submit} brings it into another
   * one. The same version at the same moment gives the same bytes. The history has the names of
   * people in it, and whatever else was changed in the same commits.
   *
   * @param version the version
   * @param path the file to write
   * @return the file
   */
  public Path bundle(ModelVersion version, Path path) {
    return bundled(reference(version), path, false, null);
  }

  /**
   * Writes a version into one file.
   *
   * @param version the version
   * @param path the file to write
   * @param overwrite whether a file that is there is replaced
   * @return the file
   */
  public Path bundle(ModelVersion version, Path path, boolean overwrite) {
    return bundled(reference(version), path, overwrite, null);
  }

  /**
   * Writes a version into one file and tells how far it is.
   *
   * @param version the version
   * @param path the file to write
   * @param overwrite whether a file that is there is replaced
   * @param progress hears how far it is
   * @return the file
   */
  public Path bundle(
      ModelVersion version, Path path, boolean overwrite, ProgressListener progress) {
    return bundled(reference(version), path, overwrite, Arguments.given(progress, "progress"));
  }

  /**
   * Copies a version to the model of its name in another registry: the same files, with signature,
   * parameters, metrics, tags, comment and example. Its origin names the original. Copying again
   * gives the version that is there already.
   *
   * @param version the version's URI
   * @param to the registry that gets it
   * @return the copy
   */
  public ModelVersion copyVersion(String version, Registry to) {
    return copied(reference(version), to, CopyOptions.defaults(), null);
  }

  /**
   * Copies a version to another registry, or to another model of this one.
   *
   * @param version the version's URI
   * @param to the registry that gets it
   * @param options which model gets it
   * @return the copy
   */
  public ModelVersion copyVersion(String version, Registry to, CopyOptions options) {
    return copied(reference(version), to, options, null);
  }

  /**
   * Copies a version to another registry, or to another model of this one, and tells how far it is.
   *
   * @param version the version's URI
   * @param to the registry that gets it
   * @param options which model gets it
   * @param progress hears how far it is
   * @return the copy
   */
  public ModelVersion copyVersion(
      String version, Registry to, CopyOptions options, ProgressListener progress) {
    return copied(reference(version), to, options, Arguments.given(progress, "progress"));
  }

  /**
   * Writes a version into one new file, with its record, its history and the proof of both. {@link
   * Bundle#open} reads it without a registry, and {@link Registry#submit} brings it into another
   * one. The same version at the same moment gives the same bytes. The history has the names of
   * people in it, and whatever else was changed in the same commits.
   *
   * @param version the version's URI
   * @param path the file to write
   * @return the file
   */
  public Path bundle(String version, Path path) {
    return bundled(reference(version), path, false, null);
  }

  /**
   * Writes a version into one file.
   *
   * @param version the version's URI
   * @param path the file to write
   * @param overwrite whether a file that is there is replaced
   * @return the file
   */
  public Path bundle(String version, Path path, boolean overwrite) {
    return bundled(reference(version), path, overwrite, null);
  }

  /**
   * Writes a version into one file and tells how far it is.
   *
   * @param version the version's URI
   * @param path the file to write
   * @param overwrite whether a file that is there is replaced
   * @param progress hears how far it is
   * @return the file
   */
  public Path bundle(String version, Path path, boolean overwrite, ProgressListener progress) {
    return bundled(reference(version), path, overwrite, Arguments.given(progress, "progress"));
  }

  private ModelVersion copied(
      JsonNode version, Registry to, CopyOptions options, ProgressListener listener) {
    byte[] reference = Json.bytes(version);
    Handle target = Arguments.given(to, "to").handle();
    byte[] json = Arguments.given(options, "options").json();
    byte[] copy =
        handle()
            .transfer(
                listener,
                (address, progress) ->
                    target.call(
                        other ->
                            Native.copyVersion(
                                address, reference, moment(), other, json, progress)));
    return Json.read(copy, ModelVersion.class);
  }

  private Path bundled(JsonNode version, Path path, boolean overwrite, ProgressListener listener) {
    byte[] reference = Json.bytes(version);
    byte[] file = NativePath.encode(path, "path");
    return NativePath.decode(
        handle()
            .transfer(
                listener,
                (address, progress) ->
                    Native.bundle(address, reference, moment(), file, overwrite, progress)));
  }

  private static JsonNode reference(String version) {
    return Json.object().textNode(text(version, "version"));
  }

  private static JsonNode reference(ModelVersion version) {
    return Json.object().textNode(Arguments.given(version, "version").pin());
  }
}
