"""The tool `model_signing` itself: it verifies what Halfback signs, and the other way round.

Needs `model-signing` with `pyOpenSSL`, which are too much for every run of the tests: run it with
`python -m pytest tests/peers` where they are installed.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import halfback
import pytest

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "model.bin": "weights",
    "tokens/a b.txt": "tokens",
    ".gitattributes": "*.bin lfs",
    "é": "x",
}


def tool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


@pytest.fixture(name="registry")
def fixture_registry(tmp_path: Path, folder: Path) -> halfback.Registry:
    registry = halfback.open(tmp_path / "models.hb", create=True)
    registry.create_model("fraud")
    registry.register_version("fraud", folder)
    return registry


def test_the_tool_verifies_what_is_signed_here(registry: halfback.Registry, tmp_path: Path) -> None:
    public = tmp_path / "release.pub"
    public.write_text(halfback.generate_model_key(tmp_path / "release.pem"))
    registry.sign_version("fraud/1", halfback.ModelKey.from_file(tmp_path / "release.pem"))
    signature = registry.export_signature("fraud/1", public.read_text(), tmp_path / "model.sig")
    out = registry.download("fraud/1", tmp_path / "out")
    verify = ("verify", "key", "--no-ignore-git-paths", "--signature", signature)
    verified = tool(*verify, "--public_key", public, out)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    (out / "model.bin").write_text("other")
    assert tool(*verify, "--public_key", public, out).returncode != 0


def test_what_the_tool_signed_is_kept_where_it_covers_every_file(
    registry: halfback.Registry, folder: Path, tmp_path: Path
) -> None:
    private, signature = tmp_path / "release.pem", tmp_path / "model.sig"
    public = halfback.generate_model_key(private)
    sign = ("sign", "key", "--signature", signature, "--private_key", private)
    signed = tool(*sign, "--no-ignore-git-paths", folder)
    assert signed.returncode == 0, signed.stdout + signed.stderr
    kept = registry.sign_version("fraud/1", bundle=signature.read_text(), public_key=public)
    assert kept.bundle == signature.read_text()
    signature.unlink()
    assert tool(*sign, folder).returncode == 0
    with pytest.raises(halfback.InvalidError, match=r"does not sign the file `\.gitattributes`"):
        registry.sign_version("fraud/1", bundle=signature.read_text(), public_key=public)
