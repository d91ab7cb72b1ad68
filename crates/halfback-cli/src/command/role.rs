//! `role`: named sets of privileges.

use clap::{Args, Subcommand};
use halfback::{DeleteRole, Role as Record, SeparateRoles, SetRole};

use crate::failure::Outcome;
use crate::session::{Past, Session};
use crate::table::Column;

/// Set, delete, list or separate roles
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback role set Scorer Consumer \"SET ALIAS\"
  halfback role list
  halfback role separate Scorer Reviewer")]
pub(crate) enum Role {
    Set(Set),
    Delete(Delete),
    List(List),
    Separate(Separate),
}

/// Make a role of privileges and other roles, or give it another content
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback role set Scorer Consumer \"SET ALIAS\"
  halfback role set Tagger Browser APPLY_TAG --json")]
pub(crate) struct Set {
    /// The name
    name: String,
    /// Privileges such as `EXECUTE`, and roles whose privileges it has too
    #[arg(required = true)]
    includes: Vec<String>,
}

/// Delete a role that nobody holds, and that is in no other one
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback role delete Scorer")]
pub(crate) struct Delete {
    /// The name
    name: String,
}

/// List all roles by name
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback role list
  halfback role list --json")]
pub(crate) struct List {
    #[command(flatten)]
    past: Past,
}

/// Keep two roles apart: then nobody may hold both, on whatever places
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback role separate Scorer Reviewer
  halfback role separate Scorer Reviewer --off")]
pub(crate) struct Separate {
    /// One of the roles
    first: String,
    /// The other
    second: String,
    /// Keep them apart no longer
    #[arg(long)]
    off: bool,
}

impl Role {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(session),
            Self::Delete(command) => command.run(session),
            Self::List(command) => command.run(session),
            Self::Separate(command) => command.run(session),
        }
    }
}

impl Set {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { name, includes } = self;
        let role = session.registry()?.execute(SetRole { name, includes })?;
        session.output.record(&role, |output| {
            output.line(&format!("{} holds {}", role.name, role.privileges.join(", ")))
        })
    }
}

impl Delete {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let delete = DeleteRole { name: self.name };
        session.registry()?.execute(delete.clone())?;
        session.output.record(&delete, |output| output.line(&format!("{} is deleted", delete.name)))
    }
}

const ROLE: [Column<Record>; 4] = [
    Column::text("ROLE", |role| role.name.clone()),
    Column::whole("BUILT IN", |role| if role.built_in { "yes" } else { "" }.to_owned()),
    Column::text("INCLUDES", |role| role.includes.join(", ")),
    Column::text("APART FROM", |role| role.separated_from.join(", ")),
];

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let roles = session.view(&self.past)?.list_roles()?.items;
        session.output.whole_list(&ROLE, "no roles", roles)
    }
}

impl Separate {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { first, second, off } = self;
        let separate = SeparateRoles { first, second, separated: !off };
        session.registry()?.execute(separate.clone())?;
        session.output.record(&separate, |output| {
            let now = if off { "may be held together" } else { "are kept apart" };
            output.line(&format!("{} and {} {now}", separate.first, separate.second))
        })
    }
}
