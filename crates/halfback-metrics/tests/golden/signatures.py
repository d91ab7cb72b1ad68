"""Writes the parameters of scikit-learn's metric functions, that Python's tests hold ours against.

    pip install scikit-learn==1.9.1
    python crates/halfback-metrics/tests/golden/signatures.py
"""

import inspect
import json
import pathlib

import sklearn
from sklearn import calibration, metrics

PLACE = pathlib.Path(__file__).parents[4] / "bindings/python/tests/sklearn_signatures.json"
# Metrics of clusterings and of pairs of rows are not of models with a truth to hold them against.
LEFT_OUT = (
    "adjusted_", "calinski", "check_scoring", "cluster", "completeness", "consensus", "contingency",
    "davies", "euclidean", "fowlkes", "get_scorer", "homogeneity", "make_scorer", "mutual_info",
    "nan_euclidean", "normalized_mutual", "pair_confusion", "pairwise", "rand_score", "silhouette",
    "v_measure",
)
assert sklearn.__version__ == "1.9.1", sklearn.__version__


def parameters(function):
    """Name, kind and default of each; NaN is told apart by its text."""
    return [
        [one.name, one.kind.name, "" if one.default is one.empty else repr(one.default)]
        for one in inspect.signature(function).parameters.values()
    ]


names = [
    name
    for name in metrics.__all__
    if inspect.isfunction(getattr(metrics, name)) and not name.startswith(LEFT_OUT)
]
found = {name: parameters(getattr(metrics, name)) for name in sorted(names)}
found["calibration_curve"] = parameters(calibration.calibration_curve)
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found.items())
PLACE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
print(len(found), "functions")
