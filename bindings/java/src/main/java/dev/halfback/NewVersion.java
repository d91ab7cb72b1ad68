package dev.halfback;

import dev.halfback.commands.RegisterVersion;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A version to be registered: the model, the content, and what is to be known about it.
 *
 * <pre>{@code
 * registry.registerVersion(
 *     NewVersion.of("risk.credit.default", Path.of("model.joblib"))
 *         .withFlavor("sklearn")
 *         .withParams(Map.of("depth", 3))
 *         .withComment("gradient boosting"));
 * }</pre>
 */
public final class NewVersion {
  private final String model;
  private final Content content;
  private final String digest;
  private final ProgressListener progress;
  private final boolean elsewhere;
  private final UnaryOperator<RegisterVersion> rest;

  private NewVersion(
      String model,
      Content content,
      String digest,
      ProgressListener progress,
      boolean elsewhere,
      UnaryOperator<RegisterVersion> rest) {
    this.model = model;
    this.content = content;
    this.digest = digest;
    this.progress = progress;
    this.elsewhere = elsewhere;
    this.rest = rest;
  }

  /**
   * A version of a file, or of a folder with everything in it.
   *
   * @param model the model's name
   * @param path the file or folder
   * @return the version to be
   */
  public static NewVersion of(String model, Path path) {
    return of(model, Content.path(path));
  }

  /**
   * A version of any content.
   *
   * @param model the model's name
   * @param content the content
   * @return the version to be
   */
  public static NewVersion of(String model, Content content) {
    Arguments.utf8(model, "model");
    Arguments.given(content, "content");
    return new NewVersion(
        model, content, null, (done, total) -> true, false, UnaryOperator.identity());
  }

  /**
   * The same with the digest that the content must have; any other is refused with code {@code
   * digest_mismatch}.
   *
   * @param digest such as {@code sha256:…}
   * @return the version to be
   */
  public NewVersion withDigest(String digest) {
    Arguments.utf8(digest, "digest");
    return new NewVersion(model, content, digest, progress, elsewhere, rest);
  }

  /**
   * The same with a listener that hears how far storing the content is.
   *
   * @param progress the listener
   * @return the version to be
   */
  public NewVersion withProgress(ProgressListener progress) {
    Arguments.given(progress, "progress");
    return new NewVersion(model, content, digest, progress, elsewhere, rest);
  }

  /**
   * The same with content that is kept elsewhere: it is hashed, which proves possession, but not
   * stored.
   *
   * @param location the URI of where it is kept
   * @return the version to be
   */
  public NewVersion withLocation(String location) {
    Arguments.utf8(location, "location");
    UnaryOperator<RegisterVersion> located = command -> rest.apply(command).withLocation(location);
    return new NewVersion(model, content, digest, progress, true, located);
  }

  /**
   * The same with a flavor.
   *
   * @param flavor what can load it, such as {@code sklearn}
   * @return the version to be
   */
  public NewVersion withFlavor(String flavor) {
    Arguments.utf8(flavor, "flavor");
    return with(command -> command.withFlavor(flavor));
  }

  /**
   * The same with the version of the library that made it.
   *
   * @param frameworkVersion such as {@code 1.9.1}
   * @return the version to be
   */
  public NewVersion withFrameworkVersion(String frameworkVersion) {
    Arguments.utf8(frameworkVersion, "frameworkVersion");
    return with(command -> command.withFrameworkVersion(frameworkVersion));
  }

  /**
   * The same with the number that it gets, above every one that the name ever had.
   *
   * @param number the number
   * @return the version to be
   */
  public NewVersion withNumber(long number) {
    return with(command -> command.withNumber(number));
  }

  /**
   * The same with rows to try it with.
   *
   * @param example the rows, and what it answers to them
   * @return the version to be
   */
  public NewVersion withExample(Example example) {
    Arguments.given(example, "example");
    return with(command -> command.withExample(example));
  }

  /**
   * The same with what the training measured.
   *
   * @param metrics finite numbers by name
   * @return the version to be
   */
  public NewVersion withMetrics(Map<String, ? extends Number> metrics) {
    Map<String, Double> copy = new LinkedHashMap<>();
    Arguments.given(metrics, "metrics")
        .forEach((name, value) -> copy.put(name, Arguments.given(value, name).doubleValue()));
    return with(command -> command.withMetrics(copy));
  }

