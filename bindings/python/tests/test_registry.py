"""The handle: opening, closing, the hot read, threads, and being let go of."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import halfback
import pytest
from conftest import MODEL
from halfback import commands
from halfback.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHAMPION = f"models:/{MODEL}@champion"


def test_opening_where_no_registry_is_says_how_to_create_one(tmp_path: Path) -> None:
    with pytest.raises(halfback.NotFoundError, match="create") as caught:
        halfback.open(tmp_path / "nowhere.hb")
    assert caught.value.code == "registry_not_found"


def test_closing_twice_is_an_error_but_a_block_may_end_closed(tmp_path: Path) -> None:
    with halfback.open(tmp_path / "a.hb", create=True) as registry:
        registry.close()
    assert registry.closed
    with pytest.raises(halfback.ClosedError):
        registry.close()
    with pytest.raises(halfback.ClosedError):
        registry.__enter__()


USES: list[Callable[[halfback.Registry], object]] = [
    lambda r: r.resolve(CHAMPION),
    lambda r: r.info(),
    lambda r: r.create_catalog("a"),
    lambda r: r.transact([commands.CreateCatalog(name="a")]),
    lambda r: r.as_of(1),
    lambda r: r.put_artifact(MODEL, b"x"),
    lambda r: r.hash_artifact(b"x"),
    lambda r: r.file_path(f"{MODEL}/1"),
    lambda r: r.verify(f"{MODEL}/1"),
    lambda r: r.download(f"{MODEL}/1", "out"),
    lambda r: list(r.list_models()),
]


@pytest.mark.parametrize("use", USES)
def test_use_after_close_is_an_error(
    registry: halfback.Registry, use: Callable[[halfback.Registry], object]
) -> None:
    record, view = registry.resolve(CHAMPION), registry.as_of(2)
    registry.close()
    with pytest.raises(halfback.ClosedError) as caught:
        use(registry)
    assert caught.value.code == "closed"
    with pytest.raises(halfback.ClosedError):
        record.verify()
    with pytest.raises(halfback.ClosedError):
        view.info()
    assert "closed" in repr(registry)


def test_closing_one_handle_leaves_the_others_open(registry: halfback.Registry) -> None:
    with halfback.open(registry.path) as second:
        assert second.resolve(CHAMPION).number == 1
    assert registry.resolve(CHAMPION).number == 1


def test_a_hit_is_the_same_object_until_something_moves(registry: halfback.Registry) -> None:
    first = registry.resolve(CHAMPION)
    assert registry.resolve(CHAMPION) is first
    assert registry.resolve(uri=CHAMPION) is first
    registry.set_alias(MODEL, "champion", 2)
    assert registry.resolve(CHAMPION).number == 2
    registry.delete_alias(MODEL, "champion")
    with pytest.raises(halfback.NotFoundError):
        registry.resolve(CHAMPION)
    assert registry.find_version(CHAMPION) is None
    registry.set_alias(MODEL, "champion", 1)
    assert registry.resolve(CHAMPION).aliases == ("champion",)


def test_what_the_registry_keeps_is_bounded(registry: halfback.Registry) -> None:
    models = [f"m{number}" for number in range(90)]
    digest = registry.put_artifact(MODEL, b"weights").digest
    registry.transact([commands.CreateModel(name=f"risk.credit.{model}") for model in models])
    uris = []
    for model in models:
        name = f"risk.credit.{model}"
        aliases = [f"a{number}" for number in range(50)]
        registry.transact(
            [commands.RegisterVersion(model=name, digest=digest)]
            + [commands.SetAlias(model=name, alias=alias, version=1) for alias in aliases]
        )
        uris += [f"{name}@{alias}" for alias in aliases]
    kept = [weakref.ref(registry.resolve(uri)) for uri in uris]
    assert len(kept) > 4096
    assert sum(record() is not None for record in kept) == 4096
    newest = kept[-1]()
    assert registry.resolve(uris[-1]) is newest
    del newest
    registry.close()
    assert not any(record() for record in kept)


def test_a_view_by_time_and_one_by_number_are_the_same(registry: halfback.Registry) -> None:
    commit = next(iter(registry.history(f"{MODEL}/1")))
    by_time, by_number = registry.as_of(commit.time), registry.as_of(commit.commit)
    assert by_time.commit == by_number.commit == commit.commit
    now = registry.as_of(datetime.now(timezone.utc))
    assert now.commit == registry.info().commit
    assert repr(by_time).endswith(f"as of commit {commit.commit}>")


def test_a_view_has_every_read_of_the_registry() -> None:
    reads = {name for name in dir(Reads) if not name.startswith("_")}
    assert reads <= set(dir(halfback.View))
    assert "resolve" in reads


def descriptors(path: Path) -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:
            continue
        if target.startswith(str(path)):
            found.append(target)
    return found


def test_a_registry_that_nobody_holds_is_let_go(tmp_path: Path) -> None:
    registry = halfback.open(tmp_path / "a.hb", create=True)
    registry.create_model(MODEL, parents=True)
    registry.register_version(MODEL, b"weights")
    record = registry.resolve(f"{MODEL}/1")
    assert descriptors(tmp_path / "a.hb")
    held = weakref.ref(registry)
    del registry
    gc.collect()
    assert held() is None
    assert record.file_path().read_bytes() == b"weights"
    del record
    gc.collect()
    assert descriptors(tmp_path / "a.hb") == []


def test_many_threads_write_and_none_sees_the_past(registry: halfback.Registry) -> None:
    failures: list[str] = []
    barrier = threading.Barrier(4)

    def work(place: int) -> None:
        model = f"thread{place}"
        registry.create_model(model)
        for content in (b"a", b"b"):
            registry.register_version(model, content)
        barrier.wait()
        for turn in range(50):
            number = turn % 2 + 1
            registry.set_alias(model, "champion", number)
            if registry.resolve(f"{model}@champion").number != number:
                failures.append(f"{model} at {turn}")

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert registry.verify_log().commits == registry.info().commit


def test_closing_while_others_use_it_ends_in_closed_errors(registry: halfback.Registry) -> None:
    seen: list[BaseException] = []
    started = threading.Barrier(4)

    def use() -> None:
        started.wait()
        try:
            while True:
                registry.resolve(CHAMPION)
                registry.get_model(MODEL)
        except halfback.HalfbackError as error:
            seen.append(error)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait()
    registry.close()
    for thread in threads:
        thread.join()
    assert [type(error) for error in seen] == [halfback.ClosedError] * 3
