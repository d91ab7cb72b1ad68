//! Signed notes: a text with signatures under it (<https://c2sp.org/signed-note>), and their keys.
//!
//! Ed25519 is the signature type that comes along. Another one is a [`Signer`] and a [`Verifier`] of
//! its own: a note may have signatures of several types, and who does not know one passes over it.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{PUBLIC_KEY_LENGTH, Signature, Signer as _};
use zeroize::Zeroizing;

use crate::error::{Detail, Error, IoContext, Result};
use crate::id::{hex, random, unhex};
use crate::merkle::sha256;
use crate::name::shown;
use crate::new_file::write_new;
use crate::private_file::refuse_open_to_all;

/// The signature type Ed25519.
const ED25519: u8 = 1;
/// How a line with a signature begins: an em dash and a space.
const SIGNED: &str = "— ";
/// How the text of a private key begins.
const PRIVATE: &str = "PRIVATE+KEY+";
/// Signatures that a note has at most.
const MOST_SIGNATURES: usize = 100;
/// Bytes that a key's text has at most.
const MOST_KEY: usize = 4096;

/// Tells keys of one name apart: the first four bytes of a hash over name, type and public key.
pub type KeyHash = [u8; 4];

/// Signs notes. The key may be anywhere: in a file, in a vault, in a device.
pub trait Signer {
    /// The key's name, without spaces and `+`.
    fn name(&self) -> &str;
    /// The key's hash.
    fn key_hash(&self) -> KeyHash;
    /// The signature of a text.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>>;
}

/// Verifies signatures of one key.
pub trait Verifier {
    /// The key's name.
    fn name(&self) -> &str;
    /// The key's hash.
    fn key_hash(&self) -> KeyHash;
    /// Whether this is the key's signature of a text.
    fn verify(&self, text: &[u8], signature: &[u8]) -> bool;
}

/// The hash of a key: the first four bytes of `SHA-256(name ‖ 0A ‖ type ‖ public key)`.
pub fn key_hash(name: &str, kind: u8, public: &[u8]) -> KeyHash {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[kind], public].concat());
    [a, b, c, d]
}

/// A private Ed25519 key. It is shown nowhere, and its memory is cleared when it goes.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    verifier: VerifyingKey,
}

impl SigningKey {
    /// A new key from the operating system's random numbers.
    pub fn generate(name: &str) -> Result<Self> {
        let seed = Zeroizing::new(random::<32>()?);
        Self::of(name, &seed)
    }

    /// The key in a file, which holds one line that begins with `PRIVATE+KEY+`.
    ///
    /// A file that every user of the machine may read or write is refused.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).on("open", path)?;
        refuse_open_to_all(&file, path)?;
        let mut text = Zeroizing::new(String::with_capacity(MOST_KEY));
        let read = file.take(MOST_KEY as u64).read_to_string(&mut text);
        let text = match read {
            // What is not text is no key either.
            Err(error) if error.kind() != std::io::ErrorKind::InvalidData => {
                return Err(error).on("read", path);
            }
            _ => text.trim_end_matches(['\n', '\r']),
        };
        Self::parse(text, &format!("`{}`", path.display()))
    }

    /// The key in an environment variable, usually `HALFBACK_LOG_KEY`.
    pub fn from_env(variable: &str) -> Result<Self> {
        let text = std::env::var(variable).map_err(|_| {
            Detail::InvalidArgument(format!(
                "the environment has no text in `{variable}`; expected a private key that begins with `{PRIVATE}`"
            ))
        });
        Self::parse(&Zeroizing::new(text?), &format!("the variable `{variable}`"))
    }

    /// Writes the key into a new file that only its owner may read; durable when this returns.
    pub fn write_new(&self, path: impl AsRef<Path>) -> Result<()> {
        write_new(path.as_ref(), self.text().as_bytes(), 0o600)
    }

    /// What verifies its signatures, for everybody to have.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifier
    }

    /// `PRIVATE+KEY+name+hash+base64(01 ‖ seed)`, and the end of the line.
    fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![ED25519]);
        bytes.extend_from_slice(self.key.as_bytes());
        let secret = Zeroizing::new(Base64::encode_string(&bytes));
        let VerifyingKey { name, hash, .. } = &self.verifier;
        Zeroizing::new(format!("{PRIVATE}{name}+{}+{}\n", hex(hash), *secret))
    }

    /// Reads a key; `place` says where it was, since the text itself is for nobody to see.
    fn parse(text: &str, place: &str) -> Result<Self> {
        let read = || {
            let (name, hash, secret) = parts(text.strip_prefix(PRIVATE)?)?;
            let bytes = Zeroizing::new(Base64::decode_vec(secret).ok()?);
            let [ED25519, seed @ ..] = bytes.as_slice() else { return None };
            let key = Self::of(name, seed.try_into().ok()?).ok()?;
            (key.verifier.hash == hash).then_some(key)
        };
        read().ok_or_else(|| {
            Detail::InvalidArgument(format!(
                "{place} holds no log key; expected one line like `{PRIVATE}name+c74f20a3+…`, as `generate_log_key` writes it"
            ))
            .into()
        })
    }

    fn of(name: &str, seed: &[u8; 32]) -> Result<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifyingKey::new(name, key.verifying_key())?;
        Ok(Self { key, verifier })
    }
}

