"""Checkpoints, proofs and exports, and the verifier for auditors: `docs/verify_log.py`."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from halfback import Registry

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_log.py"
MODEL = "risk.credit.default"
ENTRIES = 50


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("verify_log", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_log"] = module
    spec.loader.exec_module(module)
    return module


verifier = _load()


class Exported:
    """A log of fifty entries, exported and signed."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.public = halfback.generate_log_key(folder / "log.key", "halfback/test")
        self.key = halfback.SigningKey.from_file(folder / "log.key")
        self.checkpoints = ""
        while (commit := registry.info().commit) < ENTRIES:
            if commit in (19, 20):
                self.checkpoints += registry.checkpoint(self.key)
            registry.set_tag(MODEL, "number", str(commit))
        self.checkpoints += registry.checkpoint(self.key)
        self.path = folder / "log.jsonl"
        self.export = registry.export_log(self.path, key=self.key)
        self.content = self.path.read_bytes()

    def verify(self, content: bytes, checkpoints: str = "") -> Any:
        keys = [verifier.parse_key(self.public)]
        return verifier.verify(io.BytesIO(content), keys, checkpoints)

    def found(self, content: bytes, message: str, checkpoints: str = "") -> None:
        with pytest.raises(verifier.Damaged) as damage:
            self.verify(content, checkpoints)
        assert message in str(damage.value)


@pytest.fixture
def exported(registry: Registry, tmp_path: Path) -> Exported:
    return Exported(registry, tmp_path)


def test_an_export_is_intact_and_signed(exported: Exported, registry: Registry) -> None:
    report = exported.verify(exported.content, exported.checkpoints)
    assert report.entries == report.signed == exported.export.commits == ENTRIES
    assert report.root == exported.export.root == registry.info().root
    assert report.origin == f"halfback/{registry.info().uuid}"
    assert exported.export.checkpoint == verifier.split_notes(exported.checkpoints)[-1]
    assert verifier.verify(io.BytesIO(exported.content)).signed == 0


def test_every_byte_of_an_export_counts(exported: Exported) -> None:
    content = bytearray(exported.content)
    line = 1
    for place, byte in enumerate(exported.content):
        content[place] = byte ^ 1
        with pytest.raises((verifier.Damaged, verifier.Unusable)) as found:
            exported.verify(bytes(content))
        if line > 1:
            told = str(found.value)
            # Where a line has lost its end, the next one is in it.
            assert f"line {line} " in told or f"entry {line - 1} " in told, (place, told)
        content[place] = byte
        line += byte == 10


def test_an_export_is_damaged_where_lines_are_cut_moved_or_doubled(exported: Exported) -> None:
    lines = exported.content.splitlines(keepends=True)
    cases: list[tuple[list[bytes], str]] = [
        (lines[:-1], "entry 50 (line 51) is damaged: it is missing"),
        (lines[:20] + lines[21:], "entry 20 (line 21) is damaged: it is missing"),
        ([*lines[:20], lines[21], lines[20], *lines[22:]], "entry 20 "),
        ([*lines[:20], lines[20], *lines[20:]], "entry 21 "),
        (lines[1:], "line 1 "),
        ([], "line 1 "),
        ([*lines, b"{}\n"], "line 52 "),
        ([*lines, lines[-1]], "entry 51 "),
        ([*lines[:-1], lines[-1].rstrip(b"\n")], "line 51 "),
    ]
    for damaged, message in cases:
        exported.found(b"".join(damaged), message)


