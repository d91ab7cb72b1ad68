"""The data scientist's side of the demo: trains two models, registers both, and moves the champion.

    python train.py REGISTRY

It says what it does in one JSON object a line, and goes on when it reads a line, so that whoever
started it decides when the champion moves.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import halfback
import joblib
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

MODEL = "health.screening.tumour"
CHAMPION = f"models:/{MODEL}@champion"


def say(**what: Any) -> None:
    """One line for whoever started the demo."""
    print(json.dumps(what), flush=True)


def hear() -> None:
    """Waits until it is told to go on."""
    if not sys.stdin.readline():
        sys.exit("nobody is there any more")


def main(directory: Path, scratch: Path) -> None:
    """The whole demo, in its order."""
    data = load_breast_cancer()
    train_x, test_x, train_y, test_y = train_test_split(
        data.data, data.target, test_size=0.3, stratify=data.target, random_state=0
    )

    def auc(model: Any) -> float:
        return float(roc_auc_score(test_y, model.predict_proba(test_x)[:, 1]))

    say(
        data="Breast Cancer Wisconsin (Diagnostic)",
        features=data.data.shape[1],
        trained_on=len(train_y),
        held_out=len(test_y),
        library=f"scikit-learn {sklearn.__version__}",
    )
    candidates = {
        "decision tree": DecisionTreeClassifier(max_depth=3, random_state=0),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
    }
    with halfback.open(directory, create=True) as registry:
        registry.create_model(MODEL, parents=True, task="binary_classification")
        for name, estimator in candidates.items():
            fitted = estimator.fit(train_x, train_y)
            file = scratch / "model.joblib"
            joblib.dump(fitted, file)
            version = registry.register_version(
                MODEL,
                file,
                flavor="sklearn",
                params={"estimator": name, "rows": len(train_y)},
                comment=name,
                tags={"auc": f"{auc(fitted):.3f}"},
            )
            say(
                version=version.number,
                estimator=name,
                auc=auc(fitted),
                bytes=version.size,
                digest=version.digest,
            )
        registry.set_alias(MODEL, "champion", 1, expect=None)
        say(champion=registry.resolve(CHAMPION).number)

        hear()
        before = registry.info().commit
        began = time.perf_counter()
        registry.set_alias(MODEL, "champion", 2, expect=1)
        say(moved_in=time.perf_counter() - began)

        hear()
        champion = registry.resolve(CHAMPION)
        verified = champion.verify()
        restored = joblib.load(champion.download(scratch / "out"))
        say(resolved=champion.number, digest=verified.digest, auc=auc(restored))
        say(as_of=registry.as_of(before).resolve(CHAMPION).number, commit=before)
        say(
            history=[
                {
                    "commit": commit.commit,
                    "time": commit.time.isoformat(timespec="milliseconds"),
                    "actor": commit.actor_name,
                    "summary": commit.summary,
                }
                for commit in registry.history(MODEL)
            ]
        )
        log = registry.verify_log()
        newest = registry.info()
        say(
            log_verified=log.commits == newest.commit and log.root == newest.root,
            commits=log.commits,
            root=log.root,
        )


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(sys.argv[1]), Path(folder))
