//! The list of all commands and all queries: what the wire carries, and what the scenarios and
//! the generated types are held against.

use halfback_store::error::{Detail, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::explain::{Explain, WhatCan, WhoCan};
use crate::access::grant::{Grant, ListGrants, Revoke};
use crate::access::need::Needs;
use crate::access::principal::{
    AddMember, CreatePrincipal, DeletePrincipal, GetPrincipal, ListPrincipals, RemoveMember, Whoami,
};
use crate::access::role::{DeleteRole, ListRoles, SeparateRoles, SetRole};
use crate::access::token::{AllowOsUsers, CreateToken, ListTokens, RevokeToken};
use crate::artifact::GetArtifact;
use crate::catalog::alias::{DeleteAlias, ProtectAlias, SetAlias};
use crate::catalog::compare::CompareSignatures;
use crate::catalog::example::GetExample;
use crate::catalog::model::{
    CreateModel, DeleteModel, GetModel, ListModels, RenameModel, UpdateModel,
};
use crate::catalog::search::{SearchModels, SearchVersions};
use crate::catalog::tag::{DeleteTag, SetTag};
use crate::catalog::version::{
    ArchiveVersion, DeleteVersion, GetVersion, ListVersions, RegisterVersion, Resolve,
    RestoreVersion, UpdateVersion,
};
use crate::catalog::{
    CreateCatalog, CreateSchema, DeleteCatalog, DeleteSchema, GetCatalog, GetSchema, ListCatalogs,
    ListSchemas, RenameCatalog, RenameSchema, UpdateCatalog, UpdateSchema,
};
use crate::command::{Command, Context, Query, Snapshot};
use crate::erase::hold::{ListHolds, ReleaseHold, SetHold};
use crate::erase::{Erase, ListErasures, PurgeArtifact, PurgeVersion, RepeatErasures};
use crate::evaluation::{
    GetComparison, GetEvaluation, ListComparisons, ListEvaluations, RecordComparison,
    RecordEvaluation,
};
use crate::history::{History, Info, Log};
use crate::proof::{Prove, ProveConsistency, VerifyLog};
use crate::purge::{Purge, SetRetention};
use crate::signing::{
    GetSigningKeys, ListSignatures, SetSigningKeys, SignVersion, SigningStatement, VerifySignature,
};

/// Writes the enum over all commands from one list.
macro_rules! commands {
    ($($command:ident),+ $(,)?) => {
        /// Any command, as the wire carries it: its fields, and its name as `command`.
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "command", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each variant is documented by the command it holds")]
        pub enum AnyCommand {
            $($command($command),)+
        }

        $(impl From<$command> for AnyCommand {
            fn from(command: $command) -> Self {
                Self::$command(command)
            }
        })+

        impl AnyCommand {
            /// The command's stable name.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$command(_) => $command::NAME,)+ }
            }

            /// What it takes to do this.
            pub(crate) fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
                match self { $(Self::$command(command) => command.needs(now),)+ }
            }

            /// Checks the rule and changes the facts; gives the output as JSON.
            pub(crate) fn apply(self, context: &mut Context<'_>) -> Result<Value> {
                match self { $(Self::$command(command) => json(command.apply(context)?),)+ }
            }
        }

        /// Calls `each` with the name, schema and output of every command.
        pub(crate) fn each_command(each: &mut impl Each) {
            $(each.of::<$command, <$command as Command>::Output>($command::NAME);)+
        }
    };
}

/// Writes the enum over all queries from one list.
macro_rules! queries {
    ($($query:ident),+ $(,)?) => {
        /// Any query, as the wire carries it: its fields, and its name as `query`.
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "query", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each variant is documented by the query it holds")]
        pub enum AnyQuery {
            $($query($query),)+
        }

        impl AnyQuery {
            /// Answers from a snapshot.
            pub(crate) fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Answer> {
                match self { $(Self::$query(query) => snapshot.answer(query).map(Answer::$query),)+ }
            }
        }

        /// What any query gives. It serializes as the output itself.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "each variant is named by the query whose output it holds")]
        pub enum Answer {
            $($query(<$query as Query>::Output),)+
        }

        /// Calls `each` with the name, schema and output of every query.
        pub(crate) fn each_query(each: &mut impl Each) {
            $(each.of::<$query, <$query as Query>::Output>($query::NAME);)+
        }
    };
}

/// Sees the types behind every entry of a list.
pub(crate) trait Each {
    fn of<T: JsonSchema, Output: JsonSchema>(&mut self, name: &str);
}

commands! {
    CreateCatalog, UpdateCatalog, RenameCatalog, DeleteCatalog,
    CreateSchema, UpdateSchema, RenameSchema, DeleteSchema,
    CreateModel, UpdateModel, RenameModel, DeleteModel,
    RegisterVersion, UpdateVersion, ArchiveVersion, RestoreVersion, DeleteVersion,
    SetTag, DeleteTag,
    SetAlias, DeleteAlias, ProtectAlias,
    SignVersion, SetSigningKeys,
    RecordEvaluation, RecordComparison,
    Purge, SetRetention, PurgeVersion, PurgeArtifact, Erase, RepeatErasures, SetHold, ReleaseHold,
    CreatePrincipal, DeletePrincipal, AddMember, RemoveMember,
    Grant, Revoke, SetRole, DeleteRole, SeparateRoles,
    CreateToken, RevokeToken, AllowOsUsers,
}

queries! {
    GetCatalog, GetSchema, GetModel, GetVersion, Resolve,
    ListCatalogs, ListSchemas, ListModels, ListVersions,
    SearchModels, SearchVersions,
    History, Log, GetArtifact, GetExample, CompareSignatures, Whoami, Info, VerifyLog,
    ListSignatures, VerifySignature, SigningStatement, GetSigningKeys,
    GetEvaluation, ListEvaluations, GetComparison, ListComparisons,
    Prove, ProveConsistency, ListErasures, ListHolds,
    GetPrincipal, ListPrincipals, ListGrants, ListRoles, ListTokens, Explain, WhoCan, WhatCan,
}

fn json(output: impl Serialize) -> Result<Value> {
    serde_json::to_value(output)
        .map_err(|error| Detail::Internal(format!("an output has no JSON: {error}")).into())
}
