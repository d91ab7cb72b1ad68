"""Signed versions: keys in files, in the environment and behind functions, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import halfback
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="signed")
def fixture_signed(tmp_path: Path) -> halfback.Registry:
    registry = halfback.open(tmp_path / "models.hb", create=True)
    registry.create_model("fraud")
    registry.register_version("fraud", b"weights", name="model.bin")
    return registry


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def test_a_key_in_a_file_of_openssl_and_in_the_environment_signs_alike(
    signed: halfback.Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    forms = serialization.PrivateFormat
    for name, form in (("pkcs8", forms.PKCS8), ("sec1", forms.TraditionalOpenSSL)):
        encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        pem = private.private_bytes(encoding, form, plain).decode()
        path = tmp_path / f"{name}.pem"
        path.touch(mode=0o600)
        path.write_text(pem)
        monkeypatch.setenv("HALFBACK_SIGNING_KEY", pem)
        keys = [
            halfback.ModelKey.from_file(path),
            halfback.ModelKey.from_env(),
            halfback.ModelKey.from_pem(pem),
        ]
        for key in keys:
            assert key.public_key == public_pem(private)
            assert "PRIVATE" not in repr(key)
            assert signed.sign_version("fraud/1", key).public_key == key.public_key
    assert len(list(signed.list_signatures("fraud/1"))) == 1


def test_a_key_behind_a_function_signs_what_others_verify(
    signed: halfback.Registry, tmp_path: Path
) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    messages: list[bytes] = []

    def sign(message: bytes) -> bytes:
        messages.append(message)
        return private.sign(message, ec.ECDSA(hashes.SHA256()))

    key = halfback.ModelKey.of(public_pem(private), sign)
    signature = signed.sign_version("fraud/1", key)
    assert messages[0].startswith(b"DSSEv1 28 application/vnd.in-toto+json ")
    path = signed.export_signature("fraud/1", key.public_key, tmp_path / "model.sig")
    assert path.read_text() == signature.bundle
    with pytest.raises(halfback.ConflictError, match=r"`to` is `.*, which is there") as it:
        signed.export_signature("fraud/1", key.public_key, path)
    assert it.value.code == "already_exists"
    with pytest.raises(halfback.InvalidError, match=r"`to` is .*cannot be written: No such file"):
        signed.export_signature("fraud/1", key.public_key, tmp_path / "no" / "model.sig")
    with pytest.raises(halfback.InvalidError, match="public key"):
        signed.export_signature("fraud/1", "no key", tmp_path / "new.sig")
    assert not (tmp_path / "new.sig").exists()

    signed.set_signing_keys("main", [key.public_key])
    assert signed.download("fraud/1", tmp_path / "out").read_bytes() == b"weights"
    signed.register_version("fraud", b"other", name="model.bin")
    with pytest.raises(halfback.PermissionDeniedError, match="no key of its catalog"):
        signed.download("fraud/2", tmp_path / "out2")
    wrong = halfback.ModelKey.of(public_pem(private), lambda message: sign(message + b"x"))
    with pytest.raises(halfback.InvalidError, match="does not verify"):
        signed.sign_version("fraud/2", wrong)


KEY: str = public_pem(ec.generate_private_key(ec.SECP256R1()))

REFUSED: list[tuple[str, Any]] = [
    ("key", lambda r: r.sign_version("fraud/1", "a key")),
    ("bundle", lambda r: r.sign_version("fraud/1")),
    ("bundle", lambda r: r.sign_version("fraud/1", bundle="{}")),
    ("Sigstore bundle", lambda r: r.sign_version("fraud/1", bundle="", public_key=KEY)),
    ("keys", lambda r: r.set_signing_keys("main", KEY)),
    ("prime256v1", lambda r: r.verify_signature("fraud/1", "no key")),
    ("sign", lambda r: halfback.ModelKey.of(KEY, "no function")),  # type: ignore[arg-type]
    ("bytes", lambda r: r.sign_version("fraud/1", halfback.ModelKey.of(KEY, lambda m: "text"))),  # type: ignore[arg-type, return-value]
    ("private key", lambda r: halfback.ModelKey.from_pem(KEY)),
    ("NO_SUCH_KEY", lambda r: halfback.ModelKey.from_env("NO_SUCH_KEY")),
]


@pytest.mark.parametrize(("named", "call"), REFUSED)
def test_what_is_no_key_or_signature_is_refused_by_name(
    signed: halfback.Registry, named: str, call: Any
) -> None:
    with pytest.raises((halfback.InvalidError, TypeError), match=named):
        call(signed)


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "open.pem"
    halfback.generate_model_key(path)
    path.chmod(0o644)
    with pytest.raises(halfback.PermissionDeniedError, match="0600"):
        halfback.ModelKey.from_file(path)
    with pytest.raises(halfback.ConflictError, match="is there already"):
        halfback.generate_model_key(path)


def test_a_bundle_is_verified_by_keys_without_a_registry(
    signed: halfback.Registry, tmp_path: Path
) -> None:
    public = halfback.generate_model_key(tmp_path / "release.pem")
    other = halfback.generate_model_key(tmp_path / "other.pem")
    signed.sign_version("fraud/1", halfback.ModelKey.from_file(tmp_path / "release.pem"))
    signed.bundle("fraud/1", tmp_path / "fraud.hbz")
    bundle = halfback.open_bundle(tmp_path / "fraud.hbz")
    assert bundle.verify().signed_by == bundle.verify(keys=[other, public]).signed_by
    assert len(bundle.verify().signed_by) == 1
    with pytest.raises(halfback.NotFoundError, match="none of the keys"):
        bundle.verify(keys=[other])
    with pytest.raises(halfback.InvalidError):
        bundle.verify(keys=["no key"])
    with pytest.raises(TypeError):
        bundle.verify(keys=public)
