package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Which page of a list, and how many items it may have.
 *
 * <pre>{@code
 * Page<Model> first = registry.listModelsPage(PageRequest.first().withSize(20));
 * Page<Model> second = registry.listModelsPage(PageRequest.after(first.cursor()).withSize(20));
 * }</pre>
 *
 * @param size the most items that the page may have, null for the usual 100
 * @param cursor where the page starts, null for the start of the list
 */
public record PageRequest(Integer size, String cursor) {
  /**
   * The first page.
   *
   * @return the request
   */
  public static PageRequest first() {
    return new PageRequest(null, null);
  }

  /**
   * The page after another.
   *
   * @param cursor the other page's {@link Page#cursor}
   * @return the request
   */
  public static PageRequest after(String cursor) {
    return new PageRequest(null, Arguments.given(cursor, "cursor"));
  }

  /**
   * The same page with another size.
   *
   * @param size the most items that the page may have
   * @return the request
   */
  public PageRequest withSize(int size) {
    return new PageRequest(size, cursor);
  }

  /** The request with what says which page. */
  ObjectNode of(ObjectNode request) {
    if (size != null) {
      request.put("page_size", size);
    }
    if (cursor != null) {
      Arguments.utf8(cursor, "cursor");
      request.put("cursor", cursor);
    }
    return request;
  }
}