  /**
   * The same with what it was in the system that it is brought in from.
   *
   * @param origin the system, and what the version was there
   * @return the version to be
   */
  public NewVersion withOrigin(Origin origin) {
    Arguments.given(origin, "origin");
    return with(command -> command.withOrigin(origin));
  }

  /**
   * The same with a signature.
   *
   * @param signature inputs, outputs and parameters, each with name and type
   * @return the version to be
   */
  public NewVersion withSignature(Map<String, Object> signature) {
    Arguments.given(signature, "signature");
    return with(command -> command.withSignature(signature));
  }

  /**
   * The same with the parameters that it was trained with.
   *
   * @param params strings, numbers and booleans by name
   * @return the version to be
   */
  public NewVersion withParams(Map<String, ?> params) {
    Map<String, Object> copy = new LinkedHashMap<>();
    Arguments.given(params, "params")
        .forEach((name, value) -> copy.put(name, Arguments.param(value, name)));
    return with(command -> command.withParams(copy));
  }

  /**
   * The same with the run that made it.
   *
   * @param run the run's name or URI
   * @return the version to be
   */
  public NewVersion withRun(String run) {
    Arguments.utf8(run, "run");
    return with(command -> command.withRun(run));
  }

  /**
   * The same with the commit of the code that made it.
   *
   * @param codeCommit the commit's hash
   * @return the version to be
   */
  public NewVersion withCodeCommit(String codeCommit) {
    Arguments.utf8(codeCommit, "codeCommit");
    return with(command -> command.withCodeCommit(codeCommit));
  }

  /**
   * The same with where it came from.
   *
   * @param source the URI of the source
   * @return the version to be
   */
  public NewVersion withSource(String source) {
    Arguments.utf8(source, "source");
    return with(command -> command.withSource(source));
  }

  /**
   * The same with a comment.
   *
   * @param comment the comment
   * @return the version to be
   */
  public NewVersion withComment(String comment) {
    Arguments.utf8(comment, "comment");
    return with(command -> command.withComment(comment));
  }

  /**
   * The same with tags.
   *
   * @param tags the tags
   * @return the version to be
   */
  public NewVersion withTags(Map<String, String> tags) {
    Arguments.given(tags, "tags");
    return with(command -> command.withTags(tags));
  }

  /**
   * The same, harmless to register again: the same content then gives the version that it has.
   *
   * @param existOk whether that is so
   * @return the version to be
   */
  public NewVersion withExistOk(boolean existOk) {
    return with(command -> command.withExistOk(existOk));
  }

  /**
   * The same, with texts kept that look like keys, tokens or passwords.
   *
   * @param allowSecrets whether that is so
   * @return the version to be
   */
  public NewVersion withAllowSecrets(boolean allowSecrets) {
    return with(command -> command.withAllowSecrets(allowSecrets));
  }

  private NewVersion with(UnaryOperator<RegisterVersion> more) {
    return new NewVersion(
        model, content, digest, progress, elsewhere, command -> more.apply(rest.apply(command)));
  }

  /** Stores or hashes the content, compares the digest, and registers. */
  ModelVersion register(Writes registry) {
    // A number that is not finite is refused here, before a large file has been stored for it.
    RegisterVersion told = command("");
    Json.tree(told);
    Artifact artifact =
        elsewhere
            ? registry.hashArtifact(content, progress)
            : registry.putArtifact(
                model, content, Boolean.TRUE.equals(told.allowSecrets()), progress);
    if (digest != null && !digest.equals(artifact.digest())) {
      throw new HalfbackInvalidException(
          "digest_mismatch",
          "the content has the digest `"
              + artifact.digest()
              + "`, not `"
              + digest
              + "`; register the content that was meant, or leave the digest out");
    }
    return (ModelVersion) registry.execute(command(artifact.digest()));
  }

  private RegisterVersion command(String artifact) {
    return rest.apply(RegisterVersion.of(model, artifact));
  }
}
