//! The one error type of the workspace: a kind that says what to do, a stable code, a message.

use std::fmt;
use std::path::Path;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request is wrong as it stands: correct it.
    Invalid,
    /// What was asked for is not there, or not there at that moment.
    NotFound,
    /// The request is well formed but the present state forbids it: read again and decide.
    Conflict,
    /// A right is missing: ask for it.
    Denied,
    /// Stored bytes are missing or differ from what was recorded: investigate, restore.
    Integrity,
    /// The machine could not do it now: retry.
    Unavailable,
    /// The handle is closed: open the registry again.
    Closed,
    /// A defect of this library: report it.
    Internal,
}

impl Kind {
    /// The kind's stable name, as in `invalid`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Integrity => "integrity",
            Self::Unavailable => "unavailable",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }
}

/// What went wrong. Every variant has one code and belongs to one [`Kind`]; the text of a variant
/// is the whole message, already naming the input and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Detail {
    /// A name breaks the rules for names.
    #[error("{0}")]
    InvalidName(String),
    /// A name that Halfback keeps for itself.
    #[error("{0}")]
    ReservedName(String),
    /// A `models:/…` reference that cannot be read.
    #[error("{0}")]
    InvalidUri(String),
    /// A filter or an order of a search that cannot be read.
    #[error("{0}")]
    InvalidFilter(String),
    /// Any other argument that cannot be accepted.
    #[error("{0}")]
    InvalidArgument(String),
    /// A folder or file that cannot become an artifact.
    #[error("{0}")]
    InvalidArtifact(String),
    /// Content that does not have the digest it was announced with.
    #[error("{0}")]
    DigestMismatch(String),
    /// A checkpoint that cannot be read, is not signed by the key, or is of another log.
    #[error("the checkpoint cannot be used: {0}")]
    InvalidCheckpoint(String),
    /// Nothing by that name.
    #[error("{0}")]
    NotFound(String),
    /// No registry in that folder.
    #[error("{0}")]
    RegistryNotFound(String),
    /// The folder holds something that is not a registry.
    #[error("{0}")]
    NotARegistry(String),
    /// The name is taken.
    #[error("{0}")]
    AlreadyExists(String),
    /// The fact is not what the caller expected.
    #[error("{0}")]
    Conflict(String),
    /// The container still holds something.
    #[error("{0}")]
    NotEmpty(String),
    /// The version is archived.
    #[error("{0}")]
    Archived(String),
    /// The alias is protected.
    #[error("{0}")]
    Protected(String),
    /// An alias still names the version.
    #[error("{0}")]
    InUse(String),
    /// A text looks like a key, token or password.
    #[error("{0}")]
    SecretSuspected(String),
    /// The idempotency key was used for other commands.
    #[error("{0}")]
    IdempotencyConflict(String),
    /// The operating system refused.
    #[error("{0}")]
    PermissionDenied(String),
    /// The session's principal lacks a privilege; the explanation is a JSON document, or empty.
    #[error("{message}")]
    AccessDenied {
        /// What is missing, and who can give it.
        message: String,
        /// The chain of the decision, as JSON.
        explanation: String,
    },
    /// Nothing proves who is asking.
    #[error("{0}")]
    Unauthenticated(String),
    /// The registry was opened for reading only.
    #[error("{0}")]
    ReadOnly(String),
    /// A stored file is gone.
    #[error("{0}")]
    ArtifactMissing(String),
    /// A stored file is not what was recorded.
    #[error("{0}")]
    ArtifactAltered(String),
    /// A file changed while it was being read.
    #[error("{0}")]
    ArtifactChanged(String),
    /// The database or log is damaged.
    #[error("{0}")]
    Corrupt(String),
    /// Written by a newer library.
    #[error("{0}")]
    UnsupportedFormat(String),
    /// The operating system failed.
    #[error("{message}")]
    Io {
        /// What was being done, to what, and how it failed.
        message: String,
        /// The failure itself.
        #[source]
        source: std::io::Error,
    },
    /// Another writer kept the registry too long.
    #[error("{0}")]
    Busy(String),
    /// The caller's progress callback asked to stop.
    #[error("cancelled by the caller")]
    Cancelled,
    /// The handle is closed.
    #[error("the registry is closed; open it again")]
    Closed,
    /// A defect of this library.
    #[error("{0}; this is a defect in halfback, please report it")]
    Internal(String),
}

/// The error of every fallible function.
///
/// [`Error::kind`] says what to do, [`Error::code`] is stable across versions and languages, and
/// the text gives the cause and the next step.
pub struct Error {
    detail: Box<Detail>,
    /// Where in a larger request it happened.
    within: Option<String>,
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> Kind {
        self.classify().0
    }

