from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeAlias, TypeVar, final

from typing_extensions import disjoint_base

from halfback.entities import ModelVersion
from halfback.own_metrics import OwnMetrics
from halfback.records import Verdict

__all__ = [
    "Handle",
    "MetricState",
    "Resolver",
    "Stamp",
    "__version__",
    "backup",
    "bundle",
    "bundle_download",
    "bundle_history",
    "bundle_verify",
    "checkpoint",
    "compare",
    "compatible",
    "copy_version",
    "evaluate",
    "export",
    "export_log",
    "generate_log_key",
    "generate_model_key",
    "import_mlflow",
    "is_executable",
    "log_head",
    "log_key",
    "metrics_accuracy",
    "metrics_adjust",
    "metrics_agreement",
    "metrics_auc",
    "metrics_average_precision",
    "metrics_best_threshold",
    "metrics_bootstrap",
    "metrics_bootstrap_roc_auc",
    "metrics_by_group",
    "metrics_calibration",
    "metrics_confusion",
    "metrics_cost",
    "metrics_coverage",
    "metrics_curve",
    "metrics_delong",
    "metrics_delong_paired",
    "metrics_fairness",
    "metrics_gain",
    "metrics_groups",
    "metrics_hamming",
    "metrics_judge",
    "metrics_kappa",
    "metrics_likelihood",
    "metrics_loss",
    "metrics_mcnemar",
    "metrics_multilabel",
    "metrics_power",
    "metrics_proportion",
    "metrics_proportions",
    "metrics_ranked",
    "metrics_regression",
    "metrics_relevant",
    "metrics_reliability",
    "metrics_report",
    "metrics_roc_auc",
    "metrics_rows",
    "metrics_scores",
    "metrics_share",
    "metrics_single",
    "metrics_summary",
    "metrics_threads",
    "metrics_top_k",
    "metrics_two_proportions",
    "metrics_welch",
    "model_key",
    "open_bundle",
    "picture",
    "restore",
    "run_cli",
    "sign_statement",
    "signing_message",
    "submit",
    "verify_consistency",
    "verify_inclusion",
]

__version__: str

_R = TypeVar("_R")

