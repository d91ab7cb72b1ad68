//! The attributes that a search knows: one table. Whatever is added here can be filtered by and,
//! where its kind allows it, ordered by.

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Models,
    Versions,
}

impl Subject {
    /// The column of a row's id.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Models => "m.id",
            Self::Versions => "v.id",
        }
    }
}

/// What values an attribute has, and so what can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    /// Microseconds, asked for as RFC 3339 text or a date.
    Time,
    /// One of a few words, in any case.
    Word(&'static [&'static str]),
    Digest,
    /// The last part of a model's name; `=` also takes a longer part of it.
    Name,
    /// A model's full name.
    FullName,
    /// One of several: a test passes when it holds for any of them.
    Alias,
    /// One of several input names, which are not in a normal form.
    Feature,
    /// By key.
    Tag,
    /// By key, of any scalar type.
    Param,
    /// A number by metric, or a bound of it by metric and `lower` or `upper`.
    Metric,
}

impl Kind {
    /// The column of one value, where an attribute has several: its source is then all that follows
    /// the columns of a `SELECT`.
    pub(super) fn of_several(self) -> Option<&'static str> {
        match self {
            Self::Alias => Some("a.name"),
            Self::Feature => Some("f.name"),
            _ => None,
        }
    }
}

/// An attribute of models, of versions, or of both.
#[derive(Debug)]
pub(super) struct Attribute {
    /// Its name, then other names for it.
    pub(super) names: &'static [&'static str],
    pub(super) kind: Kind,
    models: Option<Source>,
    versions: Option<Source>,
}

/// Where one subject has an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// An expression on the row `m` with `s` and `c` (a model with its schema and catalog) or `v`
    /// (a version), in which `@` is the moment, and `#` the column of a metric that is meant. A plain
    /// column unless it opens with `(`.
    pub(super) sql: &'static str,
    /// Whether it can be absent.
    pub(super) optional: bool,
    /// Where an index gives the ids for a value.
    pub(super) index: Option<Index>,
}

/// How an index gives ids: a `SELECT` of `id` to which a condition on `column` is added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index {
    pub(super) select: &'static str,
    pub(super) column: &'static str,
    /// For one value, each id comes once, and they come in order.
    pub(super) ordered: bool,
}

impl Attribute {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ATTRIBUTES.iter().find(|attribute| attribute.names.contains(&name))
    }

    pub(super) fn of(&self, subject: Subject) -> Option<Source> {
        match subject {
            Subject::Models => self.models,
            Subject::Versions => self.versions,
        }
    }

    /// Whether its order is the order of ids, which are given out as things are made.
    pub(super) fn is_creation(&self) -> bool {
        self.names.iter().any(|name| matches!(*name, "created_at" | "creation_timestamp"))
    }

    pub(super) fn has_key(&self) -> bool {
        matches!(self.kind, Kind::Tag | Kind::Param | Kind::Metric)
    }

    /// The name that one was probably meant to be.
    pub(super) fn near(subject: Subject, name: &str) -> Option<&'static str> {
        const LONGEST: usize = 32;
        const FARTHEST: usize = 2;
        if name.len() > LONGEST {
            return None;
        }
        let known = ATTRIBUTES.iter().filter(|attribute| attribute.of(subject).is_some());
        let far = known
            .flat_map(|attribute| attribute.names)
            .map(|known| (distance(&name.to_lowercase(), known), *known));
        // Of a short name, two changes leave nothing.
        let (far, near) = far.min_by_key(|(far, _)| *far)?;
        (far <= FARTHEST && 2 * far < near.len()).then_some(near)
    }

    /// The names of all attributes of a subject, for an error.
    pub(super) fn list(subject: Subject) -> String {
        let known = ATTRIBUTES.iter().filter(|attribute| attribute.of(subject).is_some());
        let names: Vec<String> = known
            .filter_map(|attribute| {
                let name = attribute.names.first()?;
                Some(if attribute.has_key() { format!("{name}.key") } else { (*name).to_owned() })
            })
            .collect();
        names.join(", ")
    }
}

