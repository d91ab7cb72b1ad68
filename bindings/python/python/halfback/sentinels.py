"""Values that stand for the absence of one, where `None` already has a meaning."""

from __future__ import annotations

__all__ = ["ANY", "AnyValue"]


class AnyValue:
    """The type of `halfback.ANY`: no expectation about the present value.

    Commands that move a fact take `expect`: a value must be the present one, `None` says that there
    must be none, and `ANY`, the default, moves it whatever it is.
    """

    __slots__ = ()
    _only: AnyValue | None = None

    def __new__(cls) -> AnyValue:
        """Gives the only one."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "halfback.ANY"

    def __reduce__(self) -> str:
        return "ANY"


ANY = AnyValue()
"""No expectation about the present value."""
