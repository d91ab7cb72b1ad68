"""Lists as tables: the same rows in every library, typed, also when there are none."""

from __future__ import annotations

import sys
from datetime import timezone
from typing import TYPE_CHECKING, Any

import halfback
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import MODEL
from halfback.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = ["to_dicts", "to_pandas", "to_polars", "to_arrow"]


@pytest.fixture
def versions(registry: halfback.Registry) -> halfback.Pages[halfback.ModelVersion]:
    """Versions with all that is nested, and one with nothing."""
    origin = {"system": "mlflow", "reference": "models:/a/1"}
    registry.register_version(
        MODEL,
        b"third",
        tags={"team": "risk", "approved": "yes"},
        params={"depth": 3, "rate": 0.5, "loss": "log", "verbose": True},
        metrics={"auc": 0.75},
        signature={"inputs": [{"type": "long", "name": "a", "required": True}]},
        origin=origin,
    )
    registry.register_version(MODEL, b"fourth", params={"depth": "none", "rate": 1})
    return registry.list_versions(MODEL, page_size=3)


def columns_of(table: Any) -> list[str]:
    if isinstance(table, list):
        return list(table[0])
    return list(table.column_names if isinstance(table, pa.Table) else table.columns)


@pytest.mark.parametrize("to", TABLES)
@pytest.mark.parametrize("flat", [False, True])
def test_one_row_for_each_record_over_all_pages(
    versions: halfback.Pages[halfback.ModelVersion], to: str, flat: bool
) -> None:
    table = getattr(versions, to)(flat=flat)
    assert len(table) == 4
    columns = columns_of(table)
    spread = ["origin.reference", "params.depth", "tags.approved", "tags.team", "metrics.auc"]
    assert all((name in columns) == flat for name in spread)
    assert all((name in columns) != flat for name in ("origin", "params", "tags", "metrics"))
    assert {"uri", "number", "created_at"} < set(columns)


def test_dictionaries_are_plain(versions: halfback.Pages[halfback.ModelVersion]) -> None:
    rows = versions.to_dicts()
    assert rows[1]["tags"] == {"team": "risk", "approved": "yes"}
    assert rows[1]["origin"]["system"] == "mlflow"
    assert rows[0]["origin"] is None
    rows[1]["tags"]["mine"] = "yes"
    rows[1]["signature"]["inputs"].append(1)
    assert versions.to_dicts()[1]["signature"] == {
        "inputs": [{"type": "long", "name": "a", "required": True}]
    }


def test_pandas_has_types(versions: halfback.Pages[halfback.ModelVersion]) -> None:
    frame = versions.to_pandas(flat=True)
    assert frame.number.tolist() == [4, 3, 2, 1]
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert types["number"] == "int64"
    assert types["created_at"] == "datetime64[us, UTC]"
    assert types["has_example"] == "boolean"
    assert types["comment"] == types["tags.team"] == "string"
    assert types["metrics.auc"] == types["params.rate"] == "float64"
    assert types["params.depth"] == "string"  # text in one version, a number in another
    assert frame["params.depth"].tolist()[:2] == ["none", "3"]
    assert types["params.verbose"] == "boolean"
    assert frame["tags.team"].isna().tolist() == [True, False, True, True]
    assert isinstance(versions.to_pandas().tags[1], dict)


def test_polars_has_types(versions: halfback.Pages[halfback.ModelVersion]) -> None:
    frame = versions.to_polars()
    assert frame.schema["created_at"] == pl.Datetime("us", "UTC")
    assert frame.schema["aliases"] == pl.List(pl.String)
    assert frame.schema["tags"] == pl.Struct({"approved": pl.String, "team": pl.String})
    assert frame["tags"].struct.field("team").to_list() == [None, "risk", None, None]
    assert frame["params"].struct.field("depth").to_list()[:2] == ["none", "3"]
    assert frame["signature"][1] == '{"inputs": [{"name": "a", "required": true, "type": "long"}]}'


def test_arrow_has_types(versions: halfback.Pages[halfback.ModelVersion]) -> None:
    table = versions.to_arrow()
    assert table.schema.field("created_at").type == pa.timestamp("us", "UTC")
    assert table.schema.field("tags").type == pa.map_(pa.string(), pa.string())
    assert table.schema.field("metrics").type == pa.map_(pa.string(), pa.float64())
    assert dict(table["tags"][1].as_py()) == {"team": "risk", "approved": "yes"}
    assert table["created_at"][0].as_py().tzinfo is not None
    assert (
        table["created_at"][0].as_py().astimezone(timezone.utc) == next(iter(versions)).created_at
    )


LISTS: dict[str, Callable[[halfback.Registry], Any]] = {
    "catalogs": lambda registry: registry.list_catalogs(),
    "schemas": lambda registry: registry.list_schemas("risk"),
    "models": lambda registry: registry.list_models(),
    "versions": lambda registry: registry.list_versions(MODEL),
    "commits": lambda registry: registry.log(),
}


@pytest.mark.parametrize("to", TABLES[1:])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_without_records_has_the_same_columns(
    registry: halfback.Registry, name: str, to: str
) -> None:
    pages = LISTS[name](registry)
    full, empty = getattr(pages, to)(), getattr(Page[Any]((), None)._of(pages.record), to)()
    assert len(full) > 0
    assert len(empty) == 0
    assert columns_of(empty) == columns_of(full)
    if isinstance(full, pd.DataFrame):
        assert [str(it) for it in empty.dtypes if str(it) != "int64"] == [
            str(it).replace("Int64", "int64") for it in full.dtypes if str(it).lower() != "int64"
        ]
    elif isinstance(full, pa.Table):
        maps = [pa.types.is_struct(field.type) for field in full.schema]
        same = [one == two for one, two in zip(empty.schema, full.schema, strict=True)]
        assert all(held or struct for held, struct in zip(same, maps, strict=True))
    else:
        for column, dtype in full.schema.items():
            # The fields of a struct are the keys that there are.
            assert isinstance(empty.schema[column], pl.Struct) or empty.schema[column] == dtype


def test_a_page_is_a_table_too(registry: halfback.Registry) -> None:
    assert registry.list_versions(MODEL).page(1).to_pandas().number.tolist() == [2]


def test_flat_is_a_flag(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.InvalidTypeError, match="`flat` must be"):
        registry.list_models().to_dicts(flat="yes")  # type: ignore[arg-type]


def test_a_list_of_anything_else_has_no_columns() -> None:
    with pytest.raises(halfback.InvalidError, match="not of records"):
        Page((1, 2), None).to_dicts()


@pytest.mark.parametrize(
    ("to", "module", "package"),
    [
        ("to_pandas", "pandas", "pandas"),
        ("to_polars", "polars", "polars"),
        ("to_arrow", "pyarrow", "arrow"),
    ],
)
def test_a_missing_library_is_named(
    registry: halfback.Registry,
    monkeypatch: pytest.MonkeyPatch,
    to: str,
    module: str,
    package: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(halfback.MissingLibraryError, match=rf"halfback\[{package}\]") as caught:
        getattr(registry.list_models(), to)()
    assert caught.value.code == "missing_library"
    assert isinstance(caught.value, ImportError)
    assert registry.list_models().to_dicts()[0]["name"] == MODEL
