"""Columns of other libraries, as something that the kernels read: an array or a list.

Arrays and lists never come here: the native half takes them as they are. What does come is asked
for its values in the way of its own library, without a copy where the library has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any, TypeAlias

from halfback.errors import InvalidTypeError
from halfback.libraries import belongs, loaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Column", "array", "floating", "plain", "scalar"]

Column: TypeAlias = object
"""A column: a numpy array, a pandas, polars or pyarrow column, anything with `__array__` or an
Arrow capsule, or a list. Tables are two-dimensional, or lists of rows."""


def plain(value: Any, argument: str) -> object:
    """The values of a column as an array or a list that the native half reads."""
    found = _values(value, argument)
    # Halves and the like may also be what a library gives.
    return _number(found, argument) if belongs(found, "numpy", "ndarray") else found


def _values(value: Any, argument: str) -> object:
    if value is None or isinstance(value, (Set, Mapping, int, float)):
        raise _odd(value, argument)
    if belongs(value, "numpy", "ndarray"):
        return value
    if hasattr(value, "to_numpy"):  # pandas, polars, and arrays of pyarrow
        if belongs(value, "pyarrow", "Array"):
            return value.to_numpy(zero_copy_only=False)
        if _is_nullable(value):
            return value.to_numpy(float, na_value=float("nan"))
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
        return _values(column, argument)
    if hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return list(value)
    raise _odd(value, argument)


def _is_nullable(value: Any) -> bool:
    """Whether it is of pandas' nullable numbers, which scikit-learn takes for doubles."""
    dtype: Any = getattr(value, "dtype", None)
    return (
        getattr(dtype, "na_value", None) is not None
        and getattr(dtype, "kind", "O") in "biuf"
        and (dtype.kind in "bf" or not value.count() or abs(value).max() <= 1 << 53)
    )


def _number(value: Any, argument: str) -> object:
    """An array; of doubles where its numbers are none of the machine's: halves, long doubles."""
    numpy = loaded("numpy")
    if value.ndim == 0:
        raise _odd(value.item(), argument)
    if value.dtype.kind == "f":
        return value if value.dtype.itemsize in (4, 8) else value.astype(numpy.float64)
    if value.dtype.kind == "T":
        return value.astype(object)
    if value.dtype.kind in "biuUOSc":
        return value
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


def floating(*columns: Any) -> Any:
    """The type that scikit-learn computes in: the widest of the floats that have a type."""
    numpy = loaded("numpy")
    typed = [numpy.asarray(column).dtype for column in columns if hasattr(column, "dtype")]
    floats = [dtype for dtype in typed if dtype.kind == "f"]
    return numpy.result_type(*floats) if floats else numpy.dtype(float)


def scalar(value: float, dtype: Any = float) -> float:
    """A number that scikit-learn gives as one of numpy's, where the program has imported that."""
    numpy = loaded("numpy")
    found: float = value if numpy is None else numpy.dtype(dtype).type(value)
    return found
