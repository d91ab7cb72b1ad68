"""Evidence for others: keys that sign checkpoints of the log, and proofs without a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from halfback import _native, arguments
from halfback.arguments import text
from halfback.entities import Commit
from halfback.wire import encode

if TYPE_CHECKING:
    from halfback.arguments import PathArgument
    from halfback.records import ConsistencyProof, InclusionProof
    from halfback.registry import Registry

__all__ = ["SigningKey", "generate_log_key", "verify_consistency", "verify_inclusion"]

Sign: TypeAlias = Callable[[bytes], bytes]
"""Gives the 64 bytes of an Ed25519 signature of what it is called with."""


class SigningKey:
    """A private Ed25519 key that signs checkpoints. It stays where it is: here is only its place.

    >>> public = halfback.generate_log_key(folder / "log.key", "halfback/models")
    >>> key = halfback.SigningKey.from_file(folder / "log.key")
    >>> key.key == public
    True
    """

    def __init__(self, place: Mapping[str, str], sign: Sign | None = None) -> None:
        """Use `from_file`, `from_env` or `of`."""
        self._place = dict(place)
        self._sign = sign
        self._key = _native.log_key(encode(self._place))

    @classmethod
    def from_file(cls, path: PathArgument) -> SigningKey:
        """The key in a file that `generate_log_key` wrote.

        A file that every user of the machine may read or write is refused.

        >>> public = halfback.generate_log_key(folder / "file.key", "halfback/models")
        >>> halfback.SigningKey.from_file(folder / "file.key").key == public
        True
        """
        return cls({"file": text("path", arguments.path("path", path))})

    @classmethod
    def from_env(cls, variable: str = "HALFBACK_LOG_KEY") -> SigningKey:
        """The key in an environment variable.

        >>> import os
        >>> public = halfback.generate_log_key(folder / "env.key", "halfback/models")
        >>> os.environ["DOCUMENTED_KEY"] = (folder / "env.key").read_text().strip()
        >>> halfback.SigningKey.from_env("DOCUMENTED_KEY").key == public
        True
        """
        return cls({"env": text("variable", variable)})

    @classmethod
    def of(cls, key: str, sign: Sign) -> SigningKey:
        """A key that is elsewhere, such as in a vault: `sign(bytes)` gives its signature, 64 bytes.

        `key` is the public key as text, `name+hash+base64`.

        >>> public = halfback.generate_log_key(folder / "vault.key", "halfback/models")
        >>> halfback.SigningKey.of(public, lambda content: bytes(64))
        <SigningKey halfback/models>
        """
        if not callable(sign):
            raise arguments.wrong_type("sign", "a function of the bytes to sign", sign)
        return cls({"key": text("key", key)}, sign)

    @property
    def key(self) -> str:
        """The public key, for everybody who verifies.

        >>> public = halfback.generate_log_key(folder / "public.key", "halfback/models")
        >>> public.startswith("halfback/models+")
        True
        """
        return self._key

    def _signing(self, registry: Registry) -> bytes:
        """How the core signs a checkpoint of a registry's log."""
        if self._sign is None:
            return encode(self._place)
        head = _native.log_head(registry._handle)
        signature = self._sign(head.encode())
        if not isinstance(signature, bytes | bytearray | memoryview):
            raise arguments.wrong_type("sign", "a function that gives `bytes`", self._sign)
        signed = {"key": self._key, "head": head, "signature": bytes(signature).hex()}
        return encode({"signed": signed})

    def __repr__(self) -> str:
        return f"<SigningKey {self._key.partition('+')[0]}>"


def generate_log_key(path: PathArgument, name: str) -> str:
    """Makes a key that signs checkpoints, in a new file that only its owner may read.

    Gives the public key, for everybody who verifies. The best `name` is the log's own, `halfback/`
    and `registry.info().uuid`. Keep the file where those who can write the registry can't read it.

    >>> halfback.generate_log_key(folder / "new.key", "halfback/models").count("+") >= 2
    True
    """
    return _native.generate_log_key(arguments.path("path", path), text("name", name))


def verify_inclusion(
    proof: InclusionProof | Mapping[str, Any],
    *,
    checkpoint: str | None = None,
    key: str | None = None,
) -> Commit:
    """Verifies that an entry is in the log that a checkpoint is of; gives the commit it tells of.

    It needs no registry. `key` is the public key that the checkpoint is signed with. Without a
    checkpoint this only says that the proof is one of its own root.

    >>> halfback.verify_inclusion(registry.prove(2)).commands
    ('create_model',)
    """
    return _native.verify_inclusion(_request(proof, checkpoint, key), Commit)


def verify_consistency(
    proof: ConsistencyProof | Mapping[str, Any],
    *,
    checkpoint: str | None = None,
    key: str | None = None,
) -> None:
    """Verifies that a log has only grown between the sizes of two checkpoints.

    Give both as one text. It needs no registry. Without checkpoints this only says that the proof
    is one of its own roots.

    >>> halfback.verify_consistency(registry.prove_consistency(2))
    """
    _native.verify_consistency(_request(proof, checkpoint, key))


def _request(proof: object, checkpoint: str | None, key: str | None) -> bytes:
    request: dict[str, Any] = {"proof": arguments.json_object("proof", proof)}
    if checkpoint is not None:
        request["checkpoint"] = text("checkpoint", checkpoint)
    if key is not None:
        request["key"] = text("key", key)
    return encode(request)
