package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Every read: of the present on a {@link Registry}, of a past moment on a {@link View}.
 *
 * <p>Names may be written short: {@code fraud} is {@code main.default.fraud}. A version is named by
 * a URI, as in {@code models:/risk.credit.default/7} or {@code risk.credit.default@champion}, or
 * pinned by its record, so that nothing can move in between. A null argument is refused with {@link
 * HalfbackInvalidException}, what is not there with {@link HalfbackNotFoundException}.
 *
 * <p>A method that returns a {@link Stream} reads its pages while the stream is consumed; that is
 * also when it fails. Its {@code …Page} sibling reads one page at once.
 */
public abstract sealed class Reads extends ContentReads permits Registry, View {
  Reads(Handle handle, Long commit) {
    super(handle, commit);
  }

  /**
   * The catalog of that name.
   *
   * @param name such as {@code risk}
   * @return the catalog
   */
  public Catalog getCatalog(String name) {
    return query(named("get_catalog", name), Catalog.class);
  }

  /**
   * The schema of that name.
   *
   * @param name such as {@code risk.credit}
   * @return the schema
   */
  public Schema getSchema(String name) {
    return query(named("get_schema", name), Schema.class);
  }

  /**
   * The model of that name.
   *
   * @param name such as {@code risk.credit.default}
   * @return the model
   */
  public Model getModel(String name) {
    return query(named("get_model", name), Model.class);
  }

  /**
   * The model of that name, if there is one.
   *
   * <pre>{@code
   * String owner = registry.findModel("risk.credit.default").map(Model::owner).orElse("nobody");
   * }</pre>
   *
   * @param name such as {@code risk.credit.default}
   * @return the model, or empty
   */
  public Optional<Model> findModel(String name) {
    try {
      return Optional.of(getModel(name));
    } catch (HalfbackNotFoundException missing) {
      return Optional.empty();
    }
  }

  /**
   * A version by its number.
   *
   * @param model the model's name
   * @param number the version's number
   * @return the version
   */
  public ModelVersion getVersion(String model, long number) {
    ObjectNode query = request("get_version").put("model", text(model, "model"));
    return query(query.put("number", number), ModelVersion.class);
  }

  /**
   * The version that a URI names.
   *
   * <pre>{@code
   * ModelVersion champion = registry.resolve("models:/risk.credit.default@champion");
   * }</pre>
   *
   * @param uri a number, an alias or {@code latest} of a model
   * @return the version
   */
  public ModelVersion resolve(String uri) {
    return query(request("resolve").put("uri", text(uri, "uri")), ModelVersion.class);
  }

  /**
   * The version that a URI names, if there is one.
   *
   * @param uri a number, an alias or {@code latest} of a model
   * @return the version, or empty
   */
  public Optional<ModelVersion> findVersion(String uri) {
    try {
      return Optional.of(resolve(uri));
    } catch (HalfbackNotFoundException missing) {
      return Optional.empty();
    }
  }

  /**
   * All catalogs by name.
   *
   * @return the catalogs
   */
  public Stream<Catalog> listCatalogs() {
    return PageIterator.stream(this::listCatalogsPage);
  }

  /**
   * A page of all catalogs.
   *
   * @param page which one
   * @return the page
   */
  public Page<Catalog> listCatalogsPage(PageRequest page) {
    return queryPage(request("list_catalogs"), page, Catalog.class);
  }

  /**
   * The schemas of a catalog by name.
   *
   * @param catalog the catalog's name
   * @return the schemas
   */
  public Stream<Schema> listSchemas(String catalog) {
    text(catalog, "catalog");
    return PageIterator.stream(page -> listSchemasPage(catalog, page));
  }

  /**
   * A page of the schemas of a catalog.
   *
   * @param catalog the catalog's name
   * @param page which one
   * @return the page
   */
  public Page<Schema> listSchemasPage(String catalog, PageRequest page) {
    ObjectNode query = request("list_schemas").put("catalog", text(catalog, "catalog"));
    return queryPage(query, page, Schema.class);
  }

