//! Signing, verifying, and what a catalog asks for.

use super::*;
use crate::{Content, ModelKey, Options, RegisterVersion, no_progress};

/// A key, and what the tool `model_signing` 1.1.1 wrote with it for a folder `m` with the files
/// `model.bin` (`one`) and `sub/a b.txt` (`two`).
const TOOL_KEY: &str = include_str!("tests/tool.pub");
const TOOL_BUNDLE: &str = include_str!("tests/tool.sig");

fn registry(folder: &Path) -> Registry {
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.join("models.hb"), options).unwrap();
    registry.create_model("fraud").unwrap();
    registry
}

fn register(registry: &Registry, files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    let content = Content::Path(folder.path().to_owned());
    registry.register_version(&content, version, &mut no_progress).unwrap().uri
}

const FILES: [(&str, &str); 2] = [("model.bin", "one"), ("sub/a b.txt", "two")];

#[test]
fn what_the_tool_signed_is_kept_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let version = register(&registry, &FILES);
    let check = |version: &str, bundle: &str, key: &str, expected: Result<(), &str>| {
        let signed = registry.execute(SignVersion {
            version: version.into(),
            bundle: bundle.into(),
            public_key: key.into(),
        });
        match expected {
            Ok(()) => {
                let fingerprint = PublicKey::from_pem(key).unwrap().fingerprint();
                assert_eq!(signed.unwrap().key, fingerprint);
            }
            Err(why) => {
                let error = signed.unwrap_err().to_string();
                assert!(error.contains(why), "{error}");
            }
        }
    };
    check(&version, TOOL_BUNDLE, TOOL_KEY, Ok(()));

    let other = ModelKey::generate().unwrap();
    check(&version, TOOL_BUNDLE, other.public_key().to_pem(), Err("another key"));
    let sign = |statement: &str| bundle::sign(statement, &other).unwrap();
    let statement = registry.signing_statement(version.as_str()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(statement.contains(from), "{statement}");
        sign(&statement.replacen(from, to, 1))
    };
    let own = other.public_key().to_pem();
    check(&version, &sign(&statement), own, Ok(()));
    for (bundle, why) in [
        (
            with("model_signing/signature/v1.0", "model_signing/signature/v9"),
            "in a statement of in-toto v1",
        ),
        (
            with("in-toto.io/Statement/v1", "in-toto.io/Statement/v0"),
            "in a statement of in-toto v1",
        ),
        (with("\"method\":\"files\"", "\"method\":\"shards\""), "`shards`"),
        (with("\"digest\":\"7", "\"digest\":\"8"), "not that of the files"),
        (with("model.bin", "model.bon"), "does not sign the file `model.bin`"),
        (with("sub/a b.txt", "model.bin"), "twice"),
        (sign("{}"), "cannot be read"),
        (sign("not JSON"), "cannot be read"),
        (String::new(), "no Sigstore bundle"),
        ("[".repeat(100_000), "no Sigstore bundle"),
        (sign(&statement).replace("bundle.v0.3", "bundle.v0.9"), "no bundle of the type"),
        (sign(&statement).replace("\"publicKey\"", "\"certificate\""), "with a certificate"),
        (sign(&statement).replace("\"payload\":\"", "\"payload\":\"*"), "no base64"),
        (sign(&statement).replace("vnd.in-toto", "vnd.other"), "what it signs is no"),
    ] {
        check(&version, &bundle, own, Err(why));
    }
    let mut altered: serde_json::Value = serde_json::from_str(&sign(&statement)).unwrap();
    let signatures = altered["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
    signatures.push(signatures[0].clone());
    check(&version, &altered.to_string(), own, Err("exactly one signature"));

    let more = register(&registry, &[FILES[0], FILES[1], ("extra", "x")]);
    check(&more, TOOL_BUNDLE, TOOL_KEY, Err("does not sign the file `extra`"));
    let fewer = register(&registry, &[FILES[0]]);
    check(&fewer, TOOL_BUNDLE, TOOL_KEY, Err("signs the file `sub/a b.txt`, which"));
    // What the tool leaves out of what it signs is not let in.
    let slipped = register(&registry, &[FILES[0], FILES[1], (".github/x.pkl", "x")]);
    check(&slipped, TOOL_BUNDLE, TOOL_KEY, Err("does not sign the file `.github/x.pkl`"));
    let changed = register(&registry, &[FILES[0], ("sub/a b.txt", "2")]);
    check(&changed, TOOL_BUNDLE, TOOL_KEY, Err("another content of the file `sub/a b.txt`"));
}

