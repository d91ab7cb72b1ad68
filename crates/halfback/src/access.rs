//! Who may do what: principals, the privileges that they are granted, and every decision.
//!
//! Privileges are those of Unity Catalog, roles and separations those of INCITS 359-2012. What is
//! granted on a securable flows down to all below it, now and later. A denial wins over every
//! grant. Below a catalog nothing but `BROWSE` works without `USE CATALOG`, and below a schema
//! without `USE SCHEMA`. Whoever owns something holds `MANAGE` and `BROWSE` on it.

pub(crate) mod explain;
pub(crate) mod grant;
pub(crate) mod identity;
pub(crate) mod limit;
pub(crate) mod need;
pub(crate) mod principal;
pub(crate) mod reference;
pub(crate) mod rights;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod standing;
pub(crate) mod token;

use std::fmt;
use std::str::FromStr;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

use crate::securable::Level;

/// What a principal may be allowed to do on a securable and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Privilege {
    /// See that it is there, and what is said about it.
    Browse = 1,
    /// Reach what is in a catalog.
    UseCatalog = 1 << 1,
    /// Reach what is in a schema.
    UseSchema = 1 << 2,
    /// Load a version, download its files, read its example rows.
    Execute = 1 << 3,
    /// Make catalogs.
    CreateCatalog = 1 << 4,
    /// Make schemas.
    CreateSchema = 1 << 5,
    /// Make models.
    CreateModel = 1 << 6,
    /// Register versions.
    CreateModelVersion = 1 << 7,
    /// Change what is said about it, its stage, and archive versions.
    Modify = 1 << 8,
    /// Set and delete tags.
    ApplyTag = 1 << 9,
    /// Set and delete aliases.
    SetAlias = 1 << 10,
    /// Store evaluations.
    Evaluate = 1 << 11,
    /// Review versions; never of those that one has registered oneself.
    Review = 1 << 12,
    /// Deploy versions.
    Deploy = 1 << 13,
    /// Read the log, who holds what, and the findings of a check.
    ReadAudit = 1 << 14,
    /// Grant what one holds to others, rename, delete, give away.
    Manage = 1 << 15,
}

impl Privilege {
    /// All of them, in the order of this list.
    pub const ALL: [Self; 16] = [
        Self::Browse,
        Self::UseCatalog,
        Self::UseSchema,
        Self::Execute,
        Self::CreateCatalog,
        Self::CreateSchema,
        Self::CreateModel,
        Self::CreateModelVersion,
        Self::Modify,
        Self::ApplyTag,
        Self::SetAlias,
        Self::Evaluate,
        Self::Review,
        Self::Deploy,
        Self::ReadAudit,
        Self::Manage,
    ];

    /// The word for it, such as `CREATE MODEL VERSION`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Browse => "BROWSE",
            Self::UseCatalog => "USE CATALOG",
            Self::UseSchema => "USE SCHEMA",
            Self::Execute => "EXECUTE",
            Self::CreateCatalog => "CREATE CATALOG",
            Self::CreateSchema => "CREATE SCHEMA",
            Self::CreateModel => "CREATE MODEL",
            Self::CreateModelVersion => "CREATE MODEL VERSION",
            Self::Modify => "MODIFY",
            Self::ApplyTag => "APPLY TAG",
            Self::SetAlias => "SET ALIAS",
            Self::Evaluate => "EVALUATE",
            Self::Review => "REVIEW",
            Self::Deploy => "DEPLOY",
            Self::ReadAudit => "READ AUDIT",
            Self::Manage => "MANAGE",
        }
    }

    /// The lowest level that it can be granted on.
    const fn lowest(self) -> Level {
        match self {
            Self::CreateCatalog => Level::Registry,
            Self::UseCatalog | Self::CreateSchema => Level::Catalog,
            Self::UseSchema | Self::CreateModel => Level::Schema,
            _ => Level::Model,
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Privilege {
    type Err = Error;

    /// Reads the word in any case, with spaces or underscores.
    fn from_str(text: &str) -> Result<Self> {
        let word = text.trim().to_uppercase().replace('_', " ");
        Self::ALL.into_iter().find(|privilege| privilege.word() == word).ok_or_else(|| {
            Detail::InvalidArgument(format!(
                "`{}` is no privilege; expected one of {}",
                shown(text),
                Privileges::ALL
            ))
            .into()
        })
    }
}

impl Level {
    /// The privileges that mean something on this level or below it.
    pub(crate) fn applicable(self) -> Privileges {
        Privilege::ALL.into_iter().filter(|privilege| self <= privilege.lowest()).collect()
    }
}

/// A set of privileges.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Privileges(u32);

impl Privileges {
    /// Every privilege.
    pub const ALL: Self = Self((Privilege::Manage as u32) * 2 - 1);
    /// No privilege.
    pub const NONE: Self = Self(0);

    /// Whether it holds a privilege.
    pub const fn contains(self, privilege: Privilege) -> bool {
        self.0 & privilege as u32 != 0
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// This with one more.
    #[must_use]
    pub const fn with(self, privilege: Privilege) -> Self {
        Self(self.0 | privilege as u32)
    }

    /// The privileges, in the order of [`Privilege::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.into_iter().filter(move |privilege| self.contains(*privilege))
    }

    /// The words of all, in the order of [`Privilege::ALL`].
    pub(crate) fn words(self) -> Vec<String> {
        self.iter().map(|privilege| privilege.word().to_owned()).collect()
    }
}

impl From<Privilege> for Privileges {
    fn from(privilege: Privilege) -> Self {
        Self::NONE.with(privilege)
    }
}

impl FromIterator<Privilege> for Privileges {
    fn from_iter<I: IntoIterator<Item = Privilege>>(privileges: I) -> Self {
        privileges.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(", "))
    }
}

impl fmt::Debug for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_there_and_back() {
        for privilege in Privilege::ALL {
            assert_eq!(privilege.word().parse::<Privilege>().unwrap(), privilege);
            let other = privilege.word().to_lowercase().replace(' ', "_");
            assert_eq!(other.parse::<Privilege>().unwrap(), privilege);
        }
        assert_eq!("FLY".parse::<Privilege>().unwrap_err().code(), "invalid_argument");
    }

    #[test]
    fn what_is_granted_means_something_there() {
        assert_eq!(Level::Registry.applicable(), Privileges::ALL);
        assert!(!Level::Model.applicable().contains(Privilege::UseSchema));
        assert!(Level::Schema.applicable().contains(Privilege::CreateModel));
        assert!(!Level::Catalog.applicable().contains(Privilege::CreateCatalog));
        assert!(Level::Model.applicable().contains(Privilege::Execute));
    }
}
