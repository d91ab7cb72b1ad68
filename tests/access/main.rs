//! Who may do what: rights as they are given, narrowed, taken back and explained; `walk` goes through
//! all commands and queries.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::default_trait_access,
    clippy::too_many_lines,
    reason = "a failed expectation is this file's way of failing"
)]

mod attacks;
mod explained;
mod gains;
mod levels;
mod mistakes;
mod recertification;
mod sight;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use halfback::{
    Content, CreatePrincipal, Explain, Grant, ListModels, ListPrincipals, Options, Privilege,
    RegisterVersion, Registry, SearchModels, SearchVersions, TokenOptions, no_progress,
};

/// A registry with two catalogs, each with a model that has a version, an alias and a tag.
struct World {
    folder: tempfile::TempDir,
    steward: Registry,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let steward = Registry::open_with(folder.path().join("models.hb"), options).unwrap();
        let world = Self { folder, steward };
        for model in ["risk.credit.default", "sales.web.churn"] {
            world.add_model(model);
        }
        world
    }

    fn add_model(&self, name: &str) {
        let registry = &self.steward;
        registry.create_model(halfback::CreateModel { parents: true, ..name.into() }).unwrap();
        let content = Content::Bytes { name: "model.bin".into(), bytes: name.as_bytes().to_vec() };
        let version = RegisterVersion { model: name.into(), ..RegisterVersion::default() };
        registry.register_version(&content, version, &mut no_progress).unwrap();
        registry.set_alias(name, "champion", 1).unwrap();
        registry.set_tag(&format!("models:/{name}"), "env", "test").unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("models.hb")
    }

    /// A session of a service principal, made where there is none.
    fn session(&self, name: &str) -> Registry {
        self.scoped(name, TokenOptions::default())
    }

    fn scoped(&self, name: &str, options: TokenOptions) -> Registry {
        let kind = halfback::PrincipalKind::Service;
        let create =
            CreatePrincipal { name: name.into(), kind, exist_ok: true, ..Default::default() };
        self.steward.execute(create).unwrap();
        let token = self.steward.create_token(name, options).unwrap().token;
        Registry::open_with_token(self.path(), Options::default(), &token).unwrap()
    }

    fn grant(&self, what: &str, on: &str, to: &str) {
        self.steward.grant(what, on, to).unwrap();
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: halfback::Result<T>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

const MODEL: &str = "models:/risk.credit.default";

#[test]
fn grants_flow_down_and_denials_win() {
    let world = World::new();
    let session = world.session("ann");
    let sees = |name: &str| session.find_model(name).unwrap().is_some();
    assert!(!sees("risk.credit.default"));

    world.grant("Consumer", "catalogs:/risk", "ann");
    assert!(sees("risk.credit.default"));
    assert!(!sees("sales.web.churn"));
    assert_eq!(session.list_catalogs(Default::default()).unwrap().items.len(), 1);
    world.add_model("risk.credit.later");
    assert!(sees("risk.credit.later"));

    world.steward.deny("EXECUTE", "schemas:/risk.credit", "ann").unwrap();
    assert_eq!(code(session.get_artifact("risk.credit.later/1")), "permission_denied");
    assert!(sees("risk.credit.later"));
    world.steward.deny("BROWSE", "models:/risk.credit.later", "ann").unwrap();
    assert!(!sees("risk.credit.later"));
    assert_eq!(code(session.get_artifact("risk.credit.later/1")), "not_found");
    let later = world.steward.get_model("risk.credit.later").unwrap().id;
    for id in [later, 1_000_000, -1] {
        assert!(!session.can(Privilege::Browse, id).unwrap());
    }
    world.steward.revoke("BROWSE", "models:/risk.credit.later", "ann").unwrap();
    assert!(session.can(Privilege::Browse, later).unwrap());
    assert!(!session.can(Privilege::Execute, later).unwrap());
    world.steward.revoke("EXECUTE", "schemas:/risk.credit", "ann").unwrap();
    assert_eq!(code(session.get_artifact("risk.credit.later/1")), "ok");
}

#[test]
fn nothing_but_sight_works_without_the_use_of_what_it_lies_in() {
    let world = World::new();
    let session = world.session("ann");
    world.grant("EXECUTE", MODEL, "ann");
    assert_eq!(code(session.get_model("risk.credit.default")), "not_found");
    world.grant("USE SCHEMA", "schemas:/risk.credit", "ann");
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "not_found");
    world.grant("USE CATALOG", "catalogs:/risk", "ann");
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "ok");
    assert_eq!(code(session.set_tag(MODEL, "k", "v")), "permission_denied");
}

