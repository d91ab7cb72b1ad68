//! `whoami`, `principal` and `member`: those who act, and the groups that they are in.

use clap::{Args, Subcommand, ValueEnum};
use halfback::{
    AddMember, CreatePrincipal, DeletePrincipal, ListPrincipals, Principal as Record,
    PrincipalKind, RemoveMember,
};

use crate::failure::Outcome;
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::{Card, Column};

/// Tell who the registry takes you for
///
/// That is whom the token in `HALFBACK_TOKEN`, or in the file that `HALFBACK_TOKEN_FILE` names, was
/// made for; where there is neither, it is the user of the operating system.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback whoami
  halfback whoami --json")]
pub(crate) struct Whoami {}

/// Create, delete, list or show users, service principals and groups
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback principal create nightly --kind service
  halfback principal list
  halfback principal show scoring")]
pub(crate) enum Principal {
    Create(Create),
    Delete(Delete),
    List(List),
    Show(Show),
}

/// Make a user, service principal or group known
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback principal create eva --os-user 4001
  halfback principal create nightly --kind service
  halfback principal create auditors --kind group --exist-ok")]
pub(crate) struct Create {
    /// The name; no other principal has it
    name: String,
    /// A person, a program, or principals that are granted things together
    #[arg(long, value_enum, default_value_t = Kind::User)]
    kind: Kind,
    /// The number of the operating system's user who this is; without it a token proves that
    #[arg(long, value_name = "UID")]
    os_user: Option<u32>,
    /// Who it is elsewhere, such as `oidc:https://login.example.org|248289`
    #[arg(long, conflicts_with = "os_user")]
    identity: Option<String>,
    /// It is no error where it exists already
    #[arg(long)]
    exist_ok: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    User,
    Service,
    Group,
}

/// Remove a principal with its grants, memberships and tokens; the past keeps it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback principal delete scoring")]
pub(crate) struct Delete {
    /// The id, such as `p7`, or the name
    principal: String,
}

/// List the principals, the oldest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback principal list
  halfback principal list --limit 10 --json")]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

/// Show a principal
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback principal show validators
  halfback principal show scoring --json")]
pub(crate) struct Show {
    /// The id, such as `p7`, or the name
    principal: String,
    #[command(flatten)]
    past: Past,
}

/// Put somebody into a group, or take them out
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback member add validators scoring
  halfback member remove validators ben")]
pub(crate) enum Member {
    Add(Add),
    Remove(Remove),
}

/// Put a user, service principal or group into a group
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback member add validators scoring")]
pub(crate) struct Add {
    /// The group's id or name
    group: String,
    /// The id or name of who is put into it
    member: String,
}

/// Take a principal out of a group
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback member remove validators ben")]
pub(crate) struct Remove {
    /// The group's id or name
    group: String,
    /// The member's id or name
    member: String,
}

impl Whoami {
    pub(crate) fn run(session: &mut Session<'_, '_>) -> Outcome {
        let whoami = session.reader()?.whoami()?;
        session.output.record(&whoami, |output| output.card(&card(&whoami)))
    }
}

impl Principal {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Create(command) => command.run(session),
            Self::Delete(command) => command.run(session),
            Self::List(command) => command.run(session),
            Self::Show(command) => command.run(session),
        }
    }
}

impl Create {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { name, kind, os_user, identity, exist_ok } = self;
        let kind = match kind {
            Kind::User => PrincipalKind::User,
            Kind::Service => PrincipalKind::Service,
            Kind::Group => PrincipalKind::Group,
        };
        let create = CreatePrincipal { name, kind, os_user, identity, exist_ok };
        let principal = session.registry()?.execute(create)?;
        session.output.record(&principal, |output| {
            let id = principal.id.clone().unwrap_or_default();
            let name = people::named(principal.name.as_ref(), &id);
            output.line(&format!("{name} is {} {id}", people::word(principal.kind)))
        })
    }
}

impl Delete {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let delete = DeletePrincipal { principal: self.principal };
        session.registry()?.execute(delete.clone())?;
        session
            .output
            .record(&delete, |output| output.line(&format!("{} is deleted", delete.principal)))
    }
}

const PRINCIPAL: [Column<Record>; 6] = [
    Column::whole("ID", |principal| principal.id.clone().unwrap_or_default()),
    Column::text("NAME", |principal| principal.name.clone().unwrap_or_default()),
    Column::whole("KIND", |principal| people::word(principal.kind)),
    Column::whole("PROOF", |principal| principal.proof.clone()),
    Column::text("GROUPS", |principal| principal.groups.join(" ")),
    Column::text("MEMBERS", |principal| principal.members.join(" ")),
];

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&PRINCIPAL, self.limit.get(), "no principals", |size, cursor| {
            view.list_principals(ListPrincipals { page_size: Some(size), cursor })
        })
    }
}

impl Show {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let principal = session.view(&self.past)?.get_principal(&self.principal)?;
        session.output.record(&principal, |output| output.card(&card(&principal)))
    }
}

fn card(principal: &Record) -> Card {
    let id = principal.id.as_deref().unwrap_or("nobody");
    Card::new(&people::named(principal.name.as_ref(), id))
        .fact("id", principal.id.clone())
        .fact("kind", people::word(principal.kind))
        .fact("proof", principal.proof.clone())
        .fact("groups", principal.groups.join(" "))
        .fact("members", principal.members.join(" "))
}

impl Member {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Add(Add { group, member }) => {
                let add = AddMember { group, member };
                session.registry()?.execute(add.clone())?;
                session.output.record(&add, |output| {
                    output.line(&format!("{} is in {}", add.member, add.group))
                })
            }
            Self::Remove(Remove { group, member }) => {
                let remove = RemoveMember { group, member };
                session.registry()?.execute(remove.clone())?;
                session.output.record(&remove, |output| {
                    output.line(&format!("{} is in {} no longer", remove.member, remove.group))
                })
            }
        }
    }
}