  /**
   * All models by name.
   *
   * <pre>{@code
   * registry.listModels().filter(model -> "risk".equals(model.tags().get("team")))
   *     .map(Model::name).forEach(System.out::println);
   * }</pre>
   *
   * @return the models
   */
  public Stream<Model> listModels() {
    return PageIterator.stream(this::listModelsPage);
  }

  /**
   * The models of a catalog or schema by name.
   *
   * @param parent the name of the catalog or schema
   * @return the models
   */
  public Stream<Model> listModels(String parent) {
    text(parent, "parent");
    return PageIterator.stream(page -> listModelsPage(parent, page));
  }

  /**
   * A page of all models.
   *
   * @param page which one
   * @return the page
   */
  public Page<Model> listModelsPage(PageRequest page) {
    return queryPage(request("list_models"), page, Model.class);
  }

  /**
   * A page of the models of a catalog or schema.
   *
   * @param parent the name of the catalog or schema
   * @param page which one
   * @return the page
   */
  public Page<Model> listModelsPage(String parent, PageRequest page) {
    ObjectNode query = request("list_models").put("parent", text(parent, "parent"));
    return queryPage(query, page, Model.class);
  }

  /**
   * The versions of a model, newest first.
   *
   * @param model the model's name
   * @return the versions
   */
  public Stream<ModelVersion> listVersions(String model) {
    text(model, "model");
    return PageIterator.stream(page -> listVersionsPage(model, page));
  }

  /**
   * A page of the versions of a model, newest first.
   *
   * @param model the model's name
   * @param page which one
   * @return the page
   */
  public Page<ModelVersion> listVersionsPage(String model, PageRequest page) {
    ObjectNode query = request("list_versions").put("model", text(model, "model"));
    return queryPage(query, page, ModelVersion.class);
  }

  /**
   * What happened to a catalog, schema, model or version, newest first.
   *
   * <pre>{@code
   * registry.history("risk.credit.default").limit(10)
   *     .forEach(commit -> System.out.println(commit.time() + " " + commit.summary()));
   * }</pre>
   *
   * @param target its URI; without a scheme it names a model or version
   * @return the commits
   */
  public Stream<Commit> history(String target) {
    text(target, "target");
    return PageIterator.stream(page -> historyPage(target, page));
  }

  /**
   * A page of what happened to a catalog, schema, model or version, newest first.
   *
   * @param target its URI; without a scheme it names a model or version
   * @param page which one
   * @return the page
   */
  public Page<Commit> historyPage(String target, PageRequest page) {
    ObjectNode query = request("history").put("target", text(target, "target"));
    return queryPage(query, page, Commit.class);
  }

  /**
   * Everything that happened, newest first.
   *
   * @return the commits
   */
  public Stream<Commit> log() {
    return PageIterator.stream(this::logPage);
  }

  /**
   * A page of everything that happened, newest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<Commit> logPage(PageRequest page) {
    return queryPage(request("log"), page, Commit.class);
  }

  /**
   * The models that a filter finds, by name.
   *
   * <pre>{@code
   * registry.searchModels("tags.team = 'risk' AND MATCH 'credit'").forEach(System.out::println);
   * }</pre>
   *
   * @param filter see {@link Search}
   * @return the models
   */
  public Stream<Model> searchModels(String filter) {
    return searchModels(Search.where(filter));
  }

  /**
   * The models that a search finds.
   *
   * @param search what to find, and in which order
   * @return the models
   */
  public Stream<Model> searchModels(Search search) {
    Arguments.given(search, "search");
    return PageIterator.stream(page -> searchModelsPage(search, page));
  }

  /**
   * A page of the models that a search finds.
   *
   * @param search what to find, and in which order
   * @param page which one
   * @return the page
   */
  public Page<Model> searchModelsPage(Search search, PageRequest page) {
    return queryPage(Arguments.given(search, "search").query("search_models"), page, Model.class);
  }

  /**
   * The versions that a filter finds, newest first.
   *
   * <pre>{@code
   * registry.searchVersions("stage = 'production' AND flavor = 'onnx'").forEach(System.out::println);
   * }</pre>
   *
   * @param filter see {@link Search}
   * @return the versions
   */
  public Stream<ModelVersion> searchVersions(String filter) {
    return searchVersions(Search.where(filter));
  }

