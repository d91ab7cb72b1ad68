//! Tokens: what proves a session that is not the operating system's user.
//!
//! A token is 256 random bits, shown once; the registry keeps only the SHA-256 hash of them. Every
//! token that is not accepted is refused with the same words, whatever is wrong with it.

use std::time::Duration;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::{EntityId, hex, random, unhex};
use halfback_store::merkle::sha256;
use halfback_store::schema::{SETTING, TOKEN};
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::need::{Needs, denial};
use super::principal::PrincipalKind;
use super::rights::Chain;
use super::{Privilege, Privileges};
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;

/// What every token begins with, so that scanners for secrets know it.
pub(crate) const PREFIX: &str = "halfback_";
/// The environment variables that a token is looked for in.
pub(crate) const VARIABLE: &str = "HALFBACK_TOKEN";
/// The environment variable that names a file with a token.
pub(crate) const FILE_VARIABLE: &str = "HALFBACK_TOKEN_FILE";

/// The latest end of a token: the year 9999 in UTC, beyond which many calendars cannot say it.
const LATEST: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// A token that proves a session.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: EntityId,
    pub(crate) principal: EntityId,
    pub(crate) expires: Option<Timestamp>,
}

/// What a token narrows its principal's rights to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    privileges: Option<Privileges>,
    securable: Option<EntityId>,
}

impl Scope {
    /// Whether it narrows nothing.
    pub(crate) fn is_all(&self) -> bool {
        self.privileges.is_none() && self.securable.is_none()
    }

    /// Whether a securable is, or lies in, the one that the token is for.
    pub(crate) fn reaches(&self, chain: &Chain) -> bool {
        self.securable.is_none_or(|securable| chain.ids().contains(&securable))
    }

    /// The securable that the token is for, where that is not all.
    pub(crate) fn securable(&self) -> Option<EntityId> {
        self.securable
    }

    /// What is left of privileges. Whoever holds anything may see it.
    pub(crate) fn within(&self, held: Privileges) -> Privileges {
        let Some(privileges) = self.privileges else { return held };
        let left = held.and(privileges);
        if left.is_empty() { left } else { left.with(Privilege::Browse) }
    }
}

/// Makes a token for a principal known by its hash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// The principal's id or name.
    pub principal: String,
    /// The SHA-256 hash of the token's 256 bits, in hexadecimal.
    pub hash: String,
    /// When it ends; never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The privileges or roles that a session of it has at most; all of its principal's where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<String>,
    /// The securable that it is for, as a target URI; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Ends a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeToken {
    /// The token's id, such as `t12`.
    pub token: String,
}

/// Says whether the operating system's users may act in this registry without a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowOsUsers {
    /// Whether they may.
    pub allowed: bool,
}

/// Lists the tokens that are neither revoked nor deleted, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTokens {
    /// A principal's id or name; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What is known of a token: not what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRecord {
    /// The id, such as `t12`.
    pub id: String,
    /// The principal's id.
    pub principal: String,
    /// The principal's name; none once it was erased.
    pub name: Option<String>,
    /// When it ends; never where absent.
    pub expires_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The privileges that a session of it has at most; none said where it has all.
    pub privileges: Vec<String>,
    /// The securable that it is for; none where for all.
    pub on: Option<String>,
    /// What it is for.
    pub comment: Option<String>,
    /// When it was made.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// A new token: what it is, and what is known of it.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewToken {
    /// The token itself. It is shown only now, and kept nowhere.
    pub token: String,
    /// What the registry knows of it.
    pub record: TokenRecord,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("token", &"***").field("record", &self.record).finish()
    }
}

/// What a new token is to be.
#[derive(Debug, Clone, Default)]
pub struct TokenOptions {
    /// After what time it ends; never where absent.
    pub expires_in: Option<Duration>,
    /// The privileges or roles that a session of it has at most; all where empty.
    pub privileges: Vec<String>,
    /// The securable that it is for, as a target URI.
    pub on: Option<String>,
    /// What it is for, for people.
    pub comment: Option<String>,
}

/// The error of every token that is not accepted.
pub(crate) fn refused() -> Error {
    Detail::Unauthenticated(
        "the token is not accepted: it is not one of this registry, has expired, or was revoked; ask for a new one".into(),
    )
    .into()
}

impl Registry {
    /// Whether a token proves the session; where none does, it is the operating system's user's.
    pub fn is_of_token(&self) -> bool {
        self.handle.session.token().is_some()
    }