impl Signer for SigningKey {
    fn name(&self) -> &str {
        &self.verifier.name
    }

    fn key_hash(&self) -> KeyHash {
        self.verifier.hash
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>> {
        Ok(self.key.sign(text).to_bytes().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("verifying_key", &self.verifier).finish_non_exhaustive()
    }
}

/// An Ed25519 key that is elsewhere, such as in a vault: a function signs with it.
pub struct ExternalKey<F> {
    verifier: VerifyingKey,
    sign: F,
}

impl<F: Fn(&[u8]) -> Result<Vec<u8>>> ExternalKey<F> {
    /// The key that `verifier` is the public half of; `sign` gives the 64 bytes of a signature.
    pub fn new(verifier: VerifyingKey, sign: F) -> Self {
        Self { verifier, sign }
    }
}

impl<F: Fn(&[u8]) -> Result<Vec<u8>>> Signer for ExternalKey<F> {
    fn name(&self) -> &str {
        &self.verifier.name
    }

    fn key_hash(&self) -> KeyHash {
        self.verifier.hash
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>> {
        let signature = (self.sign)(text)?;
        if self.verifier.verify(text, &signature) {
            return Ok(signature);
        }
        Err(Detail::InvalidArgument(format!(
            "the function gave no signature that `{}` verifies; expected the 64 bytes of an Ed25519 signature by the key that belongs to it",
            self.verifier
        ))
        .into())
    }
}

impl<F> fmt::Debug for ExternalKey<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// A public Ed25519 key. Its text is `name+hash+base64(01 ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    hash: KeyHash,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifyingKey {
    fn new(name: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self> {
        if !is_key_name(name) {
            return Err(Detail::InvalidName(format!(
                "`{}` cannot name a key; expected a name of at most 255 bytes without spaces, `+` and control characters, like `halfback/…`",
                shown(name)
            ))
            .into());
        }
        let hash = key_hash(name, ED25519, key.as_bytes());
        Ok(Self { name: name.to_owned(), hash, key })
    }
}

impl Verifier for VerifyingKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_hash(&self) -> KeyHash {
        self.hash
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex(&self.hash), Base64::encode_string(&key))
    }
}

impl FromStr for VerifyingKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (name, hash, key) = parts(text)?;
            let bytes = Base64::decode_vec(key).ok()?;
            let [ED25519, key @ ..] = bytes.as_slice() else { return None };
            let key: &[u8; PUBLIC_KEY_LENGTH] = key.try_into().ok()?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(key).ok()?;
            Self::new(name, key).ok().filter(|read| read.hash == hash)
        };
        if text.starts_with(PRIVATE) {
            // It is not repeated: what is said goes into logs.
            return Err(Detail::InvalidArgument(
                "that is the private key; expected the public one, like `name+c74f20a3+…`".into(),
            )
            .into());
        }
        read().ok_or_else(|| {
            Detail::InvalidArgument(format!(
                "`{}` is no public key of a log; expected one like `name+c74f20a3+…`",
                shown(text)
            ))
            .into()
        })
    }
}

/// The name, the hash and the rest of a key's text.
fn parts(text: &str) -> Option<(&str, KeyHash, &str)> {
    if text.len() > MOST_KEY {
        return None;
    }
    let (name, rest) = text.split_once('+')?;
    let (hash, rest) = rest.split_once('+')?;
    Some((name, unhex(hash)?, rest))
}

fn is_key_name(name: &str) -> bool {
    let refused = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    !name.is_empty() && name.len() <= 255 && !name.contains(refused)
}

