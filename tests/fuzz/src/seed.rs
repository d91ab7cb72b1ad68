//! Inputs to begin with: valid ones of every kind, and what has a meaning in them.

use halfback_store::checkpoint::Checkpoint;
use halfback_store::codec::encode;

use crate::bundle;
use crate::checkpoint::{Accepting, ORIGIN};
use crate::format::{NAMES, NEXT};

pub(crate) const NOTE: &[&[u8]] = &[
    "\n\n— ".as_bytes(),
    "— ".as_bytes(),
    b"\n",
    b"halfback/fuzz",
    b"fuzz ",
    b"AAAAAA",
    b"=",
    b"+",
    b"18446744073709551615",
];

pub(crate) const TEXT: &[&[u8]] = &[
    b"`",
    b".",
    b"/",
    b"@",
    b":",
    b" ",
    b"models:/",
    b"pin:/",
    b"catalogs:/",
    b"schemas:/",
    b"/latest",
    b"@champion",
    b"main.default.fraud",
    b"system",
    b"/1",
    b"\0",
    b"\\",
    "\u{1fef}".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{2000}".as_bytes(),
    "\u{37e}".as_bytes(),
    "É".as_bytes(),
];
pub(crate) const FILTER: &[&[u8]] = &[
    b" AND ",
    b" OR ",
    b"NOT ",
    b"(",
    b")",
    b" LIKE ",
    b" ILIKE ",
    b" IN (",
    b" IS NULL",
    b"MATCH ",
    b" = ",
    b" != ",
    b"<>",
    b"<=",
    b">",
    b",",
    b"'",
    b"\"",
    b"`",
    b"''",
    b"%",
    b"_",
    b"\\",
    b":text",
    b":list",
    b"tags.",
    b"params.",
    b"metrics.",
    b"metric.`",
    b"`.lower",
    b"name",
    b"model",
    b"alias",
    b"stage",
    b"created_at",
    b"comment",
    b"'risk'",
    b"1e308",
    b"-9223372036854775808",
    b"0.25",
    b"TRUE",
    b" DESC",
    b"\0",
    "\u{2003}".as_bytes(),
    "ß".as_bytes(),
    b"'2026-01-01'",
    b"*",
];
pub(crate) const BINARY: &[&[u8]] = &[
    b"\0",
    b"\x01",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\0\0\0\0\0\0\0\x80",
    b"\0\0\x10\0\0\0\0\0",
    b"\x05\0\0\0\0\0\0\0fraud",
    b"\xed\xa0\x80",
];
pub(crate) const MANIFEST: &[&[u8]] = &[
    b"\n",
    b" ",
    b"/",
    b"..",
    b"../",
    b"\\",
    b"\r",
    b"halfback manifest 1\n",
    b"18446744073709551615",
    b"a/b",
    b"0000000000000000000000000000000000000000000000000000000000000000 1 a\n",
    b"+1",
    b"01",
    "İ".as_bytes(),
    "\u{202e}".as_bytes(),
];
pub(crate) const JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"null",
    b"-1",
    b"1e400",
    b"18446744073709551615",
    b"\\u0000",
    b"\\ud800",
    b"{\"",
    b"\":",
    b"\"commit\":1",
    b"\"payload\":null",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"\xff\xff\xff\xff",
    b"[[[[[[[[",
    b"2020-01-01T00:00:00Z",
];
pub(crate) const FORMAT: &[&[u8]] = &[
    NEXT,
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\x80\x04",
    b"\x80\x02",
    b"cos\nsystem\n",
    b"\x8c\x02os",
    b"\x93",
    b"R",
    b"\x94",
    b"(",
    b"]",
    b"}",
    b"\x95\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x93NUMPY\x01\0",
    b"'descr': '|O'",
    b"{L\0\0\0\0\0\0\0\x07learner",
    b"[#L",
    b"[$d#L\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x7f",
    b"tree\n",
    b"feature_names=",
    b"<PMML",
    b"<!ENTITY a \"&a;\">",
    b"&a;",
    b"&a ",
    b"*a",
    b"auto_map",
    b"\x1f\x8b\x08\0",
    b"\x78\x01",
    b"BZh",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"__metadata__",
    b"data_offsets",
    b"\x89HDF\r\n\x1a\n",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":{\"a\":",
];

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn names() -> Vec<Vec<u8>> {
    texts(&[
        "fraud",
        "credit.default",
        "risk.credit.default",
        "`a b`.c.`d.e`",
        "Éclair",
        "team/sub key",
        "v7",
        "latest",
    ])
}

