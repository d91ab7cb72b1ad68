//! Checkpoints: the head of a log's tree as a text to be signed
//! (<https://c2sp.org/tlog-checkpoint>), and what several of them say of one log.

use base64ct::{Base64, Encoding as _};

use crate::error::{Detail, Error, Result};
use crate::merkle::{Hash, sha256};
use crate::name::shown;
use crate::note::{self, Note, Signer, Verifier};

/// Bytes of checkpoints that are read at once at most: some 20,000 of them.
const MOST: usize = 4 << 20;

/// What a log is called in its checkpoints: `halfback/` and the registry's identity.
pub fn origin(registry: &str) -> String {
    format!("halfback/{registry}")
}

/// What the first entry of a log has as the hash of the one before: of the log's origin.
pub(crate) fn beginning(registry: &str) -> Hash {
    sha256(origin(registry).as_bytes())
}

/// The head of a log's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// What is signed: a line each for origin, size and root.
    pub fn text(&self) -> String {
        let Self { origin, size, root } = self;
        format!("{origin}\n{size}\n{}\n", Base64::encode_string(root))
    }

    /// The signed note.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String> {
        note::sign(&self.text(), signer)
    }

    /// Reads what is to be signed for the log of this origin.
    pub fn unsigned(text: &str, origin: &str) -> Result<Self> {
        let read = Self::parse(text).filter(|head| head.origin == origin && head.text() == text);
        read.ok_or_else(|| refused(format!("its text is no head of the log `{origin}`")))
    }

    /// Reads what is signed. Lines after the first three are of extensions, and say nothing here.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty())?;
        let size = lines.next()?;
        let number: u64 = size.parse().ok()?;
        let root = Base64::decode_vec(lines.next()?).ok()?.try_into().ok()?;
        let plain = number.to_string() == size && lines.all(|line| !line.is_empty());
        plain.then(|| Self { origin: origin.to_owned(), size: number, root })
    }
}

/// Reads the checkpoints of a log, one or several after another, in the order of their sizes.
///
/// Refuses one that is not signed by any of `keys`, or is of another log.
pub fn open(notes: &str, keys: &[&dyn Verifier], origin: &str) -> Result<Vec<Checkpoint>> {
    if notes.len() > MOST {
        return Err(refused(format!("it has {} bytes, at most {MOST} are read", notes.len())));
    }
    let notes = note::split(notes);
    if notes.is_empty() {
        return Err(refused("it is empty".into()));
    }
    let many = notes.len() > 1;
    let mut checkpoints = Vec::with_capacity(notes.len());
    for (at, note) in (1..).zip(notes) {
        let checkpoint = open_one(note, keys, origin);
        let place = |error: Error| error.within(format!("checkpoint {at}"));
        checkpoints.push(checkpoint.map_err(|error| if many { place(error) } else { error })?);
    }
    checkpoints.sort_by_key(|checkpoint| checkpoint.size);
    Ok(checkpoints)
}

fn open_one(note: &str, keys: &[&dyn Verifier], origin: &str) -> Result<Checkpoint> {
    let note = Note::parse(note)?;
    let checkpoint = Checkpoint::parse(note.text).ok_or_else(|| {
        refused("its text is no checkpoint; expected lines with origin, size and root".into())
    })?;
    note.verify(keys)?;
    if checkpoint.origin != origin {
        return Err(refused(format!(
            "it is of another log, `{}`; this one is `{origin}`",
            shown(&checkpoint.origin)
        )));
    }
    Ok(checkpoint)
}

fn refused(why: String) -> Error {
    Detail::InvalidCheckpoint(why).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{SigningKey, VerifyingKey};

    /// What sum.golang.org, the log of Go's modules, has signed.
    #[test]
    fn a_published_checkpoint_is_read() {
        const KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        const BODY: &str =
            "go.sum database tree\n63570315\nOa4zLf66dXzZgbR+qL05aDrDMhePwydC3HqpTx4Mt+k=\n";
        assert!(KEY.parse::<VerifyingKey>().is_ok());
        let checkpoint = Checkpoint::parse(BODY).unwrap();
        assert_eq!(checkpoint.size, 63_570_315);
        assert_eq!(checkpoint.text(), BODY);
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint { origin: origin("u"), size, root: sha256(&size.to_be_bytes()) }
    }

    #[test]
    fn only_the_text_of_a_checkpoint_is_read_as_one() {
        let text = checkpoint(7).text();
        assert_eq!(Checkpoint::parse(&text), Some(checkpoint(7)));
        assert_eq!(Checkpoint::unsigned(&text, "halfback/u").unwrap(), checkpoint(7));
        assert!(Checkpoint::unsigned(&text, "halfback/v").is_err());
        assert!(Checkpoint::unsigned(&format!("{text}more\n"), "halfback/u").is_err());
        assert_eq!(Checkpoint::parse(&format!("{text}an extension\n")), Some(checkpoint(7)));
        for wrong in [
            String::new(),
            "\n".into(),
            text.replace("\n7\n", "\n07\n"),
            text.replace("\n7\n", "\n+7\n"),
            text.replace("\n7\n", "\n-7\n"),
            text.replace("\n7\n", "\n18446744073709551616\n"),
            text.replace("=\n", "\n"),
            text.replace("halfback/u", ""),
            format!("{text}\nx\n"),
            text.trim_end().to_owned(),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn checkpoints_are_of_the_log_and_by_the_key() {
        let key = SigningKey::generate("k").unwrap();
        let verifier = key.verifying_key();
        let note = |size| checkpoint(size).sign(&key).unwrap();
        let open = |notes: &str, log: &str| {
            let opened = open(notes, &[verifier], log);
            opened.map_err(|error| (error.code(), error.to_string()))
        };
        let both = format!("{}\n{}", note(9), note(2));
        assert_eq!(open(&both, "halfback/u"), Ok(vec![checkpoint(2), checkpoint(9)]));
        let (code, message) = open(&note(1), "halfback/v").unwrap_err();
        assert_eq!(code, "invalid_checkpoint");
        assert!(message.contains("another log, `halfback/u`"), "{message}");
        let other = checkpoint(1).sign(&SigningKey::generate("k").unwrap()).unwrap();
        let (_, message) = open(&format!("{both}{other}"), "halfback/u").unwrap_err();
        assert!(message.starts_with("checkpoint 3: "), "{message}");
        assert!(open("", "halfback/u").is_err());
        assert!(open(&"x".repeat(MOST + 1), "halfback/u").is_err());
        let not_one = note::sign("halfback/u\n", &key).unwrap();
        assert!(open(&not_one, "halfback/u").is_err());
    }
}
