"""Runs one scenario of `tests/scenarios` through the facade.

A scenario is a list of steps: a fixture prepares files, a call goes to a method of the facade by
its name, and what it gives or raises is compared with what the step says. Rust and Java run the
same files.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from math import inf, nan
from typing import TYPE_CHECKING, Any

import halfback
from halfback import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LANGUAGE = "python"
SPECIAL = {"$null": None, "$nan": nan, "$inf": inf, "$surrogate": "\ud800", "$object": object()}
PLACE = re.compile(r"\$\{([^}]+)\}|\$(dir)\b")
WHOLE = re.compile(r"\$(?:\{([^}]+)\}|([A-Za-z_][\w.]*))")
COMMANDS = {cls.NAME: cls for cls in commands.Command.__subclasses__()}


# Functions that no registry is open for.
WITHOUT_REGISTRY: dict[str, Callable[..., object]] = {
    "restore": halfback.restore,
    "open_bundle": lambda path: halfback.open_bundle(path)._manifest,
    "verify_bundle": lambda path: halfback.open_bundle(path).verify(),
    "bundle_history": lambda path, **page: halfback.open_bundle(path).history(**page).page(),
    "download_bundle": lambda path, to: halfback.open_bundle(path).download(to),
    "generate_log_key": halfback.generate_log_key,
    "verify_inclusion": halfback.verify_inclusion,
    "verify_consistency": halfback.verify_consistency,
}


def load(path: Path) -> list[dict[str, Any]]:
    """The steps of a scenario's file."""
    steps = tomllib.loads(path.read_text(encoding="utf-8"))["step"]
    assert steps, f"{path.name} has no steps"
    return list(steps)


class Scenario:
    """The handles, the folder and the saved values of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.handles: dict[str, halfback.Registry] = {}
        self.sessions: dict[str, halfback.Registry] = {}
        self.saved: dict[str, Any] = {"dir": str(folder)}

    def run(self, steps: list[dict[str, Any]]) -> None:
        """Runs the steps that are meant for this language."""
        try:
            for number, step in enumerate(steps, 1):
                if LANGUAGE in step.get("only", [LANGUAGE]):
                    self._step(f"step {number} ({step.get('call', step.get('fixture'))})", step)
        finally:
            for handle in [*self.sessions.values(), *self.handles.values()]:
                if not handle.closed:
                    handle.close()

    def _step(self, where: str, step: dict[str, Any]) -> None:
        if "fixture" in step:
            prepare(self.folder, self._filled(step))
            return
        if step["call"] != "open" and "as" in step:
            self._open_session(step)
        if "error" in step:
            self._refused(where, step)
        else:
            result = self._call(step)
            if "returns" in step:
                compare(where, self._plain_filled(step["returns"]), plain(result))
            if "save" in step:
                self.saved[step["save"]] = result

    def _refused(self, where: str, step: dict[str, Any]) -> None:
        before, error = self._heads(), None
        try:
            result = self._call(step)
        except halfback.HalfbackError as raised:
            error = raised
        assert error is not None, f"{where} gave {result!r}, not the error {step['error']}"
        assert error.code == step["error"], f"{where}: {error.code}: {error}"
        message = self._filled(step.get("message", ""))
        assert message in str(error), f"{where}: {message!r} is not in {error}"
        assert self._heads() == before, f"{where} failed and changed the registry"

    def _open_session(self, step: dict[str, Any]) -> None:
        """Opens the session of a principal, once in a scenario, beside the handle of a step."""
        name, handle = step["as"], self.handles[step.get("on", "registry")]
        if name not in self.sessions:
            token = handle.create_token(name).token
            self.sessions[name] = halfback.open(handle.path, token=token)

    def _heads(self) -> list[tuple[str, int, str]]:
        """What every open registry says of its state."""
        heads = []
        for name, handle in self.handles.items():
            try:
                info = handle.info()
            except halfback.HalfbackError:
                continue  # closed, or damaged by a fixture
            heads.append((name, info.commit, info.root))
        return heads

    def _call(self, step: dict[str, Any]) -> object:
        name, args = step["call"], self._filled(step.get("args", {}))
        if name == "open":
            self.handles[step.get("as", "registry")] = halfback.open(**args)
            return None
        if name in WITHOUT_REGISTRY:
            return WITHOUT_REGISTRY[name](**args)
        target: Any = (
            self.sessions[step["as"]] if "as" in step else self.handles[step.get("on", "registry")]
        )
        if "key_file" in args:
            args["key"] = halfback.SigningKey.from_file(args.pop("key_file"))
        if name == "copy_version":
            args["to"] = self.handles[args["to"]]
        if "as_of" in step:
            moment = self._filled(step["as_of"])
            target = target.as_of(time_of(moment) if isinstance(moment, str) else moment)
        if name == "transact":
            args["commands"] = [command(fields) for fields in args["commands"]]
        if isinstance(content := args.get("content"), dict):
            args["content"] = bytes_of(content)
        result = getattr(target, name)(**args)
        return result.page() if isinstance(result, halfback.Pages) else result

    def _filled(self, value: Any) -> Any:
        """A value of a step with the special and the saved values in their places."""
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str) or value == "$any":
            return value
        if value in SPECIAL:
            return SPECIAL[value]
        if whole := WHOLE.fullmatch(value):
            return self._saved(whole[1] or whole[2])
        return PLACE.sub(lambda place: str(plain(self._saved(place[1] or place[2]))), value)

    def _plain_filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._plain_filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain_filled(item) for item in value]
        return plain(self._filled(value))

    def _saved(self, path: str) -> Any:
        name, *keys = path.split(".")
        value = self.saved[name]
        for key in keys:
            value = plain(value)
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value


def command(fields: dict[str, Any]) -> commands.Command:
    """The command object of its JSON form; `expect` may be null there."""
    name = fields.pop("command")
    made: commands.Command = COMMANDS[name](**fields)
    return made


def plain(value: Any) -> Any:
    """A result as the JSON that the core gave."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, io.IOBase):
        with value:
            return value.read().decode()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def compare(where: str, expected: Any, actual: Any) -> None:
    """Objects match when what is expected of them is there, lists when they match item by item."""
    if expected == "$any":
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, item in expected.items():
            assert key in actual, f"{where}: {actual} has no `{key}`"
            compare(f"{where}.{key}", item, actual[key])
    elif isinstance(expected, list) and isinstance(actual, list):
        assert len(expected) == len(actual), f"{where}: {actual}, not {expected}"
        for place, (item, found) in enumerate(zip(expected, actual, strict=True)):
            compare(f"{where}[{place}]", item, found)
    else:
        assert (expected, isinstance(expected, bool)) == (actual, isinstance(actual, bool)), (
            f"{where}: {actual!r}, not {expected!r}"
        )