/// How many characters one must insert, delete or replace to make one text the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (place, a) in (1..).zip(from.chars()) {
        let mut left = place;
        let mut diagonal = place - 1;
        let mut next = vec![place];
        for (above, b) in row.iter().skip(1).zip(to.chars()) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(a != b));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// `alias.until > @ AND alias.since <= @`: the row lived at the moment.
macro_rules! live {
    ($row:literal) => {
        concat!($row, ".until > @ AND ", $row, ".since <= @")
    };
}
pub(super) use live;

#[expect(clippy::unnecessary_wraps, reason = "the table reads as it is filled in")]
const fn always(sql: &'static str) -> Option<Source> {
    Some(Source { sql, optional: false, index: None })
}

#[expect(clippy::unnecessary_wraps, reason = "the table reads as it is filled in")]
const fn maybe(sql: &'static str) -> Option<Source> {
    Some(Source { sql, optional: true, index: None })
}

const fn indexed(
    source: Option<Source>,
    select: &'static str,
    column: &'static str,
    ordered: bool,
) -> Option<Source> {
    match source {
        Some(source) => Some(Source { index: Some(Index { select, column, ordered }), ..source }),
        None => None,
    }
}

const STAGES: &[&str] = &["none", "staging", "production", "archived"];
const STATUSES: &[&str] = &["PENDING_REGISTRATION", "READY", "FAILED_REGISTRATION"];

