"""The script `halfback` that comes with the wheel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import halfback
import pytest
from conftest import MODEL

SCRIPT = Path(sys.executable).parent / "halfback"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *arguments], cwd=cwd, capture_output=True, text=True)


def test_the_installed_script_tells_its_version(tmp_path: Path) -> None:
    said = run("--version", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"halfback {halfback.__version__}\n")


@pytest.mark.parametrize("module", ["halfback", "halfback.cli"])
def test_the_module_is_the_script(module: str, tmp_path: Path) -> None:
    for arguments in (["--version"], ["no-such-command"], ["create-catalog", "--help"]):
        command = [sys.executable, "-m", module, *arguments]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        script = run(*arguments, cwd=tmp_path)
        assert (said.returncode, said.stderr) == (script.returncode, script.stderr)
        assert said.stdout == script.stdout


def test_it_reads_what_python_wrote_and_python_what_it_wrote(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    said = run("versions", MODEL, "--json", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert [version["number"] for version in json.loads(said.stdout)] == [2, 1]

    (tmp_path / "model.bin").write_bytes(b"weights of the third")
    said = run("register", MODEL, "model.bin", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert registry.resolve(f"models:/{MODEL}/latest").number == 3


def test_a_failure_has_the_exit_code_of_its_kind(tmp_path: Path) -> None:
    said = run("info", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (3, "")
    assert said.stderr.startswith("halfback: there is no registry in `models.hb`; ")


def test_arguments_that_are_no_text_arrive(registry: halfback.Registry, tmp_path: Path) -> None:
    name = os.fsdecode(b"model-\xff.bin")
    (tmp_path / name).write_bytes(b"weights")
    said = run("register", MODEL, name, "--location", "s3://bucket/model.bin", cwd=tmp_path)
    # The path got through: what is refused is the name that a manifest cannot hold.
    assert said.returncode == 2
    assert "UTF-8" in said.stderr
    assert registry.resolve(f"models:/{MODEL}/latest").number == 2


def test_control_c_ends_a_transfer_and_leaves_nothing(
    registry: halfback.Registry, big_file: Path, tmp_path: Path
) -> None:
    before, staging = registry.info(), registry.path / "artifacts"
    process = subprocess.Popen(
        [SCRIPT, "register", MODEL, big_file],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not any(staging.rglob("staging/*")):
        pass
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "halfback: stopped; nothing was changed\n")
    assert not any(staging.rglob("staging/*"))
    assert registry.info() == before


def test_importing_the_package_does_not_load_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONSTARTUP", raising=False)
    script = "import halfback, sys; print('halfback.cli' in sys.modules, 'signal' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout == "False False\n"
