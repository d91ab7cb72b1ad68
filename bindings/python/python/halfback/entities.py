"""The records as people meet them: short to print, and versions with their files at hand.

The fields are those of `halfback.records`, which is generated; what is written by hand is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from halfback import records
from halfback.errors import InvalidError
from halfback.sentinels import ANY, AnyValue

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Literal, Self, TypeAlias

    from halfback.arguments import PathArgument, Progress
    from halfback.examples import ExampleCheck
    from halfback.pages import Pages
    from halfback.reads import Location, Reads
    from halfback.registry import Registry

    Picture: TypeAlias = Literal["roc", "precision_recall", "calibration", "confusion", "slices"]

__all__ = [
    "Artifact",
    "Backup",
    "Catalog",
    "CheckReport",
    "Commit",
    "Comparison",
    "Evaluation",
    "Explanation",
    "GrantRecord",
    "Model",
    "ModelVersion",
    "NewToken",
    "Restored",
    "Schema",
    "VersionSignature",
]


class Shown:
    """What a notebook shows as a small table."""

    def _repr_html_(self) -> str:
        from halfback.notebook import html

        return html(self)


class Catalog(Shown, records.Catalog):
    """A catalog: the upper of the two levels above models.

    >>> registry.get_catalog("risk")
    <Catalog catalogs:/risk>
    """

    def __repr__(self) -> str:
        return f"<Catalog {self.uri}>"

    def __hash__(self) -> int:
        return hash((self.id, self.revision))


class Schema(Shown, records.Schema):
    """A schema: the lower of the two levels above models.

    >>> registry.get_schema("risk.credit")
    <Schema schemas:/risk.credit>
    """

    def __repr__(self) -> str:
        return f"<Schema {self.uri}>"

    def __hash__(self) -> int:
        return hash((self.id, self.revision))


class Model(Shown, records.Model):
    """A registered model: a named line of versions.

    >>> registry.get_model("risk.credit.default")
    <Model models:/risk.credit.default, latest 2, champion 1>
    """

    def __repr__(self) -> str:
        latest = [] if self.latest_version is None else [f"latest {self.latest_version}"]
        aliases = [f"{alias} {number}" for alias, number in sorted(self.aliases.items())]
        return f"<Model {', '.join([self.uri, *latest, *aliases])}>"

    def __hash__(self) -> int:
        return hash((self.id, self.revision))


class Artifact(Shown, records.Artifact):
    """The files of a version, addressed by their content.

    >>> registry.get_artifact("risk.credit.default/1")
    <Artifact sha256:03e48a14…, 1 file, 7 B>
    """

    def __repr__(self) -> str:
        files = f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}"
        return f"<Artifact {_short(self.digest)}, {files}, {_size(self.size)}>"


class CheckReport(Shown, records.CheckReport):
    """What an examination of the whole registry found.

    >>> registry.check()
    <CheckReport of 5 commits: no findings>
    """

    def __repr__(self) -> str:
        count = len(self.findings)
        found = f"{count} finding{'' if count == 1 else 's'}" if count else "no findings"
        return f"<CheckReport of {self.commits} commits: {found}>"


class Evaluation(Shown, records.Evaluation):
    """What a version was measured to be on some rows.

    >>> registry.evaluate("risk.credit.default/1", [0, 1, 1, 0], [0, 1, 0, 0])
    <Evaluation of models:/risk.credit.default/1: 4 rows, accuracy 0.75>
    """

    def metric(
        self, metric: str, slice: tuple[str, str] | None = None
    ) -> records.MetricValue | None:
        """A metric of all rows, or of a slice such as `("region", "north")`.

        >>> evaluation = registry.evaluate("risk.credit.default/1", [0, 1, 1, 0], [0, 1, 0, 0])
        >>> evaluation.metric("recall").value
        0.5
        """
        for value in self.metrics:
            found = None if value.slice is None else (value.slice.column, value.slice.value)
            if value.metric == metric and found == slice:
                return value
        return None

    def pictures(self) -> list[Picture]:
        """The pictures that `svg` can draw.

        >>> registry.evaluate("risk.credit.default/1", [0, 1, 1, 0], [0, 1, 0, 0]).pictures()
        ['confusion', 'slices']
        """
        curves = self.curves
        has: dict[Picture, bool] = {
            "roc": curves is not None and bool(curves.roc or curves.roc_by_class),
            "precision_recall": curves is not None and bool(curves.precision_recall),
            "calibration": curves is not None and bool(curves.reliability),
            "confusion": curves is not None and curves.confusion is not None,
            "slices": True,
        }
        return [picture for picture, there in has.items() if there]

    def svg(self, picture: Picture, *, metric: str | None = None) -> str:
        """A picture as SVG; `metric` is that of the picture `slices`.

        >>> evaluation = registry.evaluate("risk.credit.default/1", [0, 1, 1, 0], [0, 1, 0, 0])
        >>> evaluation.svg("confusion")[:4]
        '<svg'
        """
        return _picture({"evaluation": self}, picture=picture, metric=metric)

    def _repr_svg_(self) -> str:
        return self.svg(self.pictures()[0])

    def __repr__(self) -> str:
        dataset = "" if self.dataset is None else f" on {_visible(self.dataset.name)}"
        main = next(
            (
                f", {value.metric} {value.value:.4g}"
                for name in ("roc_auc", "roc_auc_ovr", "accuracy", "rmse")
                if (value := self.metric(name)) is not None and value.value is not None
            ),
            "",
        )
        return f"<Evaluation of {self.version}{dataset}: {self.rows} rows{main}>"

    def __hash__(self) -> int:
        return hash((self.id, self.digest))


class Comparison(Shown, records.Comparison):
    """How two versions compare on the same rows, with a verdict and its reason.

    >>> pair = ([0, 1, 1], [0, 0, 1])
    >>> registry.compare("risk.credit.default/2", "risk.credit.default/1", [0, 1, 1], y_pred=pair)
    <Comparison of models:/risk.credit.default/2 with models:/risk.credit.default/1: inconclusive>
    """

    def svg(self) -> str:
        """The differences over all rows and by slice, with intervals: a forest plot as SVG.

        >>> pair = ([0, 1, 1], [0, 0, 1])
        >>> registry.compare(
        ...     "risk.credit.default/2", "risk.credit.default/1", [0, 1, 1], y_pred=pair
        ... ).svg()[:4]
        '<svg'
        """
        return _picture({"comparison": self})

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<Comparison of {self.candidate} with {self.baseline}: {self.verdict}>"

    def __hash__(self) -> int:
        return hash((self.id, self.digest))


class Backup(Shown, records.Backup):
    """What was backed up, and how much of it was new.

    >>> registry.backup(folder / "backup").commit
    5
    """

    def __repr__(self) -> str:
        copied = f"{self.files_copied} files copied ({_size(self.bytes_copied)})"
        return f"<Backup of commit {self.commit}: {copied}, {self.files_kept} kept>"


class Restored(Shown, records.Restored):
    """What was restored from a backup.

    >>> backup = registry.backup(folder / "backup")
    >>> halfback.restore(backup.path, folder / "again.hb")
    <Restored commit 5: 2 files (19 B)>
    """

    def __repr__(self) -> str:
        return f"<Restored commit {self.commit}: {self.files} files ({_size(self.bytes)})>"


class Commit(Shown, records.Commit):
    """One entry of the log: who did what, when.

    >>> commit = next(iter(registry.history("risk.credit.default/2")))
    >>> commit.commands
    ('register_version',)
    """

    def __repr__(self) -> str:
        who = self.actor if self.actor_name is None else self.actor_name
        what = " ".join(self.summary.split())
        return f"<Commit {self.commit}, {self.time:%Y-%m-%d %H:%M:%S} UTC, {who}: {what}>"

    def __hash__(self) -> int:
        return hash((self.commit, self.leaf_hash))


class Explanation(Shown, records.Explanation):
    """Why somebody may do something, or what is missing and who can give it; as text, a sentence.

    >>> explanation = registry.explain("REVIEW", "risk.credit.default/1")
    >>> explanation.allowed, explanation.missing.privilege
    (False, 'REVIEW')
    >>> str(explanation).endswith("ask another reviewer")
    True
    """

    def __repr__(self) -> str:
        return f"<Explanation {'allowed' if self.allowed else 'denied'}: {self.text}>"

    def __str__(self) -> str:
        return self.text


class GrantRecord(Shown, records.GrantRecord):
    """What is granted or denied to a principal on a securable.

    >>> registry.grant("Consumer", "catalogs:/risk", "everyone", where="tags.team = 'risk'")
    >>> list(registry.list_grants("catalogs:/risk"))
    [<GrantRecord Consumer on catalogs:/risk to everyone where tags.team = 'risk'>]
    """

    def __repr__(self) -> str:
        what = f"no {self.what}" if self.denied else self.what
        some = "" if self.condition is None else f" where {' '.join(self.condition.split())}"
        return f"<GrantRecord {what} on {self.on} to {self.name or self.principal}{some}>"


class VersionSignature(Shown, records.VersionSignature):
    """A signature over a version's files.

    >>> public = halfback.generate_model_key(folder / "shown.pem")
    >>> key = halfback.ModelKey.from_file(folder / "shown.pem")
    >>> registry.sign_version("risk.credit.default/1", key)
    <VersionSignature of key ...>
    """

    def __repr__(self) -> str:
        trusted = ", which its catalog trusts" if self.trusted else ""
        return f"<VersionSignature of key {self.key[:12]}{trusted}>"


class NewToken(Shown, records.NewToken):
    """A new token. `token` is shown by its own name only, so that no log or notebook keeps it.

    >>> service = registry.create_service("scoring")
    >>> registry.create_token(service)
    <NewToken t... of scoring>
    """

    def __repr__(self) -> str:
        return f"<NewToken {self.record.id} of {self.record.name or self.record.principal}>"


class ModelVersion(Shown, records.ModelVersion):
    """A version of a model, pinned: its methods mean this very version, wherever aliases move.

    A record that was read as of a past moment reads on as of that moment. Records pickle; one that
    was pickled opens its registry again when it first needs it.

    >>> registry.resolve("risk.credit.default@champion")
    <ModelVersion models:/risk.credit.default/1, champion, 7 B>
    """

    _source: Reads | None = None
    _location: Location | None = None

    def download(self, to: PathArgument, *, progress: Progress | None = None) -> Path:
        """Copies the files into the folder `to`, verified, and gives where they are.

        That is the path of the file when the version has one file, else of the folder.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> champion.download(folder / "out").read_bytes()
        b'weights'
        """
        return self._reads().download(self, to, progress=progress)

    def load(self, *, trust: bool = False, into: Any = None) -> Any:
        """The model as the object of its library, read from files that are verified first.

        A pickle, which runs whatever code is in it, is refused without `trust=True`; that goes for
        joblib's files too, and for a file of skops with types that skops doesn't know, such as the
        trees of a forest: the error lists them.
        Where the files hold tensors alone, `into` is the module that they are loaded into.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> champion.load()
        Traceback (most recent call last):
        halfback.InvalidError: `models:/risk.credit.default/1` is of no known format ...
        """
        from halfback.objects import load

        return load(self, trust=trust, into=into)

    def check_example(
        self,
        model: Any = None,
        *,
        method: str | None = None,
        tolerance: float = 1e-6,
        trust: bool = False,
        into: Any = None,
    ) -> ExampleCheck:
        """Asks a model about the example rows and compares with the answers that were stored.

        That is the model of this version, loaded as `load` does, or `model`, such as the same one
        after a conversion; it may be a function of the inputs. `method` is the one that was given
        to `register`.

        >>> rows = {"rows": [1, 2], "outputs": [10, 20]}
        >>> version = registry.register_version("risk.credit.default", b"times", example=rows)
        >>> check = version.check_example(lambda inputs: [10 * number for number in inputs])
        >>> check.passed, check.largest_deviation
        (True, 0.0)
        """
        from halfback.objects import check_example

        return check_example(
            self, model, method=method, tolerance=tolerance, trust=trust, into=into
        )

    def verify(self, *, progress: Progress | None = None) -> Artifact:
        """Reads every stored byte again and raises `IntegrityError` when one isn't as it was.

        >>> registry.resolve("risk.credit.default@champion").verify().size
        7
        """
        return self._reads().verify(self, progress=progress)

    def file_path(self, file: str | None = None) -> Path:
        """The stored file, in place, for reading only: nothing is copied.

        `file` is its path inside the version, and may be left out when there is only one.

        >>> registry.resolve("risk.credit.default@champion").file_path().read_bytes()
        b'weights'
        """
        return self._reads().file_path(self, file)

    def open_file(self, file: str | None = None) -> BinaryIO:
        """Opens the stored file for reading.

        >>> with registry.resolve("risk.credit.default@champion").open_file() as stored:
        ...     stored.read()
        b'weights'
        """
        return self._reads().open_file(self, file)

    def copy_to(
        self,
        registry: Registry,
        *,
        model: str | None = None,
        allow_secrets: bool = False,
        progress: Progress | None = None,
    ) -> ModelVersion:
        """Copies this version to another registry; see `Registry.copy_version`.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> with halfback.open(folder / "production.hb", create=True) as production:
        ...     model = production.create_model("fraud")
        ...     champion.copy_to(production, model="fraud").digest == champion.digest
        True
        """
        return self._reads().copy_version(
            self, registry, model=model, allow_secrets=allow_secrets, progress=progress
        )

    def bundle(
        self, path: PathArgument, *, overwrite: bool = False, progress: Progress | None = None
    ) -> Path:
        """Writes this version into one file; see `Registry.bundle`.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> halfback.open_bundle(champion.bundle(folder / "credit.hbz")).version == champion
        True
        """
        return self._reads().bundle(self, path, overwrite=overwrite, progress=progress)

    def history(self, *, page_size: int = 100, cursor: str | None = None) -> Pages[Commit]:
        """The commits that touched this version, newest first.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> [commit.commands for commit in champion.history()][-1]
        ('register_version',)
        """
        return self._reads().history(self, page_size=page_size, cursor=cursor)

    def set_tag(
        self,
        key: str,
        value: str,
        *,
        expect: str | AnyValue | None = ANY,
        idempotency_key: str | None = None,
    ) -> None:
        """Sets a tag on this version, now; this record stays as it was read.

        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> champion.set_tag("validated", "yes")
        >>> registry.resolve(champion).tags["validated"]
        'yes'
        """
        from halfback.versions import Versions

        commands = Versions(self._reads()._handle)
        commands.set_tag(self, key, value, expect=expect, idempotency_key=idempotency_key)

    def __repr__(self) -> str:
        state = [word for word in (self.status, self.stage) if word not in ("READY", "none")]
        facts = [self.uri, *sorted(self.aliases), *state, _size(self.size)]
        return f"<ModelVersion {', '.join(facts)}>"

    def __hash__(self) -> int:
        return hash((self.id, self.revision))

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state.pop("_source", None)
        state["_location"] = self._home()
        return state

    def _bound(self, source: Reads) -> Self:
        """Gives the record what its methods read through."""
        self.__dict__["_source"] = source  # past the guard of frozen records
        return self

    def _home(self) -> Location | None:
        """The registry and moment of this record, if it came from one."""
        return self._location if self._source is None else self._source._location()

    def _reads(self) -> Reads:
        if self._source is not None:
            return self._source
        if self._location is None:
            raise InvalidError(
                f"this record of `{self.uri}` was not read from a registry: "
                "`registry.resolve(record)` gives one that was",
                "invalid_argument",
            )
        from halfback.reads import Reads

        return self._bound(Reads._at(*self._location))._reads()


def _visible(text: str) -> str:
    """A text with what steers a terminal, or is not seen, written as Python writes it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _short(digest: str) -> str:
    method, _, hexadecimal = digest.partition(":")
    return f"{method}:{hexadecimal[:8]}…"


def _size(count: int) -> str:
    """Bytes in decimal units, with the digits that a person looks at."""
    if count < 1000:
        return f"{count} B"
    size, units = float(count), iter(("B", "kB", "MB", "GB", "TB", "PB", "EB"))
    unit = next(units)
    while size >= 999.95:
        size, unit = size / 1000, next(units)
    return f"{size:.1f} {unit}"


def _picture(of: dict[str, object], **how: str | None) -> str:
    from halfback import _native, arguments
    from halfback.wire import encode

    request = {"of": of} | {
        name: arguments.text(name, said)
        for name, said in how.items()
        if name == "picture" or said is not None
    }
    return _native.picture(encode(arguments.json_object("record", request)))