#[test]
fn groups_are_nested_and_have_no_cycles() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    for group in ["inner", "outer"] {
        registry.create_group(group).unwrap();
    }
    registry.add_member("inner", "ann").unwrap();
    registry.add_member("outer", "inner").unwrap();
    assert_eq!(code(registry.add_member("inner", "outer")), "conflict");
    assert_eq!(code(registry.add_member("inner", "inner")), "conflict");
    world.grant("Consumer", "registry:/", "outer");
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "ok");
    registry.remove_member("outer", "inner").unwrap();
    assert_eq!(code(session.get_model("risk.credit.default")), "not_found");
    world.grant("Browser", "registry:/", "everyone");
    assert_eq!(code(session.get_model("risk.credit.default")), "ok");
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "permission_denied");
}

#[test]
fn nobody_grants_to_themselves_or_what_they_do_not_hold() {
    let world = World::new();
    let ann = world.session("ann");
    world.session("bob");
    for what in ["Consumer", "MANAGE"] {
        world.grant(what, "catalogs:/risk", "ann");
    }
    assert_eq!(code(ann.grant("EXECUTE", MODEL, "bob")), "ok");
    assert_eq!(code(ann.grant("DEPLOY", MODEL, "bob")), "permission_denied");
    assert_eq!(code(ann.grant("Developer", MODEL, "bob")), "permission_denied");
    assert_eq!(code(ann.grant("EXECUTE", MODEL, "ann")), "permission_denied");
    assert_eq!(code(ann.grant("EXECUTE", MODEL, "everyone")), "permission_denied");
    assert_eq!(code(ann.grant("EXECUTE", "models:/sales.web.churn", "bob")), "not_found");
    world.steward.deny("REVIEW", MODEL, "ann").unwrap();
    assert_eq!(code(ann.revoke("REVIEW", MODEL, "ann")), "permission_denied");
}

#[test]
fn the_last_steward_stays() {
    let world = World::new();
    let registry = &world.steward;
    let creator = registry.whoami().unwrap().id.unwrap();
    assert_eq!(code(registry.revoke("Steward", "registry:/", &creator)), "conflict");
    assert_eq!(code(registry.deny("BROWSE", "registry:/", &creator)), "conflict");
    assert_eq!(code(registry.deny("BROWSE", MODEL, "everyone")), "conflict");
    assert_eq!(code(registry.delete_principal(&creator)), "in_use");
    world.session("ann");
    world.grant("Steward", "registry:/", "ann");
    assert_eq!(code(registry.revoke("Steward", "registry:/", &creator)), "ok");
    assert_eq!(code(registry.create_catalog("new")), "permission_denied");
}

