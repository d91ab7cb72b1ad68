"""Lists that arrive page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from halfback import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Page", "Pages"]

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, and the cursor that the next one starts from.

    >>> versions = registry.list_versions("risk.credit.default")
    >>> page = versions.page(1)
    >>> [version.number for version in page]
    [2]
    >>> [version.number for version in versions.page(1, page.cursor)]
    [1]
    """

    items: tuple[T, ...]
    """The records, in the order of the list."""

    cursor: str | None
    """Where the next page starts; `None` when this page is the last."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Pages(Generic[T]):
    """A list that is read as it is iterated, one page at a time, and anew by each iteration.

    >>> [version.number for version in registry.list_versions("risk.credit.default")]
    [2, 1]
    """

    def __init__(
        self, fetch: Callable[[int, str | None], Page[T]], page_size: int, cursor: str | None
    ) -> None:
        self._fetch = fetch
        self._page_size = arguments.page_size(page_size)
        self._cursor: str | None = arguments.optional(arguments.text, "cursor", cursor)

    def __iter__(self) -> Iterator[T]:
        page = self.page()
        yield from page
        while page.cursor is not None:
            page = self.page(cursor=page.cursor)
            yield from page

    def page(self, page_size: int | None = None, cursor: str | None = None) -> Page[T]:
        """One page: the first of this list, or the one that starts at `cursor`.

        >>> registry.list_models("risk").page(10).cursor is None
        True
        """
        size = self._page_size
        if page_size is not None:
            size = arguments.page_size(page_size)
        if cursor is not None:
            return self._fetch(size, arguments.text("cursor", cursor))
        return self._fetch(size, self._cursor)

    def __repr__(self) -> str:
        return f"<halfback.Pages of {self._page_size}>"
