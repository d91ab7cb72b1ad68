//! Keys that sign versions, as the bindings name them: by the place that they are in.

use std::path::Path;

use base64ct::{Base64, Encoding as _};
use halfback_store::error::{Detail, Result};
use halfback_store::name::said;
use serde::Deserialize;

use super::bundle::{assemble, message, sign};
use super::key::{ModelKey, PublicKey};

/// Where a private key is: `{"file": …}`, `{"env": …}` or `{"pem": …}`; or, where it is out of
/// reach, its public half, `{"public_key": …}`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Place {
    File(String),
    Env(String),
    Pem(String),
    PublicKey(String),
}

/// What is to be signed: `{"statement": …, "key": place}`, with a `signature` in base64 where it was
/// signed out of reach.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signing {
    statement: String,
    key: Place,
    #[serde(default)]
    signature: Option<String>,
}

impl Place {
    fn key(&self) -> Result<Option<ModelKey>> {
        match self {
            Self::File(path) => ModelKey::from_file(path).map(Some),
            Self::Env(variable) => ModelKey::from_env(variable).map(Some),
            Self::Pem(pem) => ModelKey::from_pem(pem).map(Some),
            Self::PublicKey(_) => Ok(None),
        }
    }

    fn public_key(&self) -> Result<PublicKey> {
        match (self.key()?, self) {
            (Some(key), _) => Ok(key.public_key().clone()),
            (None, Self::PublicKey(pem)) => PublicKey::from_pem(pem),
            (None, _) => Err(Detail::Internal("a key has no place".into()).into()),
        }
    }
}

/// The public half of the key in a place, as PEM.
pub fn model_key(place: &[u8]) -> Result<String> {
    Ok(read::<Place>(place)?.public_key()?.to_pem().to_owned())
}

/// Makes a key in a new file; gives the public half, as PEM.
pub fn generate_model_key(path: &Path) -> Result<String> {
    let key = ModelKey::generate()?;
    key.write_new(path)?;
    Ok(key.public_key().to_pem().to_owned())
}

/// The bytes that a key out of reach signs for a statement.
pub fn signing_message(statement: &str) -> Vec<u8> {
    message(statement.as_bytes())
}

/// Signs a statement; gives the bundle.
pub fn sign_statement(request: &[u8]) -> Result<String> {
    let Signing { statement, key, signature } = read(request)?;
    match (key.key()?, signature) {
        (Some(key), None) => sign(&statement, &key),
        (None, Some(signature)) => {
            let signature = Base64::decode_vec(&signature)
                .map_err(|_| Detail::InvalidArgument("the signature is no base64".into()))?;
            assemble(&statement, &key.public_key()?, &signature)
        }
        _ => {
            Err(Detail::InvalidArgument("a key out of reach comes with its signature".into())
                .into())
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(request: &[u8]) -> Result<T> {
    serde_json::from_slice(request).map_err(|error| {
        Detail::InvalidArgument(format!("the key cannot be read: {}", said(&error))).into()
    })
}