/// A note as it is read; whether its signatures are good is for [`Note::verify`] to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, with the end of its last line.
    pub text: &'a str,
    signatures: Vec<(&'a str, KeyHash, Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    pub fn parse(note: &'a str) -> Result<Self> {
        let read = || {
            // The signatures are after the last empty line.
            let at = note.rfind("\n\n")?;
            let (text, below) = (note.get(..=at)?, note.get(at + 2..)?.strip_suffix('\n')?);
            let hidden = |c: char| c.is_ascii_control() && c != '\n';
            let lines: Vec<&str> = below.split('\n').collect();
            if note.contains(hidden) || lines.len() > MOST_SIGNATURES {
                return None;
            }
            let signatures = lines.into_iter().map(signature).collect::<Option<_>>()?;
            Some(Self { text, signatures })
        };
        read().ok_or_else(|| {
            Detail::InvalidCheckpoint(
                "it is no signed note; expected lines of text, an empty line, and lines like `— name base64`"
                    .into(),
            )
            .into()
        })
    }

    /// Holds every signature by a known key against the text. One must be there, and none may be
    /// wrong; those of other keys say nothing.
    pub fn verify(&self, known: &[&dyn Verifier]) -> Result<()> {
        let mut verified = false;
        for (name, hash, signature) in &self.signatures {
            let of = |key: &&&dyn Verifier| key.name() == *name && key.key_hash() == *hash;
            for key in known.iter().filter(of) {
                if !key.verify(self.text.as_bytes(), signature) {
                    return Err(refused(&format!(
                        "its signature by `{}+{}` is not one of its text: it was changed",
                        shown(name),
                        hex(hash)
                    )));
                }
                verified = true;
            }
        }
        if verified {
            return Ok(());
        }
        let names = |(name, hash): (&str, KeyHash)| format!("`{}+{}`", shown(name), hex(&hash));
        let signed = self.signatures.iter().map(|(name, hash, _)| names((name, *hash)));
        let given = known.iter().map(|key| names((key.name(), key.key_hash())));
        let list = |names: Vec<String>| names.join(", ");
        Err(refused(&format!(
            "it is signed by {}, not by {}; give the public key that belongs to it",
            list(signed.take(3).collect()),
            list(given.collect())
        )))
    }
}

fn refused(why: &str) -> Error {
    Detail::InvalidCheckpoint(why.to_owned()).into()
}

/// `— name base64(hash ‖ signature)`.
fn signature(line: &str) -> Option<(&str, KeyHash, Vec<u8>)> {
    let (name, bytes) = line.strip_prefix(SIGNED)?.split_once(' ')?;
    let bytes = Base64::decode_vec(bytes).ok()?;
    let (hash, signature) = bytes.split_first_chunk::<4>()?;
    (is_key_name(name) && !signature.is_empty()).then(|| (name, *hash, signature.to_vec()))
}

/// Signs a text, which ends with its last line: gives the note.
pub fn sign(text: &str, signer: &dyn Signer) -> Result<String> {
    let (name, hash) = (signer.name(), signer.key_hash());
    let signature = signer.sign(text.as_bytes())?;
    if !is_key_name(name) || signature.is_empty() {
        return Err(Detail::InvalidArgument(
            "the signer has no usable name, or gave no signature".into(),
        )
        .into());
    }
    let signature = Base64::encode_string(&[hash.as_slice(), &signature].concat());
    Ok(format!("{text}\n{SIGNED}{name} {signature}\n"))
}

