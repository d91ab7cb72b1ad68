"""Bundles: one version in one file, to be read, verified and loaded without a registry."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from halfback import _native, arguments, records
from halfback.entities import Artifact, Commit, ModelVersion, _size
from halfback.pages import Page, Pages
from halfback.progress import telling
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from halfback.arguments import PathArgument, Progress
    from halfback.records import BundleVerification, Example

__all__ = ["Bundle", "open_bundle"]


def open_bundle(path: PathArgument) -> Bundle:
    """Opens the bundle in the file `path`, which `ModelVersion.bundle` wrote.

    It needs no registry, and no right to write. Files are verified when they are read.

    >>> path = registry.resolve("risk.credit.default@champion").bundle(folder / "credit.hbz")
    >>> halfback.open_bundle(path)
    <Bundle credit.hbz: models:/risk.credit.default/1, 1 file, 7 B>
    """
    return Bundle(arguments.path("path", path))


class _Manifest(records.BundleManifest):
    """What a bundle says, in the records that people meet."""

    version: ModelVersion
    artifact: Artifact

    _WIRE: ClassVar[Mapping[str, type]] = {
        **records.BundleManifest._WIRE,
        "artifact": Artifact,
        "version": ModelVersion,
    }


class Bundle:
    """A version in a file; `halfback.open_bundle` opens it.

    Nothing stays open, so there is nothing to close. It pickles as its path.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity, self._manifest = _native.open_bundle(path, _Manifest)

    @property
    def path(self) -> Path:
        """The file.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).path == path
        True
        """
        return Path(self._path)

    @property
    def registry(self) -> str:
        """The identity of the registry that the version comes from.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).registry == registry.info().uuid
        True
        """
        return self._manifest.registry

    @property
    def version(self) -> ModelVersion:
        """The version, as it was when it was bundled.

        Its record holds all facts; the files are got through the bundle.

        >>> path = registry.bundle("risk.credit.default@champion", folder / "credit.hbz")
        >>> halfback.open_bundle(path).version.aliases
        ('champion',)
        """
        return self._manifest.version

    @property
    def model(self) -> str:
        """The full name of the version's model.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).model
        'risk.credit.default'
        """
        return self._manifest.version.model

    @property
    def signature(self) -> Mapping[str, Any] | None:
        """Inputs, outputs and parameters of the version.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).signature is None
        True
        """
        return self._manifest.version.signature

    @property
    def example(self) -> Example | None:
        """The example rows of the version, if it has some.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).example is None
        True
        """
        return self._manifest.example

    def files(self) -> Artifact:
        """The files of the version, with their sizes and digests.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> [file.path for file in halfback.open_bundle(path).files().files]
        ['model.bin']
        """
        return self._manifest.artifact

    def history(self, *, page_size: int = 100, cursor: str | None = None) -> Pages[Commit]:
        """The commits that touched the version, newest first; `verify` holds them against the log.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> [commit.commands[0] for commit in halfback.open_bundle(path).history()]
        ['set_alias', 'register_version']
        """
        return Pages(self._history, page_size, cursor, Commit)

    def _history(self, page_size: int, cursor: str | None) -> Page[Commit]:
        page = encode({"page_size": page_size, "cursor": cursor})
        told = _native.bundle_history(self._path, self._identity, page, Commit)
        return Page(told["items"], told["cursor"])._of(Commit)

    def verify(
        self, *, keys: Sequence[str] | None = None, progress: Progress | None = None
    ) -> BundleVerification:
        """Examines everything and raises `IntegrityError` when something isn't as it was bundled.

        The files are covered by their digests, what was registered and the history by the entries
        of the registry's log, and these by the root of its tree. Whether that root is the
        registry's, somebody who has the registry tells. Flavor, signature and `executable` are what
        was registered, or what the files are recognised as. Told and not proved are the names of
        model and people, a number that was given in turn, and tags, aliases, comment and stage
        where a commit of the history is about them.

        With `keys`, public keys as PEM, it raises `NotFoundError` unless one of them has signed the
        files. `signed_by` of the answer names the keys whose signatures verify; whose keys these
        are, the bundle cannot say.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).verify().root == registry.info().root
        True
        >>> halfback.open_bundle(path).verify(keys=[])
        Traceback (most recent call last):
        halfback.NotFoundError: ...
        """
        trusted = None
        if keys is not None:
            if isinstance(keys, str) or not isinstance(keys, (list, tuple)):
                raise arguments.wrong_type("keys", "a list of public keys", keys)
            named = (arguments.text(f"keys[{at}]", key) for at, key in enumerate(keys))
            trusted = encode(list(named))
        with telling("verifying", progress) as told:
            return _native.bundle_verify(
                self._path, self._identity, trusted, told, records.BundleVerification
            )

    def download(self, to: PathArgument, *, progress: Progress | None = None) -> Path:
        """Copies the files into the folder `to`, verified, and gives where they are.

        That is the path of the file when the version has one file, else of the folder.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).download(folder / "out").read_bytes()
        b'weights'
        """
        folder = arguments.path("to", to)
        with telling("downloading", progress) as told:
            return _native.bundle_download(self._path, self._identity, folder, told)

    def load(self, *, trust: bool = False, into: Any = None) -> Any:
        """The model as the object of its library, as `ModelVersion.load` gives it.

        The files are verified, and unpacked for that time into the folder for temporary files.
        Whether they can run code is looked up in them, whatever the bundle says.

        >>> path = registry.bundle("risk.credit.default/1", folder / "credit.hbz")
        >>> halfback.open_bundle(path).load()
        Traceback (most recent call last):
        halfback.InvalidError: `models:/risk.credit.default/1` is of no known format ...
        """
        from halfback.objects import load_files

        with TemporaryDirectory(prefix="halfback-") as folder:
            # Not the folder itself: several files become a folder that isn't there yet.
            place = _native.bundle_download(
                self._path, self._identity, str(Path(folder) / "files"), None
            )
            paths = [file.path for file in self._manifest.artifact.files]
            root = place.parent if place.is_file() else place
            return load_files(
                self._manifest.version,
                {path: root / path for path in paths},
                executable=_native.is_executable(place),
                trust=trust,
                into=into,
            )

    def _repr_html_(self) -> str:
        from halfback.notebook import bundle_html

        return bundle_html(self)

    def __repr__(self) -> str:
        count = len(self._manifest.artifact.files)
        files = f"{count} file{'' if count == 1 else 's'}"
        size = _size(self._manifest.artifact.size)
        return f"<Bundle {self.path.name}: {self._manifest.version.uri}, {files}, {size}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bundle):
            return NotImplemented
        return (self._path, self._identity) == (other._path, other._identity)

    def __hash__(self) -> int:
        return hash((self._path, self._identity))

    def __reduce__(self) -> tuple[type[Bundle], tuple[str]]:
        return type(self), (self._path,)


def source_of(bundle: object) -> tuple[str, str | None]:
    """The file of a bundle, and which bundle it has to be where that is known."""
    if isinstance(bundle, Bundle):
        return bundle._path, bundle._identity
    return arguments.path("bundle", bundle), None
