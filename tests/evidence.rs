//! Attacks on the log by somebody who can write the registry's files: against checkpoints, and in
//! exports. The auditors' verifier has its own suite, in Python.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::path::Path;

use halfback::{
    Error, Kind, LogVerification, Options, Registry, SigningKey, Verifier, VerifyLog, no_progress,
    verify_consistency, verify_inclusion,
};
use halfback_store::log::Header;
use halfback_store::merkle::{CompactRange, leaf_hash};
use rusqlite::Connection;

/// Entries of the logs here.
const ENTRIES: i64 = 50;

struct World {
    folder: tempfile::TempDir,
    registry: Registry,
    key: SigningKey,
}

impl World {
    /// A registry with a log of so many entries.
    fn new(entries: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
        registry.create_model("fraud").unwrap();
        for number in 3..=entries {
            registry.set_tag("fraud", "number", &number.to_string()).unwrap();
        }
        assert_eq!(registry.info().unwrap().commit, entries);
        let key = SigningKey::generate("halfback/test").unwrap();
        Self { folder, registry, key }
    }

    fn connect(&self) -> Connection {
        let connection = Connection::open(self.registry.path().join("registry.db")).unwrap();
        // A forger's work need not last.
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection
    }

    fn checkpoint(&self) -> String {
        self.registry.checkpoint(&self.key).unwrap()
    }

    fn verify(&self, checkpoints: &str) -> Result<LogVerification, Error> {
        self.registry.verify_log_against(checkpoints, &[self.key.verifying_key()])
    }

    #[track_caller]
    fn found(&self, checkpoints: &str, message: &str) {
        let error = self.verify(checkpoints).unwrap_err();
        assert_eq!(error.code(), "corrupt", "{error}");
        assert!(error.to_string().contains(message), "{error}; expected {message}");
    }
}

/// What a forger does to the headers.
type Edit = fn(&mut Vec<Header>);

