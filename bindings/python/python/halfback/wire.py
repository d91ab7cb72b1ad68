"""Requests as JSON in UTF-8 bytes, and the mappings in what comes back."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["ReadOnlyDict", "encode"]


class ReadOnlyDict(dict[str, Any]):
    """A mapping inside a record: records are shared, so nobody may change one.

    It is a `dict` in everything else: it prints, compares, pickles and turns into JSON as one.
    `dict(mapping)` gives a copy that can be changed.
    """

    __slots__ = ()

    def _refuse(self, *_arguments: object, **_named: object) -> NoReturn:
        raise TypeError("a record can't be changed; `dict(…)` gives a copy that can")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[ReadOnlyDict], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(value: object) -> bytes:
    """The bytes of a request, whose values `halfback.arguments` has checked."""
    return _ENCODER.encode(value).encode()