    /// Makes a token for a principal. It is shown in the answer and never again.
    ///
    /// ```
    /// # use halfback::{Options, Registry, TokenOptions};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(&path, Options { create: true, ..Options::default() })?;
    /// registry.create_service("scoring")?;
    /// registry.grant("Consumer", "registry:/", "scoring")?;
    /// let new = registry.create_token("scoring", TokenOptions::default())?;
    /// let session = Registry::open_with_token(&path, Options::default(), &new.token)?;
    /// assert_eq!(session.whoami()?.name.as_deref(), Some("scoring"));
    /// assert_eq!(session.create_model("fraud").unwrap_err().code(), "permission_denied");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_token(&self, principal: &str, options: TokenOptions) -> Result<NewToken> {
        let secret = random::<32>()?;
        let expires_at = options.expires_in.map(end_after);
        let record = self.execute(CreateToken {
            principal: principal.into(),
            hash: hex(&sha256(&secret)),
            expires_at,
            privileges: options.privileges,
            on: options.on,
            comment: options.comment,
        })?;
        Ok(NewToken { token: format!("{PREFIX}{}_{}", record.id, hex(&secret)), record })
    }
}

impl Command for CreateToken {
    const NAME: &'static str = "create_token";
    type Output = TokenRecord;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        if now.is_itself(&self.principal)? {
            return Ok(Needs::Anyone("everybody may make tokens for themselves"));
        }
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<TokenRecord> {
        let mut now = context.now();
        let principal = now.principal_id(&self.principal)?;
        if now.principal(principal)?.kind == PrincipalKind::Group {
            return Err(Detail::InvalidArgument(
                "a group proves nothing; make the token for one of its members".into(),
            )
            .into());
        }
        let expires = self.expires_at.map(Timestamp::from);
        let end = now.session.expires();
        let outlives = end.is_some_and(|end| expires.is_none_or(|expires| expires > end));
        let is_narrow = match now.session.token().cloned() {
            Some(token) => !token.scope_now(&mut now)?.is_all(),
            None => false,
        };
        if is_narrow || outlives {
            // What narrows it would be left behind.
            return Err(denial(
                "a session makes no token that is wider than it or lasts longer; make it in a session of another proof, or let it end sooner",
            ));
        }
        if now.session.principal(now.sql)? != Some(principal) {
            context.refuse_beyond(principal)?;
        }
        let mut now = context.now();
        let hash: [u8; 32] = unhex(&self.hash).ok_or_else(|| {
            Detail::InvalidArgument("`hash` is no SHA-256 hash in hexadecimal".into())
        })?;
        let roles = super::role::Roles::read(&mut now)?;
        let mut privileges = Privileges::NONE;
        for word in &self.privileges {
            privileges = privileges.or(roles.privileges(roles.grantable(word)?.word()));
        }
        let words =
            (!privileges.is_empty()).then(|| serde_json::json!(privileges.words()).to_string());
        let on = self.on.map(|on| now.securable(&on)).transpose()?;
        if expires.is_some_and(|expires| expires > LATEST) {
            return Err(Detail::InvalidArgument(
                "the token would end after the year 9999; leave it away for a token without an end"
                    .into(),
            )
            .into());
        }
        if expires.is_some_and(|expires| expires <= context.tx.time()) {
            return Err(Detail::InvalidArgument("the token would have ended already".into()).into());
        }
        let comment = context.comment(self.comment, false)?;
        let id = context.tx.new_id();
        context.tx.open(
            &TOKEN,
            &[
                id.into(),
                principal.into(),
                (&hash).into(),
                expires.map(Timestamp::micros).into(),
                words.as_ref().into(),
                on.map(|on| on.id()).into(),
                comment.as_ref().into(),
            ],
        )?;
        context.tx.touch(principal)?;
        context.now().token(id)
    }
}

impl Command for RevokeToken {
    const NAME: &'static str = "revoke_token";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let ended = now.token_id(&self.token).and_then(|id| Ok((id, now.token(id)?.principal)));
        if let Ok((id, principal)) = ended
            && now.is_itself(&principal)?
        {
            // Not the others of its principal, for one that is narrow or was stolen.
            let own = now.session.token().cloned();
            let all = match &own {
                Some(token) => token.id == id || token.scope_now(now)?.is_all(),
                None => true,
            };
            if all {
                return Ok(Needs::Anyone("everybody may end their own tokens"));
            }
        }
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let id = context.now().token_id(&self.token)?;
        context.tx.close(&TOKEN, &[id.into()])?;
        context.changed_access(None)?;
        context.keep_a_steward()
    }
}

