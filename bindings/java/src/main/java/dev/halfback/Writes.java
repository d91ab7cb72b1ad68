package dev.halfback;

import dev.halfback.commands.ArchiveVersion;
import dev.halfback.commands.Command;
import dev.halfback.commands.CreateCatalog;
import dev.halfback.commands.CreateModel;
import dev.halfback.commands.CreateSchema;
import dev.halfback.commands.DeleteAlias;
import dev.halfback.commands.DeleteCatalog;
import dev.halfback.commands.DeleteModel;
import dev.halfback.commands.DeleteSchema;
import dev.halfback.commands.DeleteTag;
import dev.halfback.commands.DeleteVersion;
import dev.halfback.commands.ProtectAlias;
import dev.halfback.commands.Purge;
import dev.halfback.commands.RegisterVersion;
import dev.halfback.commands.RenameCatalog;
import dev.halfback.commands.RenameModel;
import dev.halfback.commands.RenameSchema;
import dev.halfback.commands.RestoreVersion;
import dev.halfback.commands.SetAlias;
import dev.halfback.commands.SetTag;
import dev.halfback.commands.UpdateCatalog;
import dev.halfback.commands.UpdateModel;
import dev.halfback.commands.UpdateSchema;
import dev.halfback.commands.UpdateVersion;
import java.nio.file.Path;
import java.util.List;

/**
 * Every command. One that fails changes nothing; its exception says what to do.
 *
 * <p>Each command is also a record in {@code dev.halfback.commands}, with its options: {@code
 * CreateModel.of("risk.credit.default").withParents(true)}. Give it to the method of its name, or a
 * list of them to {@link #transact}.
 */