def rewritten(content: bytes, edit: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """What a careful forger makes of an export: all that follows from an edit of the headers."""
    first, *lines = map(json.loads, content.splitlines())
    headers = [json.loads(line["header"]) for line in lines]
    edit(headers)
    tree, leaf, forged = verifier.Tree(), headers[0]["previous"], []
    for number, header in enumerate(headers, 1):
        text = verifier.dumps({**header, "commit": number, "previous": leaf})
        leaf = sha256(b"\0" + text.encode()).hexdigest()
        tree.push(bytes.fromhex(leaf))
        forged.append({"commit": number, "leaf_hash": leaf, "header": text})
    del first["checkpoint"]
    first |= {"tree_size": len(forged), "root": tree.root().hex()}
    return "".join(verifier.dumps(line) + "\n" for line in [first, *forged]).encode()


def test_a_number_is_the_whole_number_that_is_written(exported: Exported) -> None:
    """Python takes `true` and `1.0` for 1; whoever reads the file otherwise does not."""
    first, *rest = exported.content.splitlines(keepends=True)
    for other in (b"true", b"1.0", b'"1"', b"2", b"null"):
        changed = first.replace(b'"halfback_log":1,', b'"halfback_log":' + other + b",")
        assert changed != first
        exported.found(b"".join([changed, *rest]), "line 1 is damaged: it is no log of Halfback")
    size = b'"tree_size":50'
    for other in (b"50.0", b'"50"', b"5e1"):
        changed = first.replace(size, size[:-2] + other)
        exported.found(b"".join([changed, *rest]), "line 1 is damaged")
    for other in (b"true", b"1.0", b'"1"'):
        changed = rest[0].replace(b'{"commit":1,', b'{"commit":' + other + b",", 1)
        assert changed != rest[0]
        exported.found(b"".join([first, changed, *rest[1:]]), "entry 1 (line 2) is damaged")


def test_a_number_in_a_header_is_whole_too(exported: Exported) -> None:
    for number, other in ((1, True), (1, 1.0), (20, 20.0), (20, "20")):
        lines = rewritten(exported.content, lambda _: None).splitlines(keepends=True)
        line = json.loads(lines[number])
        header = json.loads(line["header"]) | {"commit": other}
        line["header"] = verifier.dumps(header)
        line["leaf_hash"] = sha256(b"\0" + line["header"].encode()).hexdigest()
        lines[number] = (verifier.dumps(line) + "\n").encode()
        exported.found(b"".join(lines), f"entry {number} (line {number + 1}) is damaged: it stands")


def forge(headers: list[dict[str, Any]]) -> None:
    headers[19]["proof"] = "forged"


def test_a_log_that_is_written_anew_lies_between_two_checkpoints(exported: Exported) -> None:
    content = rewritten(exported.content, forge)
    # It is consistent in itself: this is why checkpoints are kept elsewhere.
    assert exported.verify(content).erased == ENTRIES
    exported.found(content, "entry 20 is damaged", exported.checkpoints)
    newest = verifier.split_notes(exported.checkpoints)[-1]
    exported.found(content, "one of the entries 1 to 50", newest)
    cut = rewritten(exported.content, lambda headers: headers.__delitem__(slice(30, None)))
    assert exported.verify(cut).entries == 30
    exported.found(cut, "entry 31 (line 32) is damaged: it is missing", exported.checkpoints)


def test_an_entry_that_its_successor_does_not_refer_to_is_named(exported: Exported) -> None:
    lines = exported.content.splitlines(keepends=True)
    for number in (1, 20, 49):
        line = json.loads(lines[number])
        header = json.loads(line["header"]) | {"proof": "forged"}
        line["header"] = verifier.dumps(header)
        line["leaf_hash"] = sha256(b"\0" + line["header"].encode()).hexdigest()
        changed = [*lines[:number], (verifier.dumps(line) + "\n").encode(), *lines[number + 1 :]]
        exported.found(b"".join(changed), f"entry {number} (line {number + 1}) is damaged")


def test_other_keys_and_other_logs_are_refused(exported: Exported, tmp_path: Path) -> None:
    other = halfback.generate_log_key(tmp_path / "other.key", "halfback/test")
    with pytest.raises(verifier.Unusable, match="other keys"):
        verifier.verify(io.BytesIO(exported.content), [verifier.parse_key(other)])
    with halfback.open(tmp_path / "other.hb", create=True) as registry:
        foreign = registry.checkpoint(exported.key)
    with pytest.raises(verifier.Unusable, match="another log"):
        exported.verify(exported.content, foreign)
    for text in ("", "x", "a+b+c", exported.public[:-4], exported.public.replace("test+", "tess+")):
        with pytest.raises(verifier.Unusable, match="no public key"):
            verifier.parse_key(text)
    secret = (tmp_path / "log.key").read_text().strip()
    with pytest.raises(verifier.Unusable) as refused:
        verifier.parse_key(secret)
    assert secret[-30:] not in str(refused.value)


def test_an_erased_payload_is_no_damage_and_half_of_one_is(exported: Exported) -> None:
    lines = exported.content.splitlines(keepends=True)
    line = json.loads(lines[7])
    erased = {name: line[name] for name in ("commit", "leaf_hash", "header")}

    def put(line: dict[str, Any]) -> bytes:
        return b"".join([*lines[:7], (verifier.dumps(line) + "\n").encode(), *lines[8:]])

    assert exported.verify(put(erased)).erased == 1
    exported.found(put(erased | {"salt": line["salt"]}), "line 8 ")
    exported.found(put(line | {"payload": "[]"}), "entry 7 ")


def test_the_script_says_by_its_exit_code_what_it_found(
    exported: Exported, registry: Registry, tmp_path: Path
) -> None:
    notes, damaged = tmp_path / "checkpoints.txt", tmp_path / "damaged.jsonl"
    unsigned = tmp_path / "unsigned.jsonl"
    registry.export_log(unsigned)
    notes.write_text(exported.checkpoints, encoding="utf-8")
    damaged.write_bytes(exported.content.replace(b"set_tag", b"set_tug", 1))
    run = partial(subprocess.run, capture_output=True, text=True, check=False, encoding="utf-8")
    key = ["--key", exported.public]
    cases: list[tuple[list[Path | str], int, str]] = [
        ([exported.path], 0, "intact: 50 entries"),
        ([exported.path, *key, "--checkpoint", notes], 0, "under a signature: 50"),
        ([damaged, *key], 1, "damaged: entry "),
        ([exported.path, "--checkpoint", notes], 2, "--key"),
        ([unsigned], 0, "under a signature: 0"),
        ([unsigned, *key], 2, "a key proves nothing"),
        ([tmp_path / "absent"], 2, "absent"),
        ([], 2, "usage"),
    ]
    for arguments, code, message in cases:
        done = run([sys.executable, "-I", SCRIPT, *arguments])
        assert done.returncode == code, done
        assert message in done.stdout + done.stderr


def test_the_script_is_short_and_needs_nothing_else() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    imported = {
        line.split()[1] for line in text.splitlines() if line.startswith(("import", "from"))
    }
    assert imported <= {*sys.stdlib_module_names, "__future__"}


def test_verify_log_holds_the_log_against_checkpoints(
    exported: Exported, registry: Registry
) -> None:
    verified = registry.verify_log(exported.checkpoints, key=exported.public)
    assert verified.checkpoint == ENTRIES
    assert (verified.clock_behind, verified.first_clock_behind) == (0, None)
    for arguments in ({"checkpoint": exported.checkpoints}, {"key": exported.public}):
        with pytest.raises(halfback.InvalidError):
            registry.verify_log(**arguments)


def test_a_callable_signs(registry: Registry, tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    raw = b"\x01" + private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    import base64

    code = sha256(b"vault\n" + raw).hexdigest()[:8]
    public = f"vault+{code}+{base64.b64encode(raw).decode()}"
    key = halfback.SigningKey.of(public, private.sign)
    checkpoint = registry.checkpoint(key)
    assert registry.verify_log(checkpoint, key=public).checkpoint == registry.info().commit
    assert registry.export_log(tmp_path / "log", key=key).checkpoint == checkpoint
    with pytest.raises(halfback.InvalidError, match="no signature"):
        registry.checkpoint(halfback.SigningKey.of(public, lambda _: bytes(64)))
    with pytest.raises(halfback.InvalidError, match="no signature"):
        registry.checkpoint(halfback.SigningKey.of(public, lambda _: b""))
    with pytest.raises(halfback.InvalidTypeError):
        registry.checkpoint(halfback.SigningKey.of(public, lambda _: "text"))  # type: ignore[arg-type, return-value]
    with pytest.raises(halfback.InvalidTypeError):
        registry.checkpoint("log.key")  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        registry.checkpoint(halfback.SigningKey.of(public, lambda _: bytes(1 // 0)))


def test_a_key_is_its_owners_alone_and_never_shown(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.key"
    public = halfback.generate_log_key(path, "halfback/test")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().strip()
    monkeypatch.setenv("HALFBACK_LOG_KEY", secret)
    key = halfback.SigningKey.from_env()
    assert key.key == public
    assert secret not in repr(vars(key)) + repr(key)
    registry.verify_log(registry.checkpoint(key), key=public)
    path.chmod(0o644)
    with pytest.raises(halfback.PermissionDeniedError, match="every user"):
        halfback.SigningKey.from_file(path)
    with pytest.raises(halfback.InvalidError) as refused:
        registry.verify_log(registry.checkpoint(key), key=secret)
    assert secret[-20:] not in str(refused.value)


def test_proofs_are_verified_without_a_registry(exported: Exported, registry: Registry) -> None:
    verify = partial(halfback.verify_inclusion, key=exported.public)
    newest = verifier.split_notes(exported.checkpoints)[-1]
    proof = registry.prove(30)
    assert verify(proof, checkpoint=newest).commit == 30
    # On its way it may be JSON.
    carried = json.loads(json.dumps(asdict(proof)))
    assert verify(carried, checkpoint=newest) == verify(proof, checkpoint=newest)
    with pytest.raises(halfback.IntegrityError):
        verify(carried | {"root": "0" * 64}, checkpoint=newest)
    growth = registry.prove_consistency(20)
    both = exported.checkpoints.replace(verifier.split_notes(exported.checkpoints)[0], "")
    halfback.verify_consistency(growth, checkpoint=both, key=exported.public)
    with pytest.raises(halfback.IntegrityError):
        halfback.verify_consistency(asdict(growth) | {"path": ["0" * 64]})
    with pytest.raises(halfback.InvalidTypeError):
        halfback.verify_consistency(30)  # type: ignore[arg-type]
    assert os.environ.get("HALFBACK_LOG_KEY") is None
