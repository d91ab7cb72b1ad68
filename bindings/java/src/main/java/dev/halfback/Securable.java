package dev.halfback;

/** What privileges are granted on: a catalog, a schema or a model, with all that is below it. */
public sealed interface Securable permits Catalog, Schema, Model {
  /**
   * The target URI, such as {@code models:/risk.credit.default}.
   *
   * @return the URI
   */
  String uri();
}
