"""Records: short to print, impossible to change, equal by value, and at home in their registry."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import halfback
import pytest
from conftest import MODEL
from halfback import records
from halfback.entities import _size
from halfback.wire import ReadOnlyDict

if TYPE_CHECKING:
    from pathlib import Path

CHAMPION = f"models:/{MODEL}@champion"


def test_times_are_aware(registry: halfback.Registry) -> None:
    version = registry.resolve(CHAMPION)
    assert version.created_at.utcoffset() == timedelta(0)
    assert registry.info().created_at <= version.created_at <= version.updated_at


def fits(value: Any, hint: Any) -> bool:
    """Whether a value of a record is what the annotation says, to its depths."""
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return value in inner
        case origin if origin is UnionType:
            return any(fits(value, choice) for choice in inner)
        case origin if origin is tuple:
            return type(value) is tuple and all(fits(item, inner[0]) for item in value)
        case origin if origin is Mapping:
            return type(value) is ReadOnlyDict and all(
                type(key) is str and fits(item, inner[1]) for key, item in value.items()
            )
    if hint is Any:
        return not isinstance(value, dict) or type(value) is ReadOnlyDict
    if hint is datetime:
        return type(value) is datetime and value.tzinfo is timezone.utc
    if not dataclasses.is_dataclass(hint) or hint not in type(value).__mro__:
        return type(value) is hint
    hints = get_type_hints(hint)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(hint)}
    held = vars(value)
    return held.keys() - fields.keys() <= {"_source"} and all(
        fits(held[name], its) for name, its in fields.items()
    )


def test_records_are_what_their_annotations_say(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    version = registry.register_version(
        MODEL,
        b"x",
        params={"depth": 3, "rate": 0.5, "whole": 2.0, "best": True, "name": "ä🙂"},
        metrics={"auc": 0.9, "loss": -0.0, "large": 1e300},
        tags={"a": "b"},
        signature={"inputs": [{"name": "x", "type": "double"}]},
        example={"columns": ["x"], "rows": [[1.5], [None]], "outputs": [1, {"p": [0.2]}]},
        origin={
            "system": "mlflow",
            "reference": "models:/x/1",
            "created_at": datetime.now(timezone.utc),
        },
        comment="words",
    )
    registry.protect_alias(MODEL, "champion")
    artifact = registry.put_artifact(MODEL, b"y")
    transacted = registry.transact(
        [
            halfback.commands.RegisterVersion(model=MODEL, digest=artifact.digest),
            halfback.commands.SetTag(target=MODEL, key="k", value="v"),
            halfback.commands.UpdateModel(name=MODEL, comment="all of them"),
        ]
    )
    bundle = halfback.open_bundle(version.bundle(tmp_path / "x.hbz"))
    service = registry.create_service("scoring")
    registry.grant("Consumer", "catalogs:/risk", service, where="tags.a = 'b'")
    token = registry.create_token(service, expires_in=timedelta(days=1), privileges=["EXECUTE"])
    read: list[tuple[type, Any]] = [
        (records.ModelVersion, version),
        (records.ModelVersion, registry.get_version(MODEL, version.number)),
        (records.ModelVersion, registry.resolve(version.uri)),
        (records.ModelVersion, registry.search_versions().page(1).items[0]),
        (records.ModelVersion, transacted[0]),
        (records.Model, transacted[2]),
        (records.Model, registry.get_model(MODEL)),
        (records.Model, registry.list_models().page().items[0]),
        (records.Schema, registry.get_schema("risk.credit")),
        (records.Catalog, registry.get_catalog("risk")),
        *((records.Commit, commit) for commit in registry.log()),
        *((records.Commit, commit) for commit in bundle.history()),
        (records.BundleManifest, bundle._manifest),
        (records.BundleVerification, bundle.verify()),
        (records.Artifact, artifact),
        (records.Artifact, registry.verify(version)),
        (records.Example, registry.get_example(version)),
        (records.Compatibility, registry.compare_signatures(f"{MODEL}/1", version)),
        (records.Principal, registry.whoami()),
        (records.Principal, service),
        (records.NewToken, token),
        (records.TokenRecord, registry.list_tokens().page().items[0]),
        (records.GrantRecord, registry.list_grants().page().items[1]),
        (records.Role, registry.set_role("Scorer", ["EXECUTE"])),
        (records.Holder, registry.who_can("BROWSE", "registry:/").page().items[0]),
        (records.Held, registry.what_can(service).page().items[0]),
        (records.Explanation, registry.explain("BROWSE", MODEL)),
        (records.Explanation, registry.explain("DEPLOY", MODEL, service)),
        (records.RegistryInfo, registry.info()),
        (records.LogVerification, registry.verify_log()),
        (records.CheckReport, registry.check()),
        (records.Backup, registry.backup(tmp_path / "backup")),
        (records.Restored, halfback.restore(tmp_path / "backup", tmp_path / "again.hb")),
        (records.Swept, registry.sweep()),
        (records.Purged, registry.purge(0)),
        (records.Compacted, registry.compact()),
    ]
    assert [value for hint, value in read if not fits(value, hint)] == []
    assert transacted[1] is None
    assert registry.get_version(MODEL, version.number) == version


def test_a_record_cannot_be_changed(registry: halfback.Registry) -> None:
    version = registry.register_version(
        MODEL, b"x", tags={"a": "b"}, signature={"inputs": [{"type": "double"}]}
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        version.number = 7  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"dict\(…\)"):
        version.tags["a"] = "c"  # type: ignore[index]
    with pytest.raises(TypeError):
        version.signature["inputs"] = 1  # type: ignore[index]
    assert dict(version.tags) | {"a": "c"} == {"a": "c"}
    assert json.dumps(version.tags) == '{"a": "b"}'
    assert copy.deepcopy(version.tags) == pickle.loads(pickle.dumps(version.tags)) == {"a": "b"}


def test_records_are_equal_by_value_and_hashable(registry: halfback.Registry) -> None:
    first, again = registry.get_version(MODEL, 1), registry.get_version(MODEL, 1)
    assert first == again
    assert first is not again
    assert len({first, again, registry.get_version(MODEL, 2)}) == 2
    registry.set_tag(first, "seen", "yes")
    assert registry.get_version(MODEL, 1) != first


def test_a_version_from_a_view_stays_in_its_moment(registry: halfback.Registry) -> None:
    view = registry.as_of(registry.info().commit)
    second = view.get_version(MODEL, 2)
    registry.delete_version(second)
    assert registry.find_version(second) is None
    assert second.file_path().read_bytes() == b"more weights"
    assert view.resolve(second) == second


def test_a_record_of_another_registry_is_not_taken_for_one_of_this(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    with halfback.open(tmp_path / "other.hb", create=True) as other:
        other.create_model(MODEL, parents=True)
        version = other.register_version(MODEL, b"something else")
        for stranger in (version, pickle.loads(pickle.dumps(version))):
            with pytest.raises(halfback.InvalidError, match="another registry"):
                registry.download(stranger, tmp_path / "out")
            with pytest.raises(halfback.InvalidError, match="another registry"):
                registry.transact([halfback.commands.ArchiveVersion(version=stranger)])
        assert registry.resolve(version.uri).digest != version.digest


def test_a_pickled_version_finds_its_registry_again(registry: halfback.Registry) -> None:
    version = registry.resolve(CHAMPION)
    again = pickle.loads(pickle.dumps(version))
    assert again == version
    assert again.file_path().read_bytes() == b"weights"
    again.set_tag("moved", "yes")
    assert registry.resolve(CHAMPION).tags == {"moved": "yes"}
    past = pickle.loads(pickle.dumps(registry.as_of(version.revision).resolve(CHAMPION)))
    registry.delete_alias(MODEL, "champion")
    registry.delete_version(version)
    assert past.verify().size == 7


def test_a_record_that_was_never_read_says_so(registry: halfback.Registry) -> None:
    loose = dataclasses.replace(registry.resolve(CHAMPION), comment="mine")
    with pytest.raises(halfback.InvalidError, match=r"registry\.resolve\(record\)"):
        loose.verify()
    assert registry.resolve(loose).comment is None


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (4_200_000_000, "4.2 GB"),
        (2**63, "9.2 EB"),
    ],
)
def test_sizes_are_said_shortly(count: int, said: str) -> None:
    assert _size(count) == said


def test_what_is_worth_saying_of_a_version_is_printed(registry: halfback.Registry) -> None:
    version = registry.update_version(f"{MODEL}/2", stage="staging")
    assert repr(version) == f"<ModelVersion models:/{MODEL}/2, staging, 12 B>"


def test_what_a_notebook_prints_is_a_line_without_secrets(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    service = registry.create_service("scoring")
    registry.grant("EXECUTE", "catalogs:/risk", service, where="tags.team\n= 'risk'")
    registry.deny("MODIFY", "catalogs:/risk", service)
    grants = registry.list_grants("catalogs:/risk")
    on = "on catalogs:/risk to scoring"
    assert [repr(grant) for grant in grants] == [
        f"<GrantRecord EXECUTE {on} where tags.team = 'risk'>",
        f"<GrantRecord no MODIFY {on}>",
    ]
    assert repr(grants) == "<halfback.Pages of GrantRecord, read by 100>"
    assert repr(grants.page()) == "<halfback.Page of 2 records>"
    assert repr(grants.page(1)) == "<halfback.Page of 1 record, and more>"

    public = halfback.generate_model_key(tmp_path / "model.pem")
    key = halfback.ModelKey.from_file(tmp_path / "model.pem")
    kept = registry.sign_version(CHAMPION, key)
    assert repr(kept) == f"<VersionSignature of key {kept.key[:12]}>"
    registry.set_signing_keys("risk", [public])
    (trusted,) = registry.list_signatures(CHAMPION)
    assert repr(trusted) == f"<VersionSignature of key {kept.key[:12]}, which its catalog trusts>"

    token = registry.create_token(service, comment="nightly")
    registry.set_hold(MODEL, "suit\n12")
    measured = registry.evaluate(CHAMPION, [0, 1, 1], [0, 1, 0], slices={"at": ["a", "b", "b"]})
    shown = [token, *registry.list_tokens(), *registry.history(MODEL), measured, *measured.metrics]
    shown += [*registry.list_principals(), *registry.list_roles(), *registry.what_can(service)]
    shown += [*registry.who_can("EXECUTE", "catalogs:/risk"), key, registry.list_evaluations(MODEL)]
    for text in map(repr, [*shown, registry.get_model(MODEL), registry.info()]):
        assert "\n" not in text
        assert len(text) < 400
        assert token.token not in text
        assert "PRIVATE" not in text


def test_pages_cover_a_list_once(registry: halfback.Registry) -> None:
    for number in range(7):
        registry.create_model(f"fraud{number}")
    pages = registry.list_models("main", page_size=3)
    assert [model.name for model in pages] == [f"main.default.fraud{n}" for n in range(7)]
    assert list(pages) == list(pages)
    sizes, cursor = [], None
    while True:
        page = pages.page(3, cursor)
        sizes.append(len(page))
        if (cursor := page.cursor) is None:
            break
    assert sizes == [3, 3, 1]
