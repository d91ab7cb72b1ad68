"""Every read: the same methods on a registry, where they tell of now, and on a view of the past."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, TypeVar

from halfback import _native, arguments, records
from halfback._native import Handle, export
from halfback.arguments import integer, text
from halfback.entities import (
    Artifact,
    Catalog,
    CheckReport,
    Commit,
    Model,
    ModelVersion,
    Schema,
)
from halfback.errors import NotFoundError
from halfback.pages import Page, Pages
from halfback.progress import telling
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from halfback.arguments import PathArgument, Progress
    from halfback.exports import ExportReport
    from halfback.records import (
        Compatibility,
        ConsistencyProof,
        Example,
        InclusionProof,
        LogVerification,
        Principal,
        RegistryInfo,
    )
    from halfback.registry import Registry

__all__ = ["Reads"]

T = TypeVar("T")

Location: TypeAlias = tuple[str, bool, bool, int | None]
"""A path, whether it is read only, whether a token proved the session, and the moment."""


class Reads:
    """What `halfback.Registry` and `halfback.View` can both be asked."""

    _handle: Handle
    _commit: int | None

    def __init__(self, handle: Handle, commit: int | None = None) -> None:
        self._handle = handle
        self._commit = commit

    # Names and what they stand for.

    def get_catalog(self, name: str) -> Catalog:
        """The catalog of a name.

        >>> registry.get_catalog("main").name
        'main'
        """
        return self._ask("get_catalog", Catalog, name=text("name", name))

    def get_schema(self, name: str) -> Schema:
        """The schema of a name such as `risk.credit`.

        >>> registry.get_schema("risk.credit").catalog
        'risk'
        """
        return self._ask("get_schema", Schema, name=text("name", name))

    def get_model(self, name: str) -> Model:
        """The model of a name such as `risk.credit.default`; `fraud` means `main.default.fraud`.

        >>> registry.get_model("risk.credit.default").latest_version
        2
        """
        return self._ask("get_model", Model, name=text("name", name))

    def find_model(self, name: str) -> Model | None:
        """The model of a name, or `None` where there is none.

        >>> registry.find_model("risk.credit.unknown") is None
        True
        """
        try:
            return self.get_model(name)
        except NotFoundError:
            return None

    def get_version(self, model: str, number: int) -> ModelVersion:
        """The version of a model by its number.

        >>> registry.get_version("risk.credit.default", 2).uri
        'models:/risk.credit.default/2'
        """
        asked = {"model": text("model", model), "number": integer("number", number)}
        return self._version(self._ask("get_version", ModelVersion, **asked))

    def resolve(self, uri: str | ModelVersion) -> ModelVersion:
        """The version that a reference names.

        `uri` is text such as `models:/risk.credit.default@champion`, where `models:/` may be left
        out, or a `ModelVersion`, which is then read again.

        >>> registry.resolve("risk.credit.default/latest").number
        2
        """
        return self._version(self._ask("resolve", ModelVersion, uri=self._reference("uri", uri)))

    def find_version(self, uri: str | ModelVersion) -> ModelVersion | None:
        """The version that a reference names, or `None` where it names none.

        >>> registry.find_version("risk.credit.default@challenger") is None
        True
        """
        try:
            return self.resolve(uri)
        except NotFoundError:
            return None

    # Lists.

    def list_catalogs(self, *, page_size: int = 100, cursor: str | None = None) -> Pages[Catalog]:
        """The catalogs, by name.

        >>> [catalog.name for catalog in registry.list_catalogs()]
        ['main', 'risk']
        """
        return self._pages("list_catalogs", Catalog, page_size, cursor)

    def list_schemas(
        self, catalog: str, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[Schema]:
        """The schemas of a catalog, by name.

        >>> [schema.name for schema in registry.list_schemas("risk")]
        ['risk.credit']
        """
        asked = {"catalog": text("catalog", catalog)}
        return self._pages("list_schemas", Schema, page_size, cursor, **asked)

    def list_models(
        self, parent: str | None = None, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[Model]:
        """The models of a catalog, of a schema, or of the whole registry, by name.

        >>> [model.name for model in registry.list_models("risk")]
        ['risk.credit.default']
        """
        asked = {} if parent is None else {"parent": text("parent", parent)}
        return self._pages("list_models", Model, page_size, cursor, **asked)

    def list_versions(
        self, model: str, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[ModelVersion]:
        """The versions of a model, newest first.

        >>> [version.number for version in registry.list_versions("risk.credit.default")]
        [2, 1]
        """
        asked = {"model": text("model", model)}
        return self._pages("list_versions", ModelVersion, page_size, cursor, **asked)

    # Search.

    def search_models(
        self,
        filter: str | None = None,
        *,
        parameters: Mapping[str, object] | None = None,
        order_by: Sequence[str] | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Pages[Model]:
        """The models that a filter finds, by name, or in the order of `order_by`.

        A filter compares attributes (`name`, `owner`, `task`, `comment`, `catalog`, `schema`,
        `tags.key`, `alias`, `feature`, `created_at`, `updated_at`) by `= != < <= > >= LIKE ILIKE IN
        IS NULL`, joins comparisons by `AND OR NOT` and parentheses, and finds words by `MATCH
        'words pre*'`. A value may be a parameter such as `:team`; for `IN` it is a list.

        A model has several aliases, and as features the input names of its versions' signatures: a
        comparison holds where it does for one of them, so `NOT alias = 'x'` is what none has.

        >>> filter = "name LIKE 'def%' AND alias = :alias"
        >>> found = registry.search_models(filter, parameters={"alias": "champion"})
        >>> [model.name for model in found]
        ['risk.credit.default']
        >>> registry.search_models("name ~ 'x'").page()
        Traceback (most recent call last):
        halfback.InvalidError: column 6: ...
        """
        asked = _search(filter, parameters, order_by)
        return self._pages("search_models", Model, page_size, cursor, **asked)

    def search_versions(
        self,
        filter: str | None = None,
        *,
        parameters: Mapping[str, object] | None = None,
        order_by: Sequence[str] | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Pages[ModelVersion]:
        """The versions that a filter finds, of any model, the newest first or by `order_by`.

        Beside what `search_models` has there are `number`, `model`, `stage`, `status`, `flavor`,
        `digest`, `run`, `source`, `code_commit`, `size` and `params.key`. Words are also those of
        the version's model.

        >>> found = registry.search_versions("model = 'risk.credit.default'", order_by=["number"])
        >>> [version.number for version in found]
        [1, 2]
        """
        asked = _search(filter, parameters, order_by)
        return self._pages("search_versions", ModelVersion, page_size, cursor, **asked)

    # History.

    def history(
        self,
        target: str | Catalog | Schema | Model | ModelVersion,
        *,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Pages[Commit]:
        """The commits that touched an entity, newest first; `target` is its URI or its record.

        >>> for commit in registry.history("risk.credit.default"):
        ...     print(commit.commit, commit.commands[0])
        5 set_alias
        4 register_version
        3 register_version
        2 create_model
        """
        asked = {"target": self._target(target)}
        return self._pages("history", Commit, page_size, cursor, **asked)

    def log(self, *, page_size: int = 100, cursor: str | None = None) -> Pages[Commit]:
        """All commits, newest first.

        >>> next(iter(registry.log())).commands
        ('set_alias',)
        """
        return self._pages("log", Commit, page_size, cursor)

    def verify_log(
        self, checkpoint: str | None = None, *, key: str | None = None
    ) -> LogVerification:
        """Computes the log's hashes anew and compares them with those that are stored.

        With a `checkpoint` of this log, or several in one text, it must also have all entries that
        they cover, as they were; `key` is the public key that they are signed with, or several with
        space between. The error names the first bad entry.

        >>> registry.verify_log().root == registry.info().root
        True
        """
        asked = {}
        if checkpoint is not None:
            asked["checkpoint"] = text("checkpoint", checkpoint)
        if key is not None:
            asked["key"] = text("key", key)
        return self._ask("verify_log", records.LogVerification, **asked)

    def prove(self, commit: int) -> InclusionProof:
        """Proves that a commit is in the log; `halfback.verify_inclusion` verifies that.

        On a view of the past the proof is in the tree as it was then.

        >>> registry.prove(2).tree_size == registry.info().commit
        True
        """
        return self._ask("prove", records.InclusionProof, commit=integer("commit", commit))

    def prove_consistency(self, old_size: int) -> ConsistencyProof:
        """Proves that the log has only grown since it had `old_size` entries.

        `halfback.verify_consistency` verifies that.

        >>> registry.prove_consistency(2).old_size
        2
        """
        size = integer("old_size", old_size)
        return self._ask("prove_consistency", records.ConsistencyProof, old_size=size)

    def check(self, *, artifacts: bool = True, progress: Progress | None = None) -> CheckReport:
        """Compares every fact with what the log says of it, and every artifact with its digest.

        Each finding says what is wrong and what to do. With `artifacts=False` the content of the
        artifacts is left out and only the database is read.

        >>> registry.check().findings
        ()
        >>> registry.check(artifacts=False).artifacts
        0
        """
        artifacts = arguments.flag("artifacts", artifacts)
        with telling("checking", progress) as told:
            return self._handle.check(artifacts, told, CheckReport)

    # Files.

    def get_artifact(self, version: str | ModelVersion) -> Artifact:
        """The files of a version, with their sizes and digests.

        >>> [file.path for file in registry.get_artifact("risk.credit.default/1").files]
        ['model.bin']
        """
        asked = {"version": self._reference("version", version)}
        return self._ask("get_artifact", Artifact, **asked)

    def get_example(self, version: str | ModelVersion) -> Example:
        """The example rows of a version; a `NotFoundError` where it has none.

        >>> rows = {"columns": ["age", "income"], "rows": [[39, 52000.0]], "outputs": [0.2]}
        >>> version = registry.register_version("risk.credit.default", b"more", example=rows)
        >>> registry.get_example(version).columns
        ('age', 'income')
        """
        asked = {"version": self._reference("version", version)}
        return self._ask("get_example", records.Example, **asked)

    def compare_signatures(self, old: str | ModelVersion, new: str | ModelVersion) -> Compatibility:
        """Tells whether callers of one version can call another instead, and why not.

        >>> registry.compare_signatures("risk.credit.default/1", "risk.credit.default/2").reasons
        ('`models:/risk.credit.default/1` has no signature', ...)
        """
        asked = {"old": self._reference("old", old), "new": self._reference("new", new)}
        return self._ask("compare_signatures", records.Compatibility, **asked)

    def download(
        self, version: str | ModelVersion, to: PathArgument, *, progress: Progress | None = None
    ) -> Path:
        """Copies the files of a version into the folder `to`, verified, and gives where they are.

        That is the path of the file when the version has one file, else of the folder. Nothing is
        left behind when the call fails.

        >>> registry.download("risk.credit.default@champion", folder / "out").read_bytes()
        b'weights'
        """
        reference = encode(self._reference("version", version))
        folder = arguments.path("to", to)
        with telling("downloading", progress) as told:
            return self._handle.download(reference, self._as_of(), folder, told)

    def verify(self, version: str | ModelVersion, *, progress: Progress | None = None) -> Artifact:
        """Reads every stored byte again and raises `IntegrityError` when one isn't as it was.

        >>> registry.verify("risk.credit.default@champion").digest[:15]
        'sha256:03e48a14'
        """
        reference = encode(self._reference("version", version))
        with telling("verifying", progress) as told:
            return self._handle.verify(reference, self._as_of(), told, Artifact)

    def file_path(self, version: str | ModelVersion, file: str | None = None) -> Path:
        """The stored file of a version, in place, for reading only: nothing is copied.

        `file` is its path inside the version, and may be left out when there is only one.

        >>> registry.file_path("risk.credit.default@champion").read_bytes()
        b'weights'
        """
        return self._handle.file_path(
            encode(self._reference("version", version)),
            self._as_of(),
            arguments.optional(text, "file", file),
        )

    def open_file(self, version: str | ModelVersion, file: str | None = None) -> BinaryIO:
        """Opens the stored file of a version for reading.

        >>> with registry.open_file("risk.credit.default@champion") as stored:
        ...     stored.read()
        b'weights'
        """
        return open(self.file_path(version, file), "rb")

    def export(
        self,
        path: PathArgument,
        layout: Literal["files", "mlflow"] = "files",
        *,
        models: Iterable[str] = (),
        progress: Progress | None = None,
    ) -> ExportReport:
        """Copies everything into a new or empty folder, where it appears whole or not at all.

        `files` are plain files that need no Halfback: those of each version under their own names,
        and tables of everything as JSON lines and Parquet. `mlflow` is a file store that MLflow
        opens. With `models` only these are copied. `progress` counts bytes.

        >>> report = registry.export(folder / "out")
        >>> report.versions, report.files
        (2, 2)
        >>> (folder / "out/risk/credit/default/1/model.bin").read_bytes()
        b'weights'
        """
        from halfback.exports import ExportReport

        named = arguments.texts("models", "a list of names", models)
        request = {"layout": text("layout", layout), "models": named}
        where = arguments.path("path", path)
        told = arguments.callback("progress", progress)
        return ExportReport(export(self._handle, self._commit, where, encode(request), told))

    # To other places.

    def copy_version(
        self,
        version: str | ModelVersion,
        to: Registry,
        *,
        model: str | None = None,
        allow_secrets: bool = False,
        progress: Progress | None = None,
    ) -> ModelVersion:
        """Copies a version to a model of another registry, or of another catalog of this one.

        The copy has the same files, and with them signature, parameters, metrics, tags, comment
        and example; aliases and stage are the other registry's to give. `model` is the one of the
        same name where absent. The copy's `origin` has the pin and the URI of the original.
        Copying again gives the version that is there already.

        >>> with halfback.open(folder / "production.hb", create=True) as production:
        ...     model = production.create_model("fraud")
        ...     copy = registry.copy_version("risk.credit.default/1", production, model="fraud")
        >>> copy.uri, copy.origin.uri
        ('models:/main.default.fraud/1', 'models:/risk.credit.default/1')
        """
        reference = encode(self._reference("version", version))
        options = copy_options(model, allow_secrets)
        if not isinstance(getattr(to, "_handle", None), Handle):
            raise arguments.wrong_type("to", "an open registry", to)
        with telling("copying", progress) as told:
            copied = _native.copy_version(
                self._handle, reference, self._as_of(), to._handle, options, told, ModelVersion
            )
        return to._version(copied)

    def bundle(
        self,
        version: str | ModelVersion,
        path: PathArgument,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Writes a version into one file, with its record, its history and the proof of both.

        `halfback.open_bundle` reads it without a registry, and `Registry.submit` brings it into
        another one. The same version at the same moment gives the same bytes. The history has the
        names of people in it, and whatever else was changed in the same commits.

        >>> registry.bundle("risk.credit.default@champion", folder / "credit.hbz").name
        'credit.hbz'
        """
        reference = encode(self._reference("version", version))
        where = arguments.path("path", path)
        replacing = arguments.flag("overwrite", overwrite)
        with telling("bundling", progress) as told:
            return _native.bundle(self._handle, reference, self._as_of(), where, replacing, told)

    # The registry itself.

    def whoami(self) -> Principal:
        """Who the registry takes the caller for, and how that was proved.

        >>> registry.whoami().proof
        'os_user'
        """
        return self._ask("whoami", records.Principal)

    def info(self) -> RegistryInfo:
        """What the registry is: its identity, its format, and the head of its log.

        >>> registry.info().commit
        5
        """
        return self._ask("info", records.RegistryInfo)

    # How it is done.

    def _source_of_records(self) -> Reads:
        """What records read through; it never holds the cache that holds the records."""
        return self

    def _ask(self, query: str, record: type[T], **asked: Any) -> T:
        answer: T = self._answer(query, record, asked)
        return answer

    def _answer(self, query: str, record: type, asked: dict[str, Any]) -> Any:
        request: dict[str, Any] = {"query": query, **asked}
        if self._commit is not None:
            request["as_of"] = {"commit": self._commit}
        return self._handle.query(encode(request), record)

    def _as_of(self) -> bytes | None:
        return None if self._commit is None else encode({"commit": self._commit})

    def _version(self, version: ModelVersion) -> ModelVersion:
        return version._bound(self._source_of_records())

    def _pages(
        self, query: str, record: type[T], page_size: int, cursor: str | None, **asked: Any
    ) -> Pages[T]:
        return Pages(partial(self._page, query, record, asked), page_size, cursor, record)

    def _page(
        self,
        query: str,
        record: type[T],
        asked: dict[str, Any],
        page_size: int,
        cursor: str | None,
    ) -> Page[T]:
        where = {} if cursor is None else {"cursor": cursor}
        answer = self._answer(query, record, {"page_size": page_size, **asked, **where})
        if record is ModelVersion:
            source = self._source_of_records()
            for version in answer["items"]:
                version._bound(source)
        return Page(answer["items"], answer["cursor"])._of(record)

    def _reference(self, name: str, version: object) -> str:
        """A version by its URI, or by the pin of its record."""
        if isinstance(version, records.ModelVersion):
            return version.pin
        if not isinstance(version, str):
            wanted = "text such as `models:/fraud@champion` or a `ModelVersion`"
            raise arguments.wrong_type(name, wanted, version)
        return text(name, version)

    def _target(self, target: object) -> str:
        """An entity by its URI, or by the pin of its record."""
        named = (records.Catalog, records.Schema, records.Model, records.ModelVersion)
        if isinstance(target, named):
            return target.pin
        if not isinstance(target, str):
            wanted = "text such as `models:/fraud` or the record of an entity"
            raise arguments.wrong_type("target", wanted, target)
        return text("target", target)

    @property
    def _path(self) -> str:
        return os.fspath(self._handle.path)

    def _location(self) -> Location:
        """What opens the same registry in another process, and the moment it is looked at."""
        return self._path, self._handle.read_only, self._handle.of_token, self._commit

    @classmethod
    def _at(cls, path: str, read_only: bool, of_token: bool, commit: int | None) -> Reads:
        return Reads(Handle.reopen(path, read_only, of_token), commit)


def copy_options(model: str | None, allow_secrets: bool) -> bytes:
    """What becomes of a version that is brought in, for the core."""
    options: dict[str, Any] = {"allow_secrets": arguments.flag("allow_secrets", allow_secrets)}
    if model is not None:
        options["model"] = text("model", model)
    return encode(options)


def _search(
    filter: str | None,
    parameters: Mapping[str, object] | None,
    order_by: Sequence[str] | None,
) -> dict[str, Any]:
    """What a search asks; nothing is said of what was not given."""
    asked: dict[str, Any] = {}
    if filter is not None:
        asked["filter"] = text("filter", filter)
    if parameters is not None:
        asked["parameters"] = arguments.json_object("parameters", parameters)
    if order_by is not None:
        if isinstance(order_by, str) or not isinstance(order_by, (list, tuple)):
            raise arguments.wrong_type("order_by", "a list of attributes", order_by)
        asked["order_by"] = [text("order_by", item) for item in order_by]
    return asked
