"""What a notebook shows: complete, escaped, short, without scripts or anything from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from conftest import MODEL
from halfback import entities, records
from halfback.notebook import progress_html
from halfback.pages import Page
from halfback.progress import Picture

if TYPE_CHECKING:
    from collections.abc import Callable

VOID = {"br", "hr", "img", "input", "link", "meta"}
TAGS = {
    "b", "code", "dd", "div", "dl", "dt", "h4", "i", "span", "style", "table", "tbody", "td", "th",
    "thead", "time", "tr",
}  # fmt: skip
HOSTILE = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>&amp;"


class Reader(HTMLParser):
    """Reads HTML strictly: every element is closed, and none but the harmless ones is there."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0
        self.text = ""
        self.titles: list[str] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= {"class", "style", "title"}
        self.titles.extend(value or "" for name, value in attrs if name == "title")
        self.rows += tag == "tr"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += f"{data} "


def shown(value: Any) -> Reader:
    markup = value._repr_html_()
    assert markup.startswith('<div class="halfback">')
    assert "http" not in markup
    assert "url(" not in markup
    assert "@import" not in markup
    return Reader(markup)


def hostile_version(registry: halfback.Registry) -> halfback.ModelVersion:
    registry.update_model(MODEL, comment=HOSTILE, task=HOSTILE)
    registry.set_tag(f"models:/{MODEL}", HOSTILE, HOSTILE)
    return registry.register_version(
        MODEL,
        b"hostile",
        name="<b>bold<b>.bin",
        comment=HOSTILE,
        flavor=HOSTILE,
        framework_version=HOSTILE,
        run=HOSTILE,
        source=HOSTILE,
        code_commit=HOSTILE,
        tags={HOSTILE: HOSTILE},
        params={HOSTILE: HOSTILE},
        metrics={HOSTILE: 1},
        origin={"system": HOSTILE, "reference": HOSTILE, "created_by": HOSTILE},
        signature={
            "inputs": [
                {"name": HOSTILE, "type": "double"},
                {"name": "n", "type": "array", "items": {"type": "string"}, "required": False},
            ],
            "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}],
        },
    )


