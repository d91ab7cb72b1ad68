//! The README's examples, so that what a reader copies is what was run.

use crate::{
    project::Project,
    step::{Failure, Outcome},
};

/// The first block of a language in the README.
pub(crate) fn block(project: &Project, language: &str) -> Outcome<String> {
    let readme = std::fs::read_to_string(project.path("README.md"))?;
    extract(&readme, language)
        .ok_or_else(|| Failure::new(format!("README.md has no block of {language}")))
}

fn extract(text: &str, language: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("```{language}\n"))?;
    let (block, _) = rest.split_once("```")?;
    Some(block.to_owned())
}

#[cfg(test)]
mod tests {
    use super::extract;

    #[test]
    fn a_block_is_found_by_its_language() {
        let text = "```text\nno\n```\n\n```rust\nfn main() {}\n```\n```rust\nsecond\n```\n";
        assert_eq!(extract(text, "rust").as_deref(), Some("fn main() {}\n"));
        assert_eq!(extract(text, "java"), None);
    }
}
