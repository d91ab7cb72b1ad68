//! Small files made here, byte by byte, and files that try to do harm.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Files in memory.
struct Folder(BTreeMap<String, Vec<u8>>);

impl Files for Folder {
    fn list(&self) -> Vec<(String, u64)> {
        self.0.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect()
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(Cursor::new(&self.0[path])))
    }
}

pub(super) fn folder(files: &[(&str, &[u8])]) -> Format {
    let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
    recognise(&Folder(files.collect())).unwrap()
}

pub(super) fn file(name: &str, bytes: &[u8]) -> Format {
    folder(&[(name, bytes)])
}

/// The flavor, the format, the version, and whether it is executable.
pub(super) type Told<'a> = (&'a str, &'a str, &'a str, bool);

pub(super) fn told(format: &Format) -> Told<'_> {
    (
        format.flavor.as_deref().unwrap_or("-"),
        format.metadata.get("format").map_or("-", String::as_str),
        format.framework_version.as_deref().unwrap_or("-"),
        format.executable,
    )
}

fn signature(format: &Format) -> Value {
    json!(format.signature)
}

/// Protocol buffers: a varint, and bytes.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

pub(super) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub(super) fn bytes(field: u64, parts: &[&[u8]]) -> Vec<u8> {
    let inner = parts.concat();
    [varint(field << 3 | 2), varint(inner.len() as u64), inner].concat()
}

fn dimension(length: i64) -> Vec<u8> {
    number(1, length.cast_unsigned())
}

pub(super) fn onnx() -> Vec<u8> {
    let tensor = |code, shape: &[Vec<u8>]| {
        let shape: Vec<Vec<u8>> = shape.iter().map(|it| bytes(1, &[it])).collect();
        bytes(2, &[&bytes(1, &[&number(1, code), &bytes(2, &[&shape.concat()])])])
    };
    let info =
        |field, name: &str, kind: &[u8]| bytes(field, &[&bytes(1, &[name.as_bytes()]), kind]);
    let free = bytes(2, &[b"batch"]);
    let graph = [
        bytes(1, &[&bytes(4, &[b"Gemm"])]),
        bytes(5, &[&bytes(9, &[&[0; 9000]]), &bytes(8, &[b"w"])]),
        info(11, "x", &tensor(1, &[free.clone(), dimension(3)])),
        info(11, "w", &tensor(1, &[dimension(3)])),
        info(12, "label", &tensor(7, &[free])),
    ];
    [
        number(1, 8),
        bytes(2, &[b"skl2onnx"]),
        bytes(3, &[b"1.20.0"]),
        bytes(7, &[&graph.concat()]),
        bytes(8, &[&bytes(1, &[b""]), &number(2, 17)]),
        bytes(8, &[&bytes(1, &[b"ai.onnx.ml"]), &number(2, 3)]),
    ]
    .concat()
}

#[test]
fn onnx_tells_its_tensors() {
    let format = file("anything", &onnx());
    assert_eq!(told(&format), ("onnx", "onnx", "skl2onnx 1.20.0", false));
    assert_eq!(format.metadata["opset"], "17");
    assert_eq!(format.metadata["opset.ai.onnx.ml"], "3");
    assert_eq!(
        signature(&format),
        json!({
            "inputs": [{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}],
            "outputs": [{"name": "label", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
        })
    );
}

pub(super) fn saved_model() -> Vec<u8> {
    let shape = [bytes(2, &[&dimension(-1)]), bytes(2, &[&dimension(4)])].concat();
    let info = |code| bytes(2, &[&number(2, code), &bytes(3, &[&shape])]);
    let serving =
        [bytes(1, &[&bytes(1, &[b"x"]), &info(1)]), bytes(2, &[&bytes(1, &[b"y"]), &info(9)])];
    let graph = [
        bytes(1, &[&bytes(4, &[b"serve"]), &bytes(5, &[b"2.19.0"])]),
        bytes(5, &[&bytes(1, &[b"serving_default"]), &bytes(2, &[&serving.concat()])]),
    ];
    [number(1, 1), bytes(2, &[&graph.concat()])].concat()
}

#[test]
fn saved_models_tell_what_they_serve() {
    let format = folder(&[("saved_model.pb", &saved_model()), ("variables/variables.index", b"x")]);
    assert_eq!(told(&format), ("tensorflow", "saved_model", "2.19.0", false));
    assert_eq!(
        signature(&format),
        json!({
            "inputs": [{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}],
            "outputs": [{"name": "y", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 4]}}],
        })
    );
    assert_eq!(told(&file("export/1/saved_model.pb", &saved_model())).0, "tensorflow");
}

