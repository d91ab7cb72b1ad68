package dev.halfback;

import dev.halfback.commands.AddMember;
import dev.halfback.commands.AllowOsUsers;
import dev.halfback.commands.CreatePrincipal;
import dev.halfback.commands.CreateToken;
import dev.halfback.commands.DeletePrincipal;
import dev.halfback.commands.DeleteRole;
import dev.halfback.commands.Grant;
import dev.halfback.commands.RemoveMember;
import dev.halfback.commands.Revoke;
import dev.halfback.commands.RevokeToken;
import dev.halfback.commands.SeparateRoles;
import dev.halfback.commands.SetRole;
import java.util.List;

/**
 * Every command on who may do what. A principal is named by its name or its id, such as {@code p7};
 * a securable by its URI, or {@code registry:/} for all of them.
 *
 * <p>Nobody grants to themselves, nor what they do not hold. What a caller may not do is refused
 * with {@link HalfbackPermissionDeniedException}, which says who can grant it.
 */
public sealed interface AccessWrites extends CommandExecutor permits Writes {
  /**
   * Makes a user known. A token proves who it is.
   *
   * @param name the name; no other principal has it
   * @return the new user
   */
  default Principal createUser(String name) {
    return createPrincipal(CreatePrincipal.of(Arguments.given(name, "name")));
  }

  /**
   * Makes a user known. The sessions of a user of the operating system are its own.
   *
   * @param name the name; no other principal has it
   * @param osUser the number of the operating system's user
   * @return the new user
   */
  default Principal createUser(String name, long osUser) {
    return createPrincipal(CreatePrincipal.of(Arguments.given(name, "name")).withOsUser(osUser));
  }

  /**
   * Makes a user known. The sessions of a user of the operating system are its own.
   *
   * <pre>{@code
   * registry.createUser("Ann", "ann");
   * }</pre>
   *
   * @param name the name; no other principal has it
   * @param osUser the login name of the operating system's user
   * @return the new user
   */
  default Principal createUser(String name, String osUser) {
    return createUser(name, OsUsers.number(osUser));
  }

  /**
   * Makes a service principal known: a program that acts with a token.
   *
   * @param name the name; no other principal has it
   * @return the new service principal
   */
  default Principal createService(String name) {
    return createPrincipal(
        CreatePrincipal.of(Arguments.given(name, "name")).withKind(PrincipalKind.SERVICE));
  }

  /**
   * Makes a group known: principals that are granted things together.
   *
   * @param name the name; no other principal has it
   * @return the new group
   */
  default Principal createGroup(String name) {
    return createPrincipal(
        CreatePrincipal.of(Arguments.given(name, "name")).withKind(PrincipalKind.GROUP));
  }

  /**
   * Makes a user, service principal or group known, with every option.
   *
   * @param command what to do, with every option
   * @return the principal
   */
  default Principal createPrincipal(CreatePrincipal command) {
    return (Principal) execute(Arguments.given(command, "command"));
  }

  /**
   * Removes a principal with its grants, memberships and tokens. The past keeps it.
   *
   * @param principal its name or id
   */
  default void deletePrincipal(String principal) {
    execute(DeletePrincipal.of(Arguments.given(principal, "principal")));
  }

  /**
   * Removes a principal with its grants, memberships and tokens. The past keeps it.
   *
   * @param principal the principal
   */
  default void deletePrincipal(Principal principal) {
    deletePrincipal(Arguments.id(principal, "principal"));
  }

