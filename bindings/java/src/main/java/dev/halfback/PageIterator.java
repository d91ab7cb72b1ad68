package dev.halfback;

import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The items of a list, read a page at a time as they are asked for. */
final class PageIterator<T> implements Iterator<T> {
  private final Function<PageRequest, Page<T>> pages;
  private PageRequest next = PageRequest.first();
  private Iterator<T> items = Collections.emptyIterator();

  private PageIterator(Function<PageRequest, Page<T>> pages) {
    this.pages = pages;
  }

  static <T> Stream<T> stream(Function<PageRequest, Page<T>> pages) {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(
            new PageIterator<>(pages), Spliterator.ORDERED | Spliterator.NONNULL),
        false);
  }

  @Override
  public boolean hasNext() {
    while (!items.hasNext() && next != null) {
      Page<T> page = pages.apply(next);
      items = page.items().iterator();
      next = page.cursor() == null ? null : PageRequest.after(page.cursor());
    }
    return items.hasNext();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return items.next();
  }
}
