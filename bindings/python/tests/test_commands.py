"""The generated commands and the facade say the same, alone and in a transaction."""

from __future__ import annotations

import dataclasses
import inspect
import json

import halfback
import pytest
from conftest import MODEL
from halfback import commands
from halfback.transactions import _OUTPUTS

CLASSES = {cls.NAME: cls for cls in commands.Command.__subclasses__()}


# Methods of another name than the command's, and what they call its fields.
METHODS = {
    "create_principal": ["create_user", "create_service", "create_group"],
    "grant": ["grant", "deny"],
}
CALLED = {
    "create_principal": {"kind": "self", "os_user": "name", "identity": "name"},
    "create_token": {"hash": "self", "expires_at": "expires_in", "idempotency_key": "self"},
    "grant": {"deny": "self", "condition": "where"},
}
NOTHING = ("add_", "allow_", "delete_", "grant", "protect_", "remove_", "revoke", "separate_")


@pytest.mark.parametrize("name", CLASSES)
def test_each_command_is_a_method_with_its_fields(name: str) -> None:
    fields = {field.name for field in dataclasses.fields(CLASSES[name])}  # type: ignore[arg-type]
    called = CALLED.get(name, {})
    wanted = {called.get(field, field) for field in fields | {"self", "idempotency_key"}}
    for method in METHODS.get(name, [name]):
        assert wanted <= set(inspect.signature(getattr(halfback.Registry, method)).parameters)


def test_the_outputs_are_of_commands_that_exist() -> None:
    nothing = {
        name
        for name in CLASSES
        if name.startswith((*NOTHING, "set_tag", "set_hold", "set_retention", "release_hold"))
    }
    assert CLASSES.keys() == _OUTPUTS.keys() | nothing


def test_a_transaction_is_one_commit(registry: halfback.Registry) -> None:
    before = registry.info().commit
    artifact = registry.put_artifact(MODEL, b"third")
    outputs = registry.transact(
        [
            commands.CreateModel(name="fraud", tags={"team": "risk"}),
            commands.RegisterVersion(model=MODEL, digest=artifact.digest, params={"depth": 3}),
            commands.SetAlias(model=MODEL, alias="champion", version=3, expect=1),
            commands.SetAlias(model=MODEL, alias="challenger", version=1, expect=None),
            commands.SetTag(target=MODEL, key="moved", value="yes"),
            commands.UpdateVersion(version=registry.resolve(f"{MODEL}/2"), stage="staging"),
        ]
    )
    assert registry.info().commit == before + 1
    assert [type(output).__name__ for output in outputs] == [
        "Model",
        "ModelVersion",
        "ModelVersion",
        "ModelVersion",
        "NoneType",
        "ModelVersion",
    ]
    assert registry.resolve(f"{MODEL}@champion").params == {"depth": 3}
    assert registry.resolve(f"{MODEL}@challenger").number == 1


def test_a_transaction_that_fails_changes_nothing(registry: halfback.Registry) -> None:
    before = registry.info()
    with pytest.raises(halfback.ConflictError) as caught:
        registry.transact(
            [
                commands.CreateCatalog(name="marketing"),
                commands.SetAlias(model=MODEL, alias="champion", version=2, expect=2),
            ]
        )
    assert caught.value.code == "conflict"
    assert registry.info() == before


def test_an_idempotency_key_makes_a_rerun_harmless(registry: halfback.Registry) -> None:
    first = registry.set_alias(MODEL, "champion", 2, expect=1, idempotency_key="move-1")
    head = registry.info()
    again = registry.set_alias(MODEL, "champion", 2, expect=1, idempotency_key="move-1")
    assert (again, registry.info()) == (first, head)


def test_a_digest_that_is_not_of_the_content_is_refused(registry: halfback.Registry) -> None:
    digest = registry.hash_artifact(b"other").digest
    before = registry.info()
    with pytest.raises(halfback.InvalidError) as caught:
        registry.register_version(MODEL, b"weights", digest=digest)
    assert caught.value.code == "digest_mismatch"
    assert registry.info() == before


def test_what_is_kept_elsewhere_is_hashed_and_not_stored(registry: halfback.Registry) -> None:
    version = registry.register_version(MODEL, b"far away", location="s3://models/far")
    assert version.location == "s3://models/far"
    assert version.digest == registry.hash_artifact(b"far away").digest


def test_the_sentinel_is_one_and_prints_as_it_is_written() -> None:
    import copy
    import pickle

    assert repr(halfback.ANY) == "halfback.ANY"
    assert pickle.loads(pickle.dumps(halfback.ANY)) is halfback.ANY
    assert copy.deepcopy(halfback.ANY) is halfback.ANY
    assert halfback.AnyValue() is halfback.ANY


def test_the_signature_arrives_as_it_was_given(registry: halfback.Registry) -> None:
    signature = {
        "inputs": [{"name": "income", "type": "double", "required": True}],
        "outputs": [
            {"name": "default", "type": "array", "items": {"type": "double"}, "required": True}
        ],
    }
    version = registry.register_version(MODEL, b"signed", signature=signature)
    assert json.loads(json.dumps(version.signature)) == signature
