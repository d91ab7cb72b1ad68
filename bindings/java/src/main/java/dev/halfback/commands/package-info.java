/**
 * The commands, one record each, for {@link dev.halfback.Writes}.
 *
 * <p>{@code of} takes what a command needs, a {@code with} method each option.
 */
package dev.halfback.commands;
