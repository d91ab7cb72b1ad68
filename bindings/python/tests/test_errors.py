"""The exceptions: what they are, what they carry, and that a panic is one of them."""

from __future__ import annotations

import pickle

import halfback
import pytest
from halfback import _native, errors

CLASSES = [
    ("invalid", "invalid_name", halfback.InvalidError, ValueError),
    ("invalid", "invalid_type", halfback.InvalidTypeError, TypeError),
    ("not_found", "not_found", halfback.NotFoundError, LookupError),
    ("conflict", "already_exists", halfback.ConflictError, halfback.HalfbackError),
    ("denied", "read_only", halfback.PermissionDeniedError, PermissionError),
    ("integrity", "artifact_altered", halfback.IntegrityError, halfback.HalfbackError),
    ("unavailable", "busy", halfback.UnavailableError, OSError),
    ("closed", "closed", halfback.ClosedError, ValueError),
    ("internal", "internal", halfback.InternalError, RuntimeError),
]


@pytest.mark.parametrize(("kind", "code", "cls", "base"), CLASSES)
def test_each_kind_has_its_class(
    kind: str, code: str, cls: type[Exception], base: type[Exception]
) -> None:
    error = errors.from_core(kind, code, "cause and next step")
    assert type(error) is cls
    assert isinstance(error, (halfback.HalfbackError, base))
    assert isinstance(error, base)
    assert (str(error), error.message, error.code) == (
        "cause and next step",
        "cause and next step",
        code,
    )
    assert type(error).__module__ == "halfback"


@pytest.mark.parametrize(("kind", "code", "cls", "base"), CLASSES)
def test_they_pickle(kind: str, code: str, cls: type[Exception], base: type[Exception]) -> None:
    error = pickle.loads(pickle.dumps(errors.from_core(kind, code, "why")))
    assert (type(error), error.code, str(error)) == (cls, code, "why")


def test_an_error_of_the_core_arrives_as_its_class(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.NotFoundError, match="unknown") as caught:
        registry.get_model("risk.credit.unknown")
    assert caught.value.code == "not_found"


@pytest.mark.skipif(not hasattr(_native, "_panic"), reason="only debug builds can panic at will")
@pytest.mark.parametrize("locked", [False, True])
def test_a_panic_is_an_internal_error(capfd: pytest.CaptureFixture[str], locked: bool) -> None:
    with pytest.raises(halfback.InternalError, match="wires crossed") as caught:
        _native._panic("wires crossed", locked)  # type: ignore[attr-defined]  # not part of the stub
    assert caught.value.code == "internal"
    assert "wires crossed" not in capfd.readouterr().out
