"""The Python side of the suite `metrics`: ours and scikit-learn's functions on the same buffers.

After saying `[]` it reads `MEASUREMENT ROWS` a line, does one round of it, and says a JSON list:
the seconds of processor time that ours took, the peer, and one read of the columns. Who starts it
sees to it that libraries keep to one thread. `threads MEASUREMENT ROWS` gives the seconds by the
clock that two threads took, and one: the least of many calls of each, of which a few in a row take
turns: what the machine does when nothing is in the way. Where the system is slow to start a thread,
by up to a millisecond, two gain less.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn.metrics as peer
from fairlearn.metrics import MetricFrame
from halfback import metrics as ours

if TYPE_CHECKING:
    from collections.abc import Callable

GROUPS = 5
RESAMPLES = 1000
LEAST = 0.02  # seconds: what is quicker is called so often that it takes as long


@cache
def rows(count: int) -> dict[str, Any]:
    """Columns of an ordinary model: labels, probabilities, groups, numbers."""
    random = np.random.default_rng(count)
    truth = (random.random(count) < 0.3).astype(np.int64)
    noise = random.normal(0, 1, count)
    score = 1 / (1 + np.exp(-(2 * truth - 1 + noise)))
    classes = random.integers(0, 10, count)
    guess = np.where(random.random(count) < 0.7, classes, random.integers(0, 10, count))
    number = random.gamma(2.0, 2.0, count)
    return {
        "truth": truth,
        "score": score,
        "predicted": (score > 0.5).astype(np.int64),
        "classes": classes,
        "guess": guess,
        "group": random.integers(0, GROUPS, count),
        "number": number,
        "forecast": number + noise,
    }


@cache
def words(count: int) -> tuple[Any, Any]:
    """The classes as texts."""
    names = np.array([f"class {at}" for at in range(10)], dtype=object)
    found = rows(count)
    return names[found["classes"]], names[found["guess"]]


def seconds(call: Callable[[], object]) -> float:
    """The processor time of one call."""
    calls, took = 0, 0.0
    began = time.process_time()
    while took < LEAST:
        call()
        calls += 1
        took = time.process_time() - began
    return took / calls


def beside(name: str, *columns: Any, **options: Any) -> list[float]:
    """Ours, the peer, and one read."""
    mine, theirs = getattr(ours, name), getattr(peer, name)
    numbers = [column for column in columns if column.dtype != object]
    return [
        seconds(lambda: mine(*columns, **options)),
        seconds(lambda: theirs(*columns, **options)),
        seconds(lambda: [np.add.reduce(column) for column in numbers]),
    ]


def of_scores(name: str) -> Callable[[int], list[float]]:
    """A metric of a truth and its scores."""
    return lambda count: beside(name, rows(count)["truth"], rows(count)["score"])


def confusion_2(count: int) -> list[float]:
    """The matrix of two classes."""
    return beside("confusion_matrix", rows(count)["truth"], rows(count)["predicted"])


def confusion_10(count: int) -> list[float]:
    """The matrix of ten."""
    return beside("confusion_matrix", rows(count)["classes"], rows(count)["guess"])


def report_texts(count: int) -> list[float]:
    """The report of ten classes that are texts."""
    return beside("classification_report", *words(count))


def errors(count: int) -> list[float]:
    """MAE, RMSE and R² together."""
    truth, guess = rows(count)["number"], rows(count)["forecast"]

    def theirs() -> None:
        peer.mean_absolute_error(truth, guess)
        peer.root_mean_squared_error(truth, guess)
        peer.r2_score(truth, guess)

    return [
        seconds(lambda: ours.error_summary(truth, guess)),
        seconds(theirs),
        seconds(lambda: (np.add.reduce(truth), np.add.reduce(guess))),
    ]


def bootstrap(count: int) -> list[float]:
    """The area over resamples; of the peer a few are drawn, and counted as all."""
    truth, score = rows(count)["truth"], rows(count)["score"]
    random = np.random.default_rng(0)

    def resample() -> None:
        drawn = random.integers(0, count, count)
        peer.roc_auc_score(truth[drawn], score[drawn])

    return [
        seconds(lambda: ours.bootstrap(ours.roc_auc_score, truth, score, replicates=RESAMPLES)),
        seconds(resample) * RESAMPLES,
        seconds(lambda: (np.add.reduce(truth), np.add.reduce(score))),
    ]


def groups(count: int) -> list[float]:
    """Accuracy and recall of every group, beside fairlearn's frame of them."""
    found = rows(count)
    truth, predicted, group = found["truth"], found["predicted"], found["group"]

    def mine() -> None:
        for one in range(GROUPS):
            own = group == one
            ours.accuracy_score(truth[own], predicted[own])
            ours.recall_score(truth[own], predicted[own])

    def theirs() -> None:
        wanted = {"accuracy": peer.accuracy_score, "recall": peer.recall_score}
        frame = MetricFrame(
            metrics=wanted, y_true=truth, y_pred=predicted, sensitive_features=group
        )
        frame.by_group  # noqa: B018  # it is computed when it is looked at

    return [seconds(mine), seconds(theirs), seconds(lambda: np.add.reduce(truth))]