def backup(
    handle: Handle,
    to: str | PathLike[str],
    verify: bool,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def restore(
    backup: str | PathLike[str],
    to: str | PathLike[str],
    erasures: str | PathLike[str] | None,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def copy_version(
    handle: Handle,
    version: bytes,
    as_of: bytes | None,
    target: Handle,
    options: bytes,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def bundle(
    handle: Handle,
    version: bytes,
    as_of: bytes | None,
    to: str | PathLike[str],
    overwrite: bool,
    progress: Callable[[int, int], object] | None,
) -> Path: ...
def open_bundle(path: str | PathLike[str], record: type[_R]) -> tuple[str, _R]: ...
def bundle_history(
    path: str | PathLike[str], identity: str, page: bytes, record: type[_R]
) -> dict[str, Any]: ...
def bundle_verify(
    path: str | PathLike[str],
    identity: str,
    keys: bytes | None,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def bundle_download(
    path: str | PathLike[str],
    identity: str,
    to: str | PathLike[str],
    progress: Callable[[int, int], object] | None,
) -> Path: ...
def submit(
    handle: Handle,
    path: str | PathLike[str],
    identity: str | None,
    options: bytes,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def is_executable(path: str | PathLike[str]) -> bool: ...
def evaluate(
    handle: Handle,
    request: bytes,
    roles: dict[str, Any],
    slices: dict[str, Any],
    own: OwnMetrics | None,
    record: type[_R],
) -> _R: ...
def compare(
    handle: Handle,
    request: bytes,
    roles: dict[str, Any],
    slices: dict[str, Any],
    own: OwnMetrics | None,
    record: type[_R],
) -> _R: ...
def picture(request: bytes) -> str: ...
def compatible(request: bytes, record: type[_R]) -> _R: ...
def model_key(place: bytes) -> str: ...
def generate_model_key(path: str | PathLike[str]) -> str: ...
def signing_message(statement: str) -> bytes: ...
def sign_statement(request: bytes) -> str: ...
def log_key(request: bytes) -> str: ...
def generate_log_key(path: str | PathLike[str], name: str) -> str: ...
def log_head(handle: Handle) -> str: ...
def checkpoint(handle: Handle, signing: bytes) -> str: ...
def export_log(
    handle: Handle,
    to: str | PathLike[str],
    signing: bytes | None,
    overwrite: bool,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def verify_inclusion(request: bytes, record: type[_R]) -> _R: ...
def verify_consistency(request: bytes) -> None: ...
def import_mlflow(
    handle: Handle,
    request: bytes,
    fetch: Callable[[Mapping[str, Any], Path], str | PathLike[str]] | None,
    progress: Callable[[int, int], object] | None,
) -> Any: ...
def export(
    handle: Handle,
    commit: int | None,
    to: str | PathLike[str],
    request: bytes,
    progress: Callable[[int, int], object] | None,
) -> Any: ...
def run_cli(arguments: list[str]) -> int: ...

@final
class Stamp: ...

@final
class Handle:
    @staticmethod
    def open(
        path: str | PathLike[str], create: bool, read_only: bool, token: str | None
    ) -> Handle: ...
    @staticmethod
    def reopen(path: str | PathLike[str], read_only: bool, of_token: bool) -> Handle: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def of_token(self) -> bool: ...
    @property
    def path(self) -> Path: ...
    def execute(self, request: bytes, records: list[Any]) -> list[Any]: ...
    def query(self, request: bytes, record: type) -> Any: ...
    def create_token(self, request: bytes, record: type[_R]) -> _R: ...
    def moment(self, as_of: bytes) -> int: ...
    def resolve(self, uri: str, record: type[_R]) -> tuple[_R, Stamp | None]: ...
    def put_artifact(
        self,
        model: str,
        content: str | PathLike[str] | bytes,
        name: str | None,
        allow_secrets: bool,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def hash_artifact(
        self,
        content: str | PathLike[str] | bytes,
        name: str | None,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def download(
        self,
        version: bytes,
        as_of: bytes | None,
        to: str | PathLike[str],
        progress: Callable[[int, int], object] | None,
    ) -> Path: ...
    def check(
        self, artifacts: bool, progress: Callable[[int, int], object] | None, record: type[_R]
    ) -> _R: ...
    def verify(
        self,
        version: bytes,
        as_of: bytes | None,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def sweep(self, options: bytes, record: type[_R]) -> _R: ...
    def purge(self, options: bytes, record: type[_R]) -> _R: ...
    def compact(self, record: type[_R]) -> _R: ...
    def file_path(self, version: bytes, as_of: bytes | None, file: str | None) -> Path: ...

@disjoint_base
class Resolver:
    def __new__(cls, handle: Handle) -> Self: ...
    def resolve(self, uri: str | ModelVersion) -> ModelVersion: ...
    def _forget(self) -> None: ...

def metrics_accuracy(
    y_true: object,
    y_pred: object,
    sample_weight: object,
    normalize: bool,
    loss: bool,
    /,
) -> float: ...
def metrics_adjust(
    p_values: object,
    method: str,
    /,
) -> bytearray: ...
def metrics_agreement(
    kind: str,
    y_true: object,
    y_pred: object,
    sample_weight: object,
    /,
) -> float: ...
def metrics_auc(
    x: object,
    y: object,
    /,
) -> float: ...
def metrics_average_precision(
    y_true: object,
    y_score: object,
    average: str | None,
    pos_label: object,
    sample_weight: object,
    /,
) -> Any: ...
def metrics_best_threshold(
    y_true: object,
    y_score: object,
    pos_label: object,
    sample_weight: object,
    costs: tuple[float, float, float, float],
    /,
) -> tuple[float, float]: ...

_Resampled: TypeAlias = tuple[
    tuple[float, float, float], float, float, bytearray, int, int, float | None
]

def metrics_bootstrap(
    metric: object,
    drawn: tuple[Sequence[int], Sequence[int] | None, Sequence[int] | None],
    sample_weight: object,
    replicates: int,
    seed: int,
    level: float,
    jackknife: int | None,
    /,
) -> _Resampled: ...
def metrics_bootstrap_roc_auc(
    y_true: object,
    y_score: object,
    replicates: int,
    seed: int,
    level: float,
    /,
) -> _Resampled: ...
def metrics_by_group(
    values: Sequence[float],
    overall: float,
    /,
) -> list[float]: ...
def metrics_calibration(
    kind: str,
    y_true: object,
    y_prob: object,
    pos_label: object,
    sample_weight: object,
    /,
) -> list[float]: ...
def metrics_confusion(
    y_true: object,
    y_pred: object,
    labels: object,
    sample_weight: object,
    normalize: str | None,
    /,
) -> tuple[bytearray, int, bool]: ...
def metrics_cost(
    y_true: object,
    y_pred: object,
    costs: object,
    labels: object,
    sample_weight: object,
    /,
) -> float: ...
def metrics_coverage(
    y_true: object,
    lower: object,
    upper: object,
    alpha: float,
    sample_weight: object,
    /,
) -> tuple[float, float, float]: ...
def metrics_curve(
    kind: str,
    y_true: object,
    y_score: object,
    pos_label: object,
    sample_weight: object,
    drop: bool,
    /,
) -> tuple[list[bytearray], str, bool]: ...
def metrics_delong(
    y_true: object,
    y_score: object,
    level: float,
    logit: bool,
    /,
) -> tuple[tuple[float, float, float], float, float]: ...
def metrics_delong_paired(
    y_true: object,
    first: object,
    second: object,
    level: float,
    /,
) -> tuple[tuple[float, float, float], list[float]]: ...
def metrics_fairness(
    measure: tuple[str, bool, bool],
    y_true: object,
    y_pred: object,
    features: Sequence[object],
    sample_weight: object,
    pos_label: object,
    settings: tuple[float, int, int, Sequence[int] | None, Sequence[int] | None] | None,
    /,
) -> tuple[float, tuple[float, float] | None]: ...
def metrics_gain(
    kind: str,
    y_true: object,
    y_score: object,
    k: int | None,
    log_base: float,
    sample_weight: object,
    ignore_ties: bool,
    /,
) -> float: ...
def metrics_groups(
    features: Sequence[object],
    /,
) -> list[tuple[list[Any], bytearray]]: ...
def metrics_hamming(
    y_true: object,
    y_pred: object,
    sample_weight: object,
    /,
) -> tuple[float, bool]: ...
def metrics_judge(
    differences: list[tuple[str, object]],
    question: tuple[str, float, float, bool],
    adjustment: str,
    /,
) -> list[tuple[Verdict, str, tuple[float, float, float] | None, float | None, float | None]]: ...
def metrics_kappa(
    y1: object,
    y2: object,
    labels: object,
    weights: str | None,
    sample_weight: object,
    replace: float,
    /,
) -> float: ...
def metrics_likelihood(
    y_true: object,
    y_pred: object,
    labels: object,
    sample_weight: object,
    positive: float,
    negative: float,
    /,
) -> tuple[float, float]: ...
def metrics_loss(
    kind: str,
    y_true: object,
    y_proba: object,
    sample_weight: object,
    labels: object,
    pos_label: object,
    half: bool | None,
    epsilon: float | None,
    /,
) -> float: ...
def metrics_mcnemar(
    y_true: object,
    first: object,
    second: object,
    /,
) -> tuple[int, int, int, float, float, float]: ...
def metrics_multilabel(
    y_true: object,
    y_pred: object,
    labels: object,
    sample_weight: object,
    samplewise: bool,
    /,
) -> tuple[bytearray, bool]: ...
def metrics_power(
    difference: float,
    shares: tuple[float, float] | None,
    rows: int,
    alpha: float,
    ratio: float,
    /,
) -> float: ...
def metrics_proportion(
    kind: str,
    successes: int,
    rows: int,
    level: float,
    /,
) -> tuple[float, float, float]: ...
def metrics_proportions(
    kind: str,
    first: tuple[int, int],
    second: tuple[int, int],
    level: float,
    /,
) -> tuple[float, float, float]: ...
def metrics_ranked(
    kind: str,
    y_true: object,
    y_score: object,
    pos_label: object,
    sample_weight: object,
    share: float,
    /,
) -> float: ...
def metrics_regression(
    kind: str,
    y_true: object,
    y_pred: object,
    sample_weight: object,
    multioutput: object,
    option: float,
    /,
) -> Any: ...
def metrics_relevant(
    kind: str,
    y_true: object,
    y_score: object,
    k: int | None,
    sample_weight: object,
    /,
) -> float: ...
def metrics_reliability(
    y_true: object,
    y_prob: object,
    pos_label: object,
    sample_weight: object,
    bins: int,
    quantile: bool,
    /,
) -> tuple[list[bytearray], tuple[float, float, float]]: ...
def metrics_report(
    y_true: object,
    y_pred: object,
    labels: object,
    names: list[str] | None,
    sample_weight: object,
    digits: int,
    dict: bool,
    zero: int,
    /,
) -> Any: ...
def metrics_roc_auc(
    y_true: object,
    y_score: object,
    average: str | None,
    sample_weight: object,
    max_fpr: float | None,
    multi_class: str,
    labels: object,
    /,
) -> Any: ...
def metrics_rows(
    difference: float,
    shares: tuple[float, float] | None,
    power: float,
    alpha: float,
    ratio: float,
    /,
) -> int: ...
def metrics_scores(
    y_true: object,
    y_pred: object,
    beta: float,
    labels: object,
    pos_label: object,
    average: str | None,
    sample_weight: object,
    zero: int,
    loud: int,
    /,
) -> Any: ...
def metrics_share(
    kind: str,
    y_true: object,
    y_pred: object,
    labels: object,
    pos_label: object,
    average: str | None,
    sample_weight: object,
    zero: int,
    /,
) -> Any: ...
def metrics_single(
    kind: str,
    y_true: object,
    y_pred: object,
    sample_weight: object,
    power: float,
    /,
) -> float: ...
def metrics_summary(
    y_true: object,
    y_pred: object,
    sample_weight: object,
    /,
) -> tuple[float, float, float, float]: ...
def metrics_threads(count: int, /) -> int: ...
def metrics_top_k(
    y_true: object,
    y_score: object,
    k: int,
    normalize: bool,
    sample_weight: object,
    labels: object,
    /,
) -> float: ...
def metrics_two_proportions(
    first: tuple[int, int],
    second: tuple[int, int],
    level: float,
    /,
) -> tuple[tuple[float, float, float], float]: ...
def metrics_welch(
    first: object,
    second: object,
    level: float,
    /,
) -> tuple[tuple[float, float, float], float, float, float]: ...

@final
class MetricState:
    def __new__(cls, kind: str, probabilities: bool, buckets: int | None, /) -> Self: ...
    def spec(self) -> tuple[str, bool, int | None]: ...
    def update(self, y_true: object, other: object, pos_label: object, /) -> None: ...
    def merge(self, other: MetricState, /) -> None: ...
    def finish(self) -> dict[str, Any]: ...
    def quantiles(self, q: list[float], /) -> list[tuple[float, float]]: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(bytes: bytes, /) -> MetricState: ...
    def __eq__(self, other: object, /) -> bool: ...
