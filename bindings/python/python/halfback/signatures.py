"""Signatures: what goes into a model and what comes out, as MLflow writes it.

`infer_signature` reads them off the data. Frames, rows and records become columns, arrays become
tensors. The specifications are those of `mlflow.models.infer_signature`, with these differences:

- A structured array of NumPy becomes columns; MLflow makes it a tensor of `void`.
- Polars, Arrow, every format of `scipy.sparse`, tuples, `pandas.Timestamp` and all sizes of
  NumPy's numbers are taken wherever a value can be; MLflow refuses them.
- A number that is NaN counts as missing in lists of rows too, and 32-bit ones everywhere.
- Names of columns are text, also where the frame has numbers.
- Data that has no type, such as a column of mixed types or of decimals, is refused with the reason;
  MLflow logs a warning and says `any` for all of it. An empty list of parameters is refused too.
- Shapes are lists, which is what JSON makes of MLflow's tuples.
"""

from __future__ import annotations

from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Any, TypeAlias

from halfback.errors import InvalidError
from halfback.libraries import belongs, library, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from halfback.records import Compatibility

__all__ = ["Signature", "compatible", "infer_signature"]

Signature: TypeAlias = "dict[str, list[dict[str, Any]]]"
"""Column or tensor specifications under `inputs` and `outputs`, and parameters under `params`."""

_Type: TypeAlias = "dict[str, Any]"

_ANY: _Type = {"type": "any"}
_DEEPEST = 64
_SCALARS: dict[type, str] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "binary",
    bytearray: "binary",
    object: "string",
}


def infer_signature(
    inputs: object = None,
    outputs: object = None,
    params: Mapping[str, object] | None = None,
    *,
    method: str = "predict",
) -> Signature:
    """The signature of a model, from an example of what it takes and of what it gives.

    Both may be arrays of NumPy or SciPy, frames, tables and series of pandas, Polars or Arrow, a
    dictionary of them, or rows: a list of dictionaries. `params` are the parameters that can be
    given with a prediction, with their defaults. A column in which a value is missing is not
    required.

    In place of `inputs` a fitted estimator of scikit-learn can be given, or one that has its
    methods, with an example as `outputs`: `method` is then called for the outputs.

    >>> from halfback.signatures import infer_signature
    >>> rows = [{"age": 39, "city": "Oslo"}, {"age": 41, "city": None}]
    >>> signature = infer_signature(rows, [0.1, 0.7])
    >>> signature["inputs"][1]
    {'type': 'string', 'name': 'city', 'required': False}
    >>> signature["outputs"]
    [{'type': 'double', 'required': True}]
    """
    if inputs is None and outputs is None and not params:
        raise _refused("nothing was given: expected `inputs`, `outputs` or `params`")
    if is_estimator(inputs):
        return of_estimator(inputs, outputs, params, getattr(inputs, method, None), method)
    signature: Signature = {}
    if inputs is not None:
        signature["inputs"] = schema("inputs", inputs)
    if outputs is not None:
        signature["outputs"] = schema("outputs", outputs)
    if params:
        signature["params"] = [_param(name, value) for name, value in params.items()]
    return signature


def compatible(old: Mapping[str, object], new: Mapping[str, object]) -> Compatibility:
    """Whether callers written for one signature can call a model of another, and why not.

    The rules are those that MLflow enforces: numbers widen without losing digits, what becomes
    required or goes away breaks callers, outputs keep their types. `registry.compare_signatures`
    asks the same of two versions.

    >>> from halfback.signatures import compatible
    >>> old = {"inputs": [{"name": "age", "type": "long"}], "outputs": [{"type": "double"}]}
    >>> new = {"inputs": [{"name": "age", "type": "string"}], "outputs": [{"type": "double"}]}
    >>> compatible(old, new).compatible
    False
    """
    from halfback import arguments, records
    from halfback._native import compatible
    from halfback.wire import encode

    asked = {
        "old": arguments.json_object("old", old),
        "new": arguments.json_object("new", new),
    }
    return compatible(encode(asked), records.Compatibility)


def is_estimator(value: object) -> bool:
    """Whether it has the methods of an estimator of scikit-learn."""
    methods = ("fit", "get_params")
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in methods
    )