pub(crate) fn uris() -> Vec<Vec<u8>> {
    texts(&[
        "models:/main.default.fraud/2",
        "models:/fraud@champion",
        "fraud/latest",
        "`a b`/1",
        "catalogs:/main",
        "schemas:/main.default",
        "pin:/58be334a-d8f5-4410-b582-17d33cee7868/5",
        "models:/m.x",
    ])
}

pub(crate) fn filters() -> Vec<Vec<u8>> {
    texts(&[
        "tags.team = 'risk' AND name LIKE 'f%'",
        "NOT (name = 'a' OR tags.`my key` ILIKE \"%x_\\%\")",
        "metric.`top ten`.lower > 0.5 AND metric.roc_auc.upper < 1",
        "metrics.auc >= 0.5 AND created_at > '2020-01-01'",
        "stage IN ('none', 'production') OR alias IS NOT NULL",
        "MATCH 'attempt*' AND comment IS NULL",
        "tags.team IN :list OR tags.team = :text",
        "params.depth NOT IN (1, 2.5, 'x', TRUE)",
        "latest_version < 3 and owner <> :text",
        "name DESC",
        "",
    ])
}

pub(crate) fn cursors() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let keys = [
        encode(&5_i64).unwrap(),
        encode(&["main", "default", "churn"].map(str::to_owned)).unwrap(),
        encode(&vec![Some("risk".to_owned()), None]).unwrap(),
    ];
    for list in 0..6 {
        // The keys without the byte of the format, which stands in front of the fingerprint.
        seeds.extend(keys.iter().map(|key| [&[list, 1], key.get(1..).unwrap()].concat()));
        seeds.push(vec![list, 2, 9, 1]);
        seeds.push([&[list, 0], b"0110000000".as_slice()].concat());
    }
    seeds
}

pub(crate) fn codec() -> Vec<Vec<u8>> {
    vec![
        encode(&(7_i64, "name")).unwrap(),
        encode(&("list", vec![Some("a"), None])).unwrap(),
        encode(&("list", ("b", Some(3_i64), true))).unwrap(),
        encode(&vec![('é', 1_u8), ('z', 2)]).unwrap(),
        encode(&vec![Ok(vec![1_u64, 2]), Err("no")]).unwrap(),
    ]
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    let hash = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
    let of = |files: &[(u64, &str)]| {
        let line = |(size, path): &(u64, &str)| format!("{hash} {size} {path}\n");
        let first = "halfback manifest 1\n".to_owned();
        files.iter().fold(first, |text, file| text + &line(file)).into_bytes()
    };
    vec![
        of(&[(7, "weights.bin")]),
        of(&[(0, "a b/c"), (5, "a/b"), (7, "ünï")]),
        of(&[(1, "B"), (2, "C"), (3, "a")]),
        of(&[(1, "a"), (2, "a/b")]),
    ]
}

pub(crate) fn bundles() -> Vec<Vec<u8>> {
    let folder = crate::folder();
    let path = folder.path().join("bundle.hbz");
    bundle::write(&path, bundle::ENTRIES.into_iter());
    let whole = std::fs::read(&path).unwrap();
    let entry = |(at, (_, text)): (u8, (&str, &[u8]))| [&[at], text].concat();
    (0..).zip(bundle::ENTRIES).map(entry).chain([whole]).collect()
}

