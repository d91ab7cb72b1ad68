"""Bundles, backups and copies in Python; what they are is in the scenarios."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import zipfile
from typing import TYPE_CHECKING

import halfback
import numpy as np
import pytest
from conftest import MODEL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(registry: halfback.Registry, tmp_path: Path) -> Path:
    """A bundle of the champion."""
    return registry.resolve(f"{MODEL}@champion").bundle(tmp_path / "credit.hbz")


def test_a_bundle_is_read_where_nothing_can_be_written(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "still"
    folder.mkdir()
    still = path.rename(folder / path.name)
    os.chmod(folder, 0o555)
    try:
        bundle = halfback.open_bundle(still)
        assert bundle.verify().files == 1
        assert [commit.commands for commit in bundle.history()] == [
            ("set_alias",),
            ("register_version",),
        ]
        assert os.listdir(folder) == [still.name]
    finally:
        os.chmod(folder, 0o755)


def test_a_bundle_is_loaded_by_a_program_without_a_registry(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    from sklearn.linear_model import LogisticRegression

    rows = [[20.5], [31.0], [44.2], [58.9]]
    model = LogisticRegression(C=0.5).fit(rows, [1, 1, 0, 0])
    version = registry.register("risk.credit.late", model, example=rows)
    path = version.bundle(tmp_path / "late.hbz")
    registry.close()
    script = (
        "import sys, halfback\n"
        "bundle = halfback.open_bundle(sys.argv[1])\n"
        "print(bundle.load().predict([[20.5], [58.9]]).tolist(), bundle.example.outputs)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[1, 0] (1, 1, 0, 0)\n"
    assert np.allclose(halfback.open_bundle(path).load().coef_, model.coef_)


def test_what_runs_code_is_not_loaded_whatever_the_bundle_says(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    import joblib  # type: ignore[import-untyped]

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    joblib.dump(Evil(), tmp_path / "model.joblib")
    registry.create_model("evil")
    version = registry.register_version("evil", tmp_path / "model.joblib", flavor="sklearn")
    assert version.executable
    bundle = halfback.open_bundle(version.bundle(tmp_path / "evil.hbz"))
    object.__setattr__(bundle.version, "executable", False)  # as a forged manifest would say
    with pytest.raises(halfback.PermissionDeniedError, match="trust=True"):
        bundle.load()
    assert not (tmp_path / "ran").exists()


def test_bundles_pickle_compare_and_show_themselves(path: Path) -> None:
    bundle = halfback.open_bundle(path)
    again = pickle.loads(pickle.dumps(bundle))
    assert again == bundle
    assert hash(again) == hash(bundle)
    assert repr(bundle) == f"<Bundle credit.hbz: models:/{MODEL}/1, 1 file, 7 B>"
    shown = bundle._repr_html_()
    assert "credit.hbz" in shown
    assert bundle.registry in shown
    assert bundle != "credit.hbz"


def test_a_bundle_that_was_replaced_is_noticed(
    registry: halfback.Registry, path: Path, tmp_path: Path
) -> None:
    bundle = halfback.open_bundle(path)
    registry.bundle(f"{MODEL}/2", path, overwrite=True)
    for use in (
        bundle.verify,
        lambda: list(bundle.history()),
        lambda: bundle.download(tmp_path / "out"),
    ):
        with pytest.raises(halfback.IntegrityError) as raised:
            use()
        assert raised.value.code == "artifact_changed"
    with pytest.raises(halfback.IntegrityError):
        registry.submit(bundle)


def test_python_reads_a_bundle_as_the_zip_file_that_it_is(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "manifest.json",
            "history.jsonl",
            "proof.json",
            "files/model.bin",
        ]
        assert archive.read("files/model.bin") == b"weights"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_backup_under_way_stops_at_ctrl_c_and_leaves_the_one_before(
    registry: halfback.Registry, big_file: Path, tmp_path: Path
) -> None:
    first = registry.backup(tmp_path / "saved")
    registry.register_version(MODEL, big_file)

    def interrupt(done: int, total: int) -> None:
        if done > total // 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        registry.backup(tmp_path / "saved", progress=interrupt)
    with halfback.open(tmp_path / "saved", read_only=True) as saved:
        assert saved.info().commit == first.commit
        assert saved.check().findings == ()


def test_progress_tells_of_every_way_to_another_place(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    def last() -> tuple[int, int]:
        done, total = told[-1]
        told.clear()
        return done, total

    backup = registry.backup(tmp_path / "saved", progress=tell)
    assert last() == (backup.database_bytes + 19,) * 2
    restored = halfback.restore(tmp_path / "saved", tmp_path / "again.hb", progress=tell)
    assert last() == (restored.database_bytes + 19,) * 2
    path = registry.bundle(f"{MODEL}/1", tmp_path / "credit.hbz", progress=tell)
    done, total = last()
    assert done == total > 7
    halfback.open_bundle(path).verify(progress=tell)
    assert last() == (7, 7)
    with halfback.open(tmp_path / "other.hb", create=True) as other:
        other.create_model("fraud")
        other.submit(path, model="fraud", progress=tell)
        assert last() == (14, 14)  # verified first
        registry.copy_version(f"{MODEL}/2", other, model="fraud", progress=tell)
        assert last() == (12, 12)


def test_a_copy_uses_what_the_registries_allow(registry: halfback.Registry, tmp_path: Path) -> None:
    with pytest.raises(halfback.InvalidTypeError, match="`to`"):
        registry.copy_version(f"{MODEL}/1", tmp_path)  # type: ignore[arg-type]
    other = halfback.open(tmp_path / "other.hb", create=True)
    other.close()
    with pytest.raises(halfback.ClosedError):
        registry.copy_version(f"{MODEL}/1", other)


def test_backups_and_writers_share_the_registry(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            registry.set_tag(f"{MODEL}/1", "number", str(number))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        commits = [registry.backup(tmp_path / "saved").commit for _ in range(5)]
    finally:
        done.set()
        writer.join()
    assert commits == sorted(commits)
    with halfback.open(tmp_path / "saved", read_only=True) as saved:
        assert saved.info().commit == commits[-1]
        assert saved.check().findings == ()
