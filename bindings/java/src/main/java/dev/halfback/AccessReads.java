package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/**
 * Every read of who may do what. A principal is named by its name or its id, such as {@code p7}; a
 * securable by its URI, or {@code registry:/} for all of them.
 *
 * <p>Everybody may ask about themselves. Asking about others takes {@code READ AUDIT}.
 */
public abstract sealed class AccessReads extends Queries permits ContentReads {
  AccessReads(Handle handle, Long commit) {
    super(handle, commit);
  }

  /**
   * Who is asking, and how that was proved.
   *
   * @return the principal; its id is null where it is not known here, and its name once it was
   *     erased
   */
  public Principal whoami() {
    return query(request("whoami"), Principal.class);
  }

  /**
   * A principal.
   *
   * @param principal its name or id
   * @return the principal
   */
  public Principal getPrincipal(String principal) {
    ObjectNode query = request("get_principal").put("principal", text(principal, "principal"));
    return query(query, Principal.class);
  }

  /**
   * All users, service principals and groups, the oldest first.
   *
   * @return the principals
   */
  public Stream<Principal> listPrincipals() {
    return PageIterator.stream(this::listPrincipalsPage);
  }

  /**
   * A page of all principals, the oldest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<Principal> listPrincipalsPage(PageRequest page) {
    return queryPage(request("list_principals"), page, Principal.class);
  }

  /**
   * All that is granted and denied.
   *
   * @return the grants and denials
   */
  public Stream<GrantRecord> listGrants() {
    return listGrants(GrantFilter.all());
  }

  /**
   * What is granted and denied on a securable, to a principal, or both.
   *
   * <pre>{@code
   * registry.listGrants(GrantFilter.all().withOn("catalogs:/risk"))
   *     .forEach(grant -> System.out.println(grant.name() + " " + grant.what()));
   * }</pre>
   *
   * @param filter which ones
   * @return the grants and denials
   */
  public Stream<GrantRecord> listGrants(GrantFilter filter) {
    Arguments.given(filter, "filter");
    return PageIterator.stream(page -> listGrantsPage(filter, page));
  }

  /**
   * A page of all that is granted and denied.
   *
   * @param page which one
   * @return the page
   */
  public Page<GrantRecord> listGrantsPage(PageRequest page) {
    return listGrantsPage(GrantFilter.all(), page);
  }

  /**
   * A page of what is granted and denied on a securable, to a principal, or both.
   *
   * @param filter which ones
   * @param page which one
   * @return the page
   */
  public Page<GrantRecord> listGrantsPage(GrantFilter filter, PageRequest page) {
    return queryPage(Arguments.given(filter, "filter").query(), page, GrantRecord.class);
  }

  /**
   * All roles by name.
   *
   * @return the roles
   */
  public Stream<Role> listRoles() {
    return PageIterator.stream(page -> queryPage(request("list_roles"), page, Role.class));
  }

  /**
   * What was erased, when and why, the oldest first.
   *
   * @return the erasures
   */
  public Stream<ErasureRecord> listErasures() {
    return PageIterator.stream(this::listErasuresPage);
  }

  /**
   * A page of what was erased, the oldest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<ErasureRecord> listErasuresPage(PageRequest page) {
    return queryPage(request("list_erasures"), page, ErasureRecord.class);
  }

  /**
   * What is held, why and since when, the oldest first.
   *
   * @return the holds
   */
  public Stream<HoldRecord> listHolds() {
    return PageIterator.stream(this::listHoldsPage);
  }

  /**
   * A page of what is held, the oldest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<HoldRecord> listHoldsPage(PageRequest page) {
    return queryPage(request("list_holds"), page, HoldRecord.class);
  }

  /**
   * All tokens that were not revoked, the oldest first: what is known of them, not what they are.
   *
   * @return the tokens
   */
  public Stream<TokenRecord> listTokens() {
    return PageIterator.stream(this::listTokensPage);
  }