#[test]
fn roles_are_made_of_roles_and_kept_apart() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    registry.set_role("Scorer", &["Consumer", "set_alias"]).unwrap();
    assert_eq!(code(registry.set_role("Consumer", &["BROWSE"])), "reserved_name");
    assert_eq!(code(registry.set_role("A", &["Nonsense"])), "invalid_argument");
    registry.set_role("A", &["Scorer"]).unwrap();
    assert_eq!(code(registry.set_role("Scorer", &["A"])), "conflict");
    world.grant("A", "registry:/", "ann");
    assert_eq!(code(session.set_alias("risk.credit.default", "next", 1)), "ok");
    assert_eq!(code(registry.delete_role("A")), "in_use");
    assert_eq!(code(registry.delete_role("Scorer")), "in_use");

    registry.separate_roles("Scorer", "Reviewer", true).unwrap();
    assert_eq!(code(registry.grant("Reviewer", MODEL, "ann")), "conflict");
    registry.create_group("reviewers").unwrap();
    registry.grant("Reviewer", MODEL, "reviewers").unwrap();
    assert_eq!(code(registry.add_member("reviewers", "ann")), "conflict");
    registry.set_role("Scorer", &["Consumer"]).unwrap();
    assert_eq!(code(session.set_alias("risk.credit.default", "other", 1)), "permission_denied");
    registry.separate_roles("Scorer", "Reviewer", false).unwrap();
    registry.add_member("reviewers", "ann").unwrap();
}

#[test]
fn tokens_prove_a_session_until_they_end() {
    let world = World::new();
    let registry = &world.steward;
    registry.create_service("scoring").unwrap();
    world.grant("Developer", "registry:/", "scoring");
    let new = registry.create_token("scoring", TokenOptions::default()).unwrap();
    let open = |token: &str| Registry::open_with_token(world.path(), Options::default(), token);
    let session = open(&new.token).unwrap();
    assert_eq!(session.whoami().unwrap().proof, "token");
    let resolved = session.resolve("risk.credit.default@champion").unwrap();
    assert_eq!(resolved.number, 1);

    let foreign = World::new();
    foreign.steward.create_service("scoring").unwrap();
    let foreign = foreign.steward.create_token("scoring", TokenOptions::default()).unwrap().token;
    let altered = format!("{}0", &new.token[..new.token.len() - 1]);
    let mut texts = BTreeSet::new();
    for wrong in ["", "halfback_", "halfback_t1_00", "nonsense", &foreign, &altered] {
        if wrong != new.token {
            let error = open(wrong).unwrap_err();
            assert_eq!(error.code(), "unauthenticated", "{wrong}");
            texts.insert(error.to_string());
        }
    }
    registry.revoke_token(&new.record.id).unwrap();
    let error = session.resolve("risk.credit.default@champion").unwrap_err();
    assert_eq!(error.code(), "unauthenticated");
    texts.insert(error.to_string());
    texts.insert(open(&new.token).unwrap_err().to_string());
    let soon = std::time::Duration::from_millis(50);
    let short = TokenOptions { expires_in: Some(soon), ..TokenOptions::default() };
    let short = registry.create_token("scoring", short).unwrap().token;
    let session = open(&short);
    std::thread::sleep(2 * soon);
    if let Ok(session) = session {
        texts.insert(session.get_model("risk.credit.default").unwrap_err().to_string());
    }
    texts.insert(open(&short).unwrap_err().to_string());
    assert_eq!(texts.len(), 1, "{texts:?}");
    // The token itself is nowhere.
    let (_, secret) = new.token.rsplit_once('_').unwrap();
    let database = std::fs::read(world.path().join("registry.db")).unwrap();
    let wal = std::fs::read(world.path().join("registry.db-wal")).unwrap_or_default();
    for bytes in [database, wal] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn a_token_narrows_and_never_widens() {
    let world = World::new();
    world.session("ann");
    world.grant("Developer", "registry:/", "ann");
    let options = |privileges: &[&str], on: Option<&str>| TokenOptions {
        privileges: privileges.iter().map(|&word| word.to_owned()).collect(),
        on: on.map(str::to_owned),
        ..TokenOptions::default()
    };
    let reader = world.scoped("ann", options(&["Consumer"], None));
    assert_eq!(code(reader.get_artifact("risk.credit.default/1")), "ok");
    assert_eq!(code(reader.set_tag(MODEL, "k", "v")), "permission_denied");
    let narrow = world.scoped("ann", options(&[], Some(MODEL)));
    assert_eq!(code(narrow.set_tag(MODEL, "k", "v")), "ok");
    assert_eq!(code(narrow.get_model("sales.web.churn")), "not_found");
    assert_eq!(narrow.search_models("").unwrap().items.len(), 1);
    let wide = world.scoped("ann", options(&["Steward"], None));
    assert_eq!(code(wide.create_catalog("new")), "permission_denied");
    assert_eq!(code(wide.create_token("ann", TokenOptions::default())), "permission_denied");
}

#[test]
fn conditions_are_about_tags_and_aliases() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    world.grant("USE CATALOG", "registry:/", "ann");
    world.grant("USE SCHEMA", "registry:/", "ann");
    let grant = |condition: &str| Grant {
        what: "EXECUTE".into(),
        on: "registry:/".into(),
        to: "ann".into(),
        condition: Some(condition.into()),
        ..Grant::default()
    };
    registry.execute(grant("tags.env = 'prod'")).unwrap();
    assert_eq!(session.search_models("").unwrap().items.len(), 0);
    registry.set_tag(MODEL, "env", "prod").unwrap();
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "ok");
    assert_eq!(session.search_models("").unwrap().items.len(), 1);
    let versions = session.search_versions("").unwrap().items;
    assert_eq!(versions.len(), 1, "{versions:#?}");
    assert_eq!(code(session.get_model("sales.web.churn")), "not_found");
    // Rights are those of now, also in the past.
    registry.set_tag(MODEL, "env", "test").unwrap();
    let past = session.as_of(session.info().unwrap().commit - 1).unwrap();
    assert_eq!(code(past.get_model("risk.credit.default")), "not_found");
    assert_eq!(past.search_models("").unwrap().items.len(), 0);
    registry.execute(grant("alias = 'champion' AND tags.env != 'prod'")).unwrap();
    assert_eq!(past.search_models("").unwrap().items.len(), 2);
    for wrong in ["name = 'a'", "tags.env", "MATCH 'a'", "", "tags.env = :p", "owner = 'ann'"] {
        let refused = code(registry.execute(grant(wrong)));
        assert_eq!(refused, "invalid_filter", "{wrong}");
    }
}