static ATTRIBUTES: &[Attribute] = &[
    Attribute {
        names: &["name"],
        kind: Kind::Name,
        models: indexed(
            always("m.name"),
            concat!("SELECT m.id FROM securable m WHERE m.kind = 'model' AND ", live!("m")),
            "m.name",
            false,
        ),
        versions: indexed(
            always(concat!(
                "(SELECT m.name FROM securable m WHERE m.id = v.model AND ",
                live!("m"),
                ")"
            )),
            concat!(
                "SELECT v.id FROM securable m CROSS JOIN version v WHERE v.model = m.id AND m.kind = 'model' AND ",
                live!("m"),
                " AND ",
                live!("v"),
            ),
            "m.name",
            false,
        ),
    },
    Attribute {
        names: &["model"],
        kind: Kind::FullName,
        models: always("m.name"),
        versions: always("v.model"),
    },
    Attribute {
        names: &["schema"],
        kind: Kind::Text,
        models: always("s.name"),
        versions: always(concat!(
            "(SELECT s.name FROM securable m JOIN securable s ON s.id = m.parent WHERE m.id = v.model AND ",
            live!("m"),
            " AND ",
            live!("s"),
            ")",
        )),
    },
    Attribute {
        names: &["catalog"],
        kind: Kind::Text,
        models: always("c.name"),
        versions: always(concat!(
            "(SELECT c.name FROM securable m JOIN securable s ON s.id = m.parent JOIN securable c ON c.id = s.parent \
             WHERE m.id = v.model AND ",
            live!("m"),
            " AND ",
            live!("s"),
            " AND ",
            live!("c"),
            ")",
        )),
    },
    Attribute {
        names: &["owner"],
        kind: Kind::Text,
        models: indexed(
            maybe(concat!(
                "(SELECT o.name FROM profile p JOIN principal_name o ON o.id = p.owner WHERE p.target = m.id AND ",
                live!("p"),
                ")",
            )),
            concat!(
                "SELECT p.target AS id FROM principal_name o CROSS JOIN profile p WHERE p.owner = o.id AND ",
                live!("p"),
            ),
            "o.name",
            false,
        ),
        versions: indexed(
            maybe(concat!(
                "(SELECT o.name FROM profile p JOIN principal_name o ON o.id = p.owner WHERE p.target = v.model AND ",
                live!("p"),
                ")",
            )),
            concat!(
                "SELECT v.id FROM principal_name o CROSS JOIN profile p CROSS JOIN version v \
                 WHERE p.owner = o.id AND v.model = p.target AND ",
                live!("p"),
                " AND ",
                live!("v"),
            ),
            "o.name",
            false,
        ),
    },
    Attribute {
        names: &["task"],
        kind: Kind::Text,
        models: maybe(concat!(
            "(SELECT p.task FROM profile p WHERE p.target = m.id AND ",
            live!("p"),
            ")"
        )),
        versions: maybe(concat!(
            "(SELECT p.task FROM profile p WHERE p.target = v.model AND ",
            live!("p"),
            ")"
        )),
    },
    Attribute {
        names: &["comment"],
        kind: Kind::Text,
        models: maybe(concat!(
            "(SELECT t.body FROM profile p JOIN text t ON t.digest = p.comment WHERE p.target = m.id AND ",
            live!("p"),
            ")",
        )),
        versions: maybe(concat!(
            "(SELECT t.body FROM version_state x JOIN text t ON t.digest = x.comment WHERE x.version = v.id AND ",
            live!("x"),
            ")",
        )),
    },
    Attribute {
        names: &["tags", "tag"],
        kind: Kind::Tag,
        models: indexed(
            maybe(concat!(
                "(SELECT g.value FROM tag g WHERE g.target = m.id AND g.key = $ AND ",
                live!("g"),
                ")"
            )),
            concat!(
                "SELECT g.target AS id FROM tag g WHERE g.key = $ AND g.kind = 'model' AND ",
                live!("g")
            ),
            "g.value",
            true,
        ),
        versions: indexed(
            maybe(concat!(
                "(SELECT g.value FROM tag g WHERE g.target = v.id AND g.key = $ AND ",
                live!("g"),
                ")"
            )),
            concat!(
                "SELECT g.target AS id FROM tag g WHERE g.key = $ AND g.kind = 'version' AND ",
                live!("g")
            ),
            "g.value",
            true,
        ),
    },
    Attribute {
        names: &["alias", "aliases"],
        kind: Kind::Alias,
        models: indexed(
            maybe(concat!("FROM alias a WHERE a.model = m.id AND ", live!("a"))),
            concat!("SELECT a.model AS id FROM alias a WHERE ", live!("a")),
            "a.name",
            false,
        ),
        versions: indexed(
            maybe(concat!(
                "FROM alias a WHERE a.model = v.model AND a.version = v.id AND ",
                live!("a")
            )),
            concat!("SELECT a.version AS id FROM alias a WHERE ", live!("a")),
            "a.name",
            true,
        ),
    },
    Attribute {
        names: &["feature", "features"],
        kind: Kind::Feature,
        models: indexed(
            maybe(concat!(
                "FROM version w CROSS JOIN version_feature f WHERE w.model = m.id AND f.version = w.id AND ",
                live!("w"),
                " AND ",
                live!("f"),
            )),
            concat!(
                "SELECT w.model AS id FROM version_feature f CROSS JOIN version w WHERE w.id = f.version AND ",
                live!("w"),
                " AND ",
                live!("f"),
            ),
            "f.name",
            false,
        ),
        versions: indexed(
            maybe(concat!("FROM version_feature f WHERE f.version = v.id AND ", live!("f"))),
            concat!("SELECT f.version AS id FROM version_feature f WHERE ", live!("f")),
            "f.name",
            true,
        ),
    },
    Attribute {
        names: &["created_at", "created"],
        kind: Kind::Time,
        models: always(
            "(SELECT l.time FROM log l WHERE l.n = (SELECT MIN(n) FROM touch WHERE entity = m.id))",
        ),
        versions: always("(SELECT l.time FROM log l WHERE l.n = v.since)"),
    },
    Attribute {
        names: &["updated_at", "updated"],
        kind: Kind::Time,
        models: always(
            "(SELECT l.time FROM log l WHERE l.n = (SELECT MAX(n) FROM touch WHERE entity = m.id AND n <= @))",
        ),
        versions: always(
            "(SELECT l.time FROM log l WHERE l.n = (SELECT MAX(n) FROM touch WHERE entity = v.id AND n <= @))",
        ),
    },
    Attribute {
        names: &["creation_timestamp"],
        kind: Kind::Int,
        models: always(
            "(SELECT l.time / 1000 FROM log l WHERE l.n = (SELECT MIN(n) FROM touch WHERE entity = m.id))",
        ),
        versions: always("(SELECT l.time / 1000 FROM log l WHERE l.n = v.since)"),
    },
    Attribute {
        names: &["last_updated_timestamp"],
        kind: Kind::Int,
        models: always(
            "(SELECT l.time / 1000 FROM log l WHERE l.n = (SELECT MAX(n) FROM touch WHERE entity = m.id AND n <= @))",
        ),
        versions: always(
            "(SELECT l.time / 1000 FROM log l WHERE l.n = (SELECT MAX(n) FROM touch WHERE entity = v.id AND n <= @))",
        ),
    },
    Attribute {
        names: &["version", "version_number", "number"],
        kind: Kind::Int,
        models: None,
        versions: always("v.number"),
    },
    Attribute {
        names: &["stage", "current_stage"],
        kind: Kind::Word(STAGES),
        models: None,
        versions: indexed(
            always(concat!(
                "(SELECT x.stage FROM version_state x WHERE x.version = v.id AND ",
                live!("x"),
                ")"
            )),
            concat!("SELECT x.version AS id FROM version_state x WHERE ", live!("x")),
            "x.stage",
            true,
        ),
    },
    Attribute {
        names: &["status"],
        kind: Kind::Word(STATUSES),
        models: None,
        versions: always(concat!(
            "(SELECT x.status FROM version_state x WHERE x.version = v.id AND ",
            live!("x"),
            ")",
        )),
    },
    Attribute { names: &["flavor"], kind: Kind::Text, models: None, versions: maybe("v.flavor") },
    Attribute {
        names: &["digest"],
        kind: Kind::Digest,
        models: None,
        versions: indexed(
            always("v.digest"),
            concat!("SELECT v.id FROM version v WHERE ", live!("v")),
            "v.digest",
            false,
        ),
    },
    Attribute { names: &["size"], kind: Kind::Int, models: None, versions: always("v.size") },
    Attribute {
        names: &["run", "run_id"],
        kind: Kind::Text,
        models: None,
        versions: indexed(
            maybe("v.run"),
            concat!("SELECT v.id FROM version v WHERE ", live!("v")),
            "v.run",
            true,
        ),
    },
    Attribute {
        names: &["source", "source_path"],
        kind: Kind::Text,
        models: None,
        versions: maybe("v.source"),
    },
    Attribute {
        names: &["location"],
        kind: Kind::Text,
        models: None,
        versions: maybe("v.location"),
    },
    Attribute {
        names: &["code_commit"],
        kind: Kind::Text,
        models: None,
        versions: maybe("v.code_commit"),
    },
    Attribute {
        names: &["params", "param"],
        kind: Kind::Param,
        models: None,
        versions: always("v.params"),
    },
    // The newest evaluation that has the metric, over all its rows.
    Attribute {
        names: &["metric"],
        kind: Kind::Metric,
        models: None,
        versions: indexed(
            maybe(concat!(
                "(SELECT x.# FROM evaluation e JOIN evaluation_metric x ON x.evaluation = e.id \
                 WHERE e.version = v.id AND x.metric = $ AND x.slice = '' AND ",
                live!("e"),
                " AND ",
                live!("x"),
                " ORDER BY e.id DESC LIMIT 1)",
            )),
            concat!(
                "SELECT e.version AS id FROM evaluation_metric x CROSS JOIN evaluation e \
                 WHERE e.id = x.evaluation AND x.metric = $ AND x.slice = '' AND ",
                live!("e"),
                " AND ",
                live!("x"),
            ),
            "x.#",
            false,
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let check =
            |subject, name, near| assert_eq!(Attribute::near(subject, name), near, "{name}");
        check(Subject::Models, "onwer", Some("owner"));
        check(Subject::Models, "Name", Some("name"));
        check(Subject::Models, "create_at", Some("created_at"));
        check(Subject::Versions, "stagee", Some("stage"));
        check(Subject::Models, "stagee", None);
        check(Subject::Models, "colour", None);
        check(Subject::Models, "x", None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn every_name_means_one_attribute() {
        let names: Vec<&str> =
            ATTRIBUTES.iter().flat_map(|attribute| attribute.names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }
}