impl Command for AllowOsUsers {
    const NAME: &'static str = "allow_os_users";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        if now.allows_os_users()? == self.allowed {
            return Ok(());
        }
        if !self.allowed && now.session.is_of_os_user() {
            return Err(Detail::Conflict(
                "this session is the operating system's user's, and would end with this; do it in a session with a token".into(),
            )
            .into());
        }
        let key = [0.into(), OS_USERS.into()];
        if self.allowed {
            context.tx.close(&SETTING, &key)?;
        } else {
            context.tx.open(&SETTING, &[0.into(), OS_USERS.into(), "refused".into()])?;
        }
        context.changed_access(None)?;
        context.keep_a_steward()
    }
}

/// The setting of the registry that says whether the operating system's users are refused.
const OS_USERS: &str = "os_users";

impl Query for ListTokens {
    const NAME: &'static str = "list_tokens";
    type Output = Page<TokenRecord>;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        if let Some(principal) = &self.principal
            && now.is_itself(principal)?
        {
            return Ok(Needs::Anyone("everybody may know their own tokens"));
        }
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<TokenRecord>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let list = format!("tokens {:?}", self.principal);
        let of = self.principal.map(|principal| snapshot.principal_id(&principal)).transpose()?;
        let after: i64 = paging.after(&list)?.unwrap_or_default();
        let ids = snapshot.sql.all(
            "SELECT id FROM token WHERE id > ?1 AND until > ?2 AND since <= ?2 \
             AND (?3 < 0 OR principal = ?3) ORDER BY id LIMIT ?4",
            &[
                after.into(),
                snapshot.moment.into(),
                of.map_or(-1, |id| id.0).into(),
                paging.limit()?.into(),
            ],
            |row| row.id(0),
        )?;
        paging.page(ids, &list, |id| id.0)?.map(|id| snapshot.token(id))
    }
}

impl Token {
    /// The token's scope, while it is neither revoked nor past its end.
    pub(crate) fn scope_now(&self, snapshot: &mut Snapshot<'_>) -> Result<Scope> {
        let row = snapshot.sql.first(
            "SELECT privileges, securable FROM token WHERE id = ?1 AND principal = ?2 AND until > ?3",
            &[self.id.into(), self.principal.into(), snapshot.moment.into()],
            |row| Ok((row.opt_string(0)?, row.opt_int(1)?)),
        )?;
        let (words, securable) = row.ok_or_else(refused)?;
        let privileges = words.map(|words| {
            let words: Vec<String> = serde_json::from_str(&words).unwrap_or_default();
            words.iter().filter_map(|word| word.parse::<Privilege>().ok()).collect()
        });
        Ok(Scope { privileges, securable: securable.map(EntityId) })
    }
}

