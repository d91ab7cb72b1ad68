"""The exceptions of Halfback: one base class, one subclass per kind of failure.

The class says what to do (fix the request, ask for a right, try again, reopen, report a bug),
`code` is the exact reason, the same text in every language, and the message gives the cause and
the next step.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to load than this module
if TYPE_CHECKING:
    from halfback.entities import Explanation

__all__ = [
    "ClosedError",
    "ConflictError",
    "HalfbackError",
    "IntegrityError",
    "InternalError",
    "InvalidError",
    "InvalidTypeError",
    "MissingLibraryError",
    "NotFoundError",
    "PermissionDeniedError",
    "UnavailableError",
]


class HalfbackError(Exception):
    """Anything that Halfback refuses or fails to do.

    >>> try:
    ...     registry.get_model("risk.credit.unknown")
    ... except halfback.HalfbackError as error:
    ...     print(error.code)
    not_found
    """

    code: str
    """The reason, such as `not_found`: stable, the same in Rust, Python and Java."""

    message: str
    """The cause and the next step, for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[HalfbackError], tuple[object, ...]]:
        return type(self), (self.message, self.code)


class InvalidError(HalfbackError, ValueError):
    """The request can't be right: a malformed name, URI, argument or artifact. Fix the request."""


class InvalidTypeError(InvalidError, TypeError):
    """An argument has the wrong type. Fix the call."""


class MissingLibraryError(HalfbackError, ImportError):
    """Something needs a library that isn't installed. The message says what to install."""


class NotFoundError(HalfbackError, LookupError):
    """What the request names doesn't exist, now or at the moment that was asked about."""


class ConflictError(HalfbackError):
    """The registry is in a state that forbids this: a duplicate, or a value that has moved on."""


class PermissionDeniedError(HalfbackError, PermissionError):
    """The caller may not do this, or the registry was opened for reading only.

    With the code `unauthenticated` nothing proves who is calling: a token is not accepted.
    """

    explanation: Explanation | None
    """The decision where a privilege is missing: what it rests on, and who can grant what lacks."""

    def __init__(self, message: str, code: str, explanation: Explanation | None = None) -> None:
        super().__init__(message, code)
        self.explanation = explanation

    def __reduce__(self) -> tuple[type[PermissionDeniedError], tuple[object, ...]]:
        return type(self), (self.message, self.code, self.explanation)


class IntegrityError(HalfbackError):
    """Stored bytes are missing or aren't what was stored. Don't use them."""


class UnavailableError(HalfbackError, OSError):
    """The disk failed, another process kept the registry busy, or the call was cancelled."""


class ClosedError(HalfbackError, ValueError):
    """The registry was closed. Open it again."""


class InternalError(HalfbackError, RuntimeError):
    """A fault of Halfback itself. Please report it."""


_BY_KIND: dict[str, type[HalfbackError]] = {
    "invalid": InvalidError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "denied": PermissionDeniedError,
    "integrity": IntegrityError,
    "unavailable": UnavailableError,
    "closed": ClosedError,
    "internal": InternalError,
}

for _class in (HalfbackError, InvalidTypeError, MissingLibraryError, *_BY_KIND.values()):
    _class.__module__ = "halfback"  # as people import them and as tracebacks should name them


def from_core(
    kind: str, code: str, message: str, explanation: Explanation | None = None
) -> HalfbackError:
    """The exception for an error of the core; the native module calls this."""
    if explanation is not None:
        return PermissionDeniedError(message, code, explanation)
    if code == "invalid_type":
        return InvalidTypeError(message, code)
    return _BY_KIND.get(kind, HalfbackError)(message, code)