  /**
   * Removes a principal with its grants, memberships and tokens. The past keeps it.
   *
   * @param command what to do, with every option
   */
  default void deletePrincipal(DeletePrincipal command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Puts a principal into a group: what the group is granted, it is granted.
   *
   * @param group the group's name or id
   * @param member the name or id of who joins
   */
  default void addMember(String group, String member) {
    execute(AddMember.of(Arguments.given(group, "group"), Arguments.given(member, "member")));
  }

  /**
   * Puts a principal into a group: what the group is granted, it is granted.
   *
   * @param group the group
   * @param member who joins
   */
  default void addMember(Principal group, Principal member) {
    addMember(Arguments.id(group, "group"), Arguments.id(member, "member"));
  }

  /**
   * Puts a principal into a group: what the group is granted, it is granted.
   *
   * @param command what to do, with every option
   */
  default void addMember(AddMember command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Takes a principal out of a group.
   *
   * @param group the group's name or id
   * @param member the name or id of who leaves
   */
  default void removeMember(String group, String member) {
    execute(RemoveMember.of(Arguments.given(group, "group"), Arguments.given(member, "member")));
  }

  /**
   * Takes a principal out of a group.
   *
   * @param group the group
   * @param member who leaves
   */
  default void removeMember(Principal group, Principal member) {
    removeMember(Arguments.id(group, "group"), Arguments.id(member, "member"));
  }

  /**
   * Takes a principal out of a group.
   *
   * @param command what to do, with every option
   */
  default void removeMember(RemoveMember command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Gives a principal a privilege or role on a securable and on all below it, now and later.
   *
   * <pre>{@code
   * registry.grant("Consumer", "catalogs:/risk", "scoring");
   * }</pre>
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param to the principal's name or id
   */
  default void grant(String what, String on, String to) {
    execute(
        Grant.of(
            Arguments.given(what, "what"), Arguments.given(on, "on"), Arguments.given(to, "to")));
  }

  /**
   * Gives a principal a privilege or role on a securable and on all below it, now and later.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param to the principal
   */
  default void grant(String what, String on, Principal to) {
    grant(what, on, Arguments.id(to, "to"));
  }

  /**
   * Gives a principal a privilege or role on a securable and on all below it, now and later.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param to the principal's name or id
   */
  default void grant(String what, Securable on, String to) {
    grant(what, Arguments.uri(on, "on"), to);
  }

  /**
   * Gives a principal a privilege or role on a securable and on all below it, now and later.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param to the principal
   */
  default void grant(String what, Securable on, Principal to) {
    grant(what, Arguments.uri(on, "on"), Arguments.id(to, "to"));
  }

  /**
   * Gives or denies a privilege or role, where wanted on models that a condition describes.
   *
   * <pre>{@code
   * registry.grant(
   *     Grant.of("SET ALIAS", "catalogs:/risk", "ann").withCondition("tags.env = 'test'"));
   * }</pre>
   *
   * @param command what to do, with every option
   */
  default void grant(Grant command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Denies a principal a privilege or role on a securable and on all below it: that wins over every
   * grant.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param to the principal's name or id
   */
  default void deny(String what, String on, String to) {
    execute(
        Grant.of(
                Arguments.given(what, "what"), Arguments.given(on, "on"), Arguments.given(to, "to"))
            .withDeny(true));
  }

  /**
   * Denies a principal a privilege or role on a securable and on all below it: that wins over every
   * grant.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param to the principal
   */
  default void deny(String what, String on, Principal to) {
    deny(what, on, Arguments.id(to, "to"));
  }

  /**
   * Denies a principal a privilege or role on a securable and on all below it: that wins over every
   * grant.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param to the principal's name or id
   */
  default void deny(String what, Securable on, String to) {
    deny(what, Arguments.uri(on, "on"), to);
  }

  /**
   * Denies a principal a privilege or role on a securable and on all below it: that wins over every
   * grant.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param to the principal
   */
  default void deny(String what, Securable on, Principal to) {
    deny(what, Arguments.uri(on, "on"), Arguments.id(to, "to"));
  }

  /**
   * Takes back what was granted or denied.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param principal the principal's name or id
   */
  default void revoke(String what, String on, String principal) {
    execute(
        Revoke.of(
            Arguments.given(what, "what"),
            Arguments.given(on, "on"),
            Arguments.given(principal, "principal")));
  }

  /**
   * Takes back what was granted or denied.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the URI of a catalog, schema or model, or {@code registry:/}
   * @param principal the principal
   */
  default void revoke(String what, String on, Principal principal) {
    revoke(what, on, Arguments.id(principal, "principal"));
  }

  /**
   * Takes back what was granted or denied.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param principal the principal's name or id
   */
  default void revoke(String what, Securable on, String principal) {
    revoke(what, Arguments.uri(on, "on"), principal);
  }

  /**
   * Takes back what was granted or denied.
   *
   * @param what a privilege such as {@code EXECUTE}, or a role such as {@code Developer}
   * @param on the catalog, schema or model
   * @param principal the principal
   */
  default void revoke(String what, Securable on, Principal principal) {
    revoke(what, Arguments.uri(on, "on"), Arguments.id(principal, "principal"));
  }

  /**
   * Takes back what was granted or denied.
   *
   * @param command what to do, with every option
   */
  default void revoke(Revoke command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Makes a role of privileges and other roles, or gives it another content.
   *
   * @param name its name
   * @param includes privileges such as {@code EXECUTE}, and roles whose privileges it has too
   * @return the role as it is now
   */
  default Role setRole(String name, List<String> includes) {
    return setRole(
        SetRole.of(Arguments.given(name, "name"), Arguments.given(includes, "includes")));
  }

  /**
   * Makes a role of privileges and other roles, or gives it another content.
   *
   * @param command what to do, with every option
   * @return the role as it is now
   */
  default Role setRole(SetRole command) {
    return (Role) execute(Arguments.given(command, "command"));
  }

  /**
   * Removes a role that nobody holds, and that is in no other one.
   *
   * @param name its name
   */
  default void deleteRole(String name) {
    execute(DeleteRole.of(Arguments.given(name, "name")));
  }

  /**
   * Removes a role that nobody holds, and that is in no other one.
   *
   * @param command what to do, with every option
   */
  default void deleteRole(DeleteRole command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Keeps two roles apart: nobody may hold both, on whatever securables.
   *
   * @param first one of the roles
   * @param second the other
   */
  default void separateRoles(String first, String second) {
    execute(
        SeparateRoles.of(Arguments.given(first, "first"), Arguments.given(second, "second"), true));
  }

  /**
   * Keeps two roles apart, or no longer.
   *
   * @param command what to do, with every option
   */
  default void separateRoles(SeparateRoles command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Makes a token known by its hash alone. {@link Registry#createToken(String)} makes the token
   * itself.
   *
   * @param command what to do, with every option
   * @return what is known of the token
   */
  default TokenRecord createToken(CreateToken command) {
    return (TokenRecord) execute(Arguments.given(command, "command"));
  }

  /**
   * Ends a token, and every session of it.
   *
   * @param token the token's id, such as {@code t12}
   */
  default void revokeToken(String token) {
    execute(RevokeToken.of(Arguments.given(token, "token")));
  }

  /**
   * Ends a token, and every session of it.
   *
   * @param token what is known of the token
   */
  default void revokeToken(TokenRecord token) {
    revokeToken(Arguments.given(token, "token").id());
  }

  /**
   * Ends a token, and every session of it.
   *
   * @param command what to do, with every option
   */
  default void revokeToken(RevokeToken command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Says whether the operating system's users may act in this registry without a token.
   *
   * @param allowed whether they may
   */
  default void allowOsUsers(boolean allowed) {
    execute(AllowOsUsers.of(allowed));
  }

  /**
   * Says whether the operating system's users may act in this registry without a token.
   *
   * @param command what to do, with every option
   */
  default void allowOsUsers(AllowOsUsers command) {
    execute(Arguments.given(command, "command"));
  }
}