def of_estimator(
    estimator: object,
    example: object,
    params: Mapping[str, object] | None,
    predict: Callable[[Any], Any] | None,
    method: str,
) -> Signature:
    """The signature of an estimator that is asked about an example."""
    kind = type(estimator).__name__
    if example is None:
        raise _refused(f"an example is needed beside the estimator `{kind}`: some of its inputs")
    if predict is None:
        raise _refused(f"the estimator `{kind}` has no `{method}`: name one of its methods")
    try:
        answer = predict(example)
    except Exception as error:
        raise _refused(f"`{kind}.{method}` failed on the example: {error}") from error
    signature = infer_signature(example, answer, params)
    return of_rows(named_inputs(signature, estimator, example), answer)


def named_inputs(signature: Signature, estimator: object, example: Any) -> Signature:
    """Says columns where an estimator knows the columns of an array by name."""
    names = getattr(estimator, "feature_names_in_", ())
    if _is_array(example) and example.ndim == 2 and example.shape[1] == len(names):
        columns = [(str(label), example[:, at]) for at, label in enumerate(names)]
        signature["inputs"] = _columns("inputs", columns)
    return signature


def of_rows(signature: Signature, answer: Any) -> Signature:
    """Says one column where a model of columns gave one number for each row."""
    columns = all(spec["type"] != "tensor" for spec in signature.get("inputs", ()))
    if columns and _is_array(answer) and answer.ndim == 1:
        signature["outputs"] = [_array_column("outputs", answer)]
    return signature


def schema(name: str, data: Any) -> list[dict[str, Any]]:
    """The specifications of a data set, named in errors."""
    if _is_array(data):
        return _array(name, data)
    if belongs(data, "scipy.sparse", "sparray", "spmatrix"):
        return [_tensor(name, data.dtype, data.shape)]
    if belongs(data, "pandas", "DataFrame"):
        return _columns(name, [(str(key), data.iloc[:, at]) for at, key in enumerate(data.columns)])
    if belongs(data, "polars", "LazyFrame"):
        data = data.collect()
    if belongs(data, "polars", "DataFrame"):
        return _columns(name, [(column.name, column) for column in data.get_columns()])
    if belongs(data, "pyarrow", "Table", "RecordBatch"):
        return _columns(name, list(zip(data.schema.names, data.columns, strict=True)))
    if _is_column(data):
        label = getattr(data, "name", None)
        labelled = {} if label in (None, "") else {"name": str(label)}
        kind, required = _column(name, data)
        return [{**kind, **labelled, "required": required}]
    if isinstance(data, dict):
        return _of_dict(name, data)
    if isinstance(data, (list, tuple)):
        return _of_list(name, data)
    return [{**_known(name, _value(name, data, 0)), "required": True}]


# Containers.


def _array(name: str, data: Any) -> list[dict[str, Any]]:
    if data.dtype.names is not None:
        return _columns(name, [(field, data[field]) for field in data.dtype.names])
    return [_tensor(name, data.dtype, data.shape)]


