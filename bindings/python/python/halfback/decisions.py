"""Every read about access: principals, grants, roles, tokens, signatures, and decisions."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from halfback import arguments, records
from halfback.arguments import text
from halfback.entities import Comparison, Evaluation, Explanation, GrantRecord, VersionSignature
from halfback.errors import ConflictError, InvalidError
from halfback.pages import Page, Pages
from halfback.reads import Reads

if TYPE_CHECKING:
    from typing import TypeAlias

    from halfback.arguments import PathArgument
    from halfback.entities import Catalog, Model, ModelVersion, Schema
    from halfback.records import (
        ErasureRecord,
        Held,
        Holder,
        HoldRecord,
        Principal,
        Role,
        SigningKeys,
        TokenRecord,
    )

    Securable: TypeAlias = str | Catalog | Schema | Model
    """A catalog, schema or model: its URI or its record; `registry:/` is the registry itself."""

__all__ = ["Decisions"]

T = TypeVar("T")


class Decisions(Reads):
    """What `halfback.Registry` and `halfback.View` can be asked about access.

    It takes `READ AUDIT` to ask about others. A view tells what was granted at its moment; what its
    reads show depends on what is granted now.
    """

    def get_principal(self, principal: str | Principal) -> Principal:
        """A principal, by its id or name, or anew by its record.

        >>> registry.get_principal("everyone").kind
        'group'
        """
        asked = {"principal": principal_of("principal", principal)}
        return self._ask("get_principal", records.Principal, **asked)

    def list_principals(
        self, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[Principal]:
        """The principals, the oldest first.

        >>> [principal.kind for principal in registry.list_principals()]
        ['user', 'group']
        """
        return self._pages("list_principals", records.Principal, page_size, cursor)

    def list_grants(
        self,
        on: Securable | None = None,
        to: str | Principal | None = None,
        *,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Pages[GrantRecord]:
        """What is granted and denied: on one securable itself, to one principal, or all.

        >>> [(grant.what, grant.on) for grant in registry.list_grants()]
        [('Steward', 'registry:/')]
        """
        asked = given_about(on=(securable_of, on), to=(principal_of, to))
        return self._pages("list_grants", GrantRecord, page_size, cursor, **asked)

    def list_roles(self) -> Pages[Role]:
        """The roles by name, all in one page.

        >>> [role.name for role in registry.list_roles() if "EXECUTE" in role.privileges]
        ['Consumer', 'Deployer', 'Developer', 'Reviewer', 'Steward']
        """
        return self._whole("list_roles", records.Role)

    def list_erasures(
        self, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[ErasureRecord]:
        """What was erased, when and why, the oldest first.

        >>> list(registry.list_erasures())
        []
        """
        return self._pages("list_erasures", records.ErasureRecord, page_size, cursor)

    def list_holds(self, *, page_size: int = 100, cursor: str | None = None) -> Pages[HoldRecord]:
        """What is held, why and since when, the oldest first.

        >>> registry.set_hold("risk.credit.default", "suit 12/2026")
        >>> [(hold.target, hold.reason) for hold in registry.list_holds()]
        [('models:/risk.credit.default', 'suit 12/2026')]
        >>> registry.release_hold("risk.credit.default")
        """
        return self._pages("list_holds", records.HoldRecord, page_size, cursor)

    def list_tokens(
        self,
        principal: str | Principal | None = None,
        *,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> Pages[TokenRecord]:
        """The tokens of a principal, or all, the oldest first: not those that were revoked.

        >>> service = registry.create_service("scoring")
        >>> new = registry.create_token(service, comment="nightly")
        >>> [token.comment for token in registry.list_tokens(service)]
        ['nightly']
        """
        asked = given_about(principal=(principal_of, principal))
        return self._pages("list_tokens", records.TokenRecord, page_size, cursor, **asked)

    def explain(
        self,
        privilege: str,
        on: Securable | ModelVersion,
        principal: str | Principal | None = None,
    ) -> Explanation:
        """Whether somebody holds a privilege, and why; else what is missing, and who can grant it.

        That is the session's principal where none is named.

        >>> service = registry.create_service("scoring")
        >>> registry.grant("Consumer", "catalogs:/risk", service)
        >>> explanation = registry.explain("EXECUTE", "risk.credit.default", service)
        >>> explanation.allowed, explanation.chain[-1].what
        (True, 'Consumer')
        >>> registry.explain("DEPLOY", "risk.credit.default", service).missing.privilege
        'DEPLOY'
        """
        asked = {"privilege": text("privilege", privilege), "on": securable_of("on", on)}
        more = given_about(principal=(principal_of, principal))
        return self._ask("explain", Explanation, **asked, **more)

    def who_can(self, privilege: str, on: Securable | ModelVersion) -> Pages[Holder]:
        """The users and service principals that hold a privilege, all in one page.

        >>> [holder.kind for holder in registry.who_can("MANAGE", "risk.credit.default")]
        ['user']
        """
        asked = {"privilege": text("privilege", privilege), "on": securable_of("on", on)}
        return self._whole("who_can", records.Holder, **asked)

    def what_can(self, principal: str | Principal | None = None) -> Pages[Held]:
        """What a principal, or the session's, holds, securable by securable, all in one page.

        >>> service = registry.create_service("scoring")
        >>> registry.grant("Browser", "catalogs:/risk", service)
        >>> [(held.on, held.privileges) for held in registry.what_can(service)]
        [('catalogs:/risk', ('BROWSE',))]
        """
        asked = given_about(principal=(principal_of, principal))
        return self._whole("what_can", records.Held, **asked)

    def get_evaluation(self, evaluation: int) -> Evaluation:
        """The evaluation of an id.

        >>> made = registry.evaluate("risk.credit.default/1", [0, 1, 1], [0, 1, 0])
        >>> registry.get_evaluation(made.id) == made
        True
        """
        asked = {"evaluation": arguments.integer("evaluation", evaluation)}
        return self._ask("get_evaluation", Evaluation, **asked)

    def list_evaluations(
        self, version: str | ModelVersion, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[Evaluation]:
        """The evaluations of a version, the newest first, without their curves.

        >>> list(registry.list_evaluations("risk.credit.default/1"))
        []
        """
        asked = {"version": self._reference("version", version)}
        return self._pages("list_evaluations", Evaluation, page_size, cursor, **asked)

    def get_comparison(self, comparison: int) -> Comparison:
        """The comparison of an id.

        >>> pair = ([0, 1, 1], [0, 0, 1])
        >>> made = registry.compare(
        ...     "risk.credit.default/2", "risk.credit.default/1", [0, 1, 1], y_pred=pair
        ... )
        >>> registry.get_comparison(made.id) == made
        True
        """
        asked = {"comparison": arguments.integer("comparison", comparison)}
        return self._ask("get_comparison", Comparison, **asked)

    def list_comparisons(
        self, version: str | ModelVersion, *, page_size: int = 100, cursor: str | None = None
    ) -> Pages[Comparison]:
        """The comparisons of a version, as candidate or baseline, the newest first.

        >>> list(registry.list_comparisons("risk.credit.default/1"))
        []
        """
        asked = {"version": self._reference("version", version)}
        return self._pages("list_comparisons", Comparison, page_size, cursor, **asked)

    def list_signatures(self, version: str | ModelVersion) -> Pages[VersionSignature]:
        """The signatures over the files of a version, by key.

        >>> list(registry.list_signatures("risk.credit.default/1"))
        []
        """
        asked = {"version": self._reference("version", version)}
        return self._whole("list_signatures", VersionSignature, **asked)

    def verify_signature(self, version: str | ModelVersion, public_key: str) -> VersionSignature:
        """Verifies the signature of a version that a key made, the public one as PEM.

        It is a `NotFoundError` where that key has not signed it.

        >>> public = halfback.generate_model_key(folder / "verified.pem")
        >>> key = halfback.ModelKey.from_file(folder / "verified.pem")
        >>> signature = registry.sign_version("risk.credit.default/1", key)
        >>> registry.verify_signature("risk.credit.default/1", public) == signature
        True
        """
        asked = {
            "version": self._reference("version", version),
            "public_key": text("public_key", public_key),
        }
        return self._ask("verify_signature", VersionSignature, **asked)

    def export_signature(
        self, version: str | ModelVersion, public_key: str, to: PathArgument
    ) -> Path:
        """Writes the signature of a version that a key made into a new file.

        The tool `model_signing` verifies it: `model_signing verify key --signature FILE
        --public_key FILE FOLDER`.

        >>> public = halfback.generate_model_key(folder / "exported.pem")
        >>> key = halfback.ModelKey.from_file(folder / "exported.pem")
        >>> signature = registry.sign_version("risk.credit.default/1", key)
        >>> registry.export_signature("risk.credit.default/1", public, folder / "model.sig").name
        'model.sig'
        """
        path = Path(arguments.path("to", to))
        bundle = self.verify_signature(version, public_key).bundle
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(bundle)
        except FileExistsError:
            raise ConflictError(
                f"`to` is `{path}`, which is there already: choose another name", "already_exists"
            ) from None
        except OSError as error:
            raise InvalidError(
                f"`to` is `{path}`, which cannot be written: {error.strerror}", "invalid_argument"
            ) from error
        return path

    def signing_statement(self, version: str | ModelVersion) -> str:
        """What is signed of a version: an in-toto statement of its files, as JSON.

        >>> "https://model_signing/signature/v1.0" in registry.signing_statement(
        ...     "risk.credit.default/1"
        ... )
        True
        """
        asked = {"version": self._reference("version", version)}
        return self._ask("signing_statement", records.UnsignedStatement, **asked).statement

    def get_signing_keys(self, catalog: str) -> SigningKeys:
        """The keys that sign the versions of a catalog.

        >>> registry.get_signing_keys("risk").required
        False
        """
        return self._ask("get_signing_keys", records.SigningKeys, catalog=text("catalog", catalog))

    def _whole(self, query: str, record: type[T], **asked: Any) -> Pages[T]:
        """A list that the core gives in one page."""
        return Pages(partial(self._only_page, query, record, asked), 100, None, record)

    def _only_page(
        self, query: str, record: type[T], asked: dict[str, Any], _: int, cursor: str | None
    ) -> Page[T]:
        if cursor is not None:
            raise InvalidError(
                "`cursor` is for lists of many pages: this one has a single page",
                "invalid_argument",
            )
        answer = self._answer(query, record, asked)
        return Page(answer["items"], answer["cursor"])._of(record)


def given_about(**asked: tuple[Any, object]) -> dict[str, Any]:
    """The optional fields that were given, each as its check makes it."""
    return {name: check(name, value) for name, (check, value) in asked.items() if value is not None}


def principal_of(name: str, principal: object) -> str:
    """A principal by its id or name, or by the id of its record."""
    if isinstance(principal, records.Principal):
        if principal.id is None:
            raise InvalidError(
                f"`{name}` is not known in this registry: `create_user` makes a user known",
                "invalid_argument",
            )
        return principal.id
    if not isinstance(principal, str):
        wanted = "text such as `ana` or `p7`, or a `Principal`"
        raise arguments.wrong_type(name, wanted, principal)
    return text(name, principal)


def securable_of(name: str, securable: object) -> str:
    """What a privilege is held on, by its URI or by that of its record."""
    named = (records.Catalog, records.Schema, records.Model, records.ModelVersion)
    if isinstance(securable, named):
        return securable.uri
    if not isinstance(securable, str):
        wanted = "text such as `models:/fraud` or `registry:/`, or the record of an entity"
        raise arguments.wrong_type(name, wanted, securable)
    return text(name, securable)
