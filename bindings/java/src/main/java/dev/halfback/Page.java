package dev.halfback;

import java.util.List;

/**
 * One page of a list.
 *
 * @param <T> the type of the items
 * @param items the items, in order
 * @param cursor where the next page starts, for {@link PageRequest#after}; null on the last page
 */
public record Page<T>(List<T> items, String cursor) {
  /** Keeps its own copy, so that no caller can change it. */
  public Page {
    items = List.copyOf(items);
  }
}
