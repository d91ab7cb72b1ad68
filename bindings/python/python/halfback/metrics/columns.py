"""Columns of other libraries, as something that the kernels read: an array or a list.

Arrays and lists never come here: the native half takes them as they are. What does come is asked
for its values in the way of its own library, without a copy where the library has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from halfback.errors import InvalidTypeError
from halfback.libraries import belongs, loaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Column", "array", "plain"]

Column: TypeAlias = object
"""A column: a numpy array, a pandas, polars or pyarrow column, anything with `__array__` or an
Arrow capsule, or a list. Tables are two-dimensional, or lists of rows."""

_SETS = (set, frozenset, dict)


def plain(value: Any, argument: str) -> object:
    """The values of a column as an array or a list."""
    if value is None or isinstance(value, (*_SETS, int, float)):
        raise _odd(value, argument)
    if belongs(value, "numpy", "ndarray"):
        return _number(value, argument)
    if hasattr(value, "to_numpy"):  # pandas, polars, and arrays of pyarrow
        if belongs(value, "pyarrow", "Array"):
            return value.to_numpy(zero_copy_only=False)
        return value.to_numpy()
    if hasattr(value, "toarray"):  # sparse tables of scipy
        return value.toarray()
    if hasattr(value, "__array__"):
        return value.__array__()
    if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
        from halfback.libraries import library

        pyarrow = library("pyarrow", f"`{argument}` as an Arrow column")
        streamed = hasattr(value, "__arrow_c_stream__")
        column = pyarrow.chunked_array(value) if streamed else pyarrow.array(value)
        return plain(column, argument)
    if hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return list(value)
    raise _odd(value, argument)


def _number(value: Any, argument: str) -> object:
    """An array whose type has no number of the machine's own: halves, long doubles, moments."""
    numpy = loaded("numpy")
    if value.ndim == 0:
        raise _odd(value.item(), argument)
    if value.dtype.kind == "f":
        return value.astype(numpy.float64)
    if value.dtype.kind == "T":
        return value.astype(object)
    raise InvalidTypeError(
        f"`{argument}` has values of type `{value.dtype}`, expected numbers or texts",
        "invalid_argument",
    )


def _odd(value: object, argument: str) -> InvalidTypeError:
    found = type(value).__name__
    return InvalidTypeError(
        f"`{argument}` is of type `{found}`, expected an array or a list", "invalid_argument"
    )


def array(data: bytearray) -> NDArray[Any]:
    """Doubles of the native half as an array that owns them."""
    from halfback.libraries import library

    numpy = library("numpy", "an array")
    found: NDArray[Any] = numpy.frombuffer(data)
    return found
