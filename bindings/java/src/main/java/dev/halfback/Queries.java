package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How a read gets to the native library, and the moment that it is about. */
abstract sealed class Queries permits AccessReads {
  private final Handle handle;
  private final Long commit;

  Queries(Handle handle, Long commit) {
    this.handle = handle;
    this.commit = commit;
  }

  final Handle handle() {
    return handle;
  }

  static ObjectNode request(String query) {
    return Json.object().put("query", query);
  }

  static ObjectNode named(String query, String name) {
    return request(query).put("name", text(name, "name"));
  }

  static String text(String value, String argument) {
    Arguments.utf8(value, argument);
    return value;
  }

  final <T> Page<T> queryPage(ObjectNode query, PageRequest page, Class<T> items) {
    return Json.readPage(run(Arguments.given(page, "page").of(query)), items);
  }

  final <T> T query(ObjectNode query, Class<T> output) {
    return Json.read(run(query), output);
  }

  private byte[] run(ObjectNode query) {
    if (commit != null) {
      query.putObject("as_of").put("commit", commit);
    }
    byte[] request = Json.bytes(query);
    return handle.call(address -> Native.query(address, request));
  }

  /** The moment of these reads as native code takes it, null for the present. */
  final byte[] moment() {
    return commit == null ? null : Json.bytes(Json.object().put("commit", commit));
  }
}