VIEWS: dict[str, Callable[[halfback.Registry], Any]] = {
    "registry": lambda registry: registry,
    "catalog": lambda registry: registry.get_catalog("risk"),
    "schema": lambda registry: registry.get_schema("risk.credit"),
    "model": lambda registry: registry.get_model(MODEL),
    "version": lambda registry: registry.get_version(MODEL, 3),
    "commit": lambda registry: next(iter(registry.log())),
    "artifact": lambda registry: registry.get_artifact(f"{MODEL}/3"),
    "check": lambda registry: registry.check(),
    "catalogs": lambda registry: registry.list_catalogs(),
    "schemas": lambda registry: registry.list_schemas("risk"),
    "models": lambda registry: registry.list_models(),
    "versions": lambda registry: registry.list_versions(MODEL),
    "page": lambda registry: registry.list_versions(MODEL).page(1),
    "history": lambda registry: registry.history(MODEL),
    "log": lambda registry: registry.log(),
    "nothing": lambda registry: registry.list_schemas("main").page(0 + 1),
    "other": lambda registry: Page((HOSTILE,), None),
    "findings": lambda registry: entities.CheckReport(
        commits=1,
        rows=2,
        artifacts=3,
        findings=(records.Finding(code=HOSTILE, subject=HOSTILE, message=HOSTILE, remedy=HOSTILE),),
        notices=(),
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_hostile_texts_are_only_text(registry: halfback.Registry, name: str) -> None:
    hostile_version(registry)
    reader = shown(VIEWS[name](registry))
    if name in ("model", "version", "models", "versions", "page", "registry", "other", "findings"):
        assert "<script>" in reader.text
    assert all("<" not in title for title in reader.titles)


def test_what_matters_of_a_version_is_there(registry: halfback.Registry) -> None:
    version = registry.register_version(
        MODEL,
        b"12345",
        comment="boosted",
        flavor="sklearn",
        params={"depth": 3, "fast": True},
        metrics={"auc": 0.81234567},
        tags={"team": "risk"},
        signature={
            "inputs": [
                {"name": "age", "type": "long", "required": True},
                {"name": "places", "type": "array", "items": {"type": "string"}, "required": False},
            ],
            "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}],
        },
    )
    registry.set_alias(MODEL, "challenger", version.number)
    text = shown(registry.update_version(version, stage="staging")).text
    for told in (
        MODEL, "3", "challenger", "staging", "boosted", "sklearn", "5 B", "team", "risk", "depth",
        "true", "auc", "0.812346", "age", "long", "list of string, optional", "float32 (-1, 2)",
        "sha256:",
    ):  # fmt: skip
        assert told in text, told


def test_an_alias_that_is_protected_shows(registry: halfback.Registry) -> None:
    assert "protected" not in shown(registry.get_model(MODEL)).titles
    registry.protect_alias(MODEL, "champion")
    assert "protected" in shown(registry.get_model(MODEL)).titles
    assert "protected" in shown(registry.list_models()).titles


@pytest.mark.parametrize(
    ("count", "rows", "more"), [(49, 49, False), (50, 50, False), (51, 50, True)]
)
def test_long_lists_end_with_more(
    registry: halfback.Registry, count: int, rows: int, more: bool
) -> None:
    names = [f"long.list.m{number:03}" for number in range(count)]
    registry.create_model(names[0], parents=True)
    commands = [halfback.commands.CreateModel(name=name) for name in names[1:]]
    registry.transact(commands)
    for pages in (registry.list_models("long"), registry.list_models("long", page_size=7)):
        reader = shown(pages)
        assert reader.rows == rows + 1
        assert ("… and more" in reader.text) == more
    page = registry.list_models("long").page(7)
    assert "… and more" in shown(page).text


def test_long_texts_and_many_marks_are_cut(registry: halfback.Registry) -> None:
    tags = {f"key{number}": "v" * 5000 for number in range(200)}
    version = registry.register_version(MODEL, b"x", comment="c" * 50_000, tags=tags)
    for view in (version, registry.list_versions(MODEL), registry.history(MODEL)):
        assert len(view._repr_html_()) < 20_000
    assert "… and 188 more" in shown(version).text


def test_a_check_says_whether_all_is_well(registry: halfback.Registry) -> None:
    assert "all is as it was recorded" in shown(registry.check()).text
    stored = registry.file_path(f"{MODEL}/1")
    stored.chmod(0o644)
    stored.write_bytes(b"altered")
    report = registry.check()
    assert repr(report) == "<CheckReport of 5 commits: 1 finding>"
    text = shown(report).text
    assert "1 finding " in text
    assert report.findings[0].message[:20] in text


def test_a_closed_registry_says_so(registry: halfback.Registry) -> None:
    pages = registry.list_models()
    registry.close()
    assert "closed" in shown(registry).text
    assert "closed" in shown(pages).text


def test_progress_is_escaped_too() -> None:
    reader = Reader(progress_html(Picture(HOSTILE, 1, 2, 1.0)))
    assert "50%" in reader.text
    assert "<script>" in reader.text


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 has it."""

    def light(colour: str) -> float:
        digits = colour.removeprefix("#")
        digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_pictures_are_read_in_every_theme_whatever_the_system_has(
    registry: halfback.Registry,
) -> None:
    truth = [0, 1, 2] * 4
    evaluation = registry.evaluate(f"{MODEL}/1", truth, y_pred=truth[::-1])
    shown = evaluation._repr_html_()
    themes = [
        dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", block))
        for block in re.findall(r"\.halfback\{(--ink[^}]*)\}", shown)
    ]
    assert len(themes) == 4, "of the system and of the notebook, light and dark"
    ours = dict(re.findall(r"\.halfback \.hb-p \.(\w)\{(?:color|fill):var\(--(\w+)\)\}", shown))
    own = re.findall(r"\.hb-p \.(\w)\{(?:color|fill):#", evaluation.svg("confusion"))
    assert set(own) == set(ours), "each colour that a picture has follows the notebook"
    assert ours.pop("k") == "back", "numbers are written on the colours"
    for theme in themes:
        for name in ours.values():
            assert contrast(theme[name], theme["back"]) >= 4.5, (name, theme)
