"""Lists that arrive page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from halfback import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Page", "Pages"]

T = TypeVar("T")


class Table(Generic[T]):
    """What can be made of the records of a list.

    A table has one row for each record and one column for each field, also when the list is empty.
    Maps such as `tags` are one column; with `flat` each key has its own, such as `tags.team`.
    Times are aware, in UTC.
    """

    @property
    def record(self) -> type | None:
        """The class of the records, which says what the columns of a table are."""
        found: type | None = self.__dict__.get("_record")  # no field of a page
        return found

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError

    def to_dicts(self, *, flat: bool = False) -> list[dict[str, Any]]:
        """The records as dictionaries, which can be changed.

        >>> rows = registry.list_models("risk").to_dicts(flat=True)
        >>> rows[0]["name"], rows[0]["aliases.champion"]
        ('risk.credit.default', 1)
        """
        from halfback.frames import to_dicts

        return to_dicts(self.record, self, arguments.flag("flat", flat))

    def to_pandas(self, *, flat: bool = False) -> Any:
        """The records as a `pandas.DataFrame`.

        >>> frame = registry.list_versions("risk.credit.default").to_pandas()
        >>> frame.number.tolist(), str(frame.created_at.dtype)
        ([2, 1], 'datetime64[us, UTC]')
        """
        from halfback.frames import to_pandas

        return to_pandas(self.record, self, arguments.flag("flat", flat))

    def to_polars(self, *, flat: bool = False) -> Any:
        """The records as a `polars.DataFrame`.

        >>> frame = registry.list_versions("risk.credit.default").to_polars()
        >>> frame["size"].sum()
        19
        """
        from halfback.frames import to_polars

        return to_polars(self.record, self, arguments.flag("flat", flat))

    def to_arrow(self, *, flat: bool = False) -> Any:
        """The records as a `pyarrow.Table`.

        >>> registry.history("risk.credit.default").to_arrow()["commands"][0].as_py()
        ['set_alias']
        """
        from halfback.frames import to_arrow

        return to_arrow(self.record, self, arguments.flag("flat", flat))

    def _repr_html_(self) -> str:
        from halfback.notebook import html

        return html(self)


@dataclass(frozen=True)
class Page(Table[T]):
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

    def __repr__(self) -> str:
        count = len(self.items)
        more = "" if self.cursor is None else ", and more"
        return f"<halfback.Page of {count} record{'' if count == 1 else 's'}{more}>"

    def _of(self, record: type) -> Page[T]:
        """Gives the page what its records are, which it can't see when there are none."""
        object.__setattr__(self, "_record", record)
        return self


class Pages(Table[T]):
    """A list that is read as it is iterated, one page at a time, and anew by each iteration.

    >>> [version.number for version in registry.list_versions("risk.credit.default")]
    [2, 1]
    """

    def __init__(
        self,
        fetch: Callable[[int, str | None], Page[T]],
        page_size: int,
        cursor: str | None,
        record: type | None = None,
    ) -> None:
        self._fetch = fetch
        self._record = record
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
        records = "" if self._record is None else f" of {self._record.__name__}"
        return f"<halfback.Pages{records}, read by {self._page_size}>"