#[test]
fn owners_hold_manage_and_never_review() {
    let world = World::new();
    let session = world.session("ann");
    for (what, on) in [
        ("USE CATALOG", "catalogs:/risk"),
        ("USE SCHEMA", "schemas:/risk.credit"),
        ("CREATE MODEL", "schemas:/risk.credit"),
    ] {
        world.grant(what, on, "ann");
    }
    session.create_model("risk.credit.own").unwrap();
    let own = "models:/risk.credit.own";
    for (privilege, expected) in
        [("MANAGE", true), ("BROWSE", true), ("REVIEW", false), ("EXECUTE", false)]
    {
        assert_eq!(session.explain(privilege, own).unwrap().allowed, expected, "{privilege}");
    }
    assert_eq!(code(session.rename_model("risk.credit.own", "risk.credit.mine")), "ok");
    world.steward.revoke("USE SCHEMA", "schemas:/risk.credit", "ann").unwrap();
    let found = session.search_models("").unwrap().items;
    assert_eq!(found.len(), 1, "an owner sees what is its own");
    let update = halfback::UpdateModel {
        name: "risk.credit.mine".into(),
        owner: Some("somebody".into()),
        ..Default::default()
    };
    world.steward.update_model(update).unwrap();
    assert_eq!(session.search_models("").unwrap().items.len(), 0);
    assert_eq!(code(session.get_model("risk.credit.mine")), "not_found");
}