  /**
   * The tokens of a principal that were not revoked, the oldest first.
   *
   * @param principal its name or id
   * @return the tokens
   */
  public Stream<TokenRecord> listTokens(String principal) {
    text(principal, "principal");
    return PageIterator.stream(page -> listTokensPage(principal, page));
  }

  /**
   * A page of all tokens, the oldest first.
   *
   * @param page which one
   * @return the page
   */
  public Page<TokenRecord> listTokensPage(PageRequest page) {
    return queryPage(request("list_tokens"), page, TokenRecord.class);
  }

  /**
   * A page of the tokens of a principal, the oldest first.
   *
   * @param principal its name or id
   * @param page which one
   * @return the page
   */
  public Page<TokenRecord> listTokensPage(String principal, PageRequest page) {
    ObjectNode query = request("list_tokens").put("principal", text(principal, "principal"));
    return queryPage(query, page, TokenRecord.class);
  }

  /**
   * Whether the caller holds a privilege, and why or why not.
   *
   * <pre>{@code
   * System.out.println(registry.explain("EXECUTE", "models:/risk.credit.default"));
   * }</pre>
   *
   * @param privilege such as {@code EXECUTE}
   * @param on the URI of a catalog, schema, model or version
   * @return the decision and what led to it
   */
  public Explanation explain(String privilege, String on) {
    return query(decision("explain", privilege, on), Explanation.class);
  }

  /**
   * Whether the caller holds a privilege, and why or why not.
   *
   * @param privilege such as {@code EXECUTE}
   * @param on a catalog, schema or model
   * @return the decision and what led to it
   */
  public Explanation explain(String privilege, Securable on) {
    return explain(privilege, Arguments.uri(on, "on"));
  }

  /**
   * Whether a principal holds a privilege, and why or why not.
   *
   * @param privilege such as {@code EXECUTE}
   * @param on the URI of a catalog, schema, model or version
   * @param principal its name or id
   * @return the decision and what led to it
   */
  public Explanation explain(String privilege, String on, String principal) {
    ObjectNode query = decision("explain", privilege, on);
    return query(query.put("principal", text(principal, "principal")), Explanation.class);
  }

  /**
   * Whether a principal holds a privilege, and why or why not.
   *
   * @param privilege such as {@code EXECUTE}
   * @param on a catalog, schema or model
   * @param principal the principal
   * @return the decision and what led to it
   */
  public Explanation explain(String privilege, Securable on, Principal principal) {
    return explain(privilege, Arguments.uri(on, "on"), Arguments.id(principal, "principal"));
  }

  /**
   * The users and service principals that hold a privilege, and why.
   *
   * @param privilege such as {@code EXECUTE}
   * @param on the URI of a catalog, schema, model or version
   * @return those who hold it
   */
  public Stream<Holder> whoCan(String privilege, String on) {
    decision("who_can", privilege, on);
    return PageIterator.stream(
        page -> queryPage(decision("who_can", privilege, on), page, Holder.class));
  }

  /**
   * The users and service principals that hold a privilege, and why.
   *
   * @param privilege such as {@code EXECUTE}
   * @param on a catalog, schema or model
   * @return those who hold it
   */
  public Stream<Holder> whoCan(String privilege, Securable on) {
    return whoCan(privilege, Arguments.uri(on, "on"));
  }

  /**
   * What the caller holds, securable by securable.
   *
   * @return what is held on each
   */
  public Stream<Held> whatCan() {
    return PageIterator.stream(page -> queryPage(request("what_can"), page, Held.class));
  }

  /**
   * What a principal holds, securable by securable.
   *
   * @param principal its name or id
   * @return what is held on each
   */
  public Stream<Held> whatCan(String principal) {
    text(principal, "principal");
    return PageIterator.stream(
        page -> queryPage(request("what_can").put("principal", principal), page, Held.class));
  }

