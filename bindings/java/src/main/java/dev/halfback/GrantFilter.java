package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Which grants and denials a list has.
 *
 * <pre>{@code
 * registry.listGrants(GrantFilter.all().withOn("catalogs:/risk").withTo("scoring"));
 * }</pre>
 *
 * @param on the URI of the securable that they are on, null for all
 * @param to the name or id of the principal that they are to, null for all
 */
public record GrantFilter(String on, String to) {
  /** Holds text that is Unicode, or none. */
  public GrantFilter {
    if (on != null) {
      Arguments.utf8(on, "on");
    }
    if (to != null) {
      Arguments.utf8(to, "to");
    }
  }

  /**
   * All grants and denials.
   *
   * @return the filter
   */
  public static GrantFilter all() {
    return new GrantFilter(null, null);
  }

  /**
   * Those of these that are on a securable.
   *
   * @param on its URI, or {@code registry:/}
   * @return the filter
   */
  public GrantFilter withOn(String on) {
    return new GrantFilter(Arguments.given(on, "on"), to);
  }

  /**
   * Those of these that are on a securable.
   *
   * @param on a catalog, schema or model
   * @return the filter
   */
  public GrantFilter withOn(Securable on) {
    return withOn(Arguments.uri(on, "on"));
  }

  /**
   * Those of these that are to a principal.
   *
   * @param to its name or id
   * @return the filter
   */
  public GrantFilter withTo(String to) {
    return new GrantFilter(on, Arguments.given(to, "to"));
  }

  /**
   * Those of these that are to a principal.
   *
   * @param to the principal
   * @return the filter
   */
  public GrantFilter withTo(Principal to) {
    return withTo(Arguments.id(to, "to"));
  }

  ObjectNode query() {
    ObjectNode query = Json.object().put("query", "list_grants");
    if (on != null) {
      query.put("on", on);
    }
    return to == null ? query : query.put("to", to);
  }
}
