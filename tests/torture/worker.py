"""A writer and a reader in Python; `worker.rs` says what they do."""

import os
import sys
import threading
from pathlib import Path

import halfback
from halfback.commands import Command, SetAlias, SetTag


def note(file: int, count: int) -> None:
    """Notes what is acknowledged: eight bytes, so that nobody reads half of them."""
    os.pwrite(file, count.to_bytes(8, "little"), 0)


def noted(file: int) -> int:
    """What a writer has noted."""
    return int.from_bytes(os.pread(file, 8, 0), "little")


def end_with_failure(error: BaseException) -> None:
    """Ends the process, whatever its threads do."""
    print(f"torture: {error!r}", file=sys.stderr, flush=True)
    os._exit(1)


def count(registry: halfback.Registry, file: int, model: str) -> None:
    """Counts in a model, until the process is killed."""
    record = registry.get_model(model)
    champion = record.aliases["champion"]
    number = int(record.tags["count"])
    while True:
        number += 1
        commands: list[Command] = []
        if number % 4 == 0:
            champion = 3 - champion
            commands.append(
                SetAlias(model=model, alias="champion", version=champion, expect=3 - champion)
            )
        commands += [
            SetTag(target=f"{model}/{champion}", key="count", value=str(number)),
            SetTag(target=model, key="count", value=str(number)),
            SetTag(target=model, key="again", value=str(number)),
        ]
        registry.transact(commands)
        note(file, number)
        if number % 20 == 0:
            registry.register_version(model, f"{model} {number}".encode())


def write(registry: halfback.Registry, files: dict[str, int]) -> None:
    """Counts in each of the models."""

    def work(model: str, file: int) -> None:
        try:
            count(registry, file, model)
        except BaseException as error:
            end_with_failure(error)

    threads = [threading.Thread(target=work, args=each) for each in files.items()]
    for thread in threads:
        thread.start()
    # It ends with its input, where whoever started it has ended without killing it.
    sys.stdin.read()
    os._exit(0)


def read(registry: halfback.Registry, files: dict[str, int]) -> None:
    """Looks at all models until its input ends; then says how often it looked."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    last = dict.fromkeys(files, 0)
    looks = 0

    def hold(model: str, least: int, found: str) -> None:
        if int(found) < max(least, last[model]):
            text = f"{model}: {least} was noted and {last[model]} was seen, then {found}"
            raise AssertionError(text)
        last[model] = int(found)

    while not over.is_set():
        for model, file in files.items():
            least = noted(file)
            champion = registry.resolve(f"models:/{model}@champion")
            hold(model, least, champion.tags["count"])
            least = noted(file)
            tags = registry.get_model(model).tags
            hold(model, least, tags["count"])
            if tags["again"] != tags["count"]:
                raise AssertionError(f"{model}: half of a commit was seen")
            looks += 1
    print(looks, flush=True)


def main() -> None:
    """Does what the arguments say: what, the registry, the folder of the notes, the models."""
    what, registry, notes, *models = sys.argv[1:]
    files = {model: os.open(Path(notes, model), os.O_RDWR) for model in models}
    with halfback.open(registry) as opened:
        {"write": write, "read": read}[what](opened, files)


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:
        end_with_failure(error)
