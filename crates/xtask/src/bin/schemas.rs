//! Prints the JSON Schemas of every record and command: what `cargo xtask codegen` starts from.

fn main() {
    println!("{:#}", halfback::wire::schemas());
}
