//! Who may do what: sessions of tokens, what they are refused, and that no token is shown twice.

use serde_json::Value;

use crate::exit_codes::check;
use crate::{Place, transcript};

#[track_caller]
fn json(place: &Place, line: &str) -> Value {
    serde_json::from_str(&place.done(line)).unwrap()
}

#[test]
fn a_token_is_written_alone_and_proves_a_session() {
    let place = Place::prepared();
    let token = place.done("halfback token create scoring");
    assert!(token.starts_with("halfback_t") && token.ends_with('\n'), "{token}");
    assert_eq!(token.split_whitespace().count(), 1, "{token}");
    let new = json(&place, "halfback token create scoring --expires-in 90d --comment x --json");
    assert!(new["token"].as_str().unwrap().starts_with("halfback_t"));
    assert_eq!(
        (&new["record"]["name"], &new["record"]["comment"]),
        (&"scoring".into(), &"x".into())
    );
    for from in ["HALFBACK_TOKEN=$(cat scoring.token)", "HALFBACK_TOKEN_FILE=scoring.token"] {
        let who = json(&place, &format!("{from} halfback whoami --json"));
        assert_eq!((&who["name"], &who["proof"]), (&"scoring".into(), &"token".into()));
        let resolved = place.done(&format!("{from} halfback resolve risk.credit.default@champion"));
        assert_eq!(resolved, "models:/risk.credit.default/1\n");
    }
    let listed = place.done("halfback token list --json; halfback log --json; halfback token list");
    let secrets = [token.trim(), new["token"].as_str().unwrap()];
    for secret in secrets.map(|token| token.rsplit_once('_').unwrap().1) {
        assert!(!listed.contains(secret), "{listed}");
    }
}

#[test]
fn a_token_goes_into_a_file_that_nobody_else_reads() {
    let place = Place::prepared();
    place.done("umask 000; halfback token create scoring --to mine");
    assert_eq!(place.done("stat -c %a mine"), "600\n");
    let who = json(&place, "HALFBACK_TOKEN_FILE=mine halfback whoami --json");
    assert_eq!(who["name"], "scoring");
    let tokens = place.done("halfback token list --json");
    check(&place, "halfback token create scoring --to mine", 2, "usage", "`mine`");
    let nobody = "halfback token create nobody --to other";
    check(&place, nobody, 3, "not_found", "there is no principal `nobody`");
    assert_eq!(place.done("ls other 2>/dev/null || echo none"), "none\n");
    assert_eq!(place.done("halfback token list --json"), tokens);
}

#[test]
fn an_empty_token_makes_no_other_session() {
    let place = Place::prepared();
    for variable in ["HALFBACK_TOKEN", "HALFBACK_TOKEN_FILE"] {
        let line = format!("{variable}= halfback whoami");
        check(&place, &line, 5, "unauthenticated", &format!("`{variable}` is set, and empty"));
    }
    check(&place, "HALFBACK_TOKEN=' ' halfback whoami", 5, "unauthenticated", "`HALFBACK_TOKEN`");
}

#[test]
fn an_explanation_that_denies_has_its_exit_code() {
    let place = Place::prepared();
    place.done("halfback explain EXECUTE risk.credit.default");
    let denied = place.shell("halfback explain DEPLOY risk.credit.default --principal scoring");
    assert_eq!(denied.status.code(), Some(1));
    assert!(String::from_utf8(denied.stdout).unwrap().contains("denied"));
}

#[test]
fn a_token_narrows_what_its_principal_may() {
    let place = Place::prepared();
    place.done("halfback grant Developer catalogs:/risk scoring");
    place.done("halfback token create scoring --privilege Consumer --on risk.credit.default > few");
    place.done("HALFBACK_TOKEN_FILE=scoring.token halfback tag set risk.credit.default a b");
    place.done("HALFBACK_TOKEN_FILE=few halfback download risk.credit.default/1 out");
    let line = "HALFBACK_TOKEN_FILE=few halfback tag set risk.credit.default a c";
    check(&place, line, 5, "permission_denied", "");
}

