"""How commands are carried out: each is one atomic commit, and a failed one changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from halfback import arguments
from halfback.arguments import integer, text
from halfback.entities import (
    Catalog,
    Comparison,
    Evaluation,
    Model,
    ModelVersion,
    Schema,
    VersionSignature,
)
from halfback.reads import Reads
from halfback.records import (
    Erased,
    Principal,
    Purged,
    Role,
    SigningKeys,
    TokenRecord,
)
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from halfback.commands import Command

__all__ = ["Transactions"]

T = TypeVar("T")

# How each optional field is checked; `None` leaves it out, so that nothing changes.
_CHECKS: dict[str, Callable[[str, object], Any]] = {
    "allow_secrets": arguments.flag,
    "code_commit": text,
    "comment": text,
    "example": arguments.json_object,
    "expect_revision": integer,
    "flavor": text,
    "framework_version": text,
    "location": text,
    "metrics": arguments.metrics,
    "number": integer,
    "origin": arguments.json_object,
    "owner": text,
    "params": arguments.params,
    "run": text,
    "signature": arguments.json_object,
    "source": text,
    "stage": text,
    "tags": arguments.tags,
    "task": text,
}

Output: TypeAlias = (
    Catalog
    | Schema
    | Model
    | ModelVersion
    | Evaluation
    | Comparison
    | Erased
    | Purged
    | Principal
    | Role
    | SigningKeys
    | TokenRecord
    | VersionSignature
)
"""What a command gives."""

# The records that commands give; the others give none.
_OUTPUTS: dict[str, type[Output]] = {
    "archive_version": ModelVersion,
    "create_catalog": Catalog,
    "create_model": Model,
    "create_principal": Principal,
    "create_schema": Schema,
    "create_token": TokenRecord,
    "erase": Erased,
    "purge": Purged,
    "purge_artifact": Erased,
    "purge_version": Erased,
    "record_comparison": Comparison,
    "record_evaluation": Evaluation,
    "register_version": ModelVersion,
    "rename_catalog": Catalog,
    "rename_model": Model,
    "rename_schema": Schema,
    "repeat_erasures": Erased,
    "restore_version": ModelVersion,
    "set_alias": ModelVersion,
    "set_role": Role,
    "set_signing_keys": SigningKeys,
    "sign_version": VersionSignature,
    "update_catalog": Catalog,
    "update_model": Model,
    "update_schema": Schema,
    "update_version": ModelVersion,
}


class Transactions(Reads):
    """What every command goes through.

    Each takes an `idempotency_key`: a command that comes again with its key changes nothing and
    gives what it gave the first time. `expect_revision` and `expect` make a command happen only if
    nobody was faster: otherwise it is a `ConflictError` with the code `conflict`.
    """

    def transact(
        self, commands: Iterable[Command], *, idempotency_key: str | None = None
    ) -> list[Output | None]:
        """Executes commands in order as one commit: all of them happen, or none.

        The outputs come in the same order. `halfback.commands` has a class for each command.

        >>> from halfback.commands import SetAlias, SetTag
        >>> registry.transact([
        ...     SetAlias(model="risk.credit.default", alias="champion", version=2, expect=1),
        ...     SetTag(target="risk.credit.default/2", key="approved", value="yes"),
        ... ])
        [<ModelVersion models:/risk.credit.default/2, champion, 12 B>, None]
        """
        wired = [self._wired(place, command) for place, command in enumerate(_listed(commands))]
        records = [_OUTPUTS.get(command["command"]) for command in wired]
        outputs = self._execute(wired, records, idempotency_key)
        return [
            self._version(output) if isinstance(output, ModelVersion) else output
            for output in outputs
        ]

    # How it is done.

    def _run(self, command: str, idempotency_key: str | None, fields: dict[str, Any]) -> None:
        self._execute([{"command": command, **fields}], [None], idempotency_key)

    def _output(
        self, record: type[T], command: str, idempotency_key: str | None, fields: dict[str, Any]
    ) -> T:
        commands = [{"command": command, **fields}]
        output: T = self._execute(commands, [record], idempotency_key)[0]
        return output

    def _changed(
        self, command: str, idempotency_key: str | None, fields: dict[str, Any]
    ) -> ModelVersion:
        return self._version(self._output(ModelVersion, command, idempotency_key, fields))

    def _execute(
        self, commands: list[Any], records: list[Any], idempotency_key: str | None
    ) -> list[Any]:
        request: dict[str, Any] = {"commands": commands}
        if idempotency_key is not None:
            request["idempotency_key"] = text("idempotency_key", idempotency_key)
        return self._handle.execute(encode(request), records)

    def _wired(self, place: int, command: object) -> dict[str, Any]:
        from halfback.commands import Command

        name = f"commands[{place}]"
        if not isinstance(command, Command):
            raise arguments.wrong_type(name, "a command of `halfback.commands`", command)
        return arguments.json_object(name, command.to_wire())


def given(**fields: object) -> dict[str, Any]:
    """The optional fields that were given, checked."""
    return {name: _CHECKS[name](name, value) for name, value in fields.items() if value is not None}


def _listed(commands: object) -> list[object]:
    if isinstance(commands, (str, bytes, dict)) or not hasattr(commands, "__iter__"):
        raise arguments.wrong_type("commands", "a list of commands", commands)
    return list(commands)
