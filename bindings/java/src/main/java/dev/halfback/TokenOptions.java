package dev.halfback;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a new token is to be.
 *
 * <pre>{@code
 * TokenOptions nightly = TokenOptions.defaults()
 *     .withExpiresIn(Duration.ofDays(90)).withPrivileges(List.of("Consumer"))
 *     .withOn("catalogs:/risk").withComment("nightly scoring");
 * NewToken token = registry.createToken("scoring", nightly);
 * }</pre>
 *
 * @param expiresIn after what time it ends, null for never; part of a second counts as one
 * @param privileges the privileges or roles that a session of it has at most; all where empty
 * @param on the URI of the securable that it is for, null for all
 * @param comment what it is for, for people; null for none
 */
public record TokenOptions(Duration expiresIn, List<String> privileges, String on, String comment) {
  /** Keeps its own copy, so that no caller can change it. */
  public TokenOptions {
    privileges = List.copyOf(Arguments.given(privileges, "privileges"));
  }

  /**
   * A token without an end, for all that its principal may do.
   *
   * @return the options
   */
  public static TokenOptions defaults() {
    return new TokenOptions(null, List.of(), null, null);
  }

  /**
   * These options with an end.
   *
   * @param expiresIn after what time the token ends
   * @return the options
   */
  public TokenOptions withExpiresIn(Duration expiresIn) {
    return new TokenOptions(Arguments.given(expiresIn, "expiresIn"), privileges, on, comment);
  }

  /**
   * These options with other privileges.
   *
   * @param privileges the privileges or roles that a session of it has at most
   * @return the options
   */
  public TokenOptions withPrivileges(List<String> privileges) {
    return new TokenOptions(expiresIn, privileges, on, comment);
  }

  /**
   * These options for one securable.
   *
   * @param on its URI
   * @return the options
   */
  public TokenOptions withOn(String on) {
    return new TokenOptions(expiresIn, privileges, Arguments.given(on, "on"), comment);
  }

  /**
   * These options for one securable.
   *
   * @param on a catalog, schema or model
   * @return the options
   */
  public TokenOptions withOn(Securable on) {
    return withOn(Arguments.uri(on, "on"));
  }

  /**
   * These options with a comment.
   *
   * @param comment what the token is for, for people
   * @return the options
   */
  public TokenOptions withComment(String comment) {
    return new TokenOptions(expiresIn, privileges, on, Arguments.given(comment, "comment"));
  }

  /** The request for such a token of a principal. */
  byte[] json(String principal) {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("principal", Arguments.given(principal, "principal"));
    request.put("privileges", privileges);
    if (expiresIn != null) {
      request.put("expires_in", Arguments.seconds(expiresIn, "expiresIn"));
    }
    if (on != null) {
      request.put("on", on);
    }
    if (comment != null) {
      request.put("comment", comment);
    }
    return Json.bytes(Json.tree(request));
  }
}
