//! `sign`, `signature` and `signing-keys`: signatures over versions' files, and the keys that a catalog
//! asks for.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use halfback::{ModelKey, SignVersion, SigningKeys, VersionSignature};
use serde_json::json;

use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Column;

/// Sign a version's files, or keep a signature that was made elsewhere
///
/// The key, on the curve P-256 and as PEM, is read and never kept. `sign --generate` makes one.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback sign --generate second.pem > second.pub
  halfback sign risk.credit.default/2 --key-file release.pem
  HALFBACK_SIGNING_KEY=$(cat release.pem) halfback sign risk.credit.default/2 --json")]
pub(crate) struct Sign {
    /// A version such as `fraud/3` or `fraud@champion`
    #[arg(required_unless_present = "generate")]
    version: Option<String>,
    /// Make a key in this new file, which only you may read, and write its public half
    #[arg(long, value_name = "FILE", conflicts_with_all = ["version", "key_file", "bundle"])]
    generate: Option<PathBuf>,
    /// The file of the private key; the text in the environment variable `HALFBACK_SIGNING_KEY` where
    /// absent
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Keep the signature in this file, as the tool `model_signing` wrote it, instead of signing
    #[arg(long, value_name = "FILE", requires = "public_key", conflicts_with = "key_file")]
    bundle: Option<PathBuf>,
    /// The file of the public key that it verifies with
    #[arg(long, value_name = "FILE", requires = "bundle")]
    public_key: Option<PathBuf>,
}

/// List, verify or write out the signatures over a version's files
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback signature list risk.credit.default/1
  halfback signature verify risk.credit.default/1 release.pub")]
pub(crate) enum Signature {
    List(List),
    Verify(Verify),
    Export(Export),
}

/// List the signatures over a version's files, by key
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback signature list risk.credit.default/1
  halfback signature list risk.credit.default/1 --json")]
pub(crate) struct List {
    /// A version such as `fraud/3` or `fraud@champion`
    version: String,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

/// Verify a version's signature by a public key against the version's files
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback signature verify risk.credit.default/1 release.pub")]
pub(crate) struct Verify {
    /// A version such as `fraud/3` or `fraud@champion`
    version: String,
    /// The file of the public key
    public_key: PathBuf,
}

/// Write a version's signature into a new file, for the tool `model_signing`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback signature export risk.credit.default/1 release.pub model.sig")]
pub(crate) struct Export {
    /// A version such as `fraud/3` or `fraud@champion`
    version: String,
    /// The file of the public key
    public_key: PathBuf,
    /// The file to write
    to: PathBuf,
}

/// Show or set the keys that sign the versions of a catalog
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback signing-keys show risk
  halfback signing-keys set risk release.pub")]
pub(crate) enum Keys {
    Show(Show),
    Set(Set),
}

/// Show the keys that sign the versions of a catalog
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback signing-keys show risk
  halfback signing-keys show risk --json")]
pub(crate) struct Show {
    /// The catalog
    catalog: String,
}

/// Say which keys sign the versions of a catalog; with none, no signature is asked for any more
///
/// From then on only versions that one of them has signed can be loaded, downloaded or copied.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback signing-keys set risk release.pub
  halfback signing-keys set risk --json")]
pub(crate) struct Set {
    /// The catalog
    catalog: String,
    /// The files of the public keys
    keys: Vec<PathBuf>,
}

/// Where the key is that signs where no file is named.
const VARIABLE: &str = "HALFBACK_SIGNING_KEY";

fn text(path: &Path) -> Outcome<String> {
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("`{}` cannot be read: {error}", path.display())))
}

impl Sign {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        if let Some(file) = &self.generate {
            let key = ModelKey::generate()?;
            key.write_new(file)?;
            let public = key.public_key().to_pem();
            let record = json!({ "path": file.to_string_lossy(), "public_key": public });
            return session.output.record(&record, |output| output.lines(public.trim_end()));
        }
        let version = self.version.unwrap_or_default();
        let registry = session.registry()?;
        let kept = if let (Some(bundle), Some(public_key)) = (&self.bundle, &self.public_key) {
            registry.execute(SignVersion {
                version: version.as_str().into(),
                bundle: text(bundle)?,
                public_key: text(public_key)?,
            })?
        } else {
            let key = match &self.key_file {
                Some(file) => ModelKey::from_file(file)?,
                None => ModelKey::from_env(VARIABLE)?,
            };
            registry.sign_version(version.as_str(), &key)?
        };
        session.output.record(&kept, |output| {
            output.line(&format!("{version} is signed with the key {}", kept.key))
        })
    }
}

const SIGNATURE: [Column<VersionSignature>; 4] = [
    Column::whole("KEY", |signature| signature.key.clone()),
    Column::whole("TRUSTED", |signature| yes(signature.trusted).to_owned()),
    Column::whole("KEPT (UTC)", |signature| people::time(signature.kept_at)),
    Column::text("BY", |signature| signature.kept_by.clone().unwrap_or_default()),
];

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

impl Signature {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::List(List { version, limit, past }) => {
                let view = session.still(&past)?;
                let none = "nobody has signed it";
                session.output.list(&SIGNATURE, limit.get(), none, |_, _| {
                    view.list_signatures(version.as_str())
                })
            }
            Self::Verify(Verify { version, public_key }) => {
                let registry = session.reader()?;
                let found = registry.verify_signature(version.as_str(), &text(&public_key)?)?;
                session.output.record(&found, |output| {
                    output.line(&format!("{version} is what the key {} has signed", found.key))
                })
            }
            Self::Export(Export { version, public_key, to }) => {
                let registry = session.reader()?;
                registry.export_signature(version.as_str(), &text(&public_key)?, &to)?;
                let record = json!({ "version": version, "path": to.to_string_lossy() });
                session.output.record(&record, |output| {
                    output.line(&format!("wrote the signature of {version} to {}", to.display()))
                })
            }
        }
    }
}

impl Keys {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let keys = match self {
            Self::Show(Show { catalog }) => session.reader()?.get_signing_keys(&catalog)?,
            Self::Set(Set { catalog, keys }) => {
                let keys = keys.iter().map(|key| text(key)).collect::<Outcome<Vec<_>>>()?;
                session.registry()?.set_signing_keys(&catalog, keys)?
            }
        };
        tell(session, &keys)
    }
}

fn tell(session: &mut Session<'_, '_>, keys: &SigningKeys) -> Outcome {
    session.output.record(keys, |output| {
        if !keys.required {
            return output.line("no signature is asked for");
        }
        for key in &keys.keys {
            output.lines(key.trim_end())?;
        }
        Ok(())
    })
}