def ten(count: int) -> list[float]:
    """The least that a call takes; the peer's beside it."""
    truth, score = np.arange(count) % 2, np.linspace(0, 1, count)

    def least(call: Callable[[], object]) -> float:
        return min(seconds(call) for _ in range(5))

    return [
        least(lambda: ours.roc_auc_score(truth, score)),
        least(lambda: peer.roc_auc_score(truth, score)),
        least(lambda: np.add.reduce(score)),
    ]


READ = "read"
IN_A_ROW = 5  # calls of a turn
TURNS = 40
SECONDS = 4.0  # after which no further turn begins


def threads(name: str, count: int) -> list[float]:
    """Two threads and one."""
    found = rows(count)
    truth, score = found["truth"], found["score"]
    halves = [column[part] for column in (truth, score) for part in cut(count)]
    calls: dict[str, Callable[[], object]] = {
        "roc_auc": lambda: ours.roc_auc_score(truth, score),
        "average_precision": lambda: ours.average_precision_score(truth, score),
        "log_loss": lambda: ours.log_loss(truth, score),
        "brier": lambda: ours.brier_score_loss(truth, score),
        "confusion_2": lambda: ours.confusion_matrix(truth, found["predicted"]),
        "confusion_10": lambda: ours.confusion_matrix(found["classes"], found["guess"]),
        "errors": lambda: ours.error_summary(found["number"], found["forecast"]),
        "bootstrap": lambda: ours.bootstrap(ours.roc_auc_score, truth, score, replicates=100),
    }
    least = [float("inf"), float("inf")]
    with ThreadPoolExecutor(1) as other:

        def read(two: int) -> None:
            if two:
                mine = other.submit(lambda: [np.add.reduce(half) for half in halves[::2]])
                [np.add.reduce(half) for half in halves[1::2]]
                mine.result()
            else:
                [np.add.reduce(half) for half in halves]

        end = time.perf_counter() + SECONDS
        for call in range(2 * TURNS * IN_A_ROW):
            two = call // IN_A_ROW % 2
            with ours.n_threads(1 + two):
                began = time.perf_counter()
                if call % (2 * IN_A_ROW) == 0 and began > end:
                    break
                if name == READ:
                    read(two)
                else:
                    calls[name]()
                least[two] = min(least[two], time.perf_counter() - began)
    one, two = least
    return [two, one, 0.0]


def cut(count: int) -> list[slice]:
    """Two halves."""
    return [slice(0, count // 2), slice(count // 2, count)]


MEASUREMENTS: dict[str, Callable[[int], list[float]]] = {
    "roc_auc": of_scores("roc_auc_score"),
    "average_precision": of_scores("average_precision_score"),
    "log_loss": of_scores("log_loss"),
    "brier": of_scores("brier_score_loss"),
    "confusion_2": confusion_2,
    "confusion_10": confusion_10,
    "report_texts": report_texts,
    "errors": errors,
    "bootstrap": bootstrap,
    "groups": groups,
    "ten": ten,
}


def main() -> None:
    """Measures what it is asked to until nobody asks any more."""
    print("[]", flush=True)
    for line in sys.stdin:
        *of_threads, name, count = line.split()
        measure = partial(threads, name) if of_threads else MEASUREMENTS[name]
        print(json.dumps(measure(int(count))), flush=True)


if __name__ == "__main__":
    main()
