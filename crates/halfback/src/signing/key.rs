//! Keys that sign versions: ECDSA on the curve P-256 with SHA-256, which every tool of the format has.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use halfback_store::error::{Detail, Result};
use halfback_store::id::{hex, random};
use halfback_store::merkle::sha256;
use halfback_store::new_file::write_new;
use halfback_store::private_file::refuse_open_to_all;
use p256::SecretKey;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
    LineEnding,
};

use super::statement::refused;

/// The bytes of a key's file at most.
const MOST: u64 = 16 << 10;
const EXPECTED: &str = "expected one on the curve P-256 as PEM, such as `openssl ecparam -name prime256v1 -genkey -noout` writes";

/// Signs what versions are made of, wherever the key is: in a file, a vault or a device.
pub trait ModelSigner {
    /// The public half of the key.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message: ECDSA with SHA-256, as DER.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// The public half of a key that signs versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    pem: String,
}

impl PublicKey {
    /// Reads a key as PEM (`BEGIN PUBLIC KEY`).
    pub fn from_pem(pem: &str) -> Result<Self> {
        let key = VerifyingKey::from_public_key_pem(pem.trim());
        let key = key.map_err(|_| {
            let private = if pem.contains("PRIVATE") { ", but a private key" } else { "" };
            Detail::InvalidArgument(format!("that is no public key{private}; {EXPECTED}"))
        })?;
        Self::of(key)
    }

    fn of(key: VerifyingKey) -> Result<Self> {
        let pem = key.to_public_key_pem(LineEnding::LF);
        let pem = pem.map_err(|_| Detail::Internal("a public key cannot be written".into()))?;
        Ok(Self { key, pem })
    }

    /// The key as PEM.
    pub fn to_pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 of the PEM, in hexadecimal, as bundles name keys.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(self.pem.as_bytes()))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let signature = Signature::from_der(signature)
            .map_err(|_| refused("it is no ECDSA signature on the curve P-256"))?;
        self.key.verify(message, &signature).map_err(|_| refused("it does not verify with the key"))
    }
}

/// A private key that signs versions, in memory.
pub struct ModelKey {
    key: SigningKey,
    public: PublicKey,
}

impl ModelKey {
    /// Makes a key.
    pub fn generate() -> Result<Self> {
        loop {
            // Hardly any 32 bytes are no key.
            if let Ok(key) = SigningKey::from_slice(&random::<32>()?) {
                return Self::of(key);
            }
        }
    }

    /// Reads a key as PEM (`BEGIN PRIVATE KEY` or `BEGIN EC PRIVATE KEY`), not encrypted.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let pem = pem.trim();
        // OpenSSL writes the curve before the key.
        let start = pem.find("-----BEGIN EC PRIVATE KEY").unwrap_or_default();
        let key = SecretKey::from_pkcs8_pem(pem)
            .ok()
            .or_else(|| SecretKey::from_sec1_pem(pem.get(start..)?).ok());
        let key = key.ok_or_else(|| {
            let how = if pem.contains("ENCRYPTED") { " that is not encrypted" } else { "" };
            Detail::InvalidArgument(format!("that is no private key{how}; {EXPECTED}"))
        })?;
        Self::of(key.into())
    }

    /// Reads a key from a file, which only its owner may read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |error: &std::io::Error| {
            Detail::InvalidArgument(format!("cannot read the key `{}`: {error}", path.display()))
        };
        let file = File::open(path).map_err(|error| failed(&error))?;
        refuse_open_to_all(&file, path)?;
        let mut pem = String::new();
        file.take(MOST).read_to_string(&mut pem).map_err(|error| failed(&error))?;
        Self::from_pem(&pem)
    }

    /// Reads a key from an environment variable, usually `HALFBACK_SIGNING_KEY`.
    pub fn from_env(variable: &str) -> Result<Self> {
        let pem = std::env::var(variable).map_err(|_| {
            Detail::InvalidArgument(format!(
                "the environment has no text in `{variable}`; {EXPECTED}"
            ))
        })?;
        Self::from_pem(&pem)
    }

    /// Writes the key into a new file that only its owner may read.
    pub fn write_new(&self, path: impl AsRef<Path>) -> Result<()> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|_| Detail::Internal("a key cannot be written".into()))?;
        write_new(path.as_ref(), pem.as_bytes(), 0o600)
    }

    fn of(key: SigningKey) -> Result<Self> {
        let public = PublicKey::of(*key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl ModelSigner for ModelKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature: Signature = self.key.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

/// The private half is not shown.
impl fmt::Debug for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelKey")
            .field("public", &self.public.fingerprint())
            .finish_non_exhaustive()
    }
}
