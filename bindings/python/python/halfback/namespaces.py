"""The commands on catalogs, schemas and models: what things are called and how they nest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from halfback.arguments import flag, text
from halfback.entities import Catalog, Model, Schema
from halfback.transactions import Transactions, given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from halfback.records import Origin

__all__ = ["Namespaces"]


class Namespaces(Transactions):
    """The commands of `halfback.Registry` on catalogs, schemas and models."""

    # Catalogs.

    def create_catalog(
        self,
        name: str,
        *,
        comment: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str] | None = None,
        exist_ok: bool = False,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Catalog:
        """Creates a catalog; with `exist_ok` the one that exists is given as it is.

        >>> registry.create_catalog("marketing", comment="campaigns")
        <Catalog catalogs:/marketing>
        """
        fields = {"name": text("name", name), "exist_ok": flag("exist_ok", exist_ok)}
        more = given(allow_secrets=allow_secrets, comment=comment, owner=owner, tags=tags)
        return self._output(Catalog, "create_catalog", idempotency_key, fields | more)

    def update_catalog(
        self,
        name: str,
        *,
        comment: str | None = None,
        owner: str | None = None,
        expect_revision: int | None = None,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Catalog:
        """Changes what is given of a catalog; an empty comment clears it.

        A comment that looks like it holds a key, token or password is refused unless
        `allow_secrets` says that it is none.

        >>> registry.update_catalog("risk", comment="credit and fraud").comment
        'credit and fraud'
        """
        fields = {"name": text("name", name)}
        more = given(
            allow_secrets=allow_secrets,
            comment=comment,
            owner=owner,
            expect_revision=expect_revision,
        )
        return self._output(Catalog, "update_catalog", idempotency_key, fields | more)

    def rename_catalog(
        self,
        name: str,
        new_name: str,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> Catalog:
        """Renames a catalog, and so everything in it; views of the past keep the old names.

        >>> registry.rename_catalog("risk", "finance")
        <Catalog catalogs:/finance>
        """
        fields = {"name": text("name", name), "new_name": text("new_name", new_name)}
        more = given(expect_revision=expect_revision)
        return self._output(Catalog, "rename_catalog", idempotency_key, fields | more)

    def delete_catalog(
        self,
        name: str,
        *,
        cascade: bool = False,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes a catalog, with `cascade` also what is in it; it stays in the past.

        >>> registry.delete_catalog("risk", cascade=True)
        >>> registry.as_of(5).get_catalog("risk")
        <Catalog catalogs:/risk>
        """
        fields = {"name": text("name", name), "cascade": flag("cascade", cascade)}
        more = given(expect_revision=expect_revision)
        self._run("delete_catalog", idempotency_key, fields | more)

    # Schemas.

    def create_schema(
        self,
        name: str,
        *,
        parents: bool = False,
        comment: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str] | None = None,
        exist_ok: bool = False,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Schema:
        """Creates a schema such as `risk.fraud`, with `parents` also its catalog.

        >>> registry.create_schema("risk.fraud")
        <Schema schemas:/risk.fraud>
        """
        fields = {
            "name": text("name", name),
            "parents": flag("parents", parents),
            "exist_ok": flag("exist_ok", exist_ok),
        }
        more = given(allow_secrets=allow_secrets, comment=comment, owner=owner, tags=tags)
        return self._output(Schema, "create_schema", idempotency_key, fields | more)

    def update_schema(
        self,
        name: str,
        *,
        comment: str | None = None,
        owner: str | None = None,
        expect_revision: int | None = None,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Schema:
        """Changes what is given of a schema; an empty comment clears it.

        A comment that looks like it holds a key, token or password is refused unless
        `allow_secrets` says that it is none.

        >>> registry.update_schema("risk.credit", comment="loans").comment
        'loans'
        """
        fields = {"name": text("name", name)}
        more = given(
            allow_secrets=allow_secrets,
            comment=comment,
            owner=owner,
            expect_revision=expect_revision,
        )
        return self._output(Schema, "update_schema", idempotency_key, fields | more)

    def rename_schema(
        self,
        name: str,
        new_name: str,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> Schema:
        """Renames a schema; `new_name` is the whole new name, in the same catalog.

        >>> registry.rename_schema("risk.credit", "risk.loans")
        <Schema schemas:/risk.loans>
        """
        fields = {"name": text("name", name), "new_name": text("new_name", new_name)}
        more = given(expect_revision=expect_revision)
        return self._output(Schema, "rename_schema", idempotency_key, fields | more)

    def delete_schema(
        self,
        name: str,
        *,
        cascade: bool = False,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes a schema, with `cascade` also what is in it; it stays in the past.

        >>> registry.delete_schema("risk.credit", cascade=True)
        """
        fields = {"name": text("name", name), "cascade": flag("cascade", cascade)}
        more = given(expect_revision=expect_revision)
        self._run("delete_schema", idempotency_key, fields | more)

    # Models.

    def create_model(
        self,
        name: str,
        *,
        parents: bool = False,
        task: str | None = None,
        comment: str | None = None,
        owner: str | None = None,
        tags: Mapping[str, str] | None = None,
        origin: Origin | Mapping[str, object] | None = None,
        exist_ok: bool = False,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Model:
        """Creates a model such as `risk.credit.limits`, with `parents` also its catalog and schema.

        >>> registry.create_model("fraud", task="binary_classification", tags={"team": "risk"})
        <Model models:/main.default.fraud>
        """
        fields = {
            "name": text("name", name),
            "parents": flag("parents", parents),
            "exist_ok": flag("exist_ok", exist_ok),
        }
        more = given(
            allow_secrets=allow_secrets,
            task=task,
            comment=comment,
            owner=owner,
            tags=tags,
            origin=origin,
        )
        return self._output(Model, "create_model", idempotency_key, fields | more)

    def update_model(
        self,
        name: str,
        *,
        task: str | None = None,
        comment: str | None = None,
        owner: str | None = None,
        expect_revision: int | None = None,
        allow_secrets: bool = False,
        idempotency_key: str | None = None,
    ) -> Model:
        """Changes what is given of a model; an empty comment clears it.

        A comment that looks like it holds a key, token or password is refused unless
        `allow_secrets` says that it is none.

        >>> model = registry.get_model("risk.credit.default")
        >>> model = registry.update_model(
        ...     model.name, comment="probability of default", expect_revision=model.revision
        ... )
        >>> model.comment
        'probability of default'
        """
        fields = {"name": text("name", name)}
        more = given(
            allow_secrets=allow_secrets,
            task=task,
            comment=comment,
            owner=owner,
            expect_revision=expect_revision,
        )
        return self._output(Model, "update_model", idempotency_key, fields | more)

    def rename_model(
        self,
        name: str,
        new_name: str,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> Model:
        """Renames a model; `new_name` is the whole new name, in the same schema.

        >>> registry.rename_model("risk.credit.default", "risk.credit.pd").latest_version
        2
        """
        fields = {"name": text("name", name), "new_name": text("new_name", new_name)}
        more = given(expect_revision=expect_revision)
        return self._output(Model, "rename_model", idempotency_key, fields | more)

    def delete_model(
        self,
        name: str,
        *,
        expect_revision: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Deletes a model with its versions; they stay in the past.

        >>> registry.delete_model("risk.credit.default")
        >>> registry.find_model("risk.credit.default") is None
        True
        """
        fields = {"name": text("name", name)} | given(expect_revision=expect_revision)
        self._run("delete_model", idempotency_key, fields)