impl Snapshot<'_> {
    /// The token that a text is, with its principal's name.
    pub(crate) fn authenticate(&mut self, text: &str) -> Result<(Token, String)> {
        let parts = text.trim().strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
        let (id, secret) = parts.ok_or_else(refused)?;
        let secret: [u8; 32] = unhex(secret).ok_or_else(refused)?;
        let id = parse_id(id).ok_or_else(refused)?;
        let row = self.sql.first(
            "SELECT t.principal, t.digest, t.expires, n.name FROM token t \
             JOIN principal p ON p.id = t.principal AND p.until > ?2 \
             LEFT JOIN principal_name n ON n.id = t.principal WHERE t.id = ?1 AND t.until > ?2",
            &[id.into(), self.moment.into()],
            |row| {
                let expires = row.opt_int(2)?.map(Timestamp::from_micros);
                let token = Token { id, principal: row.id(0)?, expires };
                Ok((token, row.blob(1)?.to_vec(), row.opt_string(3)?))
            },
        )?;
        let (token, digest, name) = row.ok_or_else(refused)?;
        let is_in_time = token.expires.is_none_or(|expires| Timestamp::now() < expires);
        if !equal(&digest, &sha256(&secret)) || !is_in_time {
            return Err(refused());
        }
        let name = name.unwrap_or_else(|| format!("p{}", token.principal));
        Ok((token, name))
    }

    /// Whether a principal can prove itself for good: as a user of the operating system where these
    /// may act, or with a token that has no end and no scope.
    pub(crate) fn can_prove_itself(&mut self, principal: EntityId) -> Result<bool> {
        let proof = self.sql.first(
            "SELECT proof FROM principal_name WHERE id = ?1",
            &[principal.into()],
            |row| Ok(row.text(0)? == "os_user"),
        )?;
        if proof == Some(true) && self.allows_os_users()? {
            return Ok(true);
        }
        let token = self.sql.first(
            "SELECT 1 FROM token WHERE principal = ?1 AND expires IS NULL AND privileges IS NULL \
             AND securable IS NULL AND until > ?2 LIMIT 1",
            &[principal.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        Ok(token.is_some())
    }

    /// Whether the operating system's users may act without a token.
    pub(crate) fn allows_os_users(&mut self) -> Result<bool> {
        let refused = self.sql.first(
            "SELECT 1 FROM setting WHERE target = 0 AND key = ?1 AND until > ?2 AND since <= ?2",
            &[OS_USERS.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        Ok(refused.is_none())
    }

    /// The living token of an id.
    fn token_id(&mut self, text: &str) -> Result<EntityId> {
        let Some(id) = parse_id(text) else {
            // It may be the token itself, which no text repeats.
            return Err(Detail::InvalidArgument(
                "that is no token's id; expected one such as `t12`, which `list_tokens` shows"
                    .into(),
            )
            .into());
        };
        let living = self.sql.first(
            "SELECT id FROM token WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| row.id(0),
        )?;
        living.ok_or_else(|| self.absent("token", format!("t{id}")))
    }

    fn token(&mut self, id: EntityId) -> Result<TokenRecord> {
        let logged = self.logged;
        let row = self.sql.first(
            "SELECT t.principal, n.name, t.expires, t.privileges, t.securable, x.body, l.time FROM token t \
             LEFT JOIN log l ON l.n = t.since LEFT JOIN principal_name n ON n.id = t.principal \
             LEFT JOIN text x ON x.digest = t.comment \
             WHERE t.id = ?1 AND t.until > ?2 AND t.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                let words = row.opt_text(3)?.map(serde_json::from_str::<Vec<String>>);
                let record = TokenRecord {
                    id: format!("t{id}"),
                    principal: format!("p{}", row.int(0)?),
                    name: row.opt_string(1)?,
                    expires_at: row.opt_int(2)?.map(|at| Timestamp::from_micros(at).into()),
                    privileges: words.transpose().ok().flatten().unwrap_or_default(),
                    on: None,
                    comment: row.opt_string(5)?,
                    created_at: logged.time(row.opt_int(6)?)?,
                };
                Ok((record, row.opt_int(4)?.map(EntityId)))
            },
        )?;
        let (mut record, on) = row.ok_or_else(|| self.absent("token", format!("t{id}")))?;
        record.on = on.map(|on| self.securable_label(on)).transpose()?;
        Ok(record)
    }
}

/// `t12`
pub(crate) fn parse_id(text: &str) -> Option<EntityId> {
    let digits = text.strip_prefix('t').filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
    digits?.parse().ok().map(EntityId)
}

/// The moment after a time from now; just past the latest, which is refused, where it is beyond that.
fn end_after(time: Duration) -> chrono::DateTime<chrono::Utc> {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let end = Timestamp::now().micros().saturating_add(micros);
    Timestamp::from_micros(end.min(LATEST.micros() + 1)).into()
}

/// Compares in a time that does not depend on what differs.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differing) == 0
}

/// The token that the environment gives, by itself or in a file.
pub(crate) fn of_environment() -> Result<Option<String>> {
    // Set to nothing, as by a secret that is missing, they must not make it another session.
    let empty = |variable| {
        Detail::Unauthenticated(format!(
            "`{variable}` is set, and empty; give it a value, or unset it to act as the operating system's user"
        ))
    };
    if let Some(token) = std::env::var_os(VARIABLE) {
        let token = token.into_string().map_err(|_| refused())?;
        return if token.trim().is_empty() { Err(empty(VARIABLE).into()) } else { Ok(Some(token)) };
    }
    let Some(file) = std::env::var_os(FILE_VARIABLE) else { return Ok(None) };
    if file.is_empty() {
        return Err(empty(FILE_VARIABLE).into());
    }
    let token = std::fs::read_to_string(&file).map_err(|error| {
        Detail::Unauthenticated(format!(
            "the token's file `{}` of `{FILE_VARIABLE}` cannot be read: {error}",
            file.display()
        ))
    })?;
    Ok(Some(token))
}