#[test]
fn every_altered_byte_of_a_bundle_is_refused_or_says_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let version = register(&registry, &FILES);
    let key = PublicKey::from_pem(TOOL_KEY).unwrap();
    let (_, expected) = registry
        .snapshot(|snapshot| {
            let (_, id) = snapshot.version_ref(&version.as_str().into())?;
            Ok((id, snapshot.statement(id)?))
        })
        .unwrap();
    let whole = SignedStatement::parse(TOOL_BUNDLE).unwrap();
    whole.verify(&key, &expected).unwrap();
    for at in 0..TOOL_BUNDLE.len() {
        let mut bytes = TOOL_BUNDLE.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if let Ok(read) = SignedStatement::parse(&text)
            && read.verify(&key, &expected).is_ok()
        {
            // What is not signed, such as the name of an unknown field.
            assert!(read.is_of(&whole), "byte {at}");
        }
    }
}

#[test]
fn a_catalog_that_asks_for_it_gives_nothing_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let version = register(&registry, &FILES);
    let key = ModelKey::generate().unwrap();
    let pem = key.public_key().to_pem();
    let loads = || registry.file_path(version.as_str(), Some("model.bin")).map(drop);
    loads().unwrap();

    let keys = registry.set_signing_keys("main", [pem]).unwrap();
    assert!(keys.required);
    let refused = loads().unwrap_err();
    assert_eq!(refused.code(), "permission_denied");
    assert!(refused.to_string().contains("no key of its catalog has signed it"), "{refused}");
    let explained = registry.explain("EXECUTE", &version).unwrap();
    assert!(!explained.allowed && explained.text.contains("`sign_version`"), "{}", explained.text);
    assert!(registry.explain("EXECUTE", "models:/fraud").unwrap().allowed);
    registry.resolve(version.as_str()).unwrap();

    let other = ModelKey::generate().unwrap();
    registry.sign_version(version.as_str(), &other).unwrap();
    assert!(loads().is_err());
    registry.sign_version(version.as_str(), &key).unwrap();
    loads().unwrap();
    let kept = registry.list_signatures(version.as_str()).unwrap().items;
    assert_eq!(kept.iter().filter(|it| it.trusted).count(), 1);
    assert_eq!(kept.len(), 2);
    registry.verify_signature(version.as_str(), pem).unwrap();
    let stranger = ModelKey::generate().unwrap();
    let unknown = registry.verify_signature(version.as_str(), stranger.public_key().to_pem());
    assert_eq!(unknown.unwrap_err().code(), "not_found");

    registry.set_signing_keys("main", [other.public_key().to_pem()]).unwrap();
    loads().unwrap();
    registry.set_signing_keys("main", [stranger.public_key().to_pem()]).unwrap();
    assert!(loads().is_err());
    registry.set_signing_keys("main", [""; 0]).unwrap();
    loads().unwrap();
}

#[test]
fn a_version_elsewhere_cannot_be_signed_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let content = Content::Bytes { name: "m".into(), bytes: b"m".to_vec() };
    let digest = registry.hash_artifact(&content, &mut no_progress).unwrap().digest;
    let location = Some("s3://bucket/m".into());
    let version =
        RegisterVersion { model: "fraud".into(), digest, location, ..RegisterVersion::default() };
    let version = registry.execute(version).unwrap().uri;
    let key = ModelKey::generate().unwrap();
    let refused = registry.sign_version(version.as_str(), &key).unwrap_err();
    assert!(refused.to_string().contains("not in the registry"), "{refused}");
    registry.set_signing_keys("main", [key.public_key().to_pem()]).unwrap();
    let explained = registry.explain("EXECUTE", &version).unwrap();
    assert!(!explained.allowed && explained.text.contains("not in the registry"), "{explained:?}");
}

#[test]
fn a_key_is_read_where_only_its_owner_may_and_is_of_the_curve() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let key = ModelKey::generate().unwrap();
    key.write_new(&path).unwrap();
    assert_eq!(key.write_new(&path).unwrap_err().code(), "already_exists");
    let read = ModelKey::from_file(&path).unwrap();
    assert_eq!(read.public_key(), key.public_key());
    let shown = format!("{key:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&path, mode).unwrap();
    assert_eq!(ModelKey::from_file(&path).unwrap_err().code(), "permission_denied");

    let check = |pem: &str, why: &str| {
        for error in [ModelKey::from_pem(pem).map(drop), PublicKey::from_pem(pem).map(drop)] {
            let error = error.unwrap_err();
            assert_eq!(error.code(), "invalid_argument");
            assert!(error.to_string().contains(why), "{error}");
        }
    };
    check("", "prime256v1");
    check("-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----\n", "prime256v1");
    let private = ModelKey::from_pem(TOOL_KEY).unwrap_err().to_string();
    assert!(private.contains("no private key"), "{private}");
}