    /// The stable code, the same string in Rust, Python and Java.
    pub fn code(&self) -> &'static str {
        self.classify().1
    }

    /// The variant behind this error.
    pub fn detail(&self) -> &Detail {
        &self.detail
    }

    /// Why a privilege is missing, as a JSON document: the record `Explanation`.
    pub fn explanation(&self) -> Option<&str> {
        match &*self.detail {
            Detail::AccessDenied { explanation, .. } if !explanation.is_empty() => {
                Some(explanation)
            }
            _ => None,
        }
    }

    /// The same error, its text preceded by the part of a larger request that failed.
    #[must_use]
    pub fn within(self, place: impl fmt::Display) -> Self {
        Self { within: Some(place.to_string()), ..self }
    }

    fn classify(&self) -> (Kind, &'static str) {
        match &*self.detail {
            Detail::InvalidName(_) => (Kind::Invalid, "invalid_name"),
            Detail::ReservedName(_) => (Kind::Invalid, "reserved_name"),
            Detail::InvalidUri(_) => (Kind::Invalid, "invalid_uri"),
            Detail::InvalidFilter(_) => (Kind::Invalid, "invalid_filter"),
            Detail::InvalidArgument(_) => (Kind::Invalid, "invalid_argument"),
            Detail::InvalidArtifact(_) => (Kind::Invalid, "invalid_artifact"),
            Detail::InvalidCheckpoint(_) => (Kind::Invalid, "invalid_checkpoint"),
            Detail::SecretSuspected(_) => (Kind::Invalid, "secret_suspected"),
            Detail::DigestMismatch(_) => (Kind::Invalid, "digest_mismatch"),
            Detail::NotFound(_) => (Kind::NotFound, "not_found"),
            Detail::RegistryNotFound(_) => (Kind::NotFound, "registry_not_found"),
            Detail::NotARegistry(_) => (Kind::NotFound, "not_a_registry"),
            Detail::AlreadyExists(_) => (Kind::Conflict, "already_exists"),
            Detail::Conflict(_) => (Kind::Conflict, "conflict"),
            Detail::NotEmpty(_) => (Kind::Conflict, "not_empty"),
            Detail::Archived(_) => (Kind::Conflict, "archived"),
            Detail::Protected(_) => (Kind::Conflict, "protected"),
            Detail::InUse(_) => (Kind::Conflict, "in_use"),
            Detail::IdempotencyConflict(_) => (Kind::Conflict, "idempotency_conflict"),
            Detail::PermissionDenied(_) | Detail::AccessDenied { .. } => {
                (Kind::Denied, "permission_denied")
            }
            Detail::Unauthenticated(_) => (Kind::Denied, "unauthenticated"),
            Detail::ReadOnly(_) => (Kind::Denied, "read_only"),
            Detail::ArtifactMissing(_) => (Kind::Integrity, "artifact_missing"),
            Detail::ArtifactAltered(_) => (Kind::Integrity, "artifact_altered"),
            Detail::ArtifactChanged(_) => (Kind::Integrity, "artifact_changed"),
            Detail::Corrupt(_) => (Kind::Integrity, "corrupt"),
            Detail::UnsupportedFormat(_) => (Kind::Integrity, "unsupported_format"),
            Detail::Io { .. } => (Kind::Unavailable, "io"),
            Detail::Busy(_) => (Kind::Unavailable, "busy"),
            Detail::Cancelled => (Kind::Unavailable, "cancelled"),
            Detail::Closed => (Kind::Closed, "closed"),
            Detail::Internal(_) => (Kind::Internal, "internal"),
        }
    }
}

impl From<Detail> for Error {
    fn from(detail: Detail) -> Self {
        Self { detail: Box::new(detail), within: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = &self.within {
            write!(f, "{within}: ")?;
        }
        fmt::Display::fmt(&self.detail, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self})", self.code())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.detail)
    }
}

/// Names what was being done to which file when the operating system failed.
pub trait IoContext<T> {
    /// Turns the failure into an [`Error`] that says `doing` and names `path`.
    fn on(self, doing: &str, path: &Path) -> Result<T>;
}

impl<T, E: Into<std::io::Error>> IoContext<T> for std::result::Result<T, E> {
    fn on(self, doing: &str, path: &Path) -> Result<T> {
        self.map_err(|error| io_error(doing, path, error.into()))
    }
}

/// The error of a failed call to the operating system.
pub(crate) fn io_error(doing: &str, path: &Path, source: std::io::Error) -> Error {
    use std::io::ErrorKind;
    let path = path.display();
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Detail::PermissionDenied(
            format!("not allowed to {doing} `{path}`; ask for the right on that path"),
        )
        .into(),
        ErrorKind::NotFound => {
            Detail::NotFound(format!("cannot {doing} `{path}`: there is no such file or folder"))
                .into()
        }
        _ => Detail::Io { message: format!("cannot {doing} `{path}`: {source}"), source }.into(),
    }
}