#[test]
fn what_is_denied_has_its_exit_code_and_says_who_can_help() {
    let place = Place::prepared();
    let session = "HALFBACK_TOKEN_FILE=scoring.token halfback";
    let line = format!("{session} alias set risk.credit.default champion 2");
    check(&place, &line, 5, "permission_denied", "`scoring`");
    let said = String::from_utf8(place.shell(&line).stderr).unwrap();
    assert!(said.contains("nothing grants `SET ALIAS`") && said.contains("granted by"), "{said}");
    check(&place, &format!("{session} log"), 5, "permission_denied", "`scoring`");
    check(&place, &format!("{session} show main.default.other"), 3, "not_found", "");
    check(&place, "HALFBACK_TOKEN=nonsense halfback whoami", 5, "unauthenticated", "the token");
    check(&place, "HALFBACK_TOKEN_FILE=none halfback whoami", 5, "unauthenticated", "the token");
    place.done("halfback token revoke $(halfback token list --json | grep -o 't[0-9]*' | head -1)");
    let revoked = "HALFBACK_TOKEN_FILE=scoring.token halfback models";
    check(&place, revoked, 5, "unauthenticated", "the token");
}

#[test]
fn a_token_in_the_place_of_its_id_is_not_repeated() {
    let place = Place::prepared();
    let said = place.shell("halfback token revoke $(cat scoring.token)");
    assert_eq!(said.status.code(), Some(2), "{said:?}");
    let token = std::fs::read_to_string(place.path("scoring.token")).unwrap();
    assert!(!String::from_utf8(said.stderr).unwrap().contains(token.trim()));
}

#[test]
fn records_of_access_have_the_fields_that_they_have_in_every_language() {
    let place = Place::prepared();
    let schemas = halfback::wire::schemas();
    let fields = |name: &str, record: &Value| {
        let properties = schemas["records"][name]["properties"].as_object().unwrap();
        for field in properties.keys() {
            assert!(record.get(field).is_some(), "{name} without `{field}`: {record}");
        }
    };
    fields("Principal", &json(&place, "halfback whoami --json"));
    fields("Principal", &json(&place, "halfback principal show scoring --json"));
    fields("Principal", &json(&place, "halfback principal list --json")[0]);
    fields("Principal", &json(&place, "halfback principal create eva --os-user 4001 --json"));
    fields("GrantRecord", &json(&place, "halfback grants --to scoring --json")[0]);
    fields("Role", &json(&place, "halfback role list --json")[0]);
    fields("Role", &json(&place, "halfback role set Own BROWSE --json"));
    fields("TokenRecord", &json(&place, "halfback token list scoring --json")[0]);
    fields("NewToken", &json(&place, "halfback token create scoring --json"));
    fields("Holder", &json(&place, "halfback who-can EXECUTE risk.credit.default --json")[0]);
    fields("Held", &json(&place, "halfback what-can scoring --json")[0]);
    let why = "halfback explain EXECUTE risk.credit.default --principal scoring --json";
    fields("Explanation", &json(&place, why));
    // What has no record of its own gives the command.
    let given =
        json(&place, "halfback grant BROWSE registry:/ ben --where \"tags.a = 'b'\" --json");
    assert_eq!((&given["what"], &given["condition"]), (&"BROWSE".into(), &"tags.a = 'b'".into()));
    let taken = json(&place, "halfback revoke BROWSE registry:/ ben --json");
    assert_eq!(taken["principal"], "ben");
    assert_eq!(json(&place, "halfback member add validators scoring --json")["member"], "scoring");
    assert_eq!(json(&place, "halfback role delete Own --json")["name"], "Own");
}

#[test]
fn people_are_told_what_changed() {
    transcript(
        &Place::prepared(),
        "\
$ halfback grant EXECUTE risk.credit.default ben --deny
denied EXECUTE on risk.credit.default to ben
$ halfback grant DEPLOY registry:/ ben --where \"tags.env = 'test'\"
granted DEPLOY on registry:/ to ben where tags.env = 'test'
$ halfback revoke EXECUTE risk.credit.default ben
ben has EXECUTE on risk.credit.default no longer
$ halfback member remove validators ben
ben is in validators no longer
$ halfback role separate Scorer Reviewer
Scorer and Reviewer are kept apart
$ halfback role separate Scorer Reviewer --off
Scorer and Reviewer may be held together
$ halfback role delete Scorer
Scorer is deleted
$ halfback principal delete validators
validators is deleted
$ halfback what-can ben
ON          WHERE
registry:/  tags.env = 'test'
$ halfback grants --on risk.credit.default
no grants
$ halfback grants --to scoring --as-of 1
halfback: there is no principal `scoring` as of commit 1; make it known with `create_user`, `create_service` or `create_group` first
[exit 3]
",
    );
}

#[test]
fn names_of_principals_do_not_steer_the_terminal() {
    let place = Place::prepared();
    let line = "halfback principal create \"$(printf 'a\\033[2Jb')\"";
    check(&place, line, 2, "invalid_name", "`a\u{fffd}[2Jb` is no name for a principal");
}
