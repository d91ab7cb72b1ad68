"""The commands on versions: their files, tags and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from halfback import arguments
from halfback.arguments import expected, flag, integer, text
from halfback.entities import Artifact, ModelVersion
from halfback.errors import InvalidError
from halfback.progress import telling
from halfback.sentinels import ANY, AnyValue
from halfback.transactions import Transactions, given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from halfback.arguments import Content, Param, Progress
    from halfback.entities import Catalog, Model, Schema
    from halfback.records import Example, Origin

__all__ = ["Versions"]


class Versions(Transactions):
    """The commands of `halfback.Registry` on versions, tags and aliases."""

    # Versions and their files.

    def put_artifact(
        self,
        model: str,
        content: Content,
        *,
        name: str | None = None,
        allow_secrets: bool = False,
        progress: Progress | None = None,
    ) -> Artifact:
        """Stores files for versions of a model to come, hashing them on the way.

        `register_version` does this by itself; it is for `transact`, where the command needs the
        digest of what is stored. `content` is the path of a file or a folder, or bytes, which
        become a file called `name`. Files whose metadata looks like it holds a key, token or
        password are refused before they are copied, unless `allow_secrets` says that it is none.

        >>> registry.put_artifact("risk.credit.default", b"more weights").files[0].path
        'model.bin'
        """
        named, held = text("model", model), arguments.content(content, name)
        allowed = flag("allow_secrets", allow_secrets)
        with telling("storing", progress) as told:
            return self._handle.put_artifact(named, *held, allowed, told, Artifact)

    def hash_artifact(
        self, content: Content, *, name: str | None = None, progress: Progress | None = None
    ) -> Artifact:
        """Hashes files as `put_artifact` does and stores nothing.

        >>> registry.hash_artifact(b"weights").digest[:15]
        'sha256:03e48a14'
        """
        held = arguments.content(content, name)
        with telling("hashing", progress) as told:
            return self._handle.hash_artifact(*held, told, Artifact)

    def register_version(
        self,
        model: str,
        content: Content,
        *,
        name: str | None = None,
        location: str | None = None,
        digest: str | None = None,
        number: int | None = None,
        flavor: str | None = None,
        framework_version: str | None = None,
        signature: Mapping[str, object] | None = None,
        example: Example | Mapping[str, object] | None = None,
        params: Mapping[str, Param] | None = None,
        metrics: Mapping[str, float] | None = None,
        run: str | None = None,
        code_commit: str | None = None,
        source: str | None = None,
        comment: str | None = None,
        tags: Mapping[str, str] | None = None,
        origin: Origin | Mapping[str, object] | None = None,
        exist_ok: bool = False,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
    ) -> ModelVersion:
        """Registers the next version of a model, with its files.

        `content` is the path of a file or a folder, or bytes, which become a file called `name`.
        It is copied into the registry, or, where `location` says at which URI the files are kept,
        only hashed. A `digest` that is given must be the one of the content. With `exist_ok` the
        version that has the same content is given if there is one. `example` holds rows to try the
        version with, and `origin` says what it was in the system that it is brought in from.

        >>> version = registry.register_version(
        ...     "risk.credit.default", "model.joblib", params={"depth": 3}, comment="boosting"
        ... )
        >>> version.number, version.params["depth"]
        (3, 3)
        """
        fields = {"model": text("model", model), "exist_ok": flag("exist_ok", exist_ok)}
        more = given(
            allow_secrets=allow_secrets,
            location=location,
            number=number,
            flavor=flavor,
            framework_version=framework_version,
            signature=signature,
            example=example,
            params=params,
            metrics=metrics,
            origin=origin,
            run=run,
            code_commit=code_commit,
            source=source,
            comment=comment,
            tags=tags,
        )
        wanted = arguments.optional(text, "digest", digest)
        arguments.optional(text, "idempotency_key", idempotency_key)
        if location is None:
            artifact = self.put_artifact(
                model, content, name=name, allow_secrets=allow_secrets, progress=progress
            )
        else:
            artifact = self.hash_artifact(content, name=name, progress=progress)
        if wanted not in (None, artifact.digest):
            raise InvalidError(
                f"the content has the digest `{artifact.digest}`, not `{wanted}`: "
                "give the content that the digest is of, or leave `digest` out",
                "digest_mismatch",
            )
        fields["digest"] = artifact.digest
        return self._changed("register_version", idempotency_key, fields | more)

    def register(
        self,
        name: str,
        model: object,
        *,
        example: Any = None,
        outputs: Any = "auto",
        method: str | None = None,
        store_example: bool = True,
        format: str | None = None,
        signature: Mapping[str, object] | None = None,
        params: Mapping[str, Param] | None = None,
        metrics: Mapping[str, float] | None = None,
        run: str | None = None,
        code_commit: str | None = None,
        source: str | None = None,
        comment: str | None = None,
        tags: Mapping[str, str] | None = None,
        exist_ok: bool = False,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
    ) -> ModelVersion:
        """Registers an object of scikit-learn, XGBoost, LightGBM, PyTorch, ONNX or Keras.

        The model of that `name` is created where there is none. The object is saved in the safest
        format that its library has: skops, UBJ, text, safetensors, ONNX. `format` names another
        one. Where only a pickle is left, that is what it becomes, with a warning.

        From the `example`, some inputs as the model takes them, come the signature and up to 100
        rows that are stored with the model's answers; `ModelVersion.check_example` repeats them.
        `method` is asked in place of `predict`; `outputs` are answers that you have already, and
        `None` leaves them out. `store_example=False` keeps only the signature. The parameters of
        an estimator are stored beside the `params` that are given.

        >>> from sklearn.linear_model import LogisticRegression
        >>> rows, defaulted = [[20.5], [31.0], [44.2], [58.9]], [1, 1, 0, 0]
        >>> model = LogisticRegression(C=0.5).fit(rows, defaulted)
        >>> version = registry.register("risk.credit.late", model, example=rows)
        >>> version.flavor, version.params["C"], version.signature["outputs"][0]["type"]
        ('sklearn', 0.5, 'long')
        >>> version.check_example().passed
        True
        """
        from halfback.objects import saved

        text("name", name)
        given_facts = {"signature": signature, "params": arguments.params("params", params or {})}
        saving = saved(
            model,
            example=example,
            outputs=outputs,
            method=method,
            format=format,
            store_example=flag("store_example", store_example),
            given=given_facts,
        )
        with saving as (path, facts):
            if self.find_model(name) is None:
                self._run("create_model", None, {"name": name, "parents": True, "exist_ok": True})
            return self.register_version(
                name,
                path,
                metrics=metrics,
                run=run,
                code_commit=code_commit,
                source=source,
                comment=comment,
                tags=tags,
                exist_ok=exist_ok,
                allow_secrets=allow_secrets,
                idempotency_key=idempotency_key,
                progress=progress,
                **facts,
            )

    def update_version(
        self,
        version: str | ModelVersion,
        *,
        comment: str | None = None,
        stage: Literal["none", "staging", "production"] | None = None,
        expect_revision: int | None = None,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> ModelVersion:
        """Changes what is given of a version; an empty comment clears it.

        A comment that looks like it holds a key, token or password is refused unless
        `allow_secrets` says that it is none.

        >>> registry.update_version("risk.credit.default/2", stage="staging").stage
        'staging'
        """
        fields = {"version": self._reference("version", version)}
        more = given(
            allow_secrets=allow_secrets,
            comment=comment,
            stage=stage,
            expect_revision=expect_revision,
        )
        return self._changed("update_version", idempotency_key, fields | more)

    def archive_version(
        self,
        version: str | ModelVersion,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> ModelVersion:
        """Archives a version that no alias names; no alias can be given to it then.

        >>> registry.archive_version("risk.credit.default/2").stage
        'archived'
        """
        return self._of_version("archive_version", version, expect_revision, idempotency_key)

    def restore_version(
        self,
        version: str | ModelVersion,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> ModelVersion:
        """Takes a version out of the archive.

        >>> archived = registry.archive_version("risk.credit.default/2")
        >>> registry.restore_version(archived).stage
        'none'
        """
        return self._of_version("restore_version", version, expect_revision, idempotency_key)

    def delete_version(
        self,
        version: str | ModelVersion,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes a version that no alias names.

        It stays in the past, and its number is not used again.

        >>> registry.delete_version("risk.credit.default/2")
        """
        fields = {"version": self._reference("version", version)}
        more = given(expect_revision=expect_revision)
        self._run("delete_version", idempotency_key, fields | more)

    # Tags.

    def set_tag(
        self,
        target: str | Catalog | Schema | Model | ModelVersion,
        key: str,
        value: str,
        *,
        expect: str | AnyValue | None = ANY,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> None:
        """Sets a tag on an entity; `target` is its URI or its record.

        A value that looks like a key, token or password is refused unless `allow_secrets` says
        that it may be kept: it would stay in the history.

        >>> registry.set_tag("models:/risk.credit.default", "team", "risk", expect=None)
        >>> registry.get_model("risk.credit.default").tags
        {'team': 'risk'}
        """
        fields = {
            "target": self._target(target),
            "key": text("key", key),
            "value": text("value", value),
            "allow_secrets": flag("allow_secrets", allow_secrets),
        }
        self._run("set_tag", idempotency_key, fields | expected(text, expect))

    def delete_tag(
        self,
        target: str | Catalog | Schema | Model | ModelVersion,
        key: str,
        *,
        expect: str | AnyValue | None = ANY,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes a tag of an entity; `target` is its URI or its record.

        >>> registry.set_tag("risk.credit.default/2", "checked", "yes")
        >>> registry.delete_tag("risk.credit.default/2", "checked", expect="yes")
        """
        fields = {"target": self._target(target), "key": text("key", key)}
        self._run("delete_tag", idempotency_key, fields | expected(text, expect))

    # Aliases.

    def set_alias(
        self,
        model: str,
        alias: str,
        version: int,
        *,
        expect: int | AnyValue | None = ANY,
        idempotency_key: str | None = None,
    ) -> ModelVersion:
        """Gives an alias of a model to a version, by its number; every process sees it at once.

        `expect` is the number that the alias must name now, or `None` if it must not exist.

        >>> registry.set_alias("risk.credit.default", "champion", 2, expect=1)
        <ModelVersion models:/risk.credit.default/2, champion, 12 B>
        """
        fields = {
            "model": text("model", model),
            "alias": text("alias", alias),
            "version": integer("version", version),
        }
        more = expected(integer, expect)
        return self._changed("set_alias", idempotency_key, fields | more)

    def delete_alias(
        self,
        model: str,
        alias: str,
        *,
        expect: int | AnyValue | None = ANY,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes an alias of a model.

        >>> registry.delete_alias("risk.credit.default", "champion", expect=1)
        """
        fields = {"model": text("model", model), "alias": text("alias", alias)}
        self._run("delete_alias", idempotency_key, fields | expected(integer, expect))

    def protect_alias(
        self,
        model: str,
        alias: str,
        *,
        protected: bool = True,
        idempotency_key: str | None = None,
    ) -> None:
        """Protects an alias: it then moves only for those who say, with `expect`, where it is.

        >>> registry.protect_alias("risk.credit.default", "champion")
        >>> registry.set_alias("risk.credit.default", "champion", 2, expect=1).number
        2
        """
        fields = {
            "model": text("model", model),
            "alias": text("alias", alias),
            "protected": flag("protected", protected),
        }
        self._run("protect_alias", idempotency_key, fields)

    # How it is done.

    def _of_version(
        self,
        command: str,
        version: str | ModelVersion,
        expect_revision: int | None,
        idempotency_key: str | None,
    ) -> ModelVersion:
        fields = {"version": self._reference("version", version)}
        more = given(expect_revision=expect_revision)
        return self._changed(command, idempotency_key, fields | more)