/// Every header, by its place.
fn headers(connection: &Connection) -> Vec<Vec<u8>> {
    let mut all = connection.prepare("SELECT header FROM log ORDER BY n").unwrap();
    all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn set_header(connection: &Connection, number: i64, header: &[u8]) {
    let sql = "UPDATE log SET header = ?2 WHERE n = ?1";
    assert_eq!(connection.execute(sql, (number, header)).unwrap(), 1);
}

/// What a careful attacker does: all entries, with their places and references, and the head, are
/// written anew from `headers`.
fn rewrite(connection: &Connection, headers: &[Header]) {
    let mut tree = CompactRange::default();
    let mut previous = headers[0].previous.clone();
    let mut leaf = [0; 32];
    connection.execute("DELETE FROM log", []).unwrap();
    for (number, header) in (1..).zip(headers) {
        let commit = serde_json::from_value(number.into()).unwrap();
        let header = Header { commit, previous, ..header.clone() };
        let bytes = serde_json::to_vec(&header).unwrap();
        let actor: i64 = header.actor[1..].parse().unwrap();
        let values = (number, header.time.micros(), actor, &bytes);
        let sql = "INSERT INTO log (n, time, actor, header) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(sql, values).unwrap();
        leaf = leaf_hash(&bytes);
        tree.push(leaf);
        previous = halfback_store::id::hex(&leaf);
    }
    let count = i64::try_from(headers.len()).unwrap();
    let time = headers.last().unwrap().time.micros();
    connection
        .execute(
            "UPDATE head SET n = ?1, time = ?2, range = ?3, leaf = ?4",
            (count, time, tree.to_bytes(), leaf),
        )
        .unwrap();
    connection.execute("DELETE FROM payload WHERE n > ?1", [count]).unwrap();
}

fn parsed(connection: &Connection) -> Vec<Header> {
    headers(connection).iter().map(|bytes| Header::from_bytes(bytes).unwrap()).collect()
}

#[test]
fn every_byte_of_a_log_of_fifty_entries_counts_and_names_its_entry() {
    let world = World::new(ENTRIES);
    let (connection, checkpoint) = (world.connect(), world.checkpoint());
    for (number, header) in (1..).zip(headers(&connection)) {
        for byte in 0..header.len() {
            let mut changed = header.clone();
            changed[byte] ^= 1;
            set_header(&connection, number, &changed);
            world.found(&checkpoint, &format!("log entry {number} is damaged"));
        }
        set_header(&connection, number, &header);
    }
    let verified = world.verify(&checkpoint).unwrap();
    assert_eq!(verified.checkpoint, Some(50));
    // With keys as text.
    let key = Some(world.key.verifying_key().to_string());
    let query = VerifyLog { checkpoint: Some(checkpoint), key };
    assert_eq!(world.registry.query(query).unwrap(), verified);
}

#[test]
fn a_change_that_the_head_is_made_to_fit_is_named_by_the_entry_after_it() {
    let world = World::new(9);
    let connection = world.connect();
    let original = headers(&connection);
    for number in 1..=9_usize {
        let mut bytes = original.clone();
        let mut header = Header::from_bytes(&bytes[number - 1]).unwrap();
        header.proof = "forged".into();
        bytes[number - 1] = serde_json::to_vec(&header).unwrap();
        let mut tree = CompactRange::default();
        for bytes in &bytes {
            tree.push(leaf_hash(bytes));
        }
        set_header(&connection, number.try_into().unwrap(), &bytes[number - 1]);
        let update = "UPDATE head SET range = ?1";
        connection.execute(update, [tree.to_bytes()]).unwrap();
        let error = world.registry.verify_log().unwrap_err().to_string();
        assert!(error.contains(&format!("log entry {number} is damaged")), "{error}");
        set_header(&connection, number.try_into().unwrap(), &original[number - 1]);
    }
}

#[test]
fn a_log_that_is_written_anew_is_found_by_checkpoints_and_lies_between_two_of_them() {
    let edits: [(&str, Edit); 4] = [
        ("a change", |headers| headers[19].proof = "forged".into()),
        ("a removal", |headers| drop(headers.remove(19))),
        ("a reordering", |headers| {
            let time = headers[19].time;
            headers[19].time = headers[20].time;
            headers[20].time = time;
            headers.swap(19, 20);
        }),
        ("an insertion", |headers| {
            let mut twin = headers[19].clone();
            twin.time = halfback_store::time::Timestamp::from_micros(twin.time.micros() - 1);
            headers.insert(19, twin);
        }),
    ];
    for (what, edit) in edits {
        let world = World::new(10);
        let mut checkpoints = world.checkpoint();
        for more in [19, 20, 30] {
            while world.registry.info().unwrap().commit < more {
                let number = world.registry.info().unwrap().commit.to_string();
                world.registry.set_tag("fraud", "n", &number).unwrap();
            }
            checkpoints.insert_str(0, &world.checkpoint());
        }
        assert_eq!(world.verify(&checkpoints).unwrap().checkpoint, Some(30), "{what}");
        let connection = world.connect();
        let mut headers = parsed(&connection);
        edit(&mut headers);
        connection.execute("DELETE FROM payload", []).unwrap();
        rewrite(&connection, &headers);
        // Nothing in the registry tells: this is why checkpoints are kept elsewhere.
        world.registry.verify_log().unwrap();
        world.found(&checkpoints, "log entry 20 is damaged");
        let newest = halfback_store::note::split(&checkpoints)[0];
        let message = match what {
            "a removal" => "log entry 30 is damaged: it is missing",
            _ => "one of the log entries 1 to 30",
        };
        world.found(newest, message);
    }
}

#[test]
fn entries_that_were_cut_off_and_an_old_copy_are_found_by_a_checkpoint() {
    let world = World::new(20);
    let database = world.registry.path().join("registry.db");
    world.registry.close().unwrap();
    let old = std::fs::read(&database).unwrap();
    let registry = Registry::open(world.registry.path()).unwrap();
    registry.set_tag("fraud", "number", "last").unwrap();
    let world = World { registry, ..world };
    let checkpoint = world.checkpoint();

    // The head fits the rest.
    let connection = world.connect();
    let mut headers = parsed(&connection);
    headers.truncate(17);
    rewrite(&connection, &headers);
    assert_eq!(world.registry.verify_log().unwrap().commits, 17);
    world.found(&checkpoint, "log entry 18 is damaged: it is missing");
    drop(connection);

    world.registry.close().unwrap();
    std::fs::write(&database, old).unwrap();
    // Before anybody holds it against a checkpoint, what was acknowledged here is missed.
    for read_only in [false, true] {
        let options = Options { read_only, ..Options::default() };
        let error = Registry::open_with(world.registry.path(), options).unwrap_err();
        assert_eq!(error.code(), "corrupt");
        let told = error.to_string();
        assert!(told.contains("ends with commit 20, and commit 21 was acknowledged"), "{told}");
    }
    std::fs::remove_file(world.registry.path().join("generation")).unwrap();
    let registry = Registry::open(world.registry.path()).unwrap();
    let world = World { registry, ..world };
    assert_eq!(world.registry.verify_log().unwrap().commits, 20);
    world.found(&checkpoint, "log entry 21 is damaged: it is missing");

    // It goes another way from there on.
    world.registry.set_tag("fraud", "number", "other").unwrap();
    world.found(&checkpoint, "one of the log entries 1 to 21");
}

#[test]
fn gaps_and_strangers_are_named() {
    for (edit, message) in [
        ("DELETE FROM log WHERE n = 7", "log entry 7 is damaged: it is missing, the next one is 8"),
        ("DELETE FROM log WHERE n = 20", "log entry 20 is damaged: it is missing"),
        ("UPDATE log SET n = n - 1 WHERE n > 20", "log entry 20 is damaged"),
        (
            "INSERT INTO log SELECT 21, time + 1, actor, header FROM log WHERE n = 20",
            "log entry 21 is damaged",
        ),
        ("UPDATE head SET leaf = zeroblob(32)", "log entry 20 is damaged: the head"),
        ("UPDATE head SET range = zeroblob(length(range))", "the head was changed"),
        ("UPDATE registry SET uuid = 'other'", "log entry 1 is damaged"),
    ] {
        let world = World::new(20);
        let checkpoint = world.checkpoint();
        if edit.contains("n > 20") {
            world.registry.set_tag("fraud", "number", "x").unwrap();
            world.connect().execute("DELETE FROM log WHERE n = 20", []).unwrap();
        }
        assert!(world.connect().execute(edit, []).unwrap() > 0, "{edit}");
        let error = world.registry.verify_log().unwrap_err();
        assert!(error.to_string().contains(message), "{edit}: {error}");
        world.found(&checkpoint, message);
        let export = world.folder.path().join("log.jsonl");
        let refused = world.registry.export_log(&export, None, false, &mut no_progress);
        assert_eq!(refused.unwrap_err().kind(), Kind::Integrity, "{edit}");
        assert!(!export.exists(), "{edit}");
    }
}

#[test]
fn proofs_hold_under_the_checkpoint_of_their_size_and_no_other() {
    let world = World::new(23);
    let keys: [&dyn Verifier; 1] = [world.key.verifying_key()];
    let old = world.checkpoint();
    for number in 24..=30 {
        let number = number.to_string();
        world.registry.set_tag("fraud", "number", &number).unwrap();
    }
    let new = world.checkpoint();
    let past = world.registry.as_of(23).unwrap();
    for commit in 1..=30 {
        let proof = world.registry.prove(commit).unwrap();
        let told = verify_inclusion(&proof, Some(&new), &keys).unwrap();
        assert_eq!(told.commit, commit);
        let error = verify_inclusion(&proof, Some(&old), &keys).unwrap_err();
        assert_eq!(error.code(), "invalid_checkpoint");
        if commit <= 23 {
            let proof = past.prove(commit).unwrap();
            verify_inclusion(&proof, Some(&old), &keys).unwrap();
            let mut other = proof.clone();
            other.commit += 1;
            assert_eq!(verify_inclusion(&other, None, &[]).unwrap_err().code(), "artifact_altered");
            let mut other = proof.clone();
            other.header = other.header.replace("os_user", "token");
            assert_eq!(verify_inclusion(&other, None, &[]).unwrap_err().code(), "artifact_altered");
        } else {
            assert_eq!(past.prove(commit).unwrap_err().code(), "invalid_argument");
        }
    }
    let both = format!("{old}{new}");
    let proof = world.registry.prove_consistency(23).unwrap();
    verify_consistency(&proof, Some(&both), &keys).unwrap();
    let mut altered = proof.clone();
    altered.path.reverse();
    assert_eq!(verify_consistency(&altered, None, &[]).unwrap_err().code(), "artifact_altered");
    let other = world.registry.prove_consistency(22).unwrap();
    verify_consistency(&other, Some(&new), &keys).unwrap();
    let error = verify_consistency(&other, Some(&both), &keys).unwrap_err();
    assert_eq!(error.code(), "invalid_checkpoint");
    for size in [-1, 31] {
        let error = world.registry.prove_consistency(size).unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
    }
    // Two trees that went different ways have no proof that leads to both.
    let forked = World::new(30);
    let fork = forked.registry.prove_consistency(23).unwrap();
    let error = verify_consistency(&fork, Some(&old), &keys).unwrap_err();
    assert_eq!(error.code(), "invalid_checkpoint");
}

#[test]
fn an_export_is_of_the_log_and_replaces_nothing_else() {
    let world = World::new(12);
    let to = world.folder.path().join("log.jsonl");
    let export = |to: &Path, overwrite| {
        let signer = Some(&world.key as _);
        world.registry.export_log(to, signer, overwrite, &mut no_progress)
    };
    let done = export(&to, false).unwrap();
    assert_eq!((done.commits, &done.root), (12, &world.registry.info().unwrap().root));
    let text = std::fs::read_to_string(&to).unwrap();
    assert_eq!(text.lines().count(), 13);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    world.verify(first["checkpoint"].as_str().unwrap()).unwrap();
    assert_eq!(export(&to, false).unwrap_err().code(), "already_exists");
    export(&to, true).unwrap();
    let other = world.folder.path().join("other");
    std::fs::write(&other, "mine").unwrap();
    assert_eq!(export(&other, true).unwrap_err().code(), "already_exists");
    let inside = world.registry.path().join("log.jsonl");
    assert_eq!(export(&inside, false).unwrap_err().code(), "invalid_argument");
    let stopped =
        world.registry.export_log(world.folder.path().join("stopped"), None, false, &mut |_| {
            std::ops::ControlFlow::Break(())
        });
    assert_eq!(stopped.unwrap_err().code(), "cancelled");
    assert!(!world.folder.path().join("stopped").exists());
}
