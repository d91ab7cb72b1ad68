package dev.halfback;

import dev.halfback.commands.Command;

/** Carries out commands: every method that writes is one of them. */
public sealed interface CommandExecutor permits AccessWrites, ErasureWrites, EvidenceWrites {
  /**
   * Carries out one command.
   *
   * @param command the command
   * @return the record that the method of the command's name returns, null where that is void
   */
  Object execute(Command command);
}