#[test]
fn lists_hold_what_is_seen_and_nothing_else() {
    let world = World::new();
    for number in 0..30 {
        world.steward.create_model(format!("risk.credit.m{number:02}").as_str()).unwrap();
    }
    let session = world.session("ann");
    world.grant("BROWSE", "models:/risk.credit.m07", "ann");
    world.grant("BROWSE", "models:/risk.credit.m23", "ann");
    world.grant("BROWSE", "schemas:/sales.web", "ann");
    let mut cursor = None;
    let mut found = Vec::new();
    loop {
        let list = SearchModels { page_size: Some(1), cursor, ..SearchModels::default() };
        let page = session.search_models(list).unwrap();
        found.extend(page.items.into_iter().map(|model| model.name));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected = ["risk.credit.m07", "risk.credit.m23", "sales.web.churn"];
    assert_eq!(found, expected);
    let names = |page: halfback::Page<halfback::Model>| -> Vec<String> {
        page.items.into_iter().map(|model| model.name).collect()
    };
    assert_eq!(names(session.list_models(ListModels::default()).unwrap()), expected);
    assert_eq!(names(session.search_models("tags.env = 'test'").unwrap()), ["sales.web.churn"]);
    assert_eq!(names(session.search_models("name LIKE 'm%'").unwrap()), &expected[..2]);
    let versions = session.search_versions(SearchVersions::default()).unwrap();
    assert_eq!(versions.items.len(), 1);
    assert_eq!(code(session.get_catalog("risk")), "not_found");
    assert_eq!(code(session.get_schema("sales.web")), "ok");
}

#[test]
fn histories_tell_nothing_of_what_is_not_seen() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    world.grant("BROWSE", MODEL, "ann");
    let tag = |target: &str| -> halfback::AnyCommand {
        halfback::SetTag {
            target: target.into(),
            key: "both".into(),
            value: "secretly".into(),
            ..Default::default()
        }
        .into()
    };
    registry.transact(vec![tag(MODEL), tag("models:/sales.web.churn")], None).unwrap();
    let newest = &session.history(MODEL).unwrap().items[0];
    assert_eq!(newest.payload, None);
    assert_eq!(newest.entities.len(), 1);
    assert!(!newest.summary.contains("churn"), "{}", newest.summary);
    assert!(registry.history(MODEL).unwrap().items[0].payload.is_some());
    let first = session.history(MODEL).unwrap().items.pop().unwrap();
    // It made the catalog and the schema too, which are not seen.
    assert_eq!((first.payload, first.commands), (None, vec!["create_model".to_owned()]));
}

#[test]
fn a_decision_is_explained_with_its_chain_or_the_first_missing_link() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    registry.create_group("team").unwrap();
    registry.add_member("team", "ann").unwrap();
    world.grant("Consumer", "catalogs:/risk", "team");
    let before = registry.info().unwrap().commit;
    let yes = session.explain("EXECUTE", MODEL).unwrap();
    assert!(yes.allowed, "{}", yes.text);
    let link = yes.chain.last().unwrap();
    assert_eq!((link.what.as_str(), link.on.as_str()), ("Consumer", "catalogs:/risk"));
    assert_eq!(link.through.len(), 2);

    let no = session.explain("SET ALIAS", MODEL).unwrap();
    let missing = no.missing.unwrap();
    assert_eq!(missing.privilege, "SET ALIAS");
    let creator = registry.whoami().unwrap().name.unwrap();
    assert!(missing.givers[0].contains(&creator), "{missing:?}");
    let error = session.set_alias("risk.credit.default", "next", 1).unwrap_err();
    assert_eq!(error.to_string(), no.text);
    assert!(error.explanation().unwrap().contains("SET ALIAS"));

    registry.revoke("Consumer", "catalogs:/risk", "team").unwrap();
    world.grant("BROWSE", MODEL, "ann");
    let gate = session.explain("EXECUTE", MODEL).unwrap().missing.unwrap();
    assert_eq!((gate.privilege.as_str(), gate.on.as_str()), ("USE CATALOG", "catalogs:/risk"));
    // The past is explained by what was granted, and tagged, then.
    let past = registry.as_of(before).unwrap();
    let then =
        Explain { privilege: "EXECUTE".into(), on: MODEL.into(), principal: Some("ann".into()) };
    assert!(past.query(then.clone()).unwrap().allowed);
    let conditional = Grant {
        what: "Consumer".into(),
        on: "registry:/".into(),
        to: "ann".into(),
        condition: Some("tags.env = 'prod'".into()),
        ..Grant::default()
    };
    registry.execute(conditional).unwrap();
    for what in ["USE CATALOG", "USE SCHEMA"] {
        world.grant(what, "registry:/", "ann");
    }
    let untagged = registry.info().unwrap().commit;
    registry.set_tag(MODEL, "env", "prod").unwrap();
    assert!(registry.query(then.clone()).unwrap().allowed);
    assert!(!registry.as_of(untagged).unwrap().query(then).unwrap().allowed);

    registry.revoke("Consumer", "registry:/", "ann").unwrap();
    let who: Vec<_> = registry.who_can("BROWSE", MODEL).unwrap().items;
    assert_eq!(who.len(), 2, "{who:?}");
    let what = session.what_can(None).unwrap().items;
    assert_eq!((what[1].on.as_str(), &what[1].privileges), (MODEL, &vec!["BROWSE".to_owned()]));
}

