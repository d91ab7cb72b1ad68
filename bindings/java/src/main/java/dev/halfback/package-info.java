/**
 * Halfback: the model registry that a Java program opens in process, beside Python and Rust.
 *
 * <p>Start at {@link dev.halfback.Registry}.
 */
package dev.halfback;
