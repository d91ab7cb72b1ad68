"""Arguments that can't cross to the core are refused before, by name, and change nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from typing import Any

import halfback
import pytest
from conftest import MODEL
from halfback import arguments

Call = Callable[[halfback.Registry], object]

# Deliberately wrong calls: each is typed as what it isn't.
WRONG: Any = object()
SURROGATE = "caf\ud800"

WRONG_TYPES: list[tuple[str, Call]] = [
    ("name", lambda r: r.create_model(WRONG)),
    ("name", lambda r: r.get_model(None)),  # type: ignore[arg-type]
    ("name", lambda r: r.create_catalog(b"risk")),  # type: ignore[arg-type]
    ("parents", lambda r: r.create_model("a", parents=1)),  # type: ignore[arg-type]
    ("exist_ok", lambda r: r.create_catalog("a", exist_ok=None)),  # type: ignore[arg-type]
    ("comment", lambda r: r.create_catalog("a", comment=3)),  # type: ignore[arg-type]
    ("tags", lambda r: r.create_catalog("a", tags=[("a", "b")])),  # type: ignore[arg-type]
    ("tags key", lambda r: r.create_catalog("a", tags={1: "b"})),  # type: ignore[dict-item]
    ("tags.a", lambda r: r.create_catalog("a", tags={"a": 1})),  # type: ignore[dict-item]
    ("params.depth", lambda r: r.register_version(MODEL, b"x", params={"depth": WRONG})),
    ("params", lambda r: r.register_version(MODEL, b"x", params=WRONG)),
    (
        "signature.inputs[0]",
        lambda r: r.register_version(MODEL, b"x", signature={"inputs": [WRONG]}),
    ),
    ("content", lambda r: r.register_version(MODEL, WRONG)),
    ("content", lambda r: r.put_artifact(MODEL, None)),  # type: ignore[arg-type]
    ("name", lambda r: r.put_artifact(MODEL, b"x", name=WRONG)),
    ("progress", lambda r: r.put_artifact(MODEL, b"x", progress=WRONG)),
    ("number", lambda r: r.get_version(MODEL, "1")),  # type: ignore[arg-type]
    ("version", lambda r: r.set_alias(MODEL, "a", True)),
    ("version", lambda r: r.set_alias(MODEL, "a", 1.0)),  # type: ignore[arg-type]
    ("expect", lambda r: r.set_alias(MODEL, "a", 1, expect="1")),  # type: ignore[arg-type]
    ("expect", lambda r: r.set_tag(MODEL, "a", "b", expect=1)),  # type: ignore[arg-type]
    ("expect_revision", lambda r: r.update_model(MODEL, expect_revision="1")),  # type: ignore[arg-type]
    ("idempotency_key", lambda r: r.create_catalog("a", idempotency_key=1)),  # type: ignore[arg-type]
    ("idempotency_key", lambda r: r.register_version(MODEL, b"x", idempotency_key=WRONG)),
    ("uri", lambda r: r.resolve(WRONG)),
    ("uri", lambda r: r.resolve(7)),  # type: ignore[arg-type]
    ("version", lambda r: r.verify(7)),  # type: ignore[arg-type]
    ("target", lambda r: r.set_tag(WRONG, "a", "b")),
    ("target", lambda r: r.history(7)),  # type: ignore[arg-type]
    ("file", lambda r: r.file_path(f"{MODEL}/1", file=WRONG)),
    ("to", lambda r: r.download(f"{MODEL}/1", WRONG)),
    ("page_size", lambda r: r.list_models(page_size="9")),  # type: ignore[arg-type]
    ("page_size", lambda r: r.list_models().page(WRONG)),
    ("cursor", lambda r: r.list_models(cursor=9)),  # type: ignore[arg-type]
    ("moment", lambda r: r.as_of(True)),
    ("moment", lambda r: r.as_of(1.5)),  # type: ignore[arg-type]
    ("commands", lambda r: r.transact(WRONG)),
    ("commands[0]", lambda r: r.transact([{"command": "delete_model"}])),  # type: ignore[list-item]
    ("path", lambda _: halfback.open(WRONG)),
    ("path", lambda _: halfback.open(b"models.hb")),  # type: ignore[arg-type]
    ("create", lambda _: halfback.open("models.hb", create=1)),  # type: ignore[arg-type]
    ("token", lambda r: halfback.open(r.path, token=b"secret")),  # type: ignore[arg-type]
    ("os_user", lambda r: r.create_user("ana", os_user=True)),
    ("os_user", lambda r: r.create_user("ana", os_user=1.5)),  # type: ignore[arg-type]
    ("principal", lambda r: r.delete_principal(7)),  # type: ignore[arg-type]
    ("on", lambda r: r.grant("BROWSE", None, "ana")),  # type: ignore[arg-type]
    ("to", lambda r: r.deny("BROWSE", "registry:/", WRONG)),
    ("where", lambda r: r.grant("BROWSE", "registry:/", "everyone", where=WRONG)),
    ("includes", lambda r: r.set_role("Scorer", "EXECUTE")),
    ("includes[1]", lambda r: r.set_role("Scorer", ["EXECUTE", 1])),  # type: ignore[list-item]
    ("privileges", lambda r: r.create_token("everyone", privileges="EXECUTE")),
    ("expires_in", lambda r: r.create_token("everyone", expires_in="1d")),  # type: ignore[arg-type]
    ("token", lambda r: r.revoke_token(12)),  # type: ignore[arg-type]
    ("allowed", lambda r: r.allow_os_users(0)),  # type: ignore[arg-type]
    ("keys", lambda r: r.set_signing_keys("risk", 5)),  # type: ignore[arg-type]
    ("keys", lambda r: r.set_signing_keys("risk", "PEM")),
    ("keys[0]", lambda r: r.set_signing_keys("risk", [5])),  # type: ignore[list-item]
    ("models", lambda r: r.export("out", models=5)),  # type: ignore[arg-type]
    ("least", lambda r: r.set_retention("1d")),  # type: ignore[arg-type]
    ("separated", lambda r: r.separate_roles("A", "B", separated=WRONG)),
]

WRONG_VALUES: list[tuple[str, Call]] = [
    ("name", lambda r: r.create_model(SURROGATE)),
    ("comment", lambda r: r.create_catalog("a", comment=SURROGATE)),
    ("tags.k", lambda r: r.create_catalog("a", tags={"k": SURROGATE})),
    ("uri", lambda r: r.resolve(SURROGATE)),
    ("params.rate", lambda r: r.register_version(MODEL, b"x", params={"rate": nan})),
    ("params.rate", lambda r: r.register_version(MODEL, b"x", params={"rate": -inf})),
    ("signature.a.b", lambda r: r.register_version(MODEL, b"x", signature={"a": {"b": inf}})),
    ("version", lambda r: r.set_alias(MODEL, "a", 2**63)),
    ("path", lambda _: halfback.open("models\0.hb", create=True)),
    ("path", lambda _: halfback.open(SURROGATE, create=True)),
    ("moment", lambda r: r.as_of(datetime(2026, 11, 23, 10, 0))),
    ("moment", lambda r: r.as_of("yesterday")),
    ("moment", lambda r: r.as_of("2026-11-23T10:00:00")),
    ("moment", lambda r: r.as_of("20261123")),
    ("moment", lambda r: r.as_of("12")),
    ("moment", lambda r: r.as_of("2026-13-01")),
    ("older_than", lambda r: r.purge(nan)),
    ("grace", lambda r: r.sweep(inf)),
    ("moment", lambda r: r.as_of(datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))))),
    ("name", lambda r: r.put_artifact(MODEL, "a.bin", name="b.bin")),
    ("os_user", lambda r: r.create_user("ana", os_user="no such login")),
    ("os_user", lambda r: r.create_user("ana", os_user="a\0b")),
    ("os_user", lambda r: r.create_user("ana", os_user=2**32)),
    ("os_user", lambda r: r.create_user("ana", os_user=-1)),
    ("expires_in", lambda r: r.create_token("everyone", expires_in=-1)),
    ("cursor", lambda r: r.list_roles().page(cursor="zz")),
    ("least", lambda r: r.set_retention(timedelta.min)),
]


@pytest.mark.parametrize(("argument", "call"), WRONG_TYPES)
def test_a_wrong_type_names_its_argument(
    registry: halfback.Registry, argument: str, call: Call
) -> None:
    refused(registry, argument, call, halfback.InvalidTypeError, "invalid_type")


@pytest.mark.parametrize(("argument", "call"), WRONG_VALUES)
def test_a_value_that_cannot_cross_names_its_argument(
    registry: halfback.Registry, argument: str, call: Call
) -> None:
    refused(registry, argument, call, halfback.InvalidError, "invalid_argument")


def test_a_duration_beyond_sense_is_told(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.InvalidError, match=r"longer than 1,000 years"):
        registry.set_retention(timedelta.max)
    registry.set_retention(timedelta(days=365 * 1000))
    assert registry.info().retention == 86_400 * 365 * 1000


def refused(
    registry: halfback.Registry, argument: str, call: Call, cls: type[Exception], code: str
) -> None:
    before = registry.info()
    with pytest.raises(cls) as caught:
        call(registry)
    assert isinstance(caught.value, halfback.HalfbackError)
    assert caught.value.code == code
    assert f"`{argument}`" in caught.value.message
    assert registry.info() == before


class Scalar:
    """As the scalars of NumPy: no number, with one inside."""

    shape = ()

    def __init__(self, value: object) -> None:
        self.value = value

    def item(self) -> object:
        """The number inside."""
        return self.value


class Index:
    """As the integers of NumPy."""

    def __index__(self) -> int:
        return 2


def test_numbers_of_other_libraries_are_taken(registry: halfback.Registry) -> None:
    wild: Any = {"rate": Scalar(0.5), "depth": Scalar(3), "on": Scalar(True)}
    version = registry.register_version(MODEL, b"numbers", params=wild)
    assert version.params == {"rate": 0.5, "depth": 3, "on": True}
    second: Any = Index()
    assert registry.set_alias(MODEL, "challenger", second).number == 2


def test_a_fraction_is_no_number_that_json_has(registry: halfback.Registry) -> None:
    wild: Any = {"rate": Fraction(1, 2)}
    with pytest.raises(halfback.InvalidTypeError, match=r"`params\.rate`"):
        registry.register_version(MODEL, b"numbers", params=wild)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_content_is_anything_that_holds_bytes(
    registry: halfback.Registry, kind: Callable[[bytes], Any]
) -> None:
    version = registry.register_version(MODEL, kind(b"held"), name="held.bin")
    assert registry.file_path(version).read_bytes() == b"held"
    assert registry.get_artifact(version).files[0].path == "held.bin"


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_are_text_or_path_objects(
    registry: halfback.Registry, tmp_path: Path, kind: Callable[[Path], str | Path]
) -> None:
    (tmp_path / "model.txt").write_text("tree")
    version = registry.register_version(MODEL, kind(tmp_path / "model.txt"))
    assert registry.download(version, kind(tmp_path / "out")).read_text() == "tree"
    with halfback.open(kind(tmp_path / "models.hb")) as again:
        assert again.info() == registry.info()


def test_paths_need_not_be_unicode(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"caf\xe9.hb")
    with halfback.open(place, create=True) as registry:
        assert registry.path.name == place.name


def test_a_moment_of_any_zone_is_the_same_moment() -> None:
    tokyo = datetime(2026, 11, 23, 19, 0, 0, 1, tzinfo=timezone(timedelta(hours=9)))
    assert arguments.moment("moment", tokyo) == {"time": "2026-11-23T10:00:00.000001Z"}
    for said in ("2026-11-23T19:00:00.000001+09:00", "2026-11-23 10:00:00.000001Z"):
        assert arguments.moment("moment", said) == arguments.moment("moment", tokyo)
    for day in (date(2026, 11, 23), "2026-11-23"):
        assert arguments.moment("moment", day) == {"time": "2026-11-23T00:00:00.000000Z"}
    early = datetime(1, 1, 2, tzinfo=timezone.utc)
    assert arguments.moment("moment", early) == {"time": "0001-01-02T00:00:00.000000Z"}
