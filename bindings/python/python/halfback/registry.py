"""The registry: opening and closing, the hot read, and the past."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from halfback import _native, arguments, records
from halfback._native import Handle, Resolver, Stamp
from halfback.access import Access
from halfback.entities import Backup, ModelVersion
from halfback.errors import ClosedError
from halfback.evaluations import Evaluations
from halfback.namespaces import Namespaces
from halfback.progress import telling
from halfback.reads import Reads, copy_options
from halfback.versions import Versions
from halfback.view import View
from halfback.wire import encode

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from halfback.arguments import Moment, PathArgument, Progress
    from halfback.bundles import Bundle
    from halfback.proofs import SigningKey
    from halfback.records import Compacted, LogExport, Purged, Swept

__all__ = ["Registry"]


class Registry(Resolver, Namespaces, Versions, Evaluations, Access):
    """An open registry; `halfback.open` makes it.

    It may be used by any number of threads, and after a fork. It pickles as its location: what is
    unpickled, also in another process, is the same registry opened again. A token is never in the
    pickle: where one proved the session, `HALFBACK_TOKEN` gives one where it is unpickled, or that
    is a `PermissionDeniedError`.

    >>> registry.path.name
    'models.hb'
    """

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle)
        # Records hold this and not the registry, whose cache holds them.
        self._now = Reads(handle)

    @classmethod
    def _open(cls, path: PathArgument, create: bool, read_only: bool, token: str | None) -> Self:
        handle = Handle.open(
            arguments.path("path", path),
            arguments.flag("create", create),
            arguments.flag("read_only", read_only),
            arguments.optional(arguments.text, "token", token),
        )
        return cls(handle)

    @property
    def path(self) -> Path:
        """The directory of the registry."""
        return self._handle.path

    @property
    def closed(self) -> bool:
        """Whether the registry was closed."""
        return self._handle.closed

    def close(self) -> None:
        """Closes the registry. Every use after that, also a second close, is a `ClosedError`.

        >>> registry.close()
        >>> registry.closed
        True
        """
        self._handle.close()
        self._forget()

    def as_of(self, moment: Moment) -> View:
        """The registry as it stood at a past moment: a time, or the number of a commit.

        A time is an aware `datetime` or its ISO text; a date, also as text, is its first instant in
        UTC.

        >>> registry.as_of(3).get_model("risk.credit.default").latest_version
        1
        >>> registry.as_of("2020-01-01").find_model("risk.credit.default") is None
        True
        >>> champion = registry.resolve("risk.credit.default@champion")
        >>> registry.as_of(champion.created_at).find_version("risk.credit.default/2") is None
        True
        """
        commit = self._handle.moment(encode(arguments.moment("moment", moment)))
        return View(self._handle, commit)

    def backup(
        self, to: PathArgument, *, verify: bool = False, progress: Progress | None = None
    ) -> Backup:
        """Copies the registry, as one moment has it, into the folder `to`, while others write.

        The folder is new, empty, or an earlier backup of this registry: then only content that is
        new is copied, and with `verify` what is there is read, and copied again where it was
        altered; what the registry let go of goes from it. A backup that is interrupted leaves the
        one before as it was; run it again. It is
        opened with `read_only=True`, and `halfback.restore` makes a registry of it.

        >>> registry.backup(folder / "backup")
        <Backup of commit 5: 2 files copied (19 B), 0 kept>
        >>> registry.backup(folder / "backup").files_kept
        2
        """
        where, reading = arguments.path("to", to), arguments.flag("verify", verify)
        with telling("backing up", progress) as told:
            return _native.backup(self._handle, where, reading, told, Backup)

    def checkpoint(self, key: SigningKey) -> str:
        """The head of the log, signed: a checkpoint to be kept where writers of the registry can't.

        It signs what is there: verify the log against the checkpoint before it first.

        >>> public = halfback.generate_log_key(folder / "log.key", "halfback/models")
        >>> checkpoint = registry.checkpoint(halfback.SigningKey.from_file(folder / "log.key"))
        >>> registry.verify_log(checkpoint, key=public).checkpoint == registry.info().commit
        True
        """
        return _native.checkpoint(self._handle, _signing(self, key))

    def export_log(
        self,
        to: PathArgument,
        *,
        key: SigningKey | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> LogExport:
        """Writes the log into a file of JSON lines that can be verified without Halfback.

        With a `key` it has a signed checkpoint. A log that is damaged is not exported.

        >>> registry.export_log(folder / "log.jsonl").commits == registry.info().commit
        True
        """
        where, replacing = arguments.path("to", to), arguments.flag("overwrite", overwrite)
        signing = None if key is None else _signing(self, key)
        with telling("exporting", progress) as told:
            return _native.export_log(
                self._handle, where, signing, replacing, told, records.LogExport
            )

    def submit(
        self,
        bundle: PathArgument | Bundle,
        *,
        model: str | None = None,
        allow_secrets: bool = False,
        progress: Progress | None = None,
    ) -> ModelVersion:
        """Brings the version in a bundle in as a new version of a model, as `copy_version` does.

        The whole bundle is verified first. Submitting it again gives the version that is there
        already.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> model = registry.create_model("fraud")
        >>> registry.submit(path, model="fraud").uri
        'models:/main.default.fraud/1'
        """
        from halfback.bundles import source_of

        path, identity = source_of(bundle)
        options = copy_options(model, allow_secrets)
        with telling("submitting", progress) as told:
            version = _native.submit(self._handle, path, identity, options, told, ModelVersion)
        return self._version(version)

    # Upkeep.

    def sweep(self, grace: timedelta | float = 86400, *, dry_run: bool = False) -> Swept:
        """Removes files that nothing needs: content that no version names or ever named, content
        that was purged, and what killed transfers left.

        What was put more lately than `grace`, a `timedelta` or a number of seconds, stays: somebody
        may be about to register it. Others read, put and register meanwhile. With `dry_run` the
        registry only tells what would be removed.

        >>> _ = registry.put_artifact("risk.credit.default", b"never registered")
        >>> swept = registry.sweep(grace=timedelta(days=1))
        >>> swept.files, swept.kept_young
        (0, 2)
        """
        asked: dict[str, object] = {"grace": arguments.seconds("grace", grace)}
        asked["dry_run"] = arguments.flag("dry_run", dry_run)
        return self._handle.sweep(encode(asked), records.Swept)

    def purge(
        self,
        older_than: timedelta | float,
        *,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Purged:
        """Lets go of the content of versions that were deleted at least so long ago, for good.

        Backups from before have it, and nothing here has. Numbers, parameters and history of these
        versions stay; content that another version names stays too. `older_than` is a `timedelta`
        or a number of seconds. With `dry_run` the registry only tells what would be purged; under
        an idempotency key the files are left to the next `sweep`.

        >>> registry.delete_version("risk.credit.default/2")
        >>> registry.purge(timedelta(days=365)).versions
        0
        >>> registry.purge(0).versions
        1
        """
        asked: dict[str, object] = {"older_than": arguments.seconds("older_than", older_than)}
        if idempotency_key is not None and not arguments.flag("dry_run", dry_run):
            return self._output(records.Purged, "purge", idempotency_key, asked)
        asked["dry_run"] = arguments.flag("dry_run", dry_run)
        return self._handle.purge(encode(asked), records.Purged)

    def compact(self) -> Compacted:
        """Gives the free space of the database back to the disk.

        Writers wait, readers read on. On the way it takes up to twice the size of the database,
        half of it in the temporary folder (`TMPDIR`).

        >>> compacted = registry.compact()
        >>> compacted.bytes_after <= compacted.bytes_before
        True
        """
        return self._handle.compact(records.Compacted)

    def __enter__(self) -> Self:
        if self.closed:
            raise ClosedError(f"the registry `{self._path}` was closed: open it again", "closed")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(ClosedError):  # closed inside the block, which is no mistake
            self.close()

    def __repr__(self) -> str:
        return f"<halfback.Registry {self._path}{', closed' if self.closed else ''}>"

    def _repr_html_(self) -> str:
        from halfback.notebook import registry_html

        return registry_html(self)

    def __reduce__(self) -> tuple[object, tuple[str, bool, bool]]:
        path, read_only, of_token, _ = self._location()
        return _reopen, (path, read_only, of_token)

    def _source_of_records(self) -> Reads:
        return self._now

    def _resolve(self, uri: object) -> tuple[ModelVersion, Stamp | None]:
        """Resolves what the native cache doesn't hold; the stamp says what it rests on."""
        reference = self._reference("uri", uri)
        if isinstance(reference, int):
            return self._version(self._ask("resolve", ModelVersion, uri=reference)), None
        version, stamp = self._handle.resolve(reference, ModelVersion)
        return self._version(version), stamp


def _signing(registry: Registry, key: object) -> bytes:
    from halfback.proofs import SigningKey

    if not isinstance(key, SigningKey):
        raise arguments.wrong_type("key", "a `halfback.SigningKey`", key)
    return key._signing(registry)


def _reopen(path: str, read_only: bool, of_token: bool) -> Registry:
    return Registry(Handle.reopen(path, read_only, of_token))