pub(crate) fn headers() -> Vec<Vec<u8>> {
    let hash = "0".repeat(64);
    let header = |commit: i64| {
        format!(
            r#"{{"commit":{commit},"previous":"{hash}","time":"2026-11-25T21:38:38.125276Z","actor":"p2","proof":"os_user","commands":["set_tag"],"entities":[4,5],"payload":"{hash}","rows":"{hash}"}}"#
        )
    };
    let behind = header(1).replace(r#","actor""#, r#","clock":"2026-11-25T21:38:37Z","actor""#);
    let mut tree = [5_u64.to_le_bytes(), 7_u64.to_le_bytes()].concat();
    tree.extend([3; 96]);
    vec![
        header(1).into_bytes(),
        header(3).into_bytes(),
        behind.into_bytes(),
        bundle::ENTRIES[2].1.to_vec(),
        tree,
    ]
}

pub(crate) fn checkpoints() -> Vec<Vec<u8>> {
    let note = |size| {
        let head = Checkpoint { origin: ORIGIN.to_owned(), size, root: [3; 32] };
        head.sign(&Accepting).unwrap()
    };
    let path = [[3; 32], [4; 32]].concat();
    vec![
        note(7).into_bytes(),
        (note(1) + "\n" + &note(0) + &note(9)).into_bytes(),
        b"halfback/fuzz\n1\nAAAA\nextension\n\n".to_vec(),
        b"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_vec(),
        [&[3, 7], path.as_slice()].concat(),
    ]
}

/// A file, or one more of a folder.
fn named(name: &str, content: &[u8]) -> Vec<u8> {
    let at = NAMES.iter().position(|it| *it == name).unwrap();
    [&[u8::try_from(at).unwrap()], content].concat()
}

pub(crate) fn formats() -> Vec<Vec<u8>> {
    let sklearn = pickled("sklearn.pipeline", "Pipeline");
    let torch =
        zip(&[("m/data.pkl", &pickled("collections", "OrderedDict")), ("m/version", b"3\n")]);
    let exported = zip(&[("m/archive_format", b"pt2"), ("m/models/m.json", PROGRAM.as_bytes())]);
    let keras = zip(&[("metadata.json", br#"{"keras_version":"3.12.0"}"#), ("config.json", b"{}")]);
    let config =
        br#"{"model_type":"bert","architectures":["BertModel"],"transformers_version":"4.57.0"}"#;
    let array = b"\x93NUMPY\x01\0\x46\0{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }            \n";
    let skops = br#"{"__class__":"Pipeline","__module__":"sklearn.pipeline","__loader__":"ObjectNode",
"content":{"_sklearn_version":{"__class__":"str","content":"\"1.9.1\""}},"protocol":2,"_skops_version":"0.16.0"}"#;
    let mlmodel = named("MLmodel", MLMODEL.as_bytes());
    vec![
        named("m.onnx", &onnx()),
        named("saved_model.pb", &saved_model()),
        named("m.json", XGBOOST.as_bytes()),
        named("m.ubj", XGBOOST_UBJ),
        named("m.safetensors", &safetensors()),
        named("m.pmml", PMML.as_bytes()),
        named("m.pkl", &sklearn),
        named("m.pkl", b"cos\nsystem\n(S'true'\ntR."),
        named("m.pkl", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."),
        named("m.joblib", &zlib(&sklearn)),
        named("m.txt", b"tree\nversion=v4\nnum_class=1\nobjective=binary sigmoid:1\nfeature_names=a b\n\nTree=0\n"),
        named("m.keras", &keras),
        named("m.pt", &torch),
        named("m.pt", &exported),
        named("m.npy", array),
        named("m.npz", &zip(&[("a.npy", array)])),
        named("m.skops", &zip(&[("schema.json", skops)])),
        named("m.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0"),
        named("m.h5", include_bytes!("../../../crates/halfback/src/format/tests/earliest.h5")),
        named("m.h5", include_bytes!("../../../crates/halfback/src/format/tests/latest.h5")),
        [&mlmodel, NEXT, &named("m.pkl", &sklearn)].concat(),
        [&named("config.json", config), NEXT, &named("model.safetensors", &safetensors())].concat(),
        [&named("config.json", config), NEXT, &named("pytorch_model.bin", &torch)].concat(),
        mlmodel,
    ]
}

const PROGRAM: &str = r#"{"graph_module":{"graph":{"tensor_values":{
"w":{"dtype":7,"sizes":[{"as_int":3}]},"x":{"dtype":7,"sizes":[{"as_expr":{"expr_str":"s0"}},{"as_int":3}]}}},
"signature":{"input_specs":[{"parameter":{"arg":{"name":"w"}}},{"user_input":{"arg":{"as_tensor":{"name":"x"}}}}],
"output_specs":[{"user_output":{"arg":{"as_tensor":{"name":"w"}}}}]}},"torch_version":"2.15.0"}"#;
const XGBOOST: &str = r#"{"learner":{"attributes":{},"feature_names":["a","b"],"feature_types":["float","int"],
"gradient_booster":{"model":{"trees":[]},"name":"gbtree"},"learner_model_param":{"num_class":"3","num_feature":"2"},
"objective":{"name":"multi:softprob"}},"version":[3,2,0]}"#;
const XGBOOST_UBJ: &[u8] = b"{L\0\0\0\0\0\0\0\x07learner{L\0\0\0\0\0\0\0\x0dfeature_names[#L\0\0\0\0\0\0\0\x01SL\0\0\0\0\0\0\0\x01a\
L\0\0\0\0\0\0\0\x09objective{L\0\0\0\0\0\0\0\x04nameSL\0\0\0\0\0\0\0\x07rank:np}}L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03i\x03i\x02i\0}";
const MLMODEL: &str = "flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: m.pkl}
  sklearn: &a
    code: null
    sklearn_version: 1.9.1
  other: *a