public sealed interface Writes extends AccessWrites, ErasureWrites, EvidenceWrites
    permits Registry, Keyed {
  /**
   * Carries out commands as one: all of them, in one commit, or none.
   *
   * <pre>{@code
   * registry.transact(
   *     List.of(
   *         SetAlias.of("risk.credit.default", "champion", 4),
   *         SetTag.of("risk.credit.default/4", "approved", "yes")));
   * }</pre>
   *
   * @param commands the commands, in order
   * @return for each command what {@link #execute} returns
   */
  List<Object> transact(List<? extends Command> commands);

  /**
   * Stores content for {@link RegisterVersion}, in the catalog of a model.
   *
   * <p>Content whose files say of themselves what looks like a key, token or password is refused
   * with code {@code secret_suspected} before any of it is copied.
   *
   * @param model the model's name
   * @param content the content
   * @return its digest, size and files
   */
  default Artifact putArtifact(String model, Content content) {
    return putArtifact(model, content, (done, total) -> true);
  }

  /**
   * Stores content for {@link RegisterVersion} and tells how far it is.
   *
   * @param model the model's name
   * @param content the content
   * @param progress hears how far it is
   * @return its digest, size and files
   */
  default Artifact putArtifact(String model, Content content, ProgressListener progress) {
    return putArtifact(model, content, false, progress);
  }

  /**
   * Stores content for {@link RegisterVersion}, whatever its files say of themselves where that is
   * allowed.
   *
   * @param model the model's name
   * @param content the content
   * @param allowSecrets whether to store what looks like it holds a key, token or password
   * @return its digest, size and files
   */
  default Artifact putArtifact(String model, Content content, boolean allowSecrets) {
    return putArtifact(model, content, allowSecrets, (done, total) -> true);
  }

  /**
   * Stores content for {@link RegisterVersion}, whatever its files say of themselves where that is
   * allowed, and tells how far it is.
   *
   * @param model the model's name
   * @param content the content
   * @param allowSecrets whether to store what looks like it holds a key, token or password
   * @param progress hears how far it is
   * @return its digest, size and files
   */
  Artifact putArtifact(
      String model, Content content, boolean allowSecrets, ProgressListener progress);

  /**
   * Hashes content without storing it: what a version that is kept elsewhere needs.
   *
   * @param content the content
   * @return its digest, size and files
   */
  default Artifact hashArtifact(Content content) {
    return hashArtifact(content, (done, total) -> true);
  }

  /**
   * Hashes content without storing it and tells how far it is.
   *
   * @param content the content
   * @param progress hears how far it is
   * @return its digest, size and files
   */
  Artifact hashArtifact(Content content, ProgressListener progress);

  /**
   * Creates a catalog.
   *
   * @param name its name, such as {@code risk}
   * @return the new catalog
   */
  default Catalog createCatalog(String name) {
    return (Catalog) execute(CreateCatalog.of(Arguments.given(name, "name")));
  }

  /**
   * Creates a catalog with every option.
   *
   * @param command what to do, with every option
   * @return the new catalog
   */
  default Catalog createCatalog(CreateCatalog command) {
    return (Catalog) execute(Arguments.given(command, "command"));
  }

  /**
   * Changes what is known about a catalog. What is left out stays, an empty comment clears.
   *
   * @param command what to do, with every option
   * @return the catalog as it is now
   */
  default Catalog updateCatalog(UpdateCatalog command) {
    return (Catalog) execute(Arguments.given(command, "command"));
  }

  /**
   * Renames a catalog. Its history follows it.
   *
   * @param name its name
   * @param newName its new name, such as {@code lending}
   * @return the catalog as it is now
   */
  default Catalog renameCatalog(String name, String newName) {
    return (Catalog)
        execute(
            RenameCatalog.of(Arguments.given(name, "name"), Arguments.given(newName, "newName")));
  }

  /**
   * Renames a catalog, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   * @return the catalog as it is now
   */
  default Catalog renameCatalog(RenameCatalog command) {
    return (Catalog) execute(Arguments.given(command, "command"));
  }

  /**
   * Deletes an empty catalog. It stays in the past.
   *
   * @param name its name
   */
  default void deleteCatalog(String name) {
    execute(DeleteCatalog.of(Arguments.given(name, "name")));
  }

  /**
   * Deletes a catalog, with everything in it when the command cascades. It stays in the past.
   *
   * @param command what to do, with every option
   */
  default void deleteCatalog(DeleteCatalog command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Creates a schema.
   *
   * @param name its name, such as {@code risk.credit}
   * @return the new schema
   */
  default Schema createSchema(String name) {
    return (Schema) execute(CreateSchema.of(Arguments.given(name, "name")));
  }

  /**
   * Creates a schema with every option.
   *
   * @param command what to do, with every option
   * @return the new schema
   */
  default Schema createSchema(CreateSchema command) {
    return (Schema) execute(Arguments.given(command, "command"));
  }

  /**
   * Changes what is known about a schema. What is left out stays, an empty comment clears.
   *
   * @param command what to do, with every option
   * @return the schema as it is now
   */
  default Schema updateSchema(UpdateSchema command) {
    return (Schema) execute(Arguments.given(command, "command"));
  }

  /**
   * Renames a schema. Its history follows it.
   *
   * @param name its name
   * @param newName its new name, such as {@code risk.loans}
   * @return the schema as it is now
   */
  default Schema renameSchema(String name, String newName) {
    return (Schema)
        execute(
            RenameSchema.of(Arguments.given(name, "name"), Arguments.given(newName, "newName")));
  }

  /**
   * Renames a schema, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   * @return the schema as it is now
   */
  default Schema renameSchema(RenameSchema command) {
    return (Schema) execute(Arguments.given(command, "command"));
  }

  /**
   * Deletes an empty schema. It stays in the past.
   *
   * @param name its name
   */
  default void deleteSchema(String name) {
    execute(DeleteSchema.of(Arguments.given(name, "name")));
  }

  /**
   * Deletes a schema, with everything in it when the command cascades. It stays in the past.
   *
   * @param command what to do, with every option
   */
  default void deleteSchema(DeleteSchema command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Creates a model.
   *
   * @param name its name, such as {@code risk.credit.default}
   * @return the new model
   */
  default Model createModel(String name) {
    return (Model) execute(CreateModel.of(Arguments.given(name, "name")));
  }

  /**
   * Creates a model with every option.
   *
   * <pre>{@code
   * registry.createModel(
   *     CreateModel.of("risk.credit.default").withParents(true).withTask("binary_classification"));
   * }</pre>
   *
   * @param command what to do, with every option
   * @return the new model
   */
  default Model createModel(CreateModel command) {
    return (Model) execute(Arguments.given(command, "command"));
  }

  /**
   * Changes what is known about a model. What is left out stays, an empty comment clears.
   *
   * @param command what to do, with every option
   * @return the model as it is now
   */
  default Model updateModel(UpdateModel command) {
    return (Model) execute(Arguments.given(command, "command"));
  }

  /**
   * Renames a model. Its history follows it.
   *
   * @param name its name
   * @param newName its new name, such as {@code risk.credit.arrears}
   * @return the model as it is now
   */
  default Model renameModel(String name, String newName) {
    return (Model)
        execute(RenameModel.of(Arguments.given(name, "name"), Arguments.given(newName, "newName")));
  }

  /**
   * Renames a model, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   * @return the model as it is now
   */
  default Model renameModel(RenameModel command) {
    return (Model) execute(Arguments.given(command, "command"));
  }

  /**
   * Deletes a model and its versions. They stay in the past.
   *
   * @param name its name
   */
  default void deleteModel(String name) {
    execute(DeleteModel.of(Arguments.given(name, "name")));
  }

  /**
   * Deletes a model, if it is still at the expected revision. It stays in the past.
   *
   * @param command what to do, with every option
   */
  default void deleteModel(DeleteModel command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Registers a file or folder as the next version of a model.
   *
   * <pre>{@code
   * ModelVersion version = registry.registerVersion("fraud", Path.of("model.joblib"));
   * }</pre>
   *
   * @param model the model's name
   * @param path the file or folder
   * @return the new version
   */
  default ModelVersion registerVersion(String model, Path path) {
    return registerVersion(NewVersion.of(model, path));
  }

  /**
   * Registers the next version of a model with everything that is known about it.
   *
   * @param version the content and what is known about it
   * @return the new version
   */
  default ModelVersion registerVersion(NewVersion version) {
    return Arguments.given(version, "version").register(this);
  }

  /**
   * Registers content that {@link #putArtifact} or {@link #hashArtifact} has seen as the next
   * version of a model.
   *
   * @param command what to do, with every option
   * @return the new version
   */
  default ModelVersion registerVersion(RegisterVersion command) {
    return (ModelVersion) execute(Arguments.given(command, "command"));
  }

  /**
   * Changes the comment or stage of a version. What is left out stays, an empty comment clears.
   *
   * @param command what to do, with every option
   * @return the version as it is now
   */
  default ModelVersion updateVersion(UpdateVersion command) {
    return (ModelVersion) execute(Arguments.given(command, "command"));
  }

  /**
   * Archives a version: it can be read, but no alias can be set on it.
   *
   * @param version the version's URI
   * @return the version as it is now
   */
  default ModelVersion archiveVersion(String version) {
    return (ModelVersion) execute(ArchiveVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Archives a version: it can be read, but no alias can be set on it.
   *
   * @param version the version
   * @return the version as it is now
   */
  default ModelVersion archiveVersion(ModelVersion version) {
    return (ModelVersion) execute(ArchiveVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Archives a version, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   * @return the version as it is now
   */
  default ModelVersion archiveVersion(ArchiveVersion command) {
    return (ModelVersion) execute(Arguments.given(command, "command"));
  }

  /**
   * Takes a version out of the archive.
   *
   * @param version the version's URI
   * @return the version as it is now
   */
  default ModelVersion restoreVersion(String version) {
    return (ModelVersion) execute(RestoreVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Takes a version out of the archive.
   *
   * @param version the version
   * @return the version as it is now
   */
  default ModelVersion restoreVersion(ModelVersion version) {
    return (ModelVersion) execute(RestoreVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Takes a version out of the archive, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   * @return the version as it is now
   */
  default ModelVersion restoreVersion(RestoreVersion command) {
    return (ModelVersion) execute(Arguments.given(command, "command"));
  }

  /**
   * Deletes a version. It stays in the past. Refused with code {@code in_use} while an alias names
   * it.
   *
   * @param version the version's URI
   */
  default void deleteVersion(String version) {
    execute(DeleteVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Deletes a version. It stays in the past. Refused with code {@code in_use} while an alias names
   * it.
   *
   * @param version the version
   */
  default void deleteVersion(ModelVersion version) {
    execute(DeleteVersion.of(Arguments.given(version, "version")));
  }

  /**
   * Deletes a version, if it is still at the expected revision.
   *
   * @param command what to do, with every option
   */
  default void deleteVersion(DeleteVersion command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Sets a tag on a catalog, schema, model or version.
   *
   * @param target its URI; without a scheme it names a model or version
   * @param key the tag's name
   * @param value its value
   */
  default void setTag(String target, String key, String value) {
    execute(
        SetTag.of(
            Arguments.given(target, "target"),
            Arguments.given(key, "key"),
            Arguments.given(value, "value")));
  }

  /**
   * Sets a tag, if it still has the expected value.
   *
   * @param command what to do, with every option
   */
  default void setTag(SetTag command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Removes a tag from a catalog, schema, model or version.
   *
   * @param target its URI; without a scheme it names a model or version
   * @param key the tag's name
   */
  default void deleteTag(String target, String key) {
    execute(DeleteTag.of(Arguments.given(target, "target"), Arguments.given(key, "key")));
  }

  /**
   * Removes a tag, if it still has the expected value.
   *
   * @param command what to do, with every option
   */
  default void deleteTag(DeleteTag command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Lets an alias name a version. Every program that resolves it sees the move at once.
   *
   * <pre>{@code
   * registry.setAlias("risk.credit.default", "champion", version.number());
   * }</pre>
   *
   * @param model the model's name
   * @param alias the alias, such as {@code champion}
   * @param version the version's number
   * @return the version that it names now
   */
  default ModelVersion setAlias(String model, String alias, long version) {
    return (ModelVersion)
        execute(
            SetAlias.of(Arguments.given(model, "model"), Arguments.given(alias, "alias"), version));
  }

  /**
   * Lets an alias name a version, if it still names the expected one.
   *
   * @param command what to do, with every option
   * @return the version that it names now
   */
  default ModelVersion setAlias(SetAlias command) {
    return (ModelVersion) execute(Arguments.given(command, "command"));
  }

  /**
   * Removes an alias.
   *
   * @param model the model's name
   * @param alias the alias
   */
  default void deleteAlias(String model, String alias) {
    execute(DeleteAlias.of(Arguments.given(model, "model"), Arguments.given(alias, "alias")));
  }

  /**
   * Removes an alias, if it still names the expected version.
   *
   * @param command what to do, with every option
   */
  default void deleteAlias(DeleteAlias command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Protects an alias: moving or removing it then needs the expected version, else the code is
   * {@code protected}.
   *
   * @param model the model's name
   * @param alias the alias
   */
  default void protectAlias(String model, String alias) {
    execute(ProtectAlias.of(Arguments.given(model, "model"), Arguments.given(alias, "alias")));
  }

  /**
   * Protects an alias, or no longer.
   *
   * @param command what to do, with every option
   */
  default void protectAlias(ProtectAlias command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Lets go of the content of versions that were deleted long ago, for good. Under an idempotency
   * key the files are left to the next {@link Registry#sweep()}.
   *
   * @param command what to do
   * @return what was purged
   */
  default Purged purge(Purge command) {
    return (Purged) execute(Arguments.given(command, "command"));
  }
}
