"""docs/sql.md holds: its examples answer what stands there, and its table lists every column."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```sql\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
ROW = re.compile(r"^\| (?:`(v_\w+)`)? *\| (.+?) \|", re.MULTILINE)


# Registries are made in processes of their own: two SQLites in one do not see each other's locks.
USER = "import halfback; print(halfback.open('models.hb', read_only=True).whoami().name)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the registry that the page's examples are asked of."""
    folder = tmp_path_factory.mktemp("sql")
    making, opening = PYTHON.findall(PAGE)
    run(making, folder)
    assert run(opening, folder) == "(1,)\n"
    return folder


def run(code: str, folder: Path) -> str:
    """What Python code says that works."""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{code}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """Python's own SQLite, which only reads."""
    database = sqlite3.connect(f"file:{folder}/models.hb/registry.db?mode=ro", uri=True)
    yield database
    database.close()


def shown(row: tuple[object, ...], user: str) -> str:
    """A row as the page shows it: every time is the same one, and the user is ana."""
    values = ("NULL" if value is None else str(value) for value in row)
    named = ("ana" if value == user else value for value in values)
    return " | ".join(TIME.sub("2026-11-23 10:00:00", value) for value in named)


@pytest.mark.parametrize(
    ("query", "expected"), EXAMPLE.findall(PAGE), ids=lambda text: text.splitlines()[0][:40]
)
def test_an_example_answers_what_stands_there(
    query: str, expected: str, folder: Path, database: sqlite3.Connection
) -> None:
    user = run(USER, folder).strip()
    named = {"at": 2**62} if ":at" in query else {}
    rows = database.execute(query, named).fetchall()
    assert [shown(row, user) for row in rows] == expected.splitlines()


def test_every_example_has_an_answer() -> None:
    assert len(EXAMPLE.findall(PAGE)) == PAGE.count("```sql") > 8


def test_the_table_lists_every_column_of_every_view(database: sqlite3.Connection) -> None:
    documented: dict[str, list[str]] = {}
    view = ""
    for name, columns in ROW.findall(PAGE):
        view = name or view
        if view:
            documented.setdefault(view, []).extend(re.findall(r"`(\w+)`", columns))
    views = database.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
    there = {
        name: [column for _, column, *_ in database.execute(f"PRAGMA table_info({name})")]
        for (name,) in views
    }
    assert {name: sorted(columns) for name, columns in documented.items()} == {
        name: sorted(columns) for name, columns in there.items()
    }


def test_a_time_comes_back_from_its_readable_form(database: sqlite3.Connection) -> None:
    moment = 1_763_892_000_250_000
    shown = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', :t / 1000000.0, 'unixepoch')"
    assert database.execute(shown, {"t": moment}).fetchone() == ("2025-11-23T10:00:00.250Z",)
    back = "SELECT unixepoch('2025-11-23T10:00:00') * 1000000"
    assert database.execute(back).fetchone() == (moment - 250_000,)


def test_reading_writes_nothing(folder: Path, database: sqlite3.Connection) -> None:
    path = folder / "models.hb" / "registry.db"
    before = path.read_bytes()
    database.execute("SELECT count(*) FROM v_history").fetchone()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.execute("DELETE FROM tag")
    database.close()
    assert path.read_bytes() == before
