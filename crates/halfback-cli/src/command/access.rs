//! `grant`, `revoke`, `grants`, `explain`, `who-can` and `what-can`: who may do what, and why.

use clap::Args;
use halfback::{
    Explain, Explanation, Grant, GrantRecord, Held, Holder, Link, ListGrants, Revoke as Revocation,
};

use crate::failure::{FINDINGS, Outcome};
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::{Card, Column};

/// Grant a privilege or role, or deny it
///
/// It goes for what it is granted on and all below that, now and later. A denial wins over every
/// grant. It takes MANAGE there; nobody grants to themselves, nor what they do not hold.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback grant Developer catalogs:/risk ben
  halfback grant DEPLOY registry:/ scoring --where \"tags.env = 'test'\"
  halfback grant EXECUTE risk.credit.default scoring --deny")]
pub(crate) struct Give {
    /// A privilege such as `EXECUTE`, or a role such as `Developer`
    what: String,
    /// A model, a schema such as `schemas:/risk.credit`, a catalog such as `catalogs:/risk`, or
    /// `registry:/`
    on: String,
    /// The id or name of a principal
    to: String,
    /// Only for the models that a filter on tags and aliases finds
    #[arg(long = "where", value_name = "FILTER")]
    condition: Option<String>,
    /// Deny it
    #[arg(long)]
    deny: bool,
}

/// Take back what was granted or denied on that very place
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback revoke Consumer catalogs:/risk scoring
  halfback revoke Consumer catalogs:/risk scoring --json")]
pub(crate) struct Revoke {
    /// The privilege or role
    what: String,
    /// A model, a schema such as `schemas:/risk.credit`, a catalog such as `catalogs:/risk`, or
    /// `registry:/`
    on: String,
    /// The id or name of a principal
    from: String,
}

/// List what is granted and denied
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback grants
  halfback grants --on catalogs:/risk
  halfback grants --to scoring --json")]
pub(crate) struct Grants {
    /// Only on this catalog, schema, model, or `registry:/` itself
    #[arg(long, value_name = "TARGET")]
    on: Option<String>,
    /// Only to this principal
    #[arg(long, value_name = "PRINCIPAL")]
    to: Option<String>,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

/// Tell whether somebody holds a privilege, and why; else what is missing, and who can grant it
///
/// The exit code is 1 where it is not held.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback explain DEPLOY risk.credit.default
  halfback explain EXECUTE risk.credit.default/1 --principal scoring
  halfback explain MANAGE registry:/ --json")]
pub(crate) struct Why {
    /// A privilege such as `EXECUTE`
    privilege: String,
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, a catalog such
    /// as `catalogs:/risk`, or `registry:/`
    on: String,
    /// The id or name of a principal; yourself where absent
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    #[command(flatten)]
    past: Past,
}

/// List the users and service principals that hold a privilege
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback who-can EXECUTE risk.credit.default
  halfback who-can MANAGE registry:/ --json")]
pub(crate) struct WhoCan {
    /// A privilege such as `EXECUTE`
    privilege: String,
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, a catalog such
    /// as `catalogs:/risk`, or `registry:/`
    on: String,
    #[command(flatten)]
    past: Past,
}

/// List what somebody holds, place by place
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback what-can
  halfback what-can scoring --json")]
pub(crate) struct WhatCan {
    /// The id or name of a principal; yourself where absent
    principal: Option<String>,
    #[command(flatten)]
    past: Past,
}

impl Give {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { what, on, to, condition, deny } = self;
        let grant = Grant { what, on, to, deny, condition };
        session.registry()?.execute(grant.clone())?;
        session.output.record(&grant, |output| {
            let Grant { what, on, to, deny, .. } = &grant;
            let verb = if *deny { "denied" } else { "granted" };
            let narrowed =
                grant.condition.as_ref().map(|text| format!(" where {text}")).unwrap_or_default();
            output.line(&format!("{verb} {what} on {on} to {to}{narrowed}"))
        })
    }
}

impl Revoke {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { what, on, from } = self;
        let revocation = Revocation { what, on, principal: from };
        session.registry()?.execute(revocation.clone())?;
        session.output.record(&revocation, |output| {
            let Revocation { what, on, principal } = &revocation;
            output.line(&format!("{principal} has {what} on {on} no longer"))
        })
    }
}

const GRANT: [Column<GrantRecord>; 7] = [
    Column::text("PRINCIPAL", |grant| people::named(grant.name.as_ref(), &grant.principal)),
    Column::whole("DENIED", |grant| if grant.denied { "denied" } else { "" }.to_owned()),
    Column::whole("WHAT", |grant| grant.what.clone()),
    Column::name("ON", |grant| grant.on.clone()),
    Column::text("WHERE", |grant| grant.condition.clone().unwrap_or_default()),
    Column::whole("SINCE (UTC)", |grant| people::time(grant.since)),
    Column::text("BY", |grant| people::named(grant.granted_by_name.as_ref(), &grant.granted_by)),
];

impl Grants {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&GRANT, self.limit.get(), "no grants", |size, cursor| {
            let (on, to) = (self.on.clone(), self.to.clone());
            view.list_grants(ListGrants { on, to, page_size: Some(size), cursor })
        })
    }
}

impl Why {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { privilege, on, principal, past } = self;
        let explanation = session.view(&past)?.query(Explain { privilege, on, principal })?;
        if !explanation.allowed {
            session.output.code = FINDINGS;
        }
        session.output.record(&explanation, |output| output.card(&card(&explanation)))
    }
}

fn card(explanation: &Explanation) -> Card {
    let Explanation { privilege, on, allowed, chain, missing, principal, .. } = explanation;
    let word = if *allowed { "allowed" } else { "denied" };
    let card = Card::new(&format!("{word}: {privilege} on {on}"))
        .fact("principal", principal.clone())
        .facts("rests on", chain.iter().map(link));
    let Some(missing) = missing else { return card };
    card.fact("missing", format!("{} on {}", missing.privilege, missing.on))
        .fact("because", missing.reason.clone())
        .fact("ask", missing.givers.join(", "))
}

/// `USE CATALOG: grant of Consumer on catalogs:/risk to p8, through p9`
fn link(link: &Link) -> String {
    let Link { kind, privilege, what, on, to, through, condition, .. } = link;
    let what = if kind == "ownership" { String::new() } else { format!(" of {what}") };
    let condition = condition.as_ref().map(|text| format!(" where {text}")).unwrap_or_default();
    let through = match through.as_slice() {
        [first, .., last] if first != last => format!(", through {}", through.join(" in ")),
        _ => String::new(),
    };
    format!("{privilege}: {kind}{what} on {on}{condition} to {to}{through}")
}

const HOLDER: [Column<Holder>; 4] = [
    Column::text("PRINCIPAL", |holder| people::named(holder.name.as_ref(), &holder.principal)),
    Column::whole("ID", |holder| holder.principal.clone()),
    Column::whole("KIND", |holder| people::word(holder.kind)),
    Column::text("WHY", |holder| holder.text.clone()),
];

impl WhoCan {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let holders = session.view(&self.past)?.who_can(&self.privilege, &self.on)?.items;
        session.output.whole_list(&HOLDER, "nobody", holders)
    }
}

const HELD: [Column<Held>; 3] = [
    Column::name("ON", |held| held.on.clone()),
    Column::text("PRIVILEGES", |held| held.privileges.join(", ")),
    Column::text("WHERE", |held| held.conditions.join("; ")),
];

impl WhatCan {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let held = session.view(&self.past)?.what_can(self.principal.as_deref())?.items;
        session.output.whole_list(&HELD, "nothing", held)
    }
}