/// The notes in a text that has several, one after another; empty lines between them do not count.
pub fn split(text: &str) -> Vec<&str> {
    let mut notes = Vec::new();
    let (mut from, mut at, mut signed) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let is_signature = line.starts_with(SIGNED);
        if signed && !is_signature {
            notes.extend(text.get(from..at));
            (from, signed) = (at, false);
        }
        if from == at && line == "\n" {
            from += 1;
        }
        signed |= is_signature;
        at += line.len();
    }
    if from < at {
        notes.extend(text.get(from..at));
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    // What golang.org/x/mod/sumdb/note documents: Ed25519 signatures have no other outcome.
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
         then you don't know what your problem is.\n";
    const LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn secret() -> SigningKey {
        SigningKey::parse(SECRET, "the test").unwrap()
    }

    fn public() -> VerifyingKey {
        PUBLIC.parse().unwrap()
    }

    fn code(note: &str) -> Result<(), &'static str> {
        let key = public();
        let verified = Note::parse(note).and_then(|note| note.verify(&[&key]));
        verified.map_err(|error| error.code())
    }

    #[test]
    fn the_published_note_is_signed_and_verified_byte_for_byte() {
        let note = format!("{TEXT}\n{LINE}");
        assert_eq!(sign(TEXT, &secret()).unwrap(), note);
        assert_eq!(secret().verifying_key().to_string(), PUBLIC);
        assert_eq!(*secret().text(), format!("{SECRET}\n"));
        assert_eq!(code(&note), Ok(()));
        assert_eq!(Note::parse(&note).unwrap().text, TEXT);
    }

    #[test]
    fn every_byte_of_a_note_counts() {
        let note = format!("{TEXT}\n{LINE}");
        for at in 0..note.len() {
            for bit in 0..7 {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert_eq!(code(&text), Err("invalid_checkpoint"), "{text}");
            }
        }
        for end in 0..note.len() {
            if note.is_char_boundary(end) {
                assert_eq!(code(&note[..end]), Err("invalid_checkpoint"));
            }
        }
    }

    #[test]
    fn signatures_of_unknown_keys_are_passed_over_and_wrong_ones_of_known_keys_are_not() {
        let other = sign(TEXT, &SigningKey::generate("other").unwrap()).unwrap();
        let other_line = other.strip_prefix(TEXT).unwrap().strip_prefix('\n').unwrap();
        assert_eq!(code(&format!("{TEXT}\n{other_line}{LINE}")), Ok(()));
        assert_eq!(code(&other), Err("invalid_checkpoint"));
        // The same name and hash, and another text's signature.
        let wrong = sign("other\n", &secret()).unwrap();
        let wrong = wrong.strip_prefix("other\n\n").unwrap();
        assert_eq!(code(&format!("{TEXT}\n{wrong}")), Err("invalid_checkpoint"));
        assert_eq!(code(&format!("{TEXT}\n{LINE}{wrong}")), Err("invalid_checkpoint"));
    }

    #[test]
    fn what_is_no_key_is_refused_and_a_private_one_never_repeated() {
        for text in [PUBLIC, SECRET] {
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] += 1;
                let altered = String::from_utf8(bytes).unwrap();
                assert!(altered.parse::<VerifyingKey>().is_err(), "{altered}");
                assert!(SigningKey::parse(&altered, "it").is_err(), "{altered}");
            }
        }
        let told = [
            SECRET.parse::<VerifyingKey>().unwrap_err().to_string(),
            SigningKey::parse(&SECRET[..70], "it").unwrap_err().to_string(),
            format!("{:?}", secret()),
        ];
        for told in told {
            assert!(!told.contains("AYEKFALV") && !told.contains("129, 10, 20"), "{told}");
        }
        for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b"] {
            assert_eq!(SigningKey::generate(name).unwrap_err().code(), "invalid_name", "{name:?}");
        }
    }

    #[test]
    fn a_key_file_is_its_owners_alone() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let key = SigningKey::generate("halfback/x").unwrap();
        key.write_new(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        let again = SigningKey::from_file(&path).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
        assert_eq!(key.write_new(&path).unwrap_err().code(), "already_exists");
        for mode in [0o604, 0o602, 0o644] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = SigningKey::from_file(&path).unwrap_err();
            assert_eq!(error.code(), "permission_denied");
            assert!(error.to_string().contains("every user"), "{error}");
        }
        let absent = SigningKey::from_file(folder.path().join("absent")).unwrap_err();
        assert_eq!(absent.code(), "not_found");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        for content in [b"".as_slice(), b"\xff\xfe", PUBLIC.as_bytes(), &[b'a'; 9000]] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(SigningKey::from_file(&path).unwrap_err().code(), "invalid_argument");
        }
        let unset = SigningKey::from_env("HALFBACK_NO_SUCH_KEY").unwrap_err();
        assert_eq!(unset.code(), "invalid_argument");
    }

    #[test]
    fn a_function_signs_and_what_is_no_signature_is_refused() {
        let good = ExternalKey::new(public(), |text: &[u8]| secret().sign(text));
        assert_eq!(code(&sign(TEXT, &good).unwrap()), Ok(()));
        let other = SigningKey::generate("other").unwrap();
        let wrong = ExternalKey::new(public(), |text: &[u8]| other.sign(text));
        assert_eq!(sign(TEXT, &wrong).unwrap_err().code(), "invalid_argument");
        let short = ExternalKey::new(public(), |_: &[u8]| Ok(vec![1; 63]));
        assert_eq!(sign(TEXT, &short).unwrap_err().code(), "invalid_argument");
    }

    #[test]
    fn notes_one_after_another_are_told_apart() {
        let note = format!("{TEXT}\n{LINE}");
        assert!(split("").is_empty() && split("\n\n").is_empty());
        assert_eq!(split(&note), [note.as_str()]);
        let both = format!("{note}{LINE}");
        assert_eq!(split(&format!("\n{note}{both}\n\n{note}")), [&note, &both, &note]);
    }
}
