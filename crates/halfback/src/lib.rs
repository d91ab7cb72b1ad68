//! An embeddable model registry: one directory holds models, versions, aliases and artifacts,
//! their whole history, and a log that proves it.
//!
//! ```
//! use halfback::{Content, CreateModel, Options, RegisterVersion, Registry, no_progress};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("models.hb");
//! let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
//! registry.create_model(CreateModel {
//!     name: "risk.credit.default".into(),
//!     parents: true,
//!     exist_ok: true,
//!     ..CreateModel::default()
//! })?;
//! let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
//! let version = registry.register_version(
//!     &content,
//!     RegisterVersion { model: "risk.credit.default".into(), ..RegisterVersion::default() },
//!     &mut no_progress,
//! )?;
//! registry.set_alias("risk.credit.default", "champion", version.number)?;
//!
//! let champion = registry.resolve("models:/risk.credit.default@champion")?;
//! assert_eq!(champion.number, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod artifact;
mod backup;
mod bundle;
mod cache;
mod catalog;
mod check;
mod command;
mod commands;
mod copy;
mod erase;
mod evaluation;
mod facade;
mod filter;
mod format;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod history;
mod kept;
mod page;
mod proof;
mod purge;
mod registry;
mod secret;
mod securable;
mod signature;
mod signing;
mod upkeep;
mod view;
pub mod wire;
mod word;

pub use registry::{Options, Registry};
pub use view::{Moment, View};

pub use catalog::alias::{DeleteAlias, ProtectAlias, SetAlias};
pub use catalog::compare::CompareSignatures;
pub use catalog::example::{Example, GetExample};
pub use catalog::model::{
    CreateModel, DeleteModel, GetModel, ListModels, Model, RenameModel, UpdateModel,
};
pub use catalog::origin::{EarlierOrigin, Origin};
pub use catalog::search::{SearchModels, SearchVersions};
pub use catalog::tag::{DeleteTag, SetTag};
pub use catalog::version::{
    ArchiveVersion, DeleteVersion, GetVersion, ListVersions, ModelVersion, Param, RegisterVersion,
    Resolve, RestoreVersion, Stage, Status, UpdateVersion,
};
pub use catalog::{
    Catalog, CreateCatalog, CreateSchema, DeleteCatalog, DeleteSchema, GetCatalog, GetSchema,
    ListCatalogs, ListSchemas, RenameCatalog, RenameSchema, Schema, UpdateCatalog, UpdateSchema,
};
pub use securable::{Pin, Selector, Target, VersionRef, VersionUri};
pub use signature::{
    ColumnSpec, Compatibility, DataType, ParamSpec, Property, Schema as SignatureSchema, Signature,
    TensorSpec, compatible,
};

pub use access::explain::{Explain, Explanation, Held, Holder, Link, Missing, WhatCan, WhoCan};
pub use access::grant::{Grant, GrantRecord, ListGrants, Revoke};
pub use access::identity::{Authenticator, Identity, Proved};
pub use access::need::{Need, Needs};
pub use access::principal::{
    AddMember, CreatePrincipal, DeletePrincipal, GetPrincipal, ListPrincipals, Principal,
    PrincipalKind, RemoveMember, Whoami,
};
pub use access::role::{DeleteRole, ListRoles, Role, SeparateRoles, SetRole};
pub use access::token::{
    AllowOsUsers, CreateToken, ListTokens, NewToken, RevokeToken, TokenOptions, TokenRecord,
};
pub use access::{Privilege, Privileges};
pub use artifact::{
    Artifact, ArtifactFile, Content, GetArtifact, Progress, PutArtifact, Transfer, no_progress,
    recognise,
};
pub use backup::{Backup, RestoreOptions, Restored, restore, restore_with};
pub use bundle::{Bundle, BundleManifest, BundleVerification};
pub use check::{Check, CheckReport, Finding};
pub use copy::CopyOptions;
pub use erase::hold::{HoldRecord, ListHolds, ReleaseHold, SetHold};
pub use erase::{
    Erasable, Erase, Erased, ErasureRecord, ListErasures, PurgeArtifact, PurgeVersion,
    RefusedErasure, RepeatErasures,
};
pub use evaluation::{
    Adjustment, Alternative, ClassCurve, Column, CompareOptions, ComparedSlice, Comparison,
    ConfusionCounts, Curves, Dataset, EvaluateOptions, Evaluation, GetComparison, GetEvaluation,
    ListComparisons, ListEvaluations, Measurement, MetricValue, PairedMeasurement, PairedSample,
    Picture, Point, Predictions, RecordComparison, RecordEvaluation, ReliabilityPoint, Sample,
    Scores, Slice, Task, Verdict, measure, measure_pair,
};
pub use format::Format;
pub use halfback_metrics::figures;
pub use history::{Commit, History, Info, Log, RegistryInfo};
pub use page::Page;
pub use proof::{
    ConsistencyProof, InclusionProof, LogExport, LogVerification, Prove, ProveConsistency,
    VerifyLog, generate_log_key, verify_consistency, verify_inclusion,
};
pub use purge::{Purge, Purged, SetRetention};
pub use secret::{Secret, find as suspected_secret};
pub use signing::key::{ModelKey, ModelSigner, PublicKey};
pub use signing::{
    CarriedSignature, GetSigningKeys, ListSignatures, SetSigningKeys, SignVersion, SigningKeys,
    SigningStatement, UnsignedStatement, VerifySignature, VersionSignature,
};

pub use upkeep::{Compacted, SweepOptions, Swept};

pub use cache::Stamp;
/// A time, always in UTC.
pub type DateTime = chrono::DateTime<chrono::Utc>;

pub use command::{Command, Context, Expect, Query, Snapshot};
pub use commands::{AnyCommand, AnyQuery};
pub use halfback_store::error::{Detail, Error, Kind, Result};
pub use halfback_store::name::{
    AliasName, CatalogName, MAX_PART, MAX_TEXT, ModelName, SchemaName, TagKey,
};
pub use halfback_store::note::{
    ExternalKey, KeyHash, Signer, SigningKey, Verifier, VerifyingKey, key_hash,
};
pub use halfback_store::{fork, interrupt};

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
