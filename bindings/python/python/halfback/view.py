"""The registry as it stood at a past moment."""

from __future__ import annotations

from halfback._native import Handle
from halfback.decisions import Decisions

__all__ = ["View"]


class View(Decisions):
    """Every read of the registry, as of one past commit; `Registry.as_of` makes it.

    Nothing that happens later changes what a view gives. It closes with its registry.

    >>> before = registry.as_of(4)
    >>> before.find_version("risk.credit.default@champion") is None
    True
    >>> before.get_version("risk.credit.default", 2).number
    2
    """

    _commit: int

    def __init__(self, handle: Handle, commit: int) -> None:
        super().__init__(handle, commit)

    @property
    def commit(self) -> int:
        """The number of the newest commit that the view knows.

        >>> registry.as_of(4).commit
        4
        """
        return self._commit

    def __repr__(self) -> str:
        return f"<halfback.View of {self._path} as of commit {self._commit}>"

    def __reduce__(self) -> tuple[object, tuple[str, bool, bool, int]]:
        path, read_only, of_token, _ = self._location()
        return _reopen, (path, read_only, of_token, self._commit)


def _reopen(path: str, read_only: bool, of_token: bool, commit: int) -> View:
    return View(Handle.reopen(path, read_only, of_token), commit)
