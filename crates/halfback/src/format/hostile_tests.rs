//! Files made to pass for harmless, or to cost more than they weigh.

use super::tests::{file, folder, told};
use super::*;

#[test]
fn repeated_texts_are_paid_for_by_their_length() {
    let mlmodel = |copies: usize| {
        let text = "x".repeat(400_000);
        format!("flavors: {{sklearn: {{}}}}\na: &a \"{text}\"\nb: [{}]\n", "*a, ".repeat(copies))
    };
    let few = folder(&[("MLmodel", mlmodel(3).as_bytes())]);
    assert_eq!(told(&few), ("sklearn", "mlflow", "-", false));
    // These would take 400 MB, and a file of the largest size gigabytes.
    let many = folder(&[("MLmodel", mlmodel(1_000).as_bytes())]);
    assert_eq!(told(&many).0, "-");
}
