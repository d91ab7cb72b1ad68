#!/usr/bin/env python3
"""Verifies a log that `halfback log export` wrote, without Halfback; docs/proofs.md has the format.

    python verify_log.py log.jsonl --key "$(cat log.pub)" --checkpoint checkpoints.txt

It takes Python 3.9 and, for signatures, the package `cryptography`. The exit code is 0 where the
log is intact, 1 where something is not as it was written (the message names the first such entry),
and 2 where it could not be verified at all.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections import namedtuple
from typing import Any, BinaryIO, NamedTuple, NoReturn, Sequence

HEAD = ["halfback_log", "registry", "origin", "tree_size", "root"]
LINE = ["commit", "leaf_hash", "header"]
HEADER = {"commit", "previous", "time", "actor", "proof", "commands", "entities", "payload", "rows"}


class Damaged(Exception):
    """Something is not as it was written."""


class Unusable(Exception):
    """What was given to verify with is not what it takes."""


Key = NamedTuple("Key", [("name", str), ("hash", bytes), ("public", bytes)])
Head = NamedTuple("Head", [("origin", str), ("size", int), ("root", bytes)])
Report = namedtuple("Report", "origin entries root erased clock_behind signed")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Tree:
    """The hash tree of RFC 6962, kept as the roots of its perfect subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def push(self, leaf: bytes) -> None:
        node, at = leaf, self.size
        while at & 1:
            node, at = sha256(b"\x01" + self.peaks.pop() + node), at >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        node = self.peaks[-1] if self.peaks else sha256(b"")
        for left in reversed(self.peaks[:-1]):
            node = sha256(b"\x01" + left + node)
        return node


def dumps(value: object) -> str:
    """JSON as it is written. Numbers are held against it: `true` and `1.0` equal 1 in Python."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def decoded(text: str) -> bytes:
    """Base64 in the one way that it can be written."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the base64 of anything")
    return data


def parse_key(text: str) -> Key:
    """`name+hash+base64(01 ‖ public key)`."""
    try:
        name, code, data = text.split("+", 2)
        raw = decoded(data)
        expected = sha256(name.encode() + b"\n" + raw)[:4]
        if len(raw) != 33 or raw[0] != 1 or code != expected.hex() or not name:
            raise ValueError
    except ValueError:
        shown = "a private key" if text.startswith("PRIVATE") else f"`{text[:80]}`"
        raise Unusable(f"{shown} is no public key of a log, such as `name+c74f20a3+…`") from None
    return Key(name, expected, raw[1:])


def is_signed(key: Key, text: bytes, signature: bytes) -> bool:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Unusable("signatures take the package: pip install cryptography") from None
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
    except Exception:  # whatever is wrong with it, it is no signature
        return False
    return True


def parse_note(note: str) -> tuple[Head, str, list[tuple[str, bytes]]]:
    """The head that a checkpoint says, its text, and its signatures with their keys' names."""
    try:
        text, _, below = note.rpartition("\n\n")
        lines, signatures = text.split("\n"), []
        for line in below.removesuffix("\n").split("\n"):
            dash, name, data = line.split(" ")
            raw = decoded(data)
            if dash != "—" or not name or "+" in name or len(raw) < 5:
                raise ValueError
            signatures.append((name, raw))
        head = Head(lines[0], int(lines[1]), decoded(lines[2]))
        whole = below.endswith("\n") and all(lines) and lines[1] == str(abs(head.size))
        if not whole or len(head.root) != 32 or len(signatures) > 100:
            raise ValueError
    except (ValueError, IndexError, AttributeError):
        raise Unusable("a checkpoint cannot be read: it is no signed note of a tree head") from None
    return head, text + "\n", signatures


