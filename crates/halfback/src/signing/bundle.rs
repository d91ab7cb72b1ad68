//! The file that holds a signature: a Sigstore bundle (<https://docs.sigstore.dev/about/bundle/>)
//! around a DSSE envelope (<https://github.com/secure-systems-lab/dsse>).

use base64ct::{Base64, Encoding as _};
use halfback_store::error::{Detail, Result};
use halfback_store::name::said;
use serde::{Deserialize, Serialize};

use super::key::{ModelSigner, PublicKey};
use super::statement::{Statement, refused};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The bytes of a bundle at most: some 50,000 files.
const MOST: usize = 16 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Envelope,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<KeyHint>,
    #[serde(default)]
    tlog_entries: Vec<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyHint {
    #[serde(default)]
    hint: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Signature {
    sig: String,
    #[serde(default)]
    keyid: String,
}

/// What was signed, with the signature.
#[derive(Debug)]
pub(crate) struct SignedStatement {
    payload: Vec<u8>,
    signature: Vec<u8>,
    hint: Option<String>,
}

/// Signs a statement; gives the bundle as text.
pub(crate) fn sign(statement: &str, signer: &dyn ModelSigner) -> Result<String> {
    let signature = signer.sign(&message(statement.as_bytes()))?;
    assemble(statement, signer.public_key(), &signature)
}

/// What a key signs for a statement: its pre-authentication encoding (DSSE v1).
pub(crate) fn message(statement: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), statement.len());
    [head.as_bytes(), statement].concat()
}

/// The bundle of a statement that was signed: the signature is ECDSA with SHA-256, as DER.
pub(crate) fn assemble(statement: &str, key: &PublicKey, signature: &[u8]) -> Result<String> {
    key.verify(&message(statement.as_bytes()), signature)?;
    let bundle = Bundle {
        media_type: MEDIA_TYPE.to_owned(),
        verification_material: Material {
            public_key: Some(KeyHint { hint: Some(key.fingerprint()) }),
            tlog_entries: Vec::new(),
        },
        dsse_envelope: Envelope {
            payload: Base64::encode_string(statement.as_bytes()),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature {
                sig: Base64::encode_string(signature),
                keyid: String::new(),
            }],
        },
    };
    serde_json::to_string(&bundle)
        .map_err(|error| Detail::Internal(format!("a bundle failed: {error}")).into())
}

impl SignedStatement {
    /// Reads a bundle. Nothing is verified by that.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.len() > MOST {
            return Err(refused(&format!("it has {} bytes, at most {MOST} are read", text.len())));
        }
        let bundle: Bundle = serde_json::from_str(text)
            .map_err(|error| refused(&format!("it is no Sigstore bundle: {}", said(&error))))?;
        if bundle.media_type != MEDIA_TYPE {
            return Err(refused(&format!("it is no bundle of the type `{MEDIA_TYPE}`")));
        }
        let Envelope { payload, payload_type, signatures } = bundle.dsse_envelope;
        let [Signature { sig, .. }] = signatures.as_slice() else {
            return Err(refused("it does not hold exactly one signature"));
        };
        if payload_type != PAYLOAD_TYPE {
            return Err(refused(&format!("what it signs is no `{PAYLOAD_TYPE}`")));
        }
        let hint = bundle.verification_material.public_key;
        let hint = hint.ok_or_else(|| {
            refused("it was made with a certificate or by keyless signing; expected one made with a key")
        })?;
        let decode = |text: &str| {
            Base64::decode_vec(text).map_err(|_| refused("what it holds is no base64"))
        };
        Ok(Self { payload: decode(&payload)?, signature: decode(sig)?, hint: hint.hint })
    }

    /// Whether the same was signed.
    #[cfg(test)]
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.payload == other.payload
    }

    /// Holds it against a key, and against what should be signed.
    pub(super) fn verify(&self, key: &PublicKey, expected: &Statement) -> Result<()> {
        if self.hint.as_ref().is_some_and(|hint| !hint.is_empty() && *hint != key.fingerprint()) {
            return Err(refused("it was made with another key"));
        }
        key.verify(&message(&self.payload), &self.signature)?;
        Statement::parse(&self.payload)?.hold_against(expected)
    }
}
