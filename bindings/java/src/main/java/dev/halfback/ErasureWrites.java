package dev.halfback;

import dev.halfback.commands.Erase;
import dev.halfback.commands.PurgeArtifact;
import dev.halfback.commands.PurgeVersion;
import dev.halfback.commands.ReleaseHold;
import dev.halfback.commands.RepeatErasures;
import dev.halfback.commands.SetHold;
import dev.halfback.commands.SetRetention;
import java.time.Duration;
import java.util.List;

/** Every command that lets go of something for good, and every one that keeps something from it. */
public sealed interface ErasureWrites extends CommandExecutor permits Writes {
  /**
   * Erases for good: commands of commits, names of a principal, or texts. The log keeps that, when
   * and why; backups from before have it still.
   *
   * <pre>{@code
   * registry.erase(Erasable.TEXTS, "risk.credit.default", "a telephone number");
   * }</pre>
   *
   * @param what what is erased
   * @param target the number of a commit, the id of a principal, or an entity
   * @param reason why
   * @return what was erased
   */
  default Erased erase(Erasable what, String target, String reason) {
    return erase(
        Erase.of(
            Arguments.given(what, "what"),
            Arguments.given(target, "target"),
            Arguments.given(reason, "reason")));
  }

  /**
   * Erases for good.
   *
   * @param command what to do, with every option
   * @return what was erased
   */
  default Erased erase(Erase command) {
    return (Erased) execute(Arguments.given(command, "command"));
  }

  /**
   * Lets go of the content of one version at once; what is known of the version stays.
   *
   * @param version the version
   * @param reason why
   * @return what was let go of
   */
  default Erased purgeVersion(String version, String reason) {
    return purgeVersion(
        PurgeVersion.of(Arguments.given(version, "version"), Arguments.given(reason, "reason")));
  }

  /**
   * Lets go of the content of one version at once; what is known of the version stays.
   *
   * @param command what to do, with every option
   * @return what was let go of
   */
  default Erased purgeVersion(PurgeVersion command) {
    return (Erased) execute(Arguments.given(command, "command"));
  }

  /**
   * Lets go of a content of a catalog at once, with all versions that name it. Refused where one of
   * them is held, retained, or not the caller's to manage.
   *
   * @param catalog the catalog's name
   * @param digest the digest of the content
   * @param reason why
   * @return what was let go of
   */
  default Erased purgeArtifact(String catalog, String digest, String reason) {
    return purgeArtifact(
        PurgeArtifact.of(
            Arguments.given(catalog, "catalog"),
            Arguments.given(digest, "digest"),
            Arguments.given(reason, "reason")));
  }

  /**
   * Lets go of a content of a catalog at once, with all versions that name it.
   *
   * @param command what to do, with every option
   * @return what was let go of
   */
  default Erased purgeArtifact(PurgeArtifact command) {
    return (Erased) execute(Arguments.given(command, "command"));
  }

  /**
   * Erases again, in a registry that was restored, what was erased since the backup.
   *
   * @param erasures the entries of {@link Registry#listErasures()}
   * @return what was erased
   */
  default Erased repeatErasures(List<String> erasures) {
    return repeatErasures(RepeatErasures.of(Arguments.given(erasures, "erasures")));
  }

  /**
   * Erases again, in a registry that was restored, what was erased since the backup.
   *
   * @param command what to do, with every option
   * @return what was erased
   */
  default Erased repeatErasures(RepeatErasures command) {
    return (Erased) execute(Arguments.given(command, "command"));
  }

  /**
   * Keeps something, and all below it, from being erased or purged.
   *
   * @param target an entity, the id of a principal, or {@code registry:/}
   * @param reason why
   */
  default void setHold(String target, String reason) {
    execute(SetHold.of(Arguments.given(target, "target"), Arguments.given(reason, "reason")));
  }

  /**
   * Keeps something, and all below it, from being erased or purged.
   *
   * @param command what to do, with every option
   */
  default void setHold(SetHold command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Says how long content is kept at least once its version was deleted: it is purged no sooner.
   *
   * @param least how long; zero ends it
   */
  default void setRetention(Duration least) {
    setRetention(SetRetention.of(Arguments.seconds(least, "least")));
  }

  /**
   * Says how long content is kept at least once its version was deleted: it is purged no sooner.
   *
   * @param command what to do, with every option
   */
  default void setRetention(SetRetention command) {
    execute(Arguments.given(command, "command"));
  }

  /**
   * Ends the only hold on a target.
   *
   * @param target what is held
   */
  default void releaseHold(String target) {
    execute(ReleaseHold.of(Arguments.given(target, "target")));
  }

  /**
   * Ends a hold: the only one on a target, or that of a reason.
   *
   * @param command what to do, with every option
   */
  default void releaseHold(ReleaseHold command) {
    execute(Arguments.given(command, "command"));
  }
}
