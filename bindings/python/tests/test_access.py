"""Access: sessions of tokens, denials that explain themselves, and tokens that nothing keeps."""

from __future__ import annotations

import getpass
import os
import pickle
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from conftest import MODEL
from halfback import commands
from halfback.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHAMPION = f"{MODEL}@champion"


@pytest.fixture
def new(registry: halfback.Registry) -> halfback.NewToken:
    """The token of a service principal that may load what is in `risk`."""
    registry.create_service("scoring")
    registry.grant("Consumer", "catalogs:/risk", "scoring")
    return registry.create_token("scoring")


@pytest.fixture
def session(registry: halfback.Registry, new: halfback.NewToken) -> Iterator[halfback.Registry]:
    """A session of that token."""
    with halfback.open(registry.path, token=new.token) as session:
        yield session


def test_a_denial_carries_its_explanation(session: halfback.Registry) -> None:
    with pytest.raises(PermissionError) as caught:
        session.set_alias(MODEL, "champion", 2)
    error = caught.value
    assert isinstance(error, halfback.PermissionDeniedError)
    assert error.code == "permission_denied"
    assert error.explanation == session.explain("SET ALIAS", MODEL)
    assert error.explanation is not None
    assert error.explanation.missing is not None
    assert error.explanation.missing.givers
    assert str(error.explanation) == error.explanation.text == str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.explanation, again.code, str(again)) == (
        error.explanation,
        error.code,
        str(error),
    )


def test_other_denials_have_none(registry: halfback.Registry, tmp_path: Path) -> None:
    with pytest.raises(halfback.PermissionDeniedError) as caught:
        halfback.open(registry.path, token="nonsense")
    assert (caught.value.code, caught.value.explanation) == ("unauthenticated", None)
    assert "nonsense" not in str(caught.value)
    with (
        halfback.open(registry.path, read_only=True) as reading,
        pytest.raises(halfback.PermissionDeniedError) as caught,
    ):
        reading.create_catalog("new")
    assert (caught.value.code, caught.value.explanation) == ("read_only", None)


def test_an_explanation_is_readable(session: halfback.Registry) -> None:
    allowed, denied = session.explain("EXECUTE", MODEL), session.explain("DEPLOY", MODEL)
    assert repr(allowed).startswith("<Explanation allowed: `scoring` (p")
    assert repr(denied).startswith("<Explanation denied: `scoring` (p")
    assert "catalogs:/risk" in allowed._repr_html_()
    assert "denied" in denied._repr_html_()
    assert "DEPLOY" in denied._repr_html_()


def test_records_name_what_they_are_of(registry: halfback.Registry) -> None:
    service, model = registry.create_service("scoring"), registry.get_model(MODEL)
    group = registry.create_group("programs")
    registry.add_member(group, service)
    registry.grant("EXECUTE", model, group)
    registry.deny("BROWSE", registry.get_schema("main.default"), service)
    assert [grant.what for grant in registry.list_grants(to=service)] == ["BROWSE"]
    assert [grant.principal for grant in registry.list_grants(model)] == [group.id]
    for privilege, catalog in (("USE CATALOG", "catalogs:/risk"), ("USE SCHEMA", "registry:/")):
        registry.grant(privilege, catalog, group)
    assert registry.explain("EXECUTE", registry.resolve(CHAMPION), service).allowed
    registry.revoke("EXECUTE", model, group)
    assert not registry.explain("EXECUTE", model, service).allowed
    registry.remove_member(group, service)
    registry.delete_principal(service)
    assert [found.name for found in registry.list_principals() if found.kind == "service"] == []


def test_an_os_user_is_found_by_login_name(tmp_path: Path) -> None:
    with halfback.open(tmp_path / "a.hb", create=True) as registry:
        me = registry.whoami()
        assert registry.create_user("me", os_user=os.getuid(), exist_ok=True) == me
        by_name = registry.create_user("me", os_user=getpass.getuser(), exist_ok=True)
        assert by_name == me


def test_somebody_unknown_is_not_named_by_a_record(registry: halfback.Registry) -> None:
    stranger = halfback.Principal(
        kind="user", proof="os_user", groups=(), members=(), active=True, name="ana"
    )
    with pytest.raises(halfback.InvalidError, match="create_user"):
        registry.get_principal(stranger)


def test_commands_of_access_are_carried_out_together(registry: halfback.Registry) -> None:
    before = registry.info().commit
    outputs = registry.transact(
        [
            commands.CreatePrincipal(name="scoring", kind="service"),
            commands.SetRole(name="Scorer", includes=("Consumer",)),
            commands.Grant(what="Scorer", on="catalogs:/risk", to="scoring"),
            commands.CreateToken(
                principal="scoring",
                hash="0" * 64,
                expires_at=datetime.now(timezone.utc) + timedelta(hours=1),
            ),
        ]
    )
    assert registry.info().commit == before + 1
    assert [type(output).__name__ for output in outputs] == [
        "Principal",
        "Role",
        "NoneType",
        "TokenRecord",
    ]