pub(super) const XGBOOST: &str = r#"{"learner":{"attributes":{"note":"\"feature_names\":[\"no\"]"},"feature_names":["a","b","c"],
"feature_types":["float","int","c"],"gradient_booster":{"model":{"trees":[]},"name":"gbtree"},
"learner_model_param":{"num_class":"3","num_feature":"3"},"objective":{"name":"multi:softprob"}},"version":[3,2,0]}"#;

/// The same in the UBJSON that XGBoost writes.
pub(super) fn ubj(value: &Value) -> Vec<u8> {
    let text =
        |text: &str| [&b"L"[..], &(text.len() as u64).to_be_bytes(), text.as_bytes()].concat();
    match value {
        Value::String(it) => [b"S".to_vec(), text(it)].concat(),
        Value::Number(it) => vec![b'i', u8::try_from(it.as_u64().unwrap()).unwrap()],
        Value::Array(list) => {
            let head = [&b"[#L"[..], &(list.len() as u64).to_be_bytes()].concat();
            [head, list.iter().flat_map(ubj).collect()].concat()
        }
        Value::Object(map) => {
            let members = map.iter().flat_map(|(key, value)| [text(key), ubj(value)].concat());
            [b"{".to_vec(), members.collect(), b"}".to_vec()].concat()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn xgboost_tells_its_features() {
    let json: Value = serde_json::from_str(XGBOOST).unwrap();
    for (content, expected) in [
        (XGBOOST.as_bytes().to_vec(), "xgboost-json"),
        (json!(json).to_string().into_bytes(), "xgboost-json"),
        (ubj(&json), "xgboost-ubj"),
    ] {
        let format = file("model", &content);
        assert_eq!(told(&format), ("xgboost", expected, "3.2.0", false));
        assert_eq!(format.metadata["num_class"], "3");
        assert_eq!(format.metadata["objective"], "multi:softprob");
        assert_eq!(
            signature(&format),
            json!({"inputs": [
                {"name": "a", "type": "double", "required": true},
                {"name": "b", "type": "long", "required": true},
                {"name": "c", "type": "any", "required": true},
            ]})
        );
    }
}

#[test]
fn lightgbm_tells_its_features() {
    let text = |names: &str| {
        format!(
            "tree\nversion=v4\nnum_class=1\nobjective=binary sigmoid:1\nfeature_names={names}\n\nTree=0\nversion=v9\n"
        )
    };
    let format = file("model.txt", text("age income").as_bytes());
    assert_eq!(told(&format), ("lightgbm", "lightgbm-text", "-", false));
    assert_eq!(format.metadata["format_version"], "v4");
    assert_eq!(format.metadata["objective"], "binary sigmoid:1");
    assert_eq!(signature(&format)["inputs"][1]["name"], "income");
    let format = file("model.txt", text("Column_0 Column_1").as_bytes());
    assert_eq!((told(&format).0, signature(&format)), ("lightgbm", Value::Null));
}

fn safetensors() -> Vec<u8> {
    let header =
        r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 8]].concat()
}

#[test]
fn safetensors_count_their_tensors() {
    let format = file("m", &safetensors());
    assert_eq!(told(&format), ("safetensors", "safetensors", "-", false));
    assert_eq!((&*format.metadata["tensors"], &*format.metadata["framework"]), ("1", "pt"));
}

pub(super) const PMML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE PMML [<!ENTITY a "aaaa">]>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Application name="JPMML" version="1.8"/></Header>
<DataDictionary><DataField name="y" optype="categorical" dataType="integer"/>
<DataField name="x &amp; z" dataType="double"/><DataField name="when" dataType="dateTime"/></DataDictionary>
<MiningModel functionName="classification"><MiningSchema><MiningField name="y" usageType="target"/>
<MiningField name="x &amp; z"/><MiningField name="when" missingValueReplacement="0"/></MiningSchema>
<Output><OutputField name="p" optype="continuous" dataType="double"/></Output>
<Segmentation><Segment><TreeModel><MiningSchema><MiningField name="y"/></MiningSchema></TreeModel></Segment></Segmentation>
</MiningModel></PMML>"#;

#[test]
fn pmml_tells_its_fields() {
    let format = file("model.xml", PMML.as_bytes());
    assert_eq!(told(&format), ("pmml", "pmml", "4.4", false));
    assert_eq!(
        (&*format.metadata["producer"], &*format.metadata["model"]),
        ("JPMML 1.8", "MiningModel")
    );
    assert_eq!(
        signature(&format),
        json!({
            "inputs": [
                {"name": "x & z", "type": "double", "required": true},
                {"name": "when", "type": "datetime", "required": false},
            ],
            "outputs": [
                {"name": "y", "type": "long", "required": true},
                {"name": "p", "type": "double", "required": true},
            ],
        })
    );
    assert_eq!(told(&file("page.html", b"<html><!-- PMML --></html>")).0, "-");
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, content) in entries {
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// A pickle of protocol 4: a class, called without arguments, and its version in its state.
pub(super) fn pickled(module: &str, name: &str) -> Vec<u8> {
    let text = |text: &str| {
        [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes(), &[0x94]].concat()
    };
    [
        b"\x80\x04\x95\xff\0\0\0\0\0\0\0".to_vec(),
        text(module),
        text(name),
        b"\x93\x94)\x81\x94}\x94".to_vec(),
        text("_sklearn_version"),
        text("1.9.1"),
        b"sb.".to_vec(),
    ]
    .concat()
}

/// The names and contents in an archive.
type Entries<'a> = &'a [(&'a str, &'a [u8])];

#[test]
fn archives_tell_what_is_in_them() {
    let keras = json!({"keras_version": "3.12.0", "date_saved": "2026-01-01"}).to_string();
    let skops = json!({
        "__class__": "Pipeline", "__module__": "sklearn.pipeline", "__loader__": "ObjectNode",
        "content": {"_sklearn_version": {"__class__": "str", "content": "\"1.9.1\""}},
        "protocol": 2, "_skops_version": "0.16.0",
    });
    let skops = skops.to_string();
    let program = r#"{"graph_module":{"torch_version":1},"torch_version":"2.9.0"}"#;
    let pickle = pickled("collections", "OrderedDict");
    let lambda: &[u8] = br#"{"class_name": "__lambda__"}"#;
    let cases: &[(Entries<'_>, Told<'_>)] = &[
        (
            &[
                ("metadata.json", keras.as_bytes()),
                ("config.json", b"{}"),
                ("model.weights.h5", b""),
            ],
            ("keras", "keras", "3.12.0", false),
        ),
        (
            &[("metadata.json", keras.as_bytes()), ("config.json", lambda)],
            ("keras", "keras", "3.12.0", true),
        ),
        (
            &[("1.npy", b""), ("schema.json", skops.as_bytes())],
            ("sklearn", "skops", "1.9.1", false),
        ),
        (
            &[
                ("m/archive_format", b"pt2"),
                ("m/models/model.json", program.as_bytes()),
                ("m/data/weights/w", b""),
            ],
            ("pytorch", "torch.export", "2.9.0", true),
        ),
        (
            &[
                ("m/archive_format", b"pt2"),
                ("m/models/model.json", program.as_bytes()),
                ("m/data/weights/model.pt", b""),
            ],
            ("pytorch", "torch.export", "2.9.0", true),
        ),
        (
            &[("serialized_exported_program.json", program.as_bytes()), ("version", b"5.1")],
            ("pytorch", "torch.export", "2.9.0", true),
        ),
        (
            &[
                ("m/data.pkl", &pickle),
                ("m/code/__torch__.py", b""),
                ("m/constants.pkl", b"\x80\x02)."),
            ],
            ("pytorch", "torchscript", "-", true),
        ),
        (&[("m/data.pkl", &pickle), ("m/version", b"3\n")], ("pytorch", "torch.save", "-", true)),
        (&[("notes.txt", b"a zip of something else")], ("-", "-", "-", false)),
    ];
    for (entries, expected) in cases {
        let format = file("archive", &zip(entries));
        assert_eq!(told(&format), *expected);
    }
    let format = file("m.pt", &zip(&[("m/data.pkl", &pickle)]));
    assert_eq!(format.metadata["class"], "collections.OrderedDict");
}

#[test]
fn an_exported_program_tells_what_it_takes_and_gives() {
    let program = |inputs: Value, outputs: Value, sizes: Value| {
        let x = json!({"dtype": 7, "sizes": sizes});
        let y = json!({"dtype": 5, "sizes": [{"as_int": 2}]});
        let program = json!({
            "graph_module": {
                "graph": {"inputs": [], "tensor_values": {"w": y, "x": x, "y": y}},
                "signature": {"input_specs": inputs, "output_specs": outputs},
            },
            "torch_version": "2.15.0",
        });
        let program = program.to_string();
        file("m.pt2", &zip(&[("archive_format", b"pt2"), ("models/m.json", program.as_bytes())]))
    };
    let tensor = |name: &str| json!({"arg": {"as_tensor": {"name": name}}});
    let weight = json!({"parameter": {"arg": {"name": "w"}, "parameter_name": "w"}});
    let input = |name: &str| json!({"user_input": tensor(name)});
    let output = |name: &str| json!({"user_output": tensor(name)});
    let free = json!([{"as_expr": {"expr_str": "s0", "hint": {"as_int": 9}}}, {"as_int": 3}]);
    let spec = |name: &str, dtype: &str, shape: Value| {
        let spec = json!({"dtype": dtype, "shape": shape});
        json!({"name": name, "type": "tensor", "tensor-spec": spec})
    };

    let format = program(json!([weight, input("x")]), json!([output("y")]), free.clone());
    assert_eq!(told(&format), ("pytorch", "torch.export", "2.15.0", true));
    let only = json!({"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [2]}});
    let [x, y] = [spec("x", "float32", json!([-1, 3])), spec("y", "int64", json!([2]))];
    assert_eq!(signature(&format), json!({"inputs": [x], "outputs": [only]}));

    // Several outputs keep their names; a side with what is no tensor has no schema.
    let number = json!({"user_input": {"arg": {"as_int": 1}}});
    let both = json!([output("x"), output("y")]);
    let format = program(json!([input("x"), number]), both, free);
    assert_eq!(signature(&format), json!({"outputs": [x, y]}));

    // Shapes that no tensor has, names of nothing, and descriptions of another make.
    let deep = Value::from(vec![json!({"as_int": 1}); 65]);
    for (inputs, sizes) in [
        (json!([input("x")]), deep),
        (json!([input("z")]), json!([])),
        (Value::from(vec![input("x"); 10_001]), json!([])),
        (json!("x"), json!([])),
    ] {
        let format = program(inputs, json!([]), sizes);
        assert_eq!((told(&format).2, signature(&format)), ("2.15.0", Value::Null));
    }
}

#[test]
fn deflated_entries_are_inflated_as_far_as_needed() {
    let keras = json!({"keras_version": "3.12.0"}).to_string();
    let bomb = vec![b' '; 64 << 20];
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, content) in [("metadata.json", keras.as_bytes()), ("config.json", &bomb)] {
        let method = rawzip::CompressionMethod::DEFLATE;
        let (mut entry, config) =
            archive.new_file(name).compression_method(method).start().unwrap();
        let deflate = flate2::write::DeflateEncoder::new(&mut entry, Compression::best());
        let mut writer = config.wrap(deflate);
        writer.write_all(content).unwrap();
        let (deflate, descriptor) = writer.finish().unwrap();
        deflate.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    let format = file("m.keras", &archive.finish().unwrap());
    assert_eq!(told(&format), ("keras", "keras", "3.12.0", true));
}

#[test]
fn pickles_are_told_by_their_opcodes() {
    let zlib = |content: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let gzip = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let sklearn = pickled("sklearn.pipeline", "Pipeline");
    let array = pickled("joblib.numpy_pickle", "NumpyArrayWrapper");
    let joblib =
        [&sklearn[..sklearn.len() - 1], &array[11..array.len() - 1], &[0xff; 64], b"."].concat();
    let cases: &[(&[u8], Told<'_>)] = &[
        (&sklearn, ("sklearn", "pickle", "1.9.1", true)),
        (&zlib(&sklearn), ("sklearn", "pickle", "1.9.1", true)),
        (&gzip(&sklearn), ("sklearn", "pickle", "1.9.1", true)),
        (&joblib, ("sklearn", "joblib", "1.9.1", true)),
        (&pickled("my.module", "Model"), ("pickle", "pickle", "-", true)),
        (&pickled("xgboost.sklearn", "XGBClassifier"), ("xgboost", "pickle", "-", true)),
        (b"\x80\x02}q\0.", ("pickle", "pickle", "-", true)),
        (b"cos\nsystem\n(S'true'\ntR.", ("pickle", "pickle", "-", true)),
        (b"(S'true'\nios\nsystem\n.", ("pickle", "pickle", "-", true)),
        // What was called before something damaged would have run all the same.
        (b"cos\nsystem\n(S'true'\ntR\xff\xff", ("pickle", "pickle", "-", true)),
        (b"\x80\x04cos\nsystem\n\xff", ("pickle", "pickle", "-", true)),
        (b"\x80\x04\x82\x01\xff", ("pickle", "pickle", "-", true)),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", ("pytorch", "torch.save", "-", true)),
        (b"\x80\x04 damaged", ("pickle", "pickle", "-", true)),
        (b"\x80\x06 no pickle", ("-", "-", "-", false)),
        (b"cat\ndog\nRabbit\n", ("-", "-", "-", false)),
        (&gzip(b"just text"), ("-", "-", "-", false)),
        (b"", ("-", "-", "-", false)),
    ];
    for (content, expected) in cases {
        let format = file("model", content);
        assert_eq!(told(&format), *expected, "{}", content.escape_ascii());
    }
    let format = file("model", b"cos\nsystem\n(S'true'\ntR.");
    assert_eq!((&*format.metadata["class"], &*format.metadata["modules"]), ("os.system", "os"));
    // A module that was named before comes from the memo.
    let memo = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94h\x00\x8c\x05popen\x94\x93.";
    assert_eq!(file("model", memo).metadata["modules"], "os");
    // Padding does not hide what comes later.
    let padded = [b"\x80\x04".to_vec(), b"N0".repeat(5 << 20), b"cos\nsystem\n.".to_vec()].concat();
    assert!(file("model", &padded).executable);
    // Compressed by what is not read here.
    assert!(file("model.joblib", b"BZh91AY").executable);
    assert_eq!(told(&file("archive.tar.bz2", b"BZh91AY")).0, "-");
}

const MLMODEL: &str = "flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
  sklearn:
    code: null
    pickled_model: model.pkl
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
signature:
  inputs: '[{\"type\": \"double\", \"name\": \"a\", \"required\": true}, {\"type\": \"double\",
    \"name\": \"b\", \"required\": true}]'
  outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"int64\", \"shape\": [-1]}}]'
  params: null
";

#[test]
fn mlflow_folders_tell_the_native_flavor() {
    let sklearn = pickled("sklearn.pipeline", "Pipeline");
    let format = folder(&[("MLmodel", MLMODEL.as_bytes()), ("model.pkl", &sklearn)]);
    assert_eq!(told(&format), ("sklearn", "mlflow", "1.9.1", true));
    assert_eq!(
        (&*format.metadata["mlflow_version"], &*format.metadata["content"]),
        ("3.17.2", "pickle")
    );
    assert_eq!(
        signature(&format),
        json!({
            "inputs": [
                {"name": "a", "type": "double", "required": true},
                {"name": "b", "type": "double", "required": true},
            ],
            "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
        })
    );
    let onnx_model = "flavors: {onnx: {onnx_version: 1.23.2, code: null}}";
    let format = folder(&[("MLmodel", onnx_model.as_bytes()), ("model.onnx", &onnx())]);
    assert_eq!(told(&format), ("onnx", "mlflow", "1.23.2", false));
    let python = "flavors: {python_function: {python_model: m.pkl, python_version: 3.11.7}}\nsignature: {inputs: 'no'}";
    let format = folder(&[("MLmodel", python.as_bytes())]);
    assert_eq!(told(&format), ("python_function", "mlflow", "3.11.7", true));
    let note = &format.metadata["signature"];
    assert!(note.starts_with("`signature.inputs` is not JSON"), "{note}");
    assert_eq!(told(&folder(&[("MLmodel", b"flavors: [")])).0, "-");
}

#[test]
fn hugging_face_folders_have_a_config_and_weights() {
    let config = |more: &str| {
        format!(
            r#"{{"model_type":"bert","architectures":["BertModel"],"transformers_version":"4.57.0"{more}}}"#
        )
    };
    let weights = ("model.safetensors", &*safetensors());
    let format = folder(&[("config.json", config("").as_bytes()), weights]);
    assert_eq!(told(&format), ("transformers", "huggingface", "4.57.0", false));
    assert_eq!(
        (&*format.metadata["model_type"], &*format.metadata["content"]),
        ("bert", "safetensors")
    );
    let mapped = config(r#","auto_map":{"AutoModel":"m.Model"}"#);
    assert!(folder(&[("config.json", mapped.as_bytes()), weights]).executable);
    let bin = zip(&[("m/data.pkl", &pickled("collections", "OrderedDict"))]);
    let format = folder(&[("config.json", config("").as_bytes()), ("pytorch_model.bin", &bin)]);
    assert_eq!(told(&format), ("transformers", "huggingface", "4.57.0", true));
    assert_eq!(told(&folder(&[("config.json", config("").as_bytes())])).0, "-");
}

#[test]
fn the_largest_file_speaks_and_any_can_make_it_executable() {
    let format = folder(&[
        ("big.onnx", &onnx()),
        ("small.pkl", &pickled("os", "system")),
        ("README", b"hi"),
    ]);
    assert_eq!(told(&format), ("onnx", "onnx", "skl2onnx 1.20.0", true));
    assert_eq!((&*format.metadata["file"], &*format.metadata["also"]), ("big.onnx", "pickle"));
}

/// One file of each format.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let json: Value = serde_json::from_str(XGBOOST).unwrap();
    vec![
        ("m.onnx", onnx()),
        ("saved_model.pb", saved_model()),
        ("m.json", XGBOOST.into()),
        ("m.ubj", ubj(&json)),
        ("m.safetensors", safetensors()),
        ("m.pmml", PMML.into()),
        ("m.pkl", pickled("sklearn.pipeline", "Pipeline")),
        ("MLmodel", MLMODEL.into()),
        ("m.txt", b"tree\nversion=v4\nfeature_names=a b\n".to_vec()),
        ("m.keras", zip(&[("metadata.json", br#"{"keras_version":"3"}"#), ("config.json", b"{}")])),
        ("m.pt", zip(&[("m/data.pkl", &pickled("collections", "OrderedDict"))])),
    ]
}

#[test]
fn truncated_files_are_no_failure() {
    for (name, whole) in samples() {
        assert_ne!(told(&file(name, &whole)).0, "-", "{name}");
        for length in 0..whole.len().min(2000) {
            file(name, &whole[..length]);
        }
    }
}

#[test]
fn what_is_nested_or_endless_is_given_up() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let laughs = (1..40).fold("a0: &a0 [x]\n".to_owned(), |yaml, level| {
        format!("{yaml}a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(","))
    });
    let endless =
        [b"{L\0\0\0\0\0\0\0\x07learner{".to_vec(), b"L\0\0\0\0\0\0\0\x07version[".repeat(20_000)]
            .concat();
    let header = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("MLmodel", deep("[", "]").into()),
        ("MLmodel", deep("{a: ", "}").into()),
        ("MLmodel", "- ".repeat(100_000).into()),
        ("MLmodel", laughs.into()),
        ("MLmodel", "? ".repeat(100_000).into()),
        ("config.json", deep("[", "]").into()),
        ("m.pmml", ("<PMML version=\"4\">".to_owned() + &deep("<a>", "</a>")).into()),
        ("m.json", format!("{{\"learner\":{{\"version\":{}", "[".repeat(60_000)).into()),
        ("m.ubj", endless),
        ("m.safetensors", header),
        (
            "m.safetensors",
            [&100_000_u64.to_le_bytes()[..], "[".repeat(100_000).as_bytes()].concat(),
        ),
        (
            "m.safetensors",
            [&100_000_u64.to_le_bytes()[..], "{\"a\":".repeat(20_000).as_bytes()].concat(),
        ),
        ("m.pkl", [&b"\x80\x04"[..], &b"]\x94".repeat(2_000_000)].concat()),
        ("m.onnx", bytes(7, &[&[0x2a, 0].repeat(200_000)])),
    ];
    for (name, content) in cases {
        let started = std::time::Instant::now();
        file(name, &content);
        let spent = started.elapsed();
        assert!(spent.as_secs() < 20, "{name}: {spent:?}");
    }
}

/// Fails on the first read.
struct Broken;

impl Files for Broken {
    fn list(&self) -> Vec<(String, u64)> {
        vec![("m".to_owned(), 100)]
    }

    fn open(&self, _: &str) -> Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(Broken))
    }
}

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

impl Seek for Broken {
    fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_failure() {
    let error = recognise(&Broken).unwrap_err();
    assert_eq!((error.code(), &*error.to_string()), ("io", "cannot read `m`: the disk is gone"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(content in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for name in ["m", "MLmodel", "config.json", "saved_model.pb"] {
            file(name, &content);
        }
    }

    #[test]
    fn altered_files_do_no_harm(
        sample in 0..11_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let (name, mut content) = samples().swap_remove(sample);
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        file(name, &content);
    }
}
