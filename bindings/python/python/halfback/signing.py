"""Keys that sign versions: ECDSA on P-256 with SHA-256, as OpenSSF Model Signing has it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from halfback import _native, arguments
from halfback.arguments import text
from halfback.wire import encode

if TYPE_CHECKING:
    from halfback.arguments import PathArgument

__all__ = ["ModelKey", "generate_model_key"]

Sign: TypeAlias = Callable[[bytes], bytes]
"""Gives the ECDSA signature with SHA-256 of what it is called with, as DER."""


class ModelKey:
    """A private key that signs versions. It stays where it is: here is only its place.

    >>> public = halfback.generate_model_key(folder / "model.pem")
    >>> halfback.ModelKey.from_file(folder / "model.pem").public_key == public
    True
    """

    def __init__(self, place: Mapping[str, str], sign: Sign | None = None) -> None:
        """Use `from_file`, `from_env`, `from_pem` or `of`."""
        self._place = dict(place)
        self._sign = sign
        self._public_key = _native.model_key(encode(self._place))

    @classmethod
    def from_file(cls, path: PathArgument) -> ModelKey:
        """The key in a file, as PEM that is not encrypted: of `generate_model_key` or OpenSSL.

        A file that every user of the machine may read or write is refused.

        >>> public = halfback.generate_model_key(folder / "file.pem")
        >>> halfback.ModelKey.from_file(folder / "file.pem").public_key == public
        True
        """
        return cls({"file": text("path", arguments.path("path", path))})

    @classmethod
    def from_env(cls, variable: str = "HALFBACK_SIGNING_KEY") -> ModelKey:
        """The key in an environment variable, as PEM.

        >>> import os
        >>> public = halfback.generate_model_key(folder / "env.pem")
        >>> os.environ["DOCUMENTED_PEM"] = (folder / "env.pem").read_text()
        >>> halfback.ModelKey.from_env("DOCUMENTED_PEM").public_key == public
        True
        """
        return cls({"env": text("variable", variable)})

    @classmethod
    def from_pem(cls, pem: str) -> ModelKey:
        """The key in a text, as PEM.

        >>> public = halfback.generate_model_key(folder / "text.pem")
        >>> halfback.ModelKey.from_pem((folder / "text.pem").read_text()).public_key == public
        True
        """
        return cls({"pem": text("pem", pem)})

    @classmethod
    def of(cls, public_key: str, sign: Sign) -> ModelKey:
        """A key that is elsewhere, such as in a vault: `sign(bytes)` gives its signature as DER.

        >>> public = halfback.generate_model_key(folder / "vault.pem")
        >>> halfback.ModelKey.of(public, lambda message: bytes(70)).public_key == public
        True
        """
        if not callable(sign):
            raise arguments.wrong_type("sign", "a function of the bytes to sign", sign)
        return cls({"public_key": text("public_key", public_key)}, sign)

    @property
    def public_key(self) -> str:
        """The public key as PEM, for everybody who verifies.

        >>> public = halfback.generate_model_key(folder / "public.pem")
        >>> public.startswith("-----BEGIN PUBLIC KEY-----")
        True
        """
        return self._public_key

    def _bundle(self, statement: str) -> str:
        """A statement, signed."""
        request: dict[str, Any] = {"statement": statement, "key": self._place}
        if self._sign is not None:
            signature = self._sign(_native.signing_message(statement))
            if not isinstance(signature, bytes | bytearray | memoryview):
                raise arguments.wrong_type("sign", "a function that gives `bytes`", self._sign)
            request["signature"] = b64encode(signature).decode()
        return _native.sign_statement(encode(request))

    def __repr__(self) -> str:
        return f"<ModelKey {self._public_key.splitlines()[1][-16:]}>"


def generate_model_key(path: PathArgument) -> str:
    """Makes a key that signs versions, in a new file that only its owner may read.

    Gives the public key as PEM, for everybody who verifies.

    >>> halfback.generate_model_key(folder / "new.pem").startswith("-----BEGIN PUBLIC KEY-----")
    True
    """
    return _native.generate_model_key(arguments.path("path", path))