  /**
   * The versions that a search finds.
   *
   * @param search what to find, and in which order
   * @return the versions
   */
  public Stream<ModelVersion> searchVersions(Search search) {
    Arguments.given(search, "search");
    return PageIterator.stream(page -> searchVersionsPage(search, page));
  }

  /**
   * A page of the versions that a search finds.
   *
   * @param search what to find, and in which order
   * @param page which one
   * @return the page
   */
  public Page<ModelVersion> searchVersionsPage(Search search, PageRequest page) {
    return queryPage(
        Arguments.given(search, "search").query("search_versions"), page, ModelVersion.class);
  }

  /**
   * Tells whether callers of one version can call another instead, and why not.
   *
   * @param old the URI of the version that is called now
   * @param replacement the URI of the version that would be called instead
   * @return whether they can, and the reasons why not
   */
  public Compatibility compareSignatures(String old, String replacement) {
    ObjectNode query = request("compare_signatures");
    query.put("old", text(old, "old")).put("new", text(replacement, "replacement"));
    return query(query, Compatibility.class);
  }

  /**
   * What this registry is and how far it has come.
   *
   * @return its id, format, last commit and log root
   */
  public RegistryInfo info() {
    return query(request("info"), RegistryInfo.class);
  }

  /**
   * Computes the tree of the log again and compares it with the root that is kept.
   *
   * @return what was verified
   */
  public LogVerification verifyLog() {
    return query(request("verify_log"), LogVerification.class);
  }

  /**
   * Computes the tree of the log again and holds it against checkpoints, too: it must have all
   * entries that they cover, as they were. What is thrown names the first bad entry.
   *
   * @param checkpoint a checkpoint of this log, or several after one another
   * @param key the public key that they are signed with, or several with space between
   * @return what was verified
   */
  public LogVerification verifyLog(String checkpoint, String key) {
    ObjectNode query = request("verify_log");
    query.put("checkpoint", text(checkpoint, "checkpoint")).put("key", text(key, "key"));
    return query(query, LogVerification.class);
  }

  /**
   * Proves that a commit is in the log; {@link Proofs#verifyInclusion} verifies that. On a view of
   * the past the proof is in the tree as it was then.
   *
   * @param commit the commit's number
   * @return the proof
   */
  public InclusionProof prove(long commit) {
    return query(request("prove").put("commit", commit), InclusionProof.class);
  }

  /**
   * Proves that the log has only grown since it had so many entries; {@link
   * Proofs#verifyConsistency} verifies that.
   *
   * @param oldSize how many entries it had
   * @return the proof
   */
  public ConsistencyProof proveConsistency(long oldSize) {
    return query(request("prove_consistency").put("old_size", oldSize), ConsistencyProof.class);
  }

  /**
   * Compares every stored row with the log, and every artifact with its digest. Each finding says
   * what is wrong and what to do.
   *
   * @return what was looked at, and what was found wrong
   */
  public CheckReport check() {
    return check(true);
  }

  /**
   * Compares every stored row with the log, and with {@code artifacts} every artifact with its
   * digest.
   *
   * @param artifacts whether the content of the artifacts is read too
   * @return what was looked at, and what was found wrong
   */
  public CheckReport check(boolean artifacts) {
    return examine(artifacts, null);
  }

  /**
   * Compares every stored row with the log, with {@code artifacts} every artifact with its digest,
   * and tells how far it is.
   *
   * @param artifacts whether the content of the artifacts is read too
   * @param progress hears how far it is, and can end it
   * @return what was looked at, and what was found wrong
   */
  public CheckReport check(boolean artifacts, ProgressListener progress) {
    return examine(artifacts, Arguments.given(progress, "progress"));
  }

  private CheckReport examine(boolean artifacts, ProgressListener listener) {
    byte[] report =
        handle()
            .transfer(listener, (address, progress) -> Native.check(address, artifacts, progress));
    return Json.read(report, CheckReport.class);
  }
}