#[test]
fn who_registered_a_version_does_not_review_it() {
    let world = World::new();
    let creator = world.steward.explain("REVIEW", "models:/risk.credit.default/1").unwrap();
    assert!(!creator.allowed, "{}", creator.text);
    assert!(world.steward.explain("REVIEW", MODEL).unwrap().allowed);
    let other = world.session("ann");
    world.grant("Reviewer", "registry:/", "ann");
    assert!(other.explain("REVIEW", "models:/risk.credit.default/1").unwrap().allowed);
}

#[test]
fn a_revoked_right_ends_at_once_in_every_session() {
    let world = World::new();
    let session = world.session("ann");
    for _ in 0..20 {
        world.grant("Consumer", "registry:/", "ann");
        assert_eq!(code(session.resolve("risk.credit.default@champion")), "ok");
        assert_eq!(code(session.resolve("risk.credit.default@champion")), "ok");
        world.steward.revoke("Consumer", "registry:/", "ann").unwrap();
        assert_eq!(code(session.resolve("risk.credit.default@champion")), "not_found");
        assert_eq!(session.search_models("").unwrap().items.len(), 0);
    }
}

#[test]
fn the_operating_systems_users_can_be_shut_out() {
    let world = World::new();
    let registry = &world.steward;
    assert_eq!(code(registry.allow_os_users(false)), "conflict");
    let admin = world.session("admin");
    world.grant("Steward", "registry:/", "admin");
    admin.allow_os_users(false).unwrap();
    assert_eq!(code(registry.get_model("risk.credit.default")), "unauthenticated");
    assert_eq!(code(registry.create_catalog("new")), "unauthenticated");
    admin.allow_os_users(true).unwrap();
    assert_eq!(code(registry.get_model("risk.credit.default")), "ok");
}