mlflow_version: 3.17.2
signature:
  inputs: '[{\"type\": \"double\", \"name\": \"a\", \"required\": true}]'
  outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"int64\", \"shape\": [-1]}}]'
";
const PMML: &str = r#"<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY a "aaaa">]>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Application name="JPMML" version="1.8"/></Header>
<DataDictionary><DataField name="y" optype="categorical" dataType="integer"/><DataField name="x" dataType="double"/></DataDictionary>
<MiningModel functionName="classification"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema>
<Output><OutputField name="p" optype="continuous" dataType="double"/></Output></MiningModel></PMML>"#;

fn safetensors() -> Vec<u8> {
    let header =
        br#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), &[0; 8]].concat()
}

/// A pickle of protocol 4: a class, called without arguments, and its version in its state.
fn pickled(module: &str, name: &str) -> Vec<u8> {
    let text = |text: &str| {
        [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes(), &[0x94]].concat()
    };
    let class = [b"\x80\x04\x95\xff\0\0\0\0\0\0\0".to_vec(), text(module), text(name)].concat();
    let state = [text("_sklearn_version"), text("1.9.1")].concat();
    [&class, b"\x93\x94)\x81\x94}\x94".as_slice(), &state, b"sb."].concat()
}

/// What zlib makes of a short text where it does not compress (RFC 1950 and 1951).
fn zlib(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let (one, two) = content.iter().fold((1, 0), |(one, two), byte| {
        let one = (one + u32::from(*byte)) % 65_521;
        (one, (two + one) % 65_521)
    });
    let block = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), content].concat();
    [b"\x78\x01".as_slice(), &block, &(two << 16 | one).to_be_bytes()].concat()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = crate::folder();
    let path = folder.path().join("archive.zip");
    bundle::write(&path, entries.iter().copied());
    std::fs::read(path).unwrap()
}

/// Protocol buffers: a number, and bytes.
fn number(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

fn bytes(field: u8, parts: &[&[u8]]) -> Vec<u8> {
    let inner = parts.concat();
    let length = u8::try_from(inner.len()).unwrap();
    let length = if length < 0x80 { vec![length] } else { vec![length, 1] };
    [vec![field << 3 | 2], length, inner].concat()
}

fn onnx() -> Vec<u8> {
    let shape = bytes(2, &[&bytes(1, &[&bytes(2, &[b"n"])]), &bytes(1, &[&number(1, 3)])]);
    let tensor = |code| bytes(2, &[&bytes(1, &[&number(1, code), &shape])]);
    let info =
        |field, name: &str, code| bytes(field, &[&bytes(1, &[name.as_bytes()]), &tensor(code)]);
    let graph =
        [bytes(1, &[&bytes(4, &[b"Gemm"])]), info(11, "x", 1), info(12, "label", 7)].concat();
    let opset = bytes(8, &[&bytes(1, &[b""]), &number(2, 17)]);
    let producer = [bytes(2, &[b"skl2onnx"]), bytes(3, &[b"1.20.0"])].concat();
    [number(1, 8), producer, bytes(7, &[&graph]), opset].concat()
}

fn saved_model() -> Vec<u8> {
    let shape = bytes(2, &[&number(1, 4)]);
    let info = bytes(2, &[&number(2, 1), &bytes(3, &[&shape])]);
    let serving = bytes(2, &[&bytes(1, &[&bytes(1, &[b"x"]), &info])]);
    let graph = [
        bytes(1, &[&bytes(4, &[b"serve"]), &bytes(5, &[b"2.19.0"])]),
        bytes(5, &[&bytes(1, &[b"serving_default"]), &serving]),
    ];
    [number(1, 1), bytes(2, &[&graph.concat()])].concat()
}