  private static ObjectNode decision(String query, String privilege, String on) {
    return request(query).put("privilege", text(privilege, "privilege")).put("on", text(on, "on"));
  }

  /**
   * An evaluation.
   *
   * @param evaluation its id
   * @return the evaluation
   */
  public Evaluation getEvaluation(long evaluation) {
    return query(request("get_evaluation").put("evaluation", evaluation), Evaluation.class);
  }

  /**
   * The evaluations of a version, the newest first, without their curves.
   *
   * @param version the URI of the version
   * @return the evaluations
   */
  public Stream<Evaluation> listEvaluations(String version) {
    return PageIterator.stream(page -> listEvaluationsPage(version, page));
  }

  /**
   * A page of the evaluations of a version, the newest first, without their curves.
   *
   * @param version the URI of the version
   * @param page which one
   * @return the page
   */
  public Page<Evaluation> listEvaluationsPage(String version, PageRequest page) {
    ObjectNode query = request("list_evaluations").put("version", text(version, "version"));
    return queryPage(query, page, Evaluation.class);
  }

  /**
   * A comparison.
   *
   * @param comparison its id
   * @return the comparison
   */
  public Comparison getComparison(long comparison) {
    return query(request("get_comparison").put("comparison", comparison), Comparison.class);
  }

  /**
   * The comparisons of a version, as candidate or baseline, the newest first.
   *
   * @param version the URI of the version
   * @return the comparisons
   */
  public Stream<Comparison> listComparisons(String version) {
    return PageIterator.stream(page -> listComparisonsPage(version, page));
  }

  /**
   * A page of the comparisons of a version, as candidate or baseline, the newest first.
   *
   * @param version the URI of the version
   * @param page which one
   * @return the page
   */
  public Page<Comparison> listComparisonsPage(String version, PageRequest page) {
    ObjectNode query = request("list_comparisons").put("version", text(version, "version"));
    return queryPage(query, page, Comparison.class);
  }

  /**
   * The signatures over the files of a version, by key.
   *
   * @param version the URI of the version
   * @return the signatures
   */
  public Stream<VersionSignature> listSignatures(String version) {
    ObjectNode query = request("list_signatures").put("version", text(version, "version"));
    return PageIterator.stream(page -> queryPage(query.deepCopy(), page, VersionSignature.class));
  }

  /**
   * Verifies the signature of a version that a key made; {@link HalfbackNotFoundException} where it
   * has made none.
   *
   * @param version the URI of the version
   * @param publicKey the public key as PEM
   * @return the signature
   */
  public VersionSignature verifySignature(String version, String publicKey) {
    ObjectNode query = request("verify_signature").put("version", text(version, "version"));
    return query(query.put("public_key", text(publicKey, "publicKey")), VersionSignature.class);
  }

  /**
   * Writes the signature of a version that a key made into a new file, which the tool {@code
   * model_signing} verifies.
   *
   * @param version the URI of the version
   * @param publicKey the public key as PEM
   * @param to the file to make
   * @return the file
   * @throws IOException where it cannot be made, or is there already
   */
  public Path exportSignature(String version, String publicKey, Path to) throws IOException {
    String bundle = verifySignature(version, publicKey).bundle();
    return Files.writeString(Arguments.given(to, "to"), bundle, StandardOpenOption.CREATE_NEW);
  }

  /**
   * What is signed of a version.
   *
   * @param version the URI of the version
   * @return an in-toto statement of its files, as JSON
   */
  public String signingStatement(String version) {
    ObjectNode query = request("signing_statement").put("version", text(version, "version"));
    return query(query, UnsignedStatement.class).statement();
  }

  /**
   * The keys that sign the versions of a catalog.
   *
   * @param catalog the catalog's name
   * @return the keys
   */
  public SigningKeys getSigningKeys(String catalog) {
    ObjectNode query = request("get_signing_keys").put("catalog", text(catalog, "catalog"));
    return query(query, SigningKeys.class);
  }
}
