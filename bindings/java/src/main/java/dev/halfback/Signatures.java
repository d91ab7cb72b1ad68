package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** What goes into a model and what comes out, as MLflow writes it. */
public final class Signatures {
  static {
    NativeLibrary.ensureLoaded();
  }

  private Signatures() {}

  /**
   * Tells whether callers written for one signature can call a model of another, and why not. The
   * rules are those that MLflow enforces. {@link Registry#compareSignatures} asks the same of two
   * versions.
   *
   * <pre>{@code
   * Signatures.compatible(champion.signature(), candidate).reasons().forEach(System.out::println);
   * }</pre>
   *
   * @param old the signature that callers were written for
   * @param replacement the signature that would take its place
   * @return whether they can, and the reasons why not
   */
  public static Compatibility compatible(Map<String, ?> old, Map<String, ?> replacement) {
    ObjectNode request = Json.object();
    request.set("old", Json.tree(Arguments.given(old, "old")));
    request.set("new", Json.tree(Arguments.given(replacement, "replacement")));
    return Json.read(Native.compatible(Json.bytes(request)), Compatibility.class);
  }
}