def time_of(text: str) -> datetime:
    """The time that an RFC 3339 text says."""
    return datetime.fromisoformat(text)


def bytes_of(step: Mapping[str, Any]) -> bytes:
    """The bytes that a step gives as text or in hexadecimal digits."""
    return bytes.fromhex(step["hex"]) if "hex" in step else str(step["text"]).encode()


def prepare(folder: Path, step: dict[str, Any]) -> None:
    """Prepares files, never through Halfback."""
    path = folder / step["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    match step["fixture"]:
        case "write":
            path.write_bytes(bytes_of(step))
        case "folder":
            path.mkdir(exist_ok=True)
        case "symlink":
            path.symlink_to(step["to"])
        case "fifo":
            os.mkfifo(path)
        case "device":
            try:
                os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            except PermissionError:
                os.mkfifo(path)
        case "delete":
            for found in matches(folder, step["path"]):
                shutil.rmtree(found) if found.is_dir() else found.unlink()
        case "replace":
            for found in matches(folder, step["path"]):
                writable(found)
                found.write_bytes(bytes_of(step))
        case "flip":
            for found in matches(folder, step["path"]):
                writable(found)
                held = bytearray(found.read_bytes())
                held[step["byte"]] ^= 0xFF
                found.write_bytes(held)
        case other:
            raise AssertionError(f"no fixture is called `{other}`")


def matches(folder: Path, path: str) -> Iterator[Path]:
    """The paths that a path with at most one `*` means, of which there must be one."""
    found = sorted(folder.glob(path)) if "*" in path else [folder / path]
    assert found, f"nothing matches {path}"
    yield from found


def writable(path: Path) -> None:
    """Stored files are read-only; a fault doesn't ask."""
    if path.exists():
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