def open_note(note: str, keys: Sequence[Key], origin: str) -> Head:
    """The head that a checkpoint says, once a known key has signed it for this log."""
    head, text, signatures = parse_note(note)
    known = [(key, raw) for name, raw in signatures for key in keys if key[:2] == (name, raw[:4])]
    if not known:
        names = ", ".join(f"{name}+{raw[:4].hex()}" for name, raw in signatures)
        raise Unusable(f"the checkpoint of {head.size} entries is signed by other keys: {names}")
    if not all(is_signed(key, text.encode(), raw[4:]) for key, raw in known):
        raise Damaged(f"the checkpoint of {head.size} entries was changed: its signature is wrong")
    if head.origin != origin:
        raise Unusable(f"the checkpoint is of another log, `{head.origin}`; this one is `{origin}`")
    return head


def split_notes(text: str) -> list[str]:
    """The checkpoints in a text that has several, one after another."""
    notes = [""]
    for line in re.findall(".*\n|.+", text):
        if "\n— " in notes[-1] and not line.startswith("— "):
            notes.append("")
        if notes[-1] or line != "\n":
            notes[-1] += line
    return [note for note in notes if note]


def read_line(file: BinaryIO, number: int, keys: list[str], more: list[str]) -> Any:
    """The next line, which must be exactly what its values are written as; none at the end."""
    line = file.readline(256 << 20)
    if not line:
        return None
    try:
        value = json.loads(line)
        if dumps(value).encode() + b"\n" != line or list(value) not in (keys, keys + more):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise Damaged(f"line {number} is damaged: it is not as an export is written") from None
    return value


class Chain:
    """The entries so far, each held against the one before."""

    def __init__(self, origin: str, heads: Sequence[Head]) -> None:
        self.tree, self.leaf, self.time = Tree(), sha256(origin.encode()), ""
        self.heads = sorted(heads, key=lambda head: head.size)
        self.held = 0
        self.rewritten: Head | None = None
        self.broken: bytes | None = None
        self.erased = self.clock_behind = 0
        self.hold()

    def damaged(self, entry: int, why: str) -> NoReturn:
        self.follow(None)
        if self.rewritten and self.rewritten.size < entry:
            size, first = self.rewritten.size, self.held + 1
            among = f"one of the entries {first} to {size} is the first that is damaged"
            which = f"entry {size} is damaged" if first == size else among
            raise Damaged(f"{which}: the checkpoint of {size} entries was signed for others")
        raise Damaged(f"entry {entry} (line {entry + 1}) is damaged: {why}")

    def hold(self) -> None:
        """Holds the tree against the checkpoints of its size."""
        while self.heads and self.heads[0].size == self.tree.size:
            head = self.heads.pop(0)
            if self.rewritten is None and head.root == self.tree.root():
                self.held = head.size
            elif self.rewritten is None:
                self.rewritten = head

    def follow(self, following: str | None) -> None:
        """Judges a broken link by what the next entry refers to."""
        broken, self.broken, last = self.broken, None, self.tree.size
        if broken is None:
            return
        if last - 1 <= self.held or following == broken.hex():
            self.damaged(last, "its reference to the entry before was changed")
        if following == self.leaf.hex():
            self.damaged(last - 1, "the next entry does not refer to it: it was changed")
        self.damaged(last - 1, f"it was changed, or entry {last} is not the one that followed it")

    def add(self, line: Any) -> None:
        number = self.tree.size + 1
        if dumps(line["commit"]) != str(number):
            self.damaged(number, f"it is missing; in its place is entry {line['commit']}")
        try:
            data = line["header"].encode()
            header = json.loads(data)
            salt, payload = bytes.fromhex(line.get("salt", "")), line.get("payload")
            if dumps(header).encode() != data or set(header) - {"clock"} != HEADER:
                raise ValueError
            leaf = sha256(b"\x00" + data)
            digest = None if payload is None else sha256(salt + payload.encode()).hex()
            time, clock = str(header["time"]), str(header.get("clock", ""))
        except (ValueError, TypeError, AttributeError, RecursionError):
            self.damaged(number, "its header is not as it is written")
        if line["leaf_hash"] != leaf.hex():
            self.damaged(number, "its header or its hash was changed")
        if dumps(header["commit"]) != str(number) or time <= self.time or len(time) != 27:
            self.damaged(number, "it stands in the place of another entry, or is not later")
        if digest not in (None, header["payload"]) or (digest and salt.hex() != line["salt"]):
            self.damaged(number, "its payload was changed")
        self.follow(header["previous"])
        if header["previous"] != self.leaf.hex():
            if number == 1:
                self.damaged(1, "it is not the beginning of this registry's log")
            self.broken = sha256(b"\x00" + dumps({**header, "previous": self.leaf.hex()}).encode())
        self.leaf, self.time = leaf, time
        self.erased += payload is None
        self.clock_behind += clock != ""
        self.tree.push(leaf)
        self.hold()

    def finish(self, size: int, root: str) -> None:
        if self.tree.size < size:
            self.damaged(self.tree.size + 1, f"it is missing: there should be {size} entries")
        self.follow(None)
        if self.rewritten:
            self.damaged(self.rewritten.size + 1, "")
        if self.tree.size > size or self.tree.root().hex() != root:
            raise Damaged("line 1 is damaged, or the last entry: the tree has another size or root")
        if self.heads:
            self.damaged(size + 1, f"it is missing: a checkpoint covers {self.heads[0].size}")


