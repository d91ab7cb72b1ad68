"""JSON as it crosses to the core and back, in UTF-8 bytes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["ReadOnlyDict", "decode", "encode"]


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
_DECODER = json.JSONDecoder(object_hook=ReadOnlyDict)


def encode(value: object) -> bytes:
    """The bytes of a request, whose values `halfback.arguments` has checked."""
    return _ENCODER.encode(value).encode()


def decode(answer: bytes) -> Any:
    """The value in an answer of the core."""
    return _DECODER.decode(answer.decode())
