//! Texts in the metadata of files, wherever each format keeps them.

use serde_json::{Value, json};

use super::tests::{PMML, XGBOOST, bytes, folder, number, onnx, ubj, zip};

/// Made up, and put together here.
const KEY: &str = concat!("AK", "IAQ3EGRTW7XK2MPLZ4");

/// The name of the first text that looks like a credential.
#[track_caller]
fn suspect(files: &[(&str, &[u8])]) -> Option<String> {
    let format = folder(files);
    let error = format.refuse_secrets().err()?;
    assert_eq!(error.code(), "secret_suspected");
    let message = error.to_string();
    assert!(message.contains("(AWS access key, `AKIA…`)") && !message.contains(KEY), "{message}");
    let (name, _) = message.strip_prefix('`')?.split_once("` in the files looks like")?;
    Some(name.to_owned())
}

/// A message of ONNX: a field of a message in a field of a message.
fn nested(way: &[u64], content: &[u8]) -> Vec<u8> {
    way.iter().rev().fold(content.to_vec(), |inner, field| bytes(*field, &[&inner]))
}

#[test]
fn onnx_says_texts_at_every_level() {
    assert_eq!(suspect(&[("m.onnx", &onnx())]), None);
    let prop = [bytes(1, &[b"login"]), bytes(2, &[KEY.as_bytes()])].concat();
    let model = |inner: &[u8]| [onnx(), inner.to_vec()].concat();
    // Graph 7, node 1, attribute 5, subgraph 6, tensor 5, value 11 and 13, function 25, training 20.
    let docs: &[&[u64]] = &[
        &[6],
        &[7, 10],
        &[7, 1, 6],
        &[7, 1, 5, 13],
        &[7, 1, 5, 6, 10],
        &[7, 1, 5, 11, 1, 6],
        &[7, 5, 12],
        &[7, 11, 3],
        &[7, 13, 3],
        &[25, 8],
        &[25, 7, 6],
        &[20, 1, 10],
    ];
    for way in docs {
        let model = model(&nested(way, KEY.as_bytes()));
        assert_eq!(suspect(&[("m.onnx", &model)]).as_deref(), Some("doc_string"), "{way:?}");
    }
    let props: &[&[u64]] =
        &[&[14], &[7, 16], &[7, 1, 9], &[7, 5, 16], &[7, 12, 4], &[25, 14], &[25, 7, 9]];
    for way in props {
        let model = model(&nested(way, &prop));
        assert_eq!(suspect(&[("m.onnx", &model)]).as_deref(), Some("login"), "{way:?}");
    }
    // The producer and the domain of an operator set come without a name of their own.
    let opset = [bytes(1, &[KEY.as_bytes()]), number(2, 1)].concat();
    assert!(suspect(&[("m.onnx", &model(&nested(&[8], &opset)))]).is_some());
    assert!(suspect(&[("m.onnx", &model(&nested(&[2], KEY.as_bytes())))]).is_some());
    // Graphs within graphs, without end.
    let deep = (0..2_000).fold(vec![], |inner, _| nested(&[1, 5, 6], &inner));
    assert_eq!(suspect(&[("m.onnx", &model(&bytes(7, &[&deep])))]), None);
}

fn safetensors(metadata: &Value) -> Vec<u8> {
    let header = json!({
        "__metadata__": metadata, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    });
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 8]].concat()
}

