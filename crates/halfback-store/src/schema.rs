//! The relational schema: one definition, written out for each engine's dialect.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::checkpoint::beginning;
use crate::error::Result;
use crate::fact::{Column, Fact, Type};
use crate::id::{uuid, uuid_moment};
use crate::merkle::CompactRange;
use crate::sql::{Sql, Value};
use crate::time::Timestamp;

/// The format that this library writes; 0 until the first release.
pub const FORMAT: i64 = 0;

/// Which engine's words to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: `STRICT` tables, clustered by key.
    Sqlite,
    /// PostgreSQL: `COLLATE "C"` text.
    Postgres,
}

/// Names in the tree of catalogs, schemas and models: `parent` is 0 for a catalog.
pub static SECURABLE: Fact = Fact {
    table: "securable",
    columns: &[
        Column::new("parent", Type::Int),
        Column::new("kind", Type::Text),
        Column::new("name", Type::Text),
        Column::new("id", Type::Int),
    ],
    key: 3,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[
        ("securable_id", "id, until, since"),
        ("securable_name", "kind, name, id, until, since"),
    ],
};

/// What is said about a catalog, schema or model; `comment` is a reference to `text`.
pub static PROFILE: Fact = Fact {
    table: "profile",
    columns: &[
        Column::new("target", Type::Int),
        Column::new("owner", Type::Int),
        Column::optional("comment", Type::Blob),
        Column::optional("task", Type::Text),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("profile_owner", "owner, target, until, since")],
};

/// A registered version, as it was registered; `example` is a reference to `text`.
pub static VERSION: Fact = Fact {
    table: "version",
    columns: &[
        Column::new("id", Type::Int),
        Column::new("model", Type::Int),
        Column::new("number", Type::Int),
        Column::new("digest", Type::Blob),
        Column::new("size", Type::Int),
        Column::optional("location", Type::Text),
        Column::optional("flavor", Type::Text),
        Column::optional("framework_version", Type::Text),
        Column::new("executable", Type::Int),
        Column::optional("signature", Type::Text),
        Column::optional("example", Type::Blob),
        Column::new("params", Type::Text),
        Column::new("metrics", Type::Text),
        Column::optional("run", Type::Text),
        Column::optional("code_commit", Type::Text),
        Column::optional("source", Type::Text),
    ],
    key: 1,
    stays: true,
    texts: OnceLock::new(),
    indexes: &[
        ("version_number", "model, number, until"),
        ("version_digest", "digest, model"),
        ("version_run", "run, id"),
    ],
};

/// The named inputs of a version's signature, each a row, so that an index finds the versions that
/// take one.
pub static VERSION_FEATURE: Fact = Fact {
    table: "version_feature",
    columns: &[Column::new("version", Type::Int), Column::new("name", Type::Text)],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("version_feature_name", "name, version, until, since")],
};

/// What may change about a version; `comment` is a reference to `text`.
pub static VERSION_STATE: Fact = Fact {
    table: "version_state",
    columns: &[
        Column::new("version", Type::Int),
        Column::new("status", Type::Text),
        Column::new("stage", Type::Text),
        Column::optional("comment", Type::Blob),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("version_stage", "stage, version, until, since")],
};

/// Movable names of versions.
pub static ALIAS: Fact = Fact {
    table: "alias",
    columns: &[
        Column::new("model", Type::Int),
        Column::new("name", Type::Text),
        Column::new("version", Type::Int),
    ],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[
        ("alias_until", "model, until"),
        ("alias_name", "name, version, until, since, model"),
    ],
};

