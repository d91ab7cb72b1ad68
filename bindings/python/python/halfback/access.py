"""The commands on access: principals, grants, roles and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback import arguments, records
from halfback.arguments import flag, text
from halfback.decisions import Decisions, given_about, principal_of, securable_of
from halfback.entities import NewToken, VersionSignature
from halfback.errors import InvalidError
from halfback.transactions import Transactions
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from halfback.decisions import Securable
    from halfback.entities import ModelVersion
    from halfback.records import (
        Erasable,
        Erased,
        Principal,
        Role,
        SigningKeys,
        TokenRecord,
    )
    from halfback.signing import ModelKey

__all__ = ["Access"]

_UIDS = range(2**32)


class Access(Transactions, Decisions):
    """The commands of `halfback.Registry` on principals, grants, roles and tokens."""

    # Principals.

    def create_user(
        self,
        name: str,
        *,
        os_user: int | str | None = None,
        identity: str | None = None,
        exist_ok: bool = False,
        idempotency_key: str | None = None,
    ) -> Principal:
        """Makes a user known: one who proves it with a token, or a user of the operating system.

        `os_user` is that one's number, or the login name that it is looked up by on this machine.
        `identity` says who the user is elsewhere, such as `oidc:https://login.example.org|248289`,
        for sessions whose application proves that (`Registry::open_as` in Rust).
        With `exist_ok` the user that exists is given as it is.

        >>> registry.create_user("ana", os_user=4001).proof
        'os_user'
        >>> registry.create_user("ben").proof
        'name'
        """
        number = arguments.optional(_uid, "os_user", os_user)
        return self._create_principal("user", name, exist_ok, idempotency_key, number, identity)

    def create_service(
        self,
        name: str,
        *,
        identity: str | None = None,
        exist_ok: bool = False,
        idempotency_key: str | None = None,
    ) -> Principal:
        """Makes a service principal known: a program, which proves it with a token.

        `identity` says who it is elsewhere, such as `database_role:scoring`.

        >>> registry.create_service("scoring").kind
        'service'
        """
        return self._create_principal("service", name, exist_ok, idempotency_key, None, identity)

    def create_group(
        self, name: str, *, exist_ok: bool = False, idempotency_key: str | None = None
    ) -> Principal:
        """Makes a group: principals that are granted things together. All are in `everyone`.

        >>> registry.create_group("validators").members
        ()
        """
        return self._create_principal("group", name, exist_ok, idempotency_key)

    def _create_principal(
        self,
        kind: str,
        name: str,
        exist_ok: bool,
        idempotency_key: str | None,
        os_user: int | None = None,
        identity: str | None = None,
    ) -> Principal:
        fields: dict[str, Any] = {"kind": kind, "name": text("name", name)}
        fields["exist_ok"] = flag("exist_ok", exist_ok)
        if os_user is not None:
            fields["os_user"] = os_user
        if identity is not None:
            fields["identity"] = text("identity", identity)
        return self._output(records.Principal, "create_principal", idempotency_key, fields)

    def delete_principal(
        self, principal: str | Principal, *, idempotency_key: str | None = None
    ) -> None:
        """Removes a principal with its grants, memberships and tokens; the past keeps it.

        It is refused while the principal owns something.

        >>> registry.delete_principal(registry.create_user("ben"))
        """
        fields = {"principal": principal_of("principal", principal)}
        self._run("delete_principal", idempotency_key, fields)

    def add_member(
        self,
        group: str | Principal,
        member: str | Principal,
        *,
        idempotency_key: str | None = None,
    ) -> None:
        """Puts a user, service principal or group into a group.

        >>> group = registry.create_group("validators")
        >>> ben = registry.create_user("ben")
        >>> registry.add_member("validators", "ben")
        >>> registry.get_principal("validators").members == (ben.id,)
        True
        """
        fields = {"group": principal_of("group", group), "member": principal_of("member", member)}
        self._run("add_member", idempotency_key, fields)

    def remove_member(
        self,
        group: str | Principal,
        member: str | Principal,
        *,
        idempotency_key: str | None = None,
    ) -> None:
        """Takes a principal out of a group.

        >>> group, ben = registry.create_group("validators"), registry.create_user("ben")
        >>> registry.add_member(group, ben)
        >>> registry.remove_member(group, ben)
        >>> registry.get_principal(group).members
        ()
        """
        fields = {"group": principal_of("group", group), "member": principal_of("member", member)}
        self._run("remove_member", idempotency_key, fields)

    # Grants.

    def grant(
        self,
        what: str,
        on: Securable,
        to: str | Principal,
        *,
        where: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Grants a privilege or role on a securable and on all below it, now and later.

        `where` narrows it to the models that a filter on tags and aliases finds, such as
        `"tags.env = 'test'"`. It takes `MANAGE` there; nobody grants to themselves, nor what they
        do not hold. It replaces what was said of the same before.

        >>> ben = registry.create_user("ben")
        >>> registry.grant("Developer", registry.get_catalog("risk"), ben)
        >>> registry.grant("DEPLOY", "registry:/", ben, where="tags.env = 'test'")
        """
        self._say("grant", what, on, to, where, idempotency_key)

    def deny(
        self,
        what: str,
        on: Securable,
        to: str | Principal,
        *,
        where: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Denies a privilege or role on a securable and all below it: that wins over every grant.

        >>> ben = registry.create_user("ben")
        >>> registry.grant("Developer", "catalogs:/risk", ben)
        >>> registry.deny("EXECUTE", "risk.credit.default", ben)
        >>> registry.explain("EXECUTE", "risk.credit.default", ben).allowed
        False
        """
        self._say("deny", what, on, to, where, idempotency_key)

    def _say(
        self,
        verb: str,
        what: str,
        on: Securable,
        to: str | Principal,
        where: str | None,
        idempotency_key: str | None,
    ) -> None:
        fields: dict[str, Any] = {"what": text("what", what), "on": securable_of("on", on)}
        fields |= {"to": principal_of("to", to), "deny": verb == "deny"}
        if where is not None:
            fields["condition"] = text("where", where)
        self._run("grant", idempotency_key, fields)

    def revoke(
        self,
        what: str,
        on: Securable,
        principal: str | Principal,
        *,
        idempotency_key: str | None = None,
    ) -> None:
        """Takes back what was granted or denied on that very securable.

        >>> ben = registry.create_user("ben")
        >>> registry.grant("Developer", "catalogs:/risk", ben)
        >>> registry.revoke("Developer", "catalogs:/risk", ben)
        >>> len(registry.list_grants(to=ben).page())
        0
        """
        fields = {
            "what": text("what", what),
            "on": securable_of("on", on),
            "principal": principal_of("principal", principal),
        }
        self._run("revoke", idempotency_key, fields)

    # Roles.

    def set_role(
        self, name: str, includes: Sequence[str], *, idempotency_key: str | None = None
    ) -> Role:
        """Makes a role of privileges and other roles, or gives it another content.

        >>> registry.set_role("Scorer", ["Consumer", "SET ALIAS"]).privileges
        ('BROWSE', 'USE CATALOG', 'USE SCHEMA', 'EXECUTE', 'SET ALIAS')
        """
        fields = {"name": text("name", name), "includes": _words("includes", includes)}
        return self._output(records.Role, "set_role", idempotency_key, fields)

    def delete_role(self, name: str, *, idempotency_key: str | None = None) -> None:
        """Removes a role that nobody holds, and that is in no other one.

        >>> role = registry.set_role("Scorer", ["Consumer"])
        >>> registry.delete_role("Scorer")
        """
        self._run("delete_role", idempotency_key, {"name": text("name", name)})

    def separate_roles(
        self,
        first: str,
        second: str,
        *,
        separated: bool = True,
        idempotency_key: str | None = None,
    ) -> None:
        """Says that nobody may hold two roles together, on whatever securables; or no longer.

        >>> ben, role = registry.create_user("ben"), registry.set_role("Maker", ["Developer"])
        >>> registry.separate_roles("Maker", "Reviewer")
        >>> registry.grant("Maker", "catalogs:/risk", ben)
        >>> registry.grant("Reviewer", "catalogs:/risk", ben)
        Traceback (most recent call last):
        halfback.ConflictError: ...
        """
        fields = {
            "first": text("first", first),
            "second": text("second", second),
            "separated": flag("separated", separated),
        }
        self._run("separate_roles", idempotency_key, fields)

    # Erasing and holds.

    def erase(
        self, what: Erasable, target: str | int, reason: str, *, idempotency_key: str | None = None
    ) -> Erased:
        """Erases for good, and keeps in the log what went, when and why.

        `what` is `payload` (the commands of a commit, by its number, or of all that are about an
        entity), `names` (of a principal, by its id) or `texts` (the comments and the example of an
        entity, of all times). Backups from before have it still.

        >>> model = registry.update_model("risk.credit.default", comment="ask Ada, 0170 1234")
        >>> registry.erase("texts", "risk.credit.default", "a telephone number").wiped
        True
        >>> registry.get_model("risk.credit.default").comment is None
        True
        """
        number = isinstance(target, int) and not isinstance(target, bool)
        fields = {
            "what": text("what", what),
            "target": str(target) if number else text("target", target),
            "reason": text("reason", reason),
        }
        return self._output(records.Erased, "erase", idempotency_key, fields)

    def purge_version(
        self, version: str | ModelVersion, reason: str, *, idempotency_key: str | None = None
    ) -> Erased:
        """Lets go of the content of one version at once; what is known of the version stays.

        >>> registry.purge_version("risk.credit.default/2", "no licence for the data").contents
        1
        """
        fields = {"version": self._reference("version", version), "reason": text("reason", reason)}
        return self._output(records.Erased, "purge_version", idempotency_key, fields)

    def purge_artifact(
        self, catalog: str, digest: str, reason: str, *, idempotency_key: str | None = None
    ) -> Erased:
        """Lets go of a content of a catalog at once, with all versions that name it.

        Refused where one of them is held, retained, or not yours to manage.

        >>> digest = registry.resolve("risk.credit.default/2").digest
        >>> registry.purge_artifact("risk", digest, "no licence for the data").contents
        1
        """
        fields = {
            "catalog": text("catalog", catalog),
            "digest": text("digest", digest),
            "reason": text("reason", reason),
        }
        return self._output(records.Erased, "purge_artifact", idempotency_key, fields)

    def repeat_erasures(
        self, erasures: Sequence[str], *, idempotency_key: str | None = None
    ) -> Erased:
        """Erases again, in a registry that was restored, what was erased since the backup.

        >>> entries = [erasure.entry for erasure in registry.list_erasures()]
        >>> registry.repeat_erasures(entries).payloads
        0
        """
        if isinstance(erasures, str) or not isinstance(erasures, (list, tuple)):
            raise arguments.wrong_type("erasures", "a list of entries", erasures)
        entries = [text(f"erasures[{place}]", entry) for place, entry in enumerate(erasures)]
        fields = {"erasures": entries}
        return self._output(records.Erased, "repeat_erasures", idempotency_key, fields)

    def set_hold(self, target: str, reason: str, *, idempotency_key: str | None = None) -> None:
        """Keeps something, and all below it, from being erased or purged, for one more reason.

        >>> registry.set_hold("risk.credit.default", "suit 12/2026")
        >>> registry.erase("payload", "risk.credit.default", "tidying")
        Traceback (most recent call last):
        halfback.ConflictError: ...
        >>> registry.release_hold("risk.credit.default")
        """
        fields = {"target": text("target", target), "reason": text("reason", reason)}
        self._run("set_hold", idempotency_key, fields)

    def release_hold(
        self, target: str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> None:
        """Ends a hold: the only one on a target, or that of a reason.

        >>> registry.set_hold("registry:/", "audit")
        >>> registry.set_hold("registry:/", "suit 12/2026")
        >>> registry.release_hold("registry:/", reason="audit")
        >>> [hold.reason for hold in registry.list_holds()]
        ['suit 12/2026']
        >>> registry.release_hold("registry:/")
        """
        fields = {"target": text("target", target)} | given_about(reason=(text, reason))
        self._run("release_hold", idempotency_key, fields)

    def set_retention(
        self, least: timedelta | float, *, idempotency_key: str | None = None
    ) -> None:
        """Says how long content is kept at least once its version was deleted.

        `purge` and `purge_version` pass none sooner: that is a `ConflictError`. `least` is a
        `timedelta` or a number of seconds; 0 ends it. `registry.info().retention` tells it.

        >>> registry.set_retention(timedelta(days=90))
        >>> registry.purge(timedelta(days=30))
        Traceback (most recent call last):
        halfback.ConflictError: ...
        """
        fields = {"least": arguments.seconds("least", least)}
        self._run("set_retention", idempotency_key, fields)

    # Tokens.

    def create_token(
        self,
        principal: str | Principal,
        *,
        expires_in: timedelta | float | None = None,
        privileges: Sequence[str] = (),
        on: Securable | None = None,
        comment: str | None = None,
    ) -> NewToken:
        """Makes a token, which proves a session of a principal. It is shown now and never again.

        It ends after `expires_in`, a `timedelta` or a number of seconds in whole seconds. A session
        of it has what the principal holds, and of that at most `privileges`, which may be roles,
        and only in `on`.

        >>> service = registry.create_service("scoring")
        >>> registry.grant("Consumer", "catalogs:/risk", service)
        >>> new = registry.create_token(service, expires_in=timedelta(days=30))
        >>> with halfback.open(registry.path, token=new.token) as session:
        ...     session.whoami().name, session.get_model("risk.credit.default").latest_version
        ('scoring', 2)
        """
        asked: dict[str, Any] = {"principal": principal_of("principal", principal)}
        asked["privileges"] = _words("privileges", privileges)
        asked |= given_about(
            expires_in=(arguments.seconds, expires_in),
            on=(securable_of, on),
            comment=(text, comment),
        )
        return self._handle.create_token(encode(asked), NewToken)

    def revoke_token(self, token: str | TokenRecord, *, idempotency_key: str | None = None) -> None:
        """Ends a token, named by its id such as `t12`: its sessions have no right any more.

        >>> new = registry.create_token(registry.create_service("scoring"))
        >>> registry.revoke_token(new.record)
        >>> halfback.open(registry.path, token=new.token)
        Traceback (most recent call last):
        halfback.PermissionDeniedError: the token is not accepted: ...
        """
        named = token.id if isinstance(token, records.TokenRecord) else text("token", token)
        self._run("revoke_token", idempotency_key, {"token": named})

    def sign_version(
        self,
        version: str | ModelVersion,
        key: ModelKey | None = None,
        *,
        bundle: str | None = None,
        public_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> VersionSignature:
        """Signs the files of a version with a `halfback.ModelKey`, and keeps the signature.

        One that was made elsewhere comes as `bundle`, as `model_signing` writes it into a file,
        with the `public_key` that it verifies with. What is kept is verified first.

        >>> public = halfback.generate_model_key(folder / "release.pem")
        >>> key = halfback.ModelKey.from_file(folder / "release.pem")
        >>> registry.sign_version("risk.credit.default/1", key).public_key == public
        True
        """
        from halfback.signing import ModelKey

        if key is not None:
            if not isinstance(key, ModelKey):
                raise arguments.wrong_type("key", "a `halfback.ModelKey`", key)
            if bundle is not None or public_key is not None:
                raise InvalidError(
                    "pass `key`, or `bundle` with `public_key`, not both", "invalid_argument"
                )
            bundle, public_key = key._bundle(self.signing_statement(version)), key.public_key
        if bundle is None or public_key is None:
            raise InvalidError("pass `key`, or `bundle` with `public_key`", "invalid_argument")
        fields = {
            "version": self._reference("version", version),
            "bundle": text("bundle", bundle),
            "public_key": text("public_key", public_key),
        }
        return self._output(VersionSignature, "sign_version", idempotency_key, fields)

    def set_signing_keys(
        self, catalog: str, keys: Iterable[str], *, idempotency_key: str | None = None
    ) -> SigningKeys:
        """Says which keys sign the versions of a catalog, public ones as PEM.

        Where there is one, versions that none of them has signed cannot be loaded, downloaded or
        copied, whatever else is granted. Without keys nothing has to be signed any more.

        >>> public = halfback.generate_model_key(folder / "risk.pem")
        >>> registry.set_signing_keys("risk", [public]).required
        True
        """
        named = arguments.texts("keys", "a list of public keys as PEM", keys)
        fields = {"catalog": text("catalog", catalog), "keys": named}
        return self._output(records.SigningKeys, "set_signing_keys", idempotency_key, fields)

    def allow_os_users(self, allowed: bool = True, *, idempotency_key: str | None = None) -> None:
        """Says whether the operating system's users may act here without a token.

        >>> registry.allow_os_users(False)
        Traceback (most recent call last):
        halfback.ConflictError: ...
        """
        fields = {"allowed": flag("allowed", allowed)}
        self._run("allow_os_users", idempotency_key, fields)


def _words(name: str, words: object) -> list[str]:
    """A list of privileges and roles."""
    if isinstance(words, str) or not isinstance(words, (list, tuple)):
        raise arguments.wrong_type(name, "a list of privileges and roles", words)
    return [text(f"{name}[{place}]", word) for place, word in enumerate(words)]


def _uid(name: str, user: object) -> int:
    """The number of a user of the operating system; a login name is looked up."""
    if isinstance(user, str):
        import pwd

        try:
            return pwd.getpwnam(text(name, user)).pw_uid
        except (KeyError, ValueError):
            raise InvalidError(
                f"`{name}` is `{user}`, who is no user of this machine: give the user's number",
                "invalid_argument",
            ) from None
    number = arguments.integer(name, user)
    if number not in _UIDS:
        raise InvalidError(
            f"`{name}` is `{number}`: expected the number of a user", "invalid_argument"
        )
    return number