def test_a_command_under_a_key_happens_once(registry: halfback.Registry) -> None:
    first = registry.create_service("scoring", idempotency_key="made")
    assert registry.create_service("scoring", idempotency_key="made") == first
    registry.grant("BROWSE", "registry:/", first, idempotency_key="granted")
    head = registry.info()
    registry.grant("BROWSE", "registry:/", first, idempotency_key="granted")
    assert registry.info() == head


def test_lists_are_lists_and_tables(registry: halfback.Registry, new: halfback.NewToken) -> None:
    lists: list[halfback.Pages[Any]] = [
        registry.list_principals(page_size=2),
        registry.list_grants(page_size=1),
        registry.list_roles(),
        registry.list_tokens(),
        registry.who_can("EXECUTE", MODEL),
        registry.what_can("scoring"),
    ]
    for found in lists:
        rows = list(found)
        assert found.to_dicts() == found.to_dicts(flat=True) != []
        assert len(found.to_dicts()) == len(rows)
        html = found._repr_html_()
        assert "<table" in html
        assert repr(rows[0]) not in html
        assert new.token not in html + repr(rows)
    assert registry.list_roles().page().cursor is None
    assert "denied" not in lists[1]._repr_html_()
    registry.deny("DEPLOY", "registry:/", "scoring")
    assert "denied" in lists[1]._repr_html_()


def test_a_token_ends_with_its_time(registry: halfback.Registry) -> None:
    registry.create_service("scoring")
    before = datetime.now(timezone.utc)
    record = registry.create_token("scoring", expires_in=timedelta(minutes=5)).record
    assert record.expires_at is not None
    assert timedelta(minutes=5) <= record.expires_at - before < timedelta(minutes=6)
    assert registry.create_token("scoring", expires_in=0.5).record.expires_at is not None


def test_the_environment_gives_a_token(
    registry: halfback.Registry,
    new: halfback.NewToken,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HALFBACK_TOKEN", new.token)
    with halfback.open(registry.path) as session:
        assert session.whoami().name == "scoring"
    monkeypatch.delenv("HALFBACK_TOKEN")
    (tmp_path / "token").write_text(new.token + "\n")
    monkeypatch.setenv("HALFBACK_TOKEN_FILE", str(tmp_path / "token"))
    with halfback.open(registry.path) as session:
        assert session.whoami().name == "scoring"


PICKLED: list[Callable[[halfback.Registry], object]] = [
    lambda session: session,
    lambda session: session.as_of(session.info().commit),
    lambda session: session.resolve(CHAMPION),
    lambda session: session.as_of(session.info().commit).resolve(CHAMPION),
]


@pytest.mark.parametrize("made", PICKLED)
def test_no_pickle_holds_a_token(
    session: halfback.Registry,
    new: halfback.NewToken,
    monkeypatch: pytest.MonkeyPatch,
    made: Callable[[halfback.Registry], object],
) -> None:
    def who(again: object) -> str | None:
        reads = again._reads() if isinstance(again, halfback.ModelVersion) else again
        assert isinstance(reads, Reads)
        return reads.whoami().name

    pickled = pickle.dumps(made(session))
    assert new.token.rpartition("_")[2].encode() not in pickled
    with pytest.raises(halfback.PermissionDeniedError, match="HALFBACK_TOKEN") as caught:
        who(pickle.loads(pickled))  # not as the operating system's user, who is steward here
    assert caught.value.code == "unauthenticated"
    monkeypatch.setenv("HALFBACK_TOKEN", new.token)
    assert who(pickle.loads(pickled)) == "scoring"


def test_nothing_shows_a_token(
    registry: halfback.Registry, session: halfback.Registry, new: halfback.NewToken
) -> None:
    version = session.resolve(CHAMPION)
    shown = [new, session, session._handle, version, session.list_tokens("scoring").page()]
    secret = new.token.rpartition("_")[2]
    for thing in shown:
        html = thing._repr_html_() if hasattr(thing, "_repr_html_") else ""
        assert secret not in repr(thing) + str(thing) + html
    assert repr(new) == f"<NewToken {new.record.id} of scoring>"
    registry.revoke_token(new.record)
    with pytest.raises(halfback.PermissionDeniedError) as caught:
        session.resolve(CHAMPION)
    assert caught.value.code == "unauthenticated"
    assert secret not in str(caught.value)


def test_what_was_resolved_ends_with_the_right_to_it(
    registry: halfback.Registry, session: halfback.Registry
) -> None:
    assert session.resolve(CHAMPION) is session.resolve(CHAMPION)
    registry.revoke("Consumer", "catalogs:/risk", "scoring")
    assert session.find_version(CHAMPION) is None
    registry.grant("Consumer", "catalogs:/risk", "scoring")
    assert session.resolve(CHAMPION).number == 1