/// Aliases whose moves need the expected value.
pub static PROTECTION: Fact = Fact {
    table: "protection",
    columns: &[Column::new("model", Type::Int), Column::new("alias", Type::Text)],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// Tags of catalogs, schemas, models and versions; `kind` says which of them, so that a search for
/// one kind passes over the others.
pub static TAG: Fact = Fact {
    table: "tag",
    columns: &[
        Column::new("target", Type::Int),
        Column::new("key", Type::Text),
        Column::new("value", Type::Text),
        Column::new("kind", Type::Text),
    ],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[
        ("tag_until", "target, until"),
        ("tag_value", "key, value, kind, target, until, since"),
    ],
};

/// What a model or version was in the system that it was brought in from.
pub static ORIGIN: Fact = Fact {
    table: "origin",
    columns: &[
        Column::new("target", Type::Int),
        Column::new("system", Type::Text),
        Column::new("reference", Type::Text),
        Column::optional("created", Type::Int),
        Column::optional("creator", Type::Int),
        Column::optional("updated", Type::Int),
        Column::optional("uri", Type::Text),
        Column::optional("earlier", Type::Text),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("origin_reference", "system, reference, until")],
};

/// Versions whose content was purged, which the commit that opened the row tells the time of.
pub static PURGE: Fact = Fact {
    table: "purge",
    columns: &[Column::new("version", Type::Int)],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// Signatures over a version's files; `key` is the fingerprint of `public_key`.
pub static VERSION_SIGNATURE: Fact = Fact {
    table: "version_signature",
    columns: &[
        Column::new("version", Type::Int),
        Column::new("key", Type::Text),
        Column::new("public_key", Type::Text),
        Column::new("bundle", Type::Text),
    ],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// What versions were measured to be: `digest` is the SHA-256 of the measurement, `data_digest` that
/// of the columns that were measured, `detail` a JSON object of what is not searched.
pub static EVALUATION: Fact = Fact {
    table: "evaluation",
    columns: &[
        Column::new("id", Type::Int),
        Column::new("version", Type::Int),
        Column::new("task", Type::Text),
        Column::optional("dataset", Type::Text),
        Column::optional("dataset_digest", Type::Text),
        Column::new("rows", Type::Int),
        Column::new("data_digest", Type::Blob),
        Column::new("seed", Type::Int),
        Column::new("level", Type::Real),
        Column::new("library", Type::Text),
        Column::new("detail", Type::Text),
        Column::new("digest", Type::Blob),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("evaluation_version", "version, id, until, since")],
};

/// The metrics of an evaluation; `slice` and `slice_value` are empty for all rows, and `place` is the
/// order in which they were measured.
pub static EVALUATION_METRIC: Fact = Fact {
    table: "evaluation_metric",
    columns: &[
        Column::new("evaluation", Type::Int),
        Column::new("metric", Type::Text),
        Column::new("slice", Type::Text),
        Column::new("slice_value", Type::Text),
        Column::new("place", Type::Int),
        Column::new("rows", Type::Int),
        Column::optional("value", Type::Real),
        Column::optional("lower", Type::Real),
        Column::optional("upper", Type::Real),
        Column::optional("method", Type::Text),
        Column::optional("undefined", Type::Text),
        Column::optional("no_interval", Type::Text),
    ],
    key: 4,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("evaluation_metric_value", "metric, slice, value, evaluation, until, since")],
};

/// Two versions measured on the same rows: `digest`, `data_digest` and `detail` as of an evaluation.
pub static COMPARISON: Fact = Fact {
    table: "comparison",
    columns: &[
        Column::new("id", Type::Int),
        Column::new("candidate", Type::Int),
        Column::new("baseline", Type::Int),
        Column::new("task", Type::Text),
        Column::new("metric", Type::Text),
        Column::optional("dataset", Type::Text),
        Column::optional("dataset_digest", Type::Text),
        Column::new("rows", Type::Int),
        Column::new("data_digest", Type::Blob),
        Column::new("alternative", Type::Text),
        Column::new("margin", Type::Real),
        Column::new("adjustment", Type::Text),
        Column::new("seed", Type::Int),
        Column::new("level", Type::Real),
        Column::new("method", Type::Text),
        Column::new("library", Type::Text),
        Column::optional("detail", Type::Text),
        Column::new("digest", Type::Blob),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[
        ("comparison_candidate", "candidate, id, until, since"),
        ("comparison_baseline", "baseline, id, until, since"),
    ],
};

/// What a comparison says of all rows, `slice` and `slice_value` being empty, and of each slice.
pub static COMPARISON_RESULT: Fact = Fact {
    table: "comparison_result",
    columns: &[
        Column::new("comparison", Type::Int),
        Column::new("slice", Type::Text),
        Column::new("slice_value", Type::Text),
        Column::new("place", Type::Int),
        Column::new("rows", Type::Int),
        Column::optional("candidate_value", Type::Real),
        Column::optional("baseline_value", Type::Real),
        Column::optional("difference", Type::Real),
        Column::optional("lower", Type::Real),
        Column::optional("upper", Type::Real),
        Column::optional("p_value", Type::Real),
        Column::optional("adjusted_p_value", Type::Real),
        Column::new("verdict", Type::Text),
        Column::new("reason", Type::Text),
    ],
    key: 3,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// What was erased, by the digest that the log has covered since it was there; `target` is the commit,
/// principal, version or what else a text was about, and `reason` a reference to `text`.
pub static ERASURE: Fact = Fact {
    table: "erasure",
    columns: &[
        Column::new("kind", Type::Text),
        Column::new("target", Type::Int),
        Column::new("digest", Type::Blob),
        Column::new("reason", Type::Blob),
    ],
    key: 3,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[("erasure_since", "since, kind, target, digest")],
};

/// Securables, versions and principals of which nothing is erased or purged, once for each reason that
/// they are held for; `reason` is a reference to `text`.
pub static HOLD: Fact = Fact {
    table: "hold",
    columns: &[Column::new("target", Type::Int), Column::new("reason", Type::Blob)],
    key: 2,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// Who acts; `identity` refers to the erasable `principal_name`, see [`Tx::principal`](crate::tx::Tx::principal).
pub static PRINCIPAL: Fact = Fact {
    table: "principal",
    columns: &[
        Column::new("id", Type::Int),
        Column::new("kind", Type::Text),
        Column::new("identity", Type::Blob),
    ],
    key: 1,
    stays: false,
    texts: OnceLock::new(),
    indexes: &[],
};

/// Who is directly in which group.
pub static MEMBER: Fact = Fact {
    table: "member",
    columns: &[Column::new("group_id", Type::Int), Column::new("member", Type::Int)],
    key: 2,
    stays: false,
    indexes: &[("member_member", "member, until, since, group_id")],
    texts: OnceLock::new(),
};

/// What is granted or denied to principals; `kind` says what the securable is, `what` is a privilege
/// or a role.
pub static ACCESS_GRANT: Fact = Fact {
    table: "access_grant",
    columns: &[
        Column::new("principal", Type::Int),
        Column::new("securable", Type::Int),
        Column::new("what", Type::Text),
        Column::new("kind", Type::Text),
        Column::new("effect", Type::Text),
        Column::optional("condition", Type::Text),
    ],
    key: 3,
    stays: false,
    indexes: &[
        ("access_grant_until", "principal, until"),
        ("access_grant_securable", "securable, until, principal"),
    ],
    texts: OnceLock::new(),
};

/// Roles of the registry's own; `includes` is a JSON list of privileges and roles.
pub static ROLE: Fact = Fact {
    table: "role",
    columns: &[Column::new("name", Type::Text), Column::new("includes", Type::Text)],
    key: 1,
    stays: false,
    indexes: &[],
    texts: OnceLock::new(),
};

/// Pairs of roles that nobody may hold together, the first in the order of names first.
pub static SEPARATION: Fact = Fact {
    table: "separation",
    columns: &[Column::new("first", Type::Text), Column::new("second", Type::Text)],
    key: 2,
    stays: false,
    indexes: &[],
    texts: OnceLock::new(),
};

/// Tokens that prove a session: `digest` is the SHA-256 hash of the token's 256 bits, `privileges`
/// a JSON list; `comment` is a reference to `text`.
pub static TOKEN: Fact = Fact {
    table: "token",
    columns: &[
        Column::new("id", Type::Int),
        Column::new("principal", Type::Int),
        Column::new("digest", Type::Blob),
        Column::optional("expires", Type::Int),
        Column::optional("privileges", Type::Text),
        Column::optional("securable", Type::Int),
        Column::optional("comment", Type::Blob),
    ],
    key: 1,
    stays: false,
    indexes: &[("token_principal", "principal, until")],
    texts: OnceLock::new(),
};

/// Settings of the registry (target 0), a catalog or something below it.
pub static SETTING: Fact = Fact {
    table: "setting",
    columns: &[
        Column::new("target", Type::Int),
        Column::new("key", Type::Text),
        Column::new("value", Type::Text),
    ],
    key: 2,
    stays: false,
    indexes: &[],
    texts: OnceLock::new(),
};

/// Every fact table, in the order they are created and checked.
pub static FACTS: [&Fact; 24] = [
    &SECURABLE,
    &PROFILE,
    &VERSION,
    &VERSION_FEATURE,
    &VERSION_STATE,
    &ALIAS,
    &PROTECTION,
    &TAG,
    &ORIGIN,
    &PURGE,
    &VERSION_SIGNATURE,
    &EVALUATION,
    &EVALUATION_METRIC,
    &COMPARISON,
    &COMPARISON_RESULT,
    &PRINCIPAL,
    &MEMBER,
    &ACCESS_GRANT,
    &ROLE,
    &SEPARATION,
    &TOKEN,
    &SETTING,
    &ERASURE,
    &HOLD,
];

/// The facts whose texts can be searched, and which of their columns says what the texts are about.
pub(crate) static DESCRIBING: [(&Fact, usize); 4] =
    [(&SECURABLE, 3), (&PROFILE, 0), (&VERSION_STATE, 0), (&TAG, 0)];

/// The tables that are not facts. `word` is derived from facts and texts: it can be made anew.
const OTHERS: &str = "
CREATE TABLE registry (id BIGINT PRIMARY KEY, uuid TEXT NOT NULL, format BIGINT NOT NULL, created BIGINT NOT NULL)
CREATE TABLE head (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, time BIGINT NOT NULL, range BYTEA NOT NULL, leaf BYTEA NOT NULL, next_id BIGINT NOT NULL)
CREATE TABLE log (n BIGINT PRIMARY KEY, time BIGINT NOT NULL, actor BIGINT NOT NULL, header BYTEA NOT NULL)
CREATE TABLE payload (n BIGINT PRIMARY KEY, salt BYTEA NOT NULL, body TEXT NOT NULL)
CREATE TABLE touch (entity BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (entity, n))
CREATE TABLE text (digest BYTEA PRIMARY KEY, salt BYTEA NOT NULL, body TEXT NOT NULL)
CREATE TABLE word (word TEXT NOT NULL, target BIGINT NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL, PRIMARY KEY (word, target, until))
CREATE INDEX word_target ON word (target, until, since)
CREATE TABLE principal_name (id BIGINT PRIMARY KEY, salt BYTEA NOT NULL, proof TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL)
CREATE INDEX principal_subject ON principal_name (proof, subject)
CREATE INDEX principal_called ON principal_name (name)
CREATE TABLE idempotency (actor BIGINT NOT NULL, key TEXT NOT NULL, digest BYTEA NOT NULL, time BIGINT NOT NULL, outputs TEXT NOT NULL, PRIMARY KEY (actor, key))
";

/// The read-only views for people, described in docs/sql.md: the present without intervals or
/// secrets, and those that end in `_history` or are about what was deleted. A change that takes a
/// column away or gives it another meaning raises `views` in `v_registry`.
const VIEWS: &str = "
CREATE VIEW v_registry AS SELECT r.uuid, r.format, 1 AS views, r.created AS created_at, h.n AS number, h.time FROM registry r JOIN head h ON h.id = r.id
CREATE VIEW v_catalog AS SELECT s.id, s.name, o.name AS owner, t.body AS comment FROM securable s JOIN profile p ON p.target = s.id AND p.until = 9223372036854775807 LEFT JOIN principal_name o ON o.id = p.owner LEFT JOIN text t ON t.digest = p.comment WHERE s.kind = 'catalog' AND s.until = 9223372036854775807
CREATE VIEW v_schema AS SELECT s.id, c.name AS catalog, s.name, o.name AS owner, t.body AS comment FROM securable s JOIN securable c ON c.id = s.parent AND c.until = 9223372036854775807 JOIN profile p ON p.target = s.id AND p.until = 9223372036854775807 LEFT JOIN principal_name o ON o.id = p.owner LEFT JOIN text t ON t.digest = p.comment WHERE s.kind = 'schema' AND s.until = 9223372036854775807
CREATE VIEW v_model AS SELECT m.id, c.name AS catalog, s.name AS schema, m.name, p.task, o.name AS owner, t.body AS comment FROM securable m JOIN securable s ON s.id = m.parent AND s.until = 9223372036854775807 JOIN securable c ON c.id = s.parent AND c.until = 9223372036854775807 JOIN profile p ON p.target = m.id AND p.until = 9223372036854775807 LEFT JOIN principal_name o ON o.id = p.owner LEFT JOIN text t ON t.digest = p.comment WHERE m.kind = 'model' AND m.until = 9223372036854775807
CREATE VIEW v_version AS SELECT v.id, m.catalog, m.schema, m.name AS model, v.number, x.status, x.stage, v.digest, v.size, v.location, v.flavor, v.framework_version, v.executable, v.signature, v.params, v.metrics, v.run, v.code_commit, v.source, t.body AS comment, l.time AS created_at, w.name AS created_by FROM version v JOIN v_model m ON m.id = v.model JOIN version_state x ON x.version = v.id AND x.until = 9223372036854775807 LEFT JOIN text t ON t.digest = x.comment JOIN log l ON l.n = v.since LEFT JOIN principal_name w ON w.id = l.actor WHERE v.until = 9223372036854775807
CREATE VIEW v_feature AS SELECT m.catalog, m.schema, m.name AS model, v.number AS version, f.name AS feature FROM version_feature f JOIN version v ON v.id = f.version AND v.until = 9223372036854775807 JOIN v_model m ON m.id = v.model WHERE f.until = 9223372036854775807
CREATE VIEW v_alias AS SELECT m.catalog, m.schema, m.name AS model, a.name AS alias, v.number AS version, CASE WHEN p.alias IS NULL THEN 0 ELSE 1 END AS protected, l.time AS moved_at, w.name AS moved_by FROM alias a JOIN v_model m ON m.id = a.model JOIN version v ON v.id = a.version AND v.until = 9223372036854775807 JOIN log l ON l.n = a.since LEFT JOIN principal_name w ON w.id = l.actor LEFT JOIN protection p ON p.model = a.model AND p.alias = a.name AND p.until = 9223372036854775807 WHERE a.until = 9223372036854775807
CREATE VIEW v_tag AS SELECT target, kind, key, value FROM tag WHERE until = 9223372036854775807
CREATE VIEW v_origin AS SELECT o.target, o.system, o.reference, o.uri, o.created AS created_at, w.name AS created_by, o.earlier FROM origin o LEFT JOIN principal_name w ON w.id = o.creator WHERE o.until = 9223372036854775807
CREATE VIEW v_evaluation AS SELECT e.id, v.catalog, v.schema, v.model, v.number AS version, e.task, e.dataset, e.dataset_digest, e.rows, e.data_digest, e.seed, e.level, e.library, l.time AS recorded_at, w.name AS recorded_by FROM evaluation e JOIN v_version v ON v.id = e.version JOIN log l ON l.n = e.since LEFT JOIN principal_name w ON w.id = l.actor WHERE e.until = 9223372036854775807
CREATE VIEW v_evaluation_metric AS SELECT e.id AS evaluation, e.catalog, e.schema, e.model, e.version, e.dataset, x.metric, NULLIF(x.slice, '') AS slice, CASE WHEN x.slice = '' THEN NULL ELSE x.slice_value END AS slice_value, x.rows, x.value, x.lower, x.upper, e.level, x.method, x.undefined, x.no_interval FROM evaluation_metric x JOIN v_evaluation e ON e.id = x.evaluation WHERE x.until = 9223372036854775807
CREATE VIEW v_comparison AS SELECT k.id, a.catalog, a.schema, a.model, a.number AS version, b.catalog AS baseline_catalog, b.schema AS baseline_schema, b.model AS baseline_model, b.number AS baseline_version, k.metric, k.dataset, NULLIF(r.slice, '') AS slice, CASE WHEN r.slice = '' THEN NULL ELSE r.slice_value END AS slice_value, r.rows, r.candidate_value, r.baseline_value, r.difference, r.lower, r.upper, k.level, r.p_value, r.adjusted_p_value, k.method, k.alternative, k.margin, k.adjustment, r.verdict, r.reason, l.time AS recorded_at, w.name AS recorded_by FROM comparison k JOIN comparison_result r ON r.comparison = k.id AND r.until = 9223372036854775807 JOIN v_version a ON a.id = k.candidate JOIN v_version b ON b.id = k.baseline JOIN log l ON l.n = k.since LEFT JOIN principal_name w ON w.id = l.actor WHERE k.until = 9223372036854775807
CREATE VIEW v_principal AS SELECT id, name, proof FROM principal_name
CREATE VIEW v_model_name AS SELECT m.id, c.name AS catalog, s.name AS schema, m.name AS model FROM securable m JOIN securable s ON s.id = m.parent AND s.until = (SELECT MAX(e.until) FROM securable e WHERE e.id = m.parent) JOIN securable c ON c.id = s.parent AND c.until = (SELECT MAX(e.until) FROM securable e WHERE e.id = s.parent) WHERE m.kind = 'model' AND m.until = (SELECT MAX(e.until) FROM securable e WHERE e.id = m.id)
CREATE VIEW v_alias_history AS SELECT m.catalog, m.schema, m.model, a.name AS alias, v.number AS version, a.since AS from_commit, f.time AS from_time, fw.name AS from_actor, u.n AS until_commit, u.time AS until_time, uw.name AS until_actor FROM alias a JOIN v_model_name m ON m.id = a.model JOIN version v ON v.id = a.version JOIN log f ON f.n = a.since LEFT JOIN principal_name fw ON fw.id = f.actor LEFT JOIN log u ON u.n = a.until LEFT JOIN principal_name uw ON uw.id = u.actor
CREATE VIEW v_stage_history AS SELECT m.catalog, m.schema, m.model, v.number AS version, x.status, x.stage, x.since AS from_commit, f.time AS from_time, fw.name AS from_actor, u.n AS until_commit, u.time AS until_time, uw.name AS until_actor FROM version_state x JOIN version v ON v.id = x.version JOIN v_model_name m ON m.id = v.model JOIN log f ON f.n = x.since LEFT JOIN principal_name fw ON fw.id = f.actor LEFT JOIN log u ON u.n = x.until LEFT JOIN principal_name uw ON uw.id = u.actor
CREATE VIEW v_deleted_version AS SELECT v.id, m.catalog, m.schema, m.model, v.number, v.digest, v.size, f.time AS created_at, u.time AS deleted_at, w.name AS deleted_by, d.time AS purged_at FROM version v JOIN v_model_name m ON m.id = v.model JOIN log f ON f.n = v.since JOIN log u ON u.n = v.until LEFT JOIN principal_name w ON w.id = u.actor LEFT JOIN purge p ON p.version = v.id LEFT JOIN log d ON d.n = p.since
CREATE VIEW v_history AS SELECT l.n AS number, l.time, p.name AS actor, y.body AS commands FROM log l LEFT JOIN principal_name p ON p.id = l.actor LEFT JOIN payload y ON y.n = l.n
CREATE VIEW v_touched AS SELECT t.entity AS target, t.n AS number FROM touch t
";

/// Makes an empty registry of [`FORMAT`] in an empty database.
pub fn create(sql: &mut dyn Sql, dialect: Dialect, now: Timestamp) -> Result<()> {
    for statement in statements(dialect) {
        sql.execute(&statement, &[])?;
    }
    let uuid = uuid(now)?;
    // The log is about the identity, and so about the moment in it.
    let created = uuid_moment(&uuid).unwrap_or(now);
    sql.execute(
        "INSERT INTO registry (id, uuid, format, created) VALUES (1, ?1, ?2, ?3)",
        &[Value::from(&uuid), FORMAT.into(), created.micros().into()],
    )?;
    sql.execute(
        "INSERT INTO head (id, n, time, range, leaf, next_id) VALUES (1, 0, 0, ?1, ?2, 1)",
        &[Value::from(&CompactRange::default().to_bytes()), Value::from(&beginning(&uuid))],
    )?;
    Ok(())
}

/// Every statement that makes the schema, in order.
pub fn statements(dialect: Dialect) -> Vec<String> {
    let mut statements = Vec::new();
    for fact in FACTS {
        statements.push(table(fact));
        for (name, columns) in fact.indexes {
            statements.push(format!("CREATE INDEX {name} ON {} ({columns})", fact.table));
        }
    }
    let others = OTHERS.lines().chain(VIEWS.lines()).filter(|line| !line.is_empty());
    statements.extend(others.map(str::to_owned));
    statements.into_iter().map(|statement| translate(&statement, dialect)).collect()
}

fn table(fact: &Fact) -> String {
    let mut sql = format!("CREATE TABLE {} (", fact.table);
    for column in fact.columns {
        let kind = match column.kind {
            Type::Int => "BIGINT",
            Type::Real => "DOUBLE PRECISION",
            Type::Text => "TEXT",
            Type::Blob => "BYTEA",
        };
        let null = if column.optional { "" } else { " NOT NULL" };
        let _ = write!(sql, "{} {kind}{null}, ", column.name);
    }
    let key: Vec<&str> = fact.columns.iter().take(fact.key).map(|column| column.name).collect();
    let _ = write!(
        sql,
        "since BIGINT NOT NULL, until BIGINT NOT NULL, PRIMARY KEY ({}, until))",
        key.join(", ")
    );
    sql
}

fn translate(statement: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => statement.replace(" TEXT", " TEXT COLLATE \"C\""),
        Dialect::Sqlite if statement.starts_with("CREATE TABLE") => {
            let typed = statement
                .replace(" BIGINT", " INTEGER")
                .replace(" DOUBLE PRECISION", " REAL")
                .replace(" BYTEA", " BLOB");
            // Tables whose rows come in key order keep their row ids: appending is cheapest.
            let appended = ["log ", "payload ", "text "]
                .iter()
                .any(|table| typed.starts_with(&format!("CREATE TABLE {table}")));
            typed + if appended { " STRICT" } else { " STRICT, WITHOUT ROWID" }
        }
        Dialect::Sqlite => statement.to_owned(),
    }
}