def _tensor(name: str, dtype: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    if not shape:
        raise _refused(f"`{name}` is an array without dimensions: expected one row or more")
    kind = {"U": "str", "S": "bytes"}.get(dtype.kind, dtype.name)
    return {"type": "tensor", "tensor-spec": {"dtype": kind, "shape": [-1, *map(int, shape[1:])]}}


def _columns(name: str, columns: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    if not columns:
        raise _refused(f"`{name}` has no columns: expected one or more")
    names = [label for label, _ in columns]
    twice = next((label for label in names if names.count(label) > 1), None)
    if twice is not None:
        raise _refused(f"`{name}` has two columns called `{twice}`: rename one of them")
    specs = []
    for label, data in columns:
        kind, required = _column(f"{name}.{label}", data)
        specs.append({**kind, "name": label, "required": required})
    return specs


def _of_dict(name: str, data: dict[Any, Any]) -> list[dict[str, Any]]:
    if not data:
        raise _refused(f"`{name}` is empty: expected one name or more")
    if any(not isinstance(key, str) for key in data):
        raise _refused(f"`{name}` has keys that are not text: expected the names of columns")
    if all(_is_array(value) and value.dtype.names is None for value in data.values()):
        return [
            {"name": key, **_tensor(f"{name}.{key}", value.dtype, value.shape)}
            for key, value in data.items()
        ]
    if all(_is_column(value) for value in data.values()):
        return _columns(name, list(data.items()))
    specs = []
    for key, value in data.items():
        held = value if isinstance(value, (list, tuple)) else [value]
        kind = _known(f"{name}.{key}", _value(f"{name}.{key}", value, 0))
        specs.append({**kind, "name": key, "required": not any(map(_missing, held))})
    return specs


def _of_list(name: str, rows: list[Any] | tuple[Any, ...]) -> list[dict[str, Any]]:
    if not rows:
        return [{"type": "string", "required": True}]  # as MLflow has always had it
    if not all(isinstance(row, dict) for row in rows):
        return [{**_known(name, _items(name, rows, 0)), "required": True}]
    keys = dict.fromkeys(key for row in rows for key in row)
    if not keys:
        raise _refused(f"`{name}` has rows without values: expected one column or more")
    specs = []
    for key in keys:
        there = [row[key] for row in rows if key in row]
        kind = _known(f"{name}.{key}", _items(f"{name}.{key}", there, 0))
        required = len(there) == len(rows) and not any(map(_missing, there))
        specs.append({**kind, "name": str(key), "required": required})
    return specs


# Columns.


def _is_array(data: object) -> bool:
    return belongs(data, "numpy", "ndarray")


def _is_column(data: object) -> bool:
    return (
        belongs(data, "pandas", "Series")
        or belongs(data, "polars", "Series")
        or belongs(data, "pyarrow", "Array", "ChunkedArray")
    )


def _column(name: str, data: Any) -> tuple[_Type, bool]:
    """The type of a column, and whether it has a value in every row."""
    if belongs(data, "pandas", "Series"):
        return _pandas(name, data), not bool(data.isna().any())
    if belongs(data, "polars", "Series"):
        return _polars(name, data, 0), not _polars_missing(data)
    if belongs(data, "pyarrow", "Array", "ChunkedArray"):
        return _arrow(name, data, 0), not _arrow_missing(data)
    spec = _array_column(name, data)
    return {key: value for key, value in spec.items() if key != "required"}, spec["required"]


def _array_column(name: str, data: Any) -> dict[str, Any]:
    """An array of one dimension as a column, or one of more as a column of arrays."""
    if data.dtype.kind == "O":
        values = data.tolist()
        return {**_known(name, _items(name, values, 0)), "required": not any(map(_missing, values))}
    kind: _Type = {"type": _dtype(name, data.dtype)}
    for _ in range(data.ndim - 1):
        kind = {"type": "array", "items": kind}
    missing = data.dtype.kind in "fM" and bool((data != data).any())  # NaN, NaT
    return {**kind, "required": not missing}


def _dtype(name: str, dtype: Any) -> str:
    """The type of NumPy's and pandas' types that hold no objects."""
    kind, size = dtype.kind, getattr(dtype, "itemsize", 0)
    if kind in "iu" and (size < 4 or (kind, size) == ("i", 4)):
        return "integer"
    if kind in "iu" and (size < 8 or (kind, size) == ("i", 8)):
        return "long"
    if kind == "f" and size <= 8:
        return "float" if size <= 4 else "double"
    named: str | None = {
        "b": "boolean",
        "U": "string",
        "T": "string",
        "S": "binary",
        "M": "datetime",
    }.get(kind)
    if named is None:
        raise _unknown(name, str(dtype))
    return named


def _pandas(name: str, data: Any) -> _Type:
    if data.dtype.kind == "O":
        data = data.infer_objects()
    if data.dtype.kind != "O":
        return {"type": _dtype(name, data.dtype)}
    values = data.to_list()
    return _known(name, _items(name, values, 0)) if values else {"type": "string"}


_POLARS = {
    "Boolean": "boolean", "Int8": "integer", "Int16": "integer", "Int32": "integer",
    "UInt8": "integer", "UInt16": "integer", "Int64": "long", "UInt32": "long",
    "Float16": "float", "Float32": "float", "Float64": "double",
    "String": "string", "Categorical": "string", "Enum": "string", "Binary": "binary",
    "Date": "datetime", "Datetime": "datetime", "Null": "any",
}  # fmt: skip


def _polars(name: str, data: Any, depth: int) -> _Type:
    _bounded(name, depth)
    kind = type(data.dtype).__name__
    if kind == "Array":
        data, kind = data.arr.to_list(), "List"
    if kind == "List":
        filled = data.drop_nulls()
        filled = filled.filter(filled.list.len() > 0)
        items = filled.explode() if len(filled) else filled.list.first()
        return {"type": "array", "items": _polars(f"{name}[]", items, depth + 1)}
    if kind == "Struct":
        fields = sorted((field, data.struct.field(field)) for field in data.struct.fields)
        return _object(
            (field, _polars(f"{name}.{field}", held, depth + 1), not _polars_missing(held))
            for field, held in fields
        )
    if kind == "Object":
        return _known(name, _items(name, data.to_list(), depth))
    named = _POLARS.get(kind)
    if named is None:
        raise _unknown(name, str(data.dtype))
    return {"type": named}


def _polars_missing(data: Any) -> bool:
    return data.null_count() > 0 or bool(data.dtype.is_float() and data.is_nan().any())


def _arrow(name: str, data: Any, depth: int) -> _Type:
    arrow, types = loaded("pyarrow"), loaded("pyarrow").types
    _bounded(name, depth)
    kind = data.type
    if isinstance(data, arrow.ChunkedArray):
        chunks = data.chunks or [arrow.array([], type=kind)]
        data = chunks[0] if len(chunks) == 1 else arrow.concat_arrays(chunks)
    if isinstance(kind, arrow.ExtensionType):
        return _arrow(name, data.storage, depth)
    if types.is_dictionary(kind):
        return _arrow(name, data.dictionary, depth)
    if types.is_map(kind):
        return {"type": "map", "values": _arrow(f"{name}{{}}", data.items, depth + 1)}
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return {"type": "array", "items": _arrow(f"{name}[]", data.flatten(), depth + 1)}
    if types.is_struct(kind):
        held = zip((field.name for field in kind), data.flatten(), strict=True)
        fields = sorted(held, key=lambda item: item[0])
        return _object(
            (field, _arrow(f"{name}.{field}", part, depth + 1), not _arrow_missing(part))
            for field, part in fields
        )
    tests = {
        "boolean": types.is_boolean,
        "integer": lambda it: (types.is_integer(it) and it.bit_width < 32) or types.is_int32(it),
        "long": lambda it: types.is_int64(it) or types.is_uint32(it),
        "float": lambda it: types.is_floating(it) and it.bit_width <= 32,
        "double": types.is_float64,
        "string": lambda it: types.is_string(it) or types.is_large_string(it)
        or types.is_string_view(it),
        "binary": lambda it: types.is_binary(it) or types.is_large_binary(it)
        or types.is_fixed_size_binary(it) or types.is_binary_view(it),
        "datetime": lambda it: types.is_date(it) or types.is_timestamp(it),
        "any": types.is_null,
    }  # fmt: skip
    named = next((named for named, test in tests.items() if test(kind)), None)
    if named is None:
        raise _unknown(name, str(kind))
    return {"type": named}


def _arrow_missing(data: Any) -> bool:
    if data.null_count > 0:
        return True
    if not loaded("pyarrow").types.is_floating(data.type):
        return False
    compute = library("pyarrow.compute", "Arrow")
    return bool(compute.any(compute.is_nan(data)).as_py())


# Values.


def _value(name: str, value: Any, depth: int) -> _Type | None:
    """The type of one value; `None` where an empty array says nothing about it."""
    _bounded(name, depth)
    if _missing(value) or (isinstance(value, (list, tuple, dict)) and not value):
        return _ANY
    if isinstance(value, dict):
        return _object(sorted(_properties(name, value, depth)))
    if isinstance(value, (list, tuple)) or (_is_array(value) and value.ndim):
        items = _items(name, value, depth + 1)
        return None if items is None else {"type": "array", "items": items}
    return {"type": _scalar(name, value)}


def _properties(name: str, value: dict[Any, Any], depth: int) -> Any:
    for key, held in value.items():
        if not isinstance(key, str):
            raise _refused(f"`{name}` has a key that is not text: `{key!r}`")
        kind = _known(f"{name}.{key}", _value(f"{name}.{key}", held, depth + 1))
        yield key, kind, kind != _ANY


def _items(name: str, values: Any, depth: int) -> _Type | None:
    """The one type of all items; those that are missing fit to every type."""
    kind: _Type | None = None
    for place, value in enumerate(values):
        found = _value(f"{name}[{place}]", value, depth + 1)
        if found is not None:
            kind = found if kind is None else _merged(f"{name}[{place}]", kind, found)
    return kind


def _scalar(name: str, value: Any) -> str:
    named = _SCALARS.get(type(value))
    if named is not None:
        return named
    if isinstance(value, date):  # also a `datetime`, and so a `pandas.Timestamp`
        return "datetime"
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(value, "shape", None) == ():
        return _dtype(name, dtype)
    for kind in (bool, int, float, str, bytes):  # an `IntEnum`, a `StrEnum`
        if isinstance(value, kind):
            return _SCALARS[kind]
    raise _unknown(name, type(value).__name__)


def _missing(value: Any) -> bool:
    if value is None or type(value).__name__ == "NaTType":
        return True
    if isinstance(value, float) or belongs(value, "numpy", "floating"):
        return isnan(value)
    pandas = loaded("pandas")
    return pandas is not None and value is pandas.NA


def _merged(name: str, one: _Type, two: _Type) -> _Type:
    """The type that two values share. A property that one of them lacks is not required."""
    if one == two:
        return one
    if one == _ANY:
        return _merged(name, two, one)
    kinds = (one["type"], two["type"])
    if kinds == ("array", "array"):
        return {"type": "array", "items": _merged(name, one["items"], two["items"])}
    if one["type"] == "object" and two["type"] in ("object", "any"):
        ours, theirs = one["properties"], two.get("properties", {})
        return _object(
            (key, *_shared(f"{name}.{key}", ours.get(key), theirs.get(key)))
            for key in sorted({**ours, **theirs})
        )
    if two == _ANY:
        return one
    raise _refused(
        f"`{name}` is {_shown(two)} where values before it are {_shown(one)}: "
        "expected one type in all rows"
    )


def _shared(name: str, one: _Type | None, two: _Type | None) -> tuple[_Type, bool]:
    there = [{key: it[key] for key in it if key != "required"} for it in (one, two) if it]
    if one is None or two is None:
        return there[0], False
    return _merged(name, *there), one["required"] and two["required"]


def _object(fields: Any) -> _Type:
    properties = {key: {**kind, "required": required} for key, kind, required in fields}
    return {"type": "object", "properties": properties}


def _known(name: str, kind: _Type | None) -> _Type:
    if kind is None:
        raise _refused(f"`{name}` is an empty array, which tells no type: give one row or more")
    return kind


# Parameters.


def _param(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(name, str):
        raise _refused(f"`params` has a key that is not text: `{name!r}`")
    where = f"params.{name}"
    if isinstance(value, dict):
        kind = _known(where, _value(where, value, 0))
        return {"name": name, "default": _plain(value), "shape": None, **kind}
    if isinstance(value, (list, tuple)) or (_is_array(value) and value.ndim):
        kinds = [_param_type(where, item) for item in value]
        if not kinds:
            raise _refused(f"`{where}` is empty, which tells no type: give one item or more")
        widest = _widest(where, kinds)
        return {"name": name, "default": _plain(value), "shape": [-1], "type": widest}
    kind_of_it = _param_type(where, value)
    return {"name": name, "default": _plain(value), "shape": None, "type": kind_of_it}


def _param_type(name: str, value: Any) -> str:
    if value is None or isinstance(value, (list, tuple, dict)):
        raise _refused(f"`{name}` must be a scalar, a flat list of them, or a dictionary")
    kind = _scalar(name, value)
    if kind == "binary":
        raise _refused(f"`{name}` is bytes, which JSON can't hold as a default: encode it as text")
    return kind


def _widest(name: str, kinds: list[str]) -> str:
    """The type of a list of numbers that are not all of one type, as NumPy would store it."""
    order = ["integer", "long", "float", "double"]
    if len(set(kinds)) == 1:
        return kinds[0]
    if not set(kinds) <= set(order):
        raise _refused(f"`{name}` mixes {', '.join(sorted(set(kinds)))}: expected one type")
    widest = max(kinds, key=order.index)
    return "double" if widest == "float" and "long" in kinds else widest


def _plain(value: Any) -> Any:
    """A default as JSON holds it."""
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)) or (_is_array(value) and value.ndim):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    item = getattr(value, "item", None)
    held = item() if callable(item) else value
    return held.isoformat() if isinstance(held, date) else held


# Errors.


def _bounded(name: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise _refused(f"`{name[:40]}…` is nested more than {_DEEPEST} levels deep")


def _shown(kind: _Type) -> str:
    return f"`{kind['type']}`"


def _unknown(name: str, kind: str) -> InvalidError:
    return _refused(
        f"`{name}` is of the type `{kind}`, which no signature has: convert it to text, numbers, "
        "booleans, bytes or times"
    )


def _refused(message: str) -> InvalidError:
    return InvalidError(message, "invalid_argument")