#[test]
fn names_of_principals_are_looked_up_with_care() {
    let world = World::new();
    let registry = &world.steward;
    let ann = registry.create_user("ann", None).unwrap();
    assert_eq!(code(registry.create_user("ann", None)), "already_exists");
    assert_eq!(code(registry.create_group("ann")), "already_exists");
    assert_eq!(code(registry.create_user("p7", None)), "invalid_name");
    for name in [" ", "ann ", "a\u{200b}nn", "a\nn", &"a".repeat(256)] {
        assert_eq!(code(registry.create_user(name, None)), "invalid_name", "{name:?}");
        let includes = vec!["EXECUTE".to_owned()];
        let role = halfback::SetRole { name: name.into(), includes };
        assert_eq!(code(registry.execute(role)), "invalid_name", "{name:?}");
    }
    assert_eq!(code(registry.grant("BROWSE", MODEL, "nobody")), "not_found");
    registry.grant("BROWSE", MODEL, ann.id.as_deref().unwrap()).unwrap();
    registry.delete_principal("ann").unwrap();
    assert_eq!(code(registry.grant("BROWSE", MODEL, "ann")), "not_found");
    let back = registry.create_user("ann", None).unwrap();
    assert_eq!((&back.id, back.active), (&ann.id, true));
    let granted = halfback::ListGrants { to: ann.id.clone(), ..Default::default() };
    assert_eq!(registry.list_grants(granted).unwrap().items, []);
    registry.delete_principal("ann").unwrap();
    assert!(registry.check().unwrap().findings.is_empty());
    assert_eq!(code(registry.delete_principal("everyone")), "reserved_name");
    assert_eq!(code(registry.grant("USE CATALOG", MODEL, "everyone")), "invalid_argument");
    assert_eq!(
        code(registry.grant("BROWSE", "models:/risk.credit.default/1", "everyone")),
        "invalid_argument"
    );
    let all = registry.list_principals(ListPrincipals::default()).unwrap().items;
    let kinds: BTreeMap<String, usize> =
        all.iter().fold(BTreeMap::new(), |mut kinds, principal| {
            *kinds.entry(format!("{:?}", principal.kind)).or_default() += 1;
            kinds
        });
    assert_eq!(kinds, BTreeMap::from([("Group".to_owned(), 1), ("User".to_owned(), 1)]));
}

type Call<'a> = &'a dyn Fn(&Registry) -> halfback::Result<()>;

#[test]
fn what_is_no_command_takes_privileges_too() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let version = "risk.credit.default/1";
    let content = || Content::Bytes { name: "model.bin".into(), bytes: b"other".to_vec() };
    let other = World::new();
    let calls: [(&str, &str, &str, Call<'_>); 10] = [
        ("EXECUTE", MODEL, "download", &|r| {
            r.download(version, folder.path().join("d"), &mut no_progress).map(drop)
        }),
        ("EXECUTE", MODEL, "verify", &|r| r.verify(version, &mut no_progress).map(drop)),
        ("EXECUTE", MODEL, "file_path", &|r| r.file_path(version, None).map(drop)),
        ("EXECUTE", MODEL, "bundle", &|r| {
            r.bundle(version, folder.path().join("v.hbz"), true, &mut no_progress).map(drop)
        }),
        ("EXECUTE", MODEL, "copy_version", &|r| {
            r.copy_version(version, &other.steward, Default::default(), &mut no_progress).map(drop)
        }),
        ("CREATE MODEL VERSION", MODEL, "put_artifact", &|r| {
            r.put_artifact("risk.credit.default", &content(), &mut no_progress).map(drop)
        }),
        ("MANAGE", "registry:/", "backup", &|r| {
            r.backup(folder.path().join("backup"), false, &mut no_progress).map(drop)
        }),
        ("MANAGE", "registry:/", "sweep", &|r| {
            r.sweep(halfback::SweepOptions { dry_run: true, ..Default::default() }).map(drop)
        }),
        ("MANAGE", "registry:/", "compact", &|r| r.compact().map(drop)),
        ("READ AUDIT", "registry:/", "check", &|r| r.check().map(drop)),
    ];
    for (number, (privilege, on, call, run)) in calls.into_iter().enumerate() {
        let name = format!("user{number}");
        let session = world.session(&name);
        for what in ["BROWSE", "USE CATALOG", "USE SCHEMA"] {
            world.grant(what, "registry:/", &name);
        }
        assert_eq!(code(run(&session)), "permission_denied", "{call}");
        world.grant(privilege, on, &name);
        assert_eq!(code(run(&session)), "ok", "{call}");
    }
}