def verify(file: BinaryIO, keys: Sequence[Key] = (), checkpoints: str = "") -> Report:
    """Verifies an export, against the checkpoint in it and those that were kept elsewhere."""
    first = read_line(file, 1, HEAD, ["checkpoint"])
    if not first or dumps(first["halfback_log"]) != "1" or not isinstance(first["origin"], str):
        raise Damaged("line 1 is damaged: it is no log of Halfback, or of a newer format")
    origin, size, root = first["origin"], first["tree_size"], first["root"]
    if origin != f"halfback/{first['registry']}" or type(size) is not int:
        raise Damaged("line 1 is damaged: its parts do not belong together")
    heads = [open_note(note, keys, origin) for note in split_notes(checkpoints)]
    if note := first.get("checkpoint"):
        head = open_note(note, keys, origin) if keys else parse_note(note)[0]
        if (head.origin, head.size, head.root.hex()) != (origin, size, root):
            raise Damaged("line 1 is damaged: its checkpoint is of another head")
        heads += [head] if keys else []
    chain = Chain(origin, heads)
    while line := read_line(file, chain.tree.size + 2, LINE, ["salt", "payload"]):
        chain.add(line)
    chain.finish(size, root)
    signed = max((head.size for head in heads), default=0)
    return Report(origin, size, root, chain.erased, chain.clock_behind, signed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verifies an exported log of Halfback.")
    parser.add_argument("log", help="the file that `halfback log export` wrote")
    parser.add_argument("--key", action="append", default=[], help="a public key of the log")
    parser.add_argument("--checkpoint", help="a file with checkpoints that were kept elsewhere")
    given = parser.parse_args(arguments)
    try:
        keys, notes = [parse_key(key) for key in given.key], ""
        if given.checkpoint is not None:
            with open(given.checkpoint, encoding="utf-8", newline="\n") as file:
                notes = file.read(4 << 20)
            if not keys or not split_notes(notes):
                raise Unusable("a checkpoint takes a file that has one, and its public key: --key")
        with open(given.log, "rb") as log:
            report = verify(log, keys, notes)
        if keys and not report.signed:
            raise Unusable("no checkpoint is in it, and a key proves nothing without one")
    except Damaged as error:
        print(f"damaged: {error}", file=sys.stderr)
        return 1
    except (Unusable, OSError, UnicodeDecodeError) as error:
        print(f"not verified: {error}", file=sys.stderr)
        return 2
    print(f"intact: {report.entries} entries of {report.origin}, root {report.root}")
    print(f"under a signature: {report.signed}; erased payloads: {report.erased}")
    print(f"entries at which the machine's clock was behind: {report.clock_behind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