#[test]
fn every_format_hands_over_its_texts() {
    let weights = safetensors(&json!({"format": "pt", "note": KEY}));
    assert_eq!(suspect(&[("m.safetensors", &weights)]).as_deref(), Some("note"));
    let clean = safetensors(&json!({"format": "pt", "note": "none"}));
    assert_eq!(suspect(&[("m.safetensors", &clean)]), None);

    let mlmodel = |more: &str| format!("flavors: {{sklearn: {{code: null}}}}\n{more}\n");
    for (text, name) in [
        (mlmodel(&format!("metadata: {{owner: [x, {{s3: '{KEY}'}}]}}")), "s3"),
        (mlmodel(&format!("metadata: {{keys: [a, {KEY}]}}")), "keys"),
        (mlmodel(&format!("run_id: {KEY}")), "run_id"),
    ] {
        assert_eq!(suspect(&[("MLmodel", text.as_bytes())]).as_deref(), Some(name), "{text}");
    }
    assert_eq!(suspect(&[("MLmodel", mlmodel("run_id: 0a1b2c").as_bytes())]), None);
    // What lies beside the description counts too.
    let plain = mlmodel("");
    let files = [("MLmodel", plain.as_bytes()), ("data/m.safetensors", &weights)];
    assert_eq!(suspect(&files).as_deref(), Some("note"));

    let keras = |metadata: &Value, config: &Value| {
        let (metadata, config) = (metadata.to_string(), config.to_string());
        zip(&[("metadata.json", metadata.as_bytes()), ("config.json", config.as_bytes())])
    };
    let version = json!({"keras_version": "3.12.0"});
    let archive = keras(&json!({"keras_version": "3.12.0", "by": KEY}), &json!({}));
    assert_eq!(suspect(&[("m.keras", &archive)]).as_deref(), Some("by"));
    let archive = keras(&version, &json!({"config": {"layers": [{"name": KEY}]}}));
    assert_eq!(suspect(&[("m.keras", &archive)]).as_deref(), Some("name"));
    let archive = keras(&version, &json!({"config": {"layers": [{"name": "dense"}]}}));
    assert_eq!(suspect(&[("m.keras", &archive)]), None);

    let config = json!({"model_type": "bert", "text": {"_name_or_path": KEY}}).to_string();
    let files = [("config.json", config.as_bytes()), ("m.safetensors", &clean)];
    assert_eq!(suspect(&files).as_deref(), Some("_name_or_path"));
    let config = br#"{"model_type":"bert"}"#;
    let tokens = json!({"bos_token": "<s>", "url": format!("https://hub/?{KEY}")}).to_string();
    let files = [
        ("config.json", &config[..]),
        ("m.safetensors", &clean),
        ("tokenizer_config.json", tokens.as_bytes()),
    ];
    assert_eq!(suspect(&files).as_deref(), Some("url"));
    assert_eq!(suspect(&files[..2]), None);

    let booster = XGBOOST.replace("\"note\":", &format!("\"by\":\"{KEY}\",\"note\":"));
    let json: Value = serde_json::from_str(&booster).unwrap();
    assert_eq!(suspect(&[("m.json", booster.as_bytes())]).as_deref(), Some("by"));
    assert_eq!(suspect(&[("m.ubj", &ubj(&json))]).as_deref(), Some("by"));
    assert_eq!(suspect(&[("m.json", XGBOOST.as_bytes())]), None);

    assert_eq!(suspect(&[("m.pmml", PMML.as_bytes())]), None);
    let header = PMML.replace("<Header>", &format!("<Header copyright=\"{KEY}\">"));
    assert_eq!(suspect(&[("m.pmml", header.as_bytes())]).as_deref(), Some("copyright"));
    let extension = format!("<Header><Extension name=\"login\" value=\"{KEY}\"/>");
    let extended = PMML.replace("<Header>", &extension);
    assert_eq!(suspect(&[("m.pmml", extended.as_bytes())]).as_deref(), Some("value"));
    let noted = format!("<Header><Annotation>use <![CDATA[{KEY}]]></Annotation>");
    let noted = PMML.replace("<Header>", &noted);
    assert_eq!(suspect(&[("m.pmml", noted.as_bytes())]).as_deref(), Some("Annotation"));
}

#[test]
fn a_name_can_give_a_secret_away() {
    let value = "Xk3!ppQz91vLmw";
    for (name, found) in [("db_password", true), ("note", false)] {
        let weights = safetensors(&json!({ name: value }));
        let refused = folder(&[("m.safetensors", &weights)]).refuse_secrets();
        assert_eq!(refused.is_err(), found, "{name}");
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!message.contains(value), "{message}");
    }
}
