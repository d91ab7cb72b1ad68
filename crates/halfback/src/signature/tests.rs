//! Reading, writing and comparing signatures.

use serde_json::{Map, Value, json};

use super::{Signature, compatible};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn signature(value: Value) -> Signature {
    Signature::parse(&map(value)).unwrap()
}

/// As MLflow 3.17 wrote it.
fn written_by_mlflow() -> Value {
    json!({
        "inputs": [
            {"type": "long", "name": "age", "required": true},
            {"type": "array", "items": {"type": "array", "items": {"type": "string"}}, "name": "words", "required": false},
            {"type": "object", "properties": {
                "at": {"type": "datetime", "required": false},
                "raw": {"type": "binary", "required": true},
                "scores": {"type": "map", "values": {"type": "double"}, "required": true},
            }, "name": "event", "required": true},
            {"type": "sparkml_vector", "name": "vector", "required": true},
            {"type": "any", "name": "rest", "required": false},
        ],
        "outputs": [
            {"name": "a", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}},
            {"name": "b", "type": "tensor", "tensor-spec": {"dtype": "datetime64[ns]", "shape": []}},
        ],
        "params": [
            {"name": "temperature", "default": 0.5, "shape": null, "type": "double"},
            {"name": "stop", "default": ["a", "b"], "shape": [-1], "type": "string"},
            {"name": "at", "default": "2026-01-02T03:04:05", "shape": null, "type": "datetime"},
            {"name": "how", "default": {"deep": 1}, "shape": null, "type": "object",
             "properties": {"deep": {"type": "long", "required": true}}},
        ],
    })
}

#[test]
fn what_mlflow_wrote_is_read_and_written_again() {
    let json = map(written_by_mlflow());
    let signature = Signature::parse(&json).unwrap();
    assert_eq!(signature.to_json(), json);
    let wire: Signature = serde_json::from_value(written_by_mlflow()).unwrap();
    assert_eq!(serde_json::to_value(&wire).unwrap(), written_by_mlflow());
}

#[test]
fn an_mlmodel_entry_holds_strings_of_json() {
    let strings = written_by_mlflow()
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), json!(value.to_string())))
        .collect();
    let read = Signature::parse_mlmodel(&strings).unwrap();
    assert_eq!(read, signature(written_by_mlflow()));
}

#[test]
fn defaults_are_filled_in() {
    let read = signature(json!({"inputs": [{"type": "double"}], "outputs": null}));
    let expected = map(json!({"inputs": [{"type": "double", "required": true}]}));
    assert_eq!(read.to_json(), expected);
    let read = signature(json!({"params": [{"name": "n", "dtype": "long", "default": null}]}));
    let param = json!({"name": "n", "type": "long", "default": null, "shape": null});
    assert_eq!(read.to_json(), map(json!({"params": [param]})));
}

#[test]
fn errors_name_the_field() {
    let named =
        json!({"name": "a", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}});
    let tensor = json!({"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}});
    let cases = [
        (json!({"input": []}), "`signature.input` is not known"),
        (json!({"inputs": 1}), "`signature.inputs` must be a list"),
        (json!({"inputs": []}), "`signature.inputs` is empty"),
        (json!({"inputs": [1]}), "`signature.inputs[0]` must be an object"),
        (json!({"inputs": [{"name": "a"}]}), "`signature.inputs[0].type` is missing"),
        (json!({"inputs": [{"type": 3}]}), "`signature.inputs[0].type` must be text"),
        (
            json!({"inputs": [{"type": "long"}, {"type": "long"}, {"type": "int"}]}),
            "`signature.inputs[2].type` is `int`, expected `boolean`",
        ),
        (json!({"inputs": [{"type": "long", "shape": [1]}]}), "`signature.inputs[0].shape` is not"),
        (
            json!({"inputs": [{"type": "long", "name": "a"}, {"type": "long"}]}),
            "`signature.inputs[1].name` must be given for all or for none",
        ),
        (
            json!({"inputs": [{"type": "long", "name": "a"}, {"type": "long", "name": "a"}]}),
            "`signature.inputs[1].name` `a` comes twice",
        ),
        (
            json!({"inputs": [{"type": "long", "required": false}]}),
            "`signature.inputs[0].required` is false for a column without a name",
        ),
        (json!({"outputs": [{"type": "array"}]}), "`signature.outputs[0].items` is missing"),
        (
            json!({"outputs": [{"type": "array", "items": {"type": "map", "values": {"type": "x"}}}]}),
            "`signature.outputs[0].items.values.type` is `x`",
        ),
        (
            json!({"outputs": [{"type": "object", "properties": {"p": {"type": "x"}}}]}),
            "`signature.outputs[0].properties.p.type` is `x`",
        ),
        (
            json!({"outputs": [{"type": "object", "properties": {}}]}),
            "`signature.outputs[0].properties` is empty",
        ),
        (
            json!({"inputs": [named, {"type": "long"}]}),
            "`signature.inputs[1].type` must be `tensor`",
        ),
        (json!({"inputs": [tensor, tensor]}), "`signature.inputs[0].name` is missing"),
        (
            json!({"inputs": [{"type": "tensor", "tensor-spec": {"dtype": "float33", "shape": [-1]}}]}),
            "`signature.inputs[0].tensor-spec.dtype` is `float33`",
        ),
        (
            json!({"inputs": [{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [1, -2]}}]}),
            "`signature.inputs[0].tensor-spec.shape[1]` must be",
        ),
        (
            json!({"params": [{"name": "p", "type": "long"}]}),
            "`signature.params[0].default` is missing",
        ),
        (
            json!({"params": [{"name": "p", "type": "long", "default": 1.5}]}),
            "`signature.params[0].default` is no long",
        ),
        (
            json!({"params": [{"name": "p", "type": "long", "default": 1, "shape": [-1]}]}),
            "`signature.params[0].default` is no list of long",
        ),
        (
            json!({"params": [{"name": "p", "type": "long", "default": [1], "shape": [1]}]}),
            "`signature.params[0].shape` must be null",
        ),
        (
            json!({"params": [{"name": "p", "type": "binary", "default": null}]}),
            "`signature.params[0].type` is `binary`, which no parameter can be",
        ),
    ];
    for (input, expected) in cases {
        let error = Signature::parse(&map(input.clone())).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{input}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth| {
        let nest = |inner, _| json!({"type": "array", "items": inner});
        let column = (0..depth).fold(json!({"type": "long"}), nest);
        Signature::parse(&map(json!({"inputs": [column]})))
    };
    assert!(nested(32).is_ok());
    let error = nested(33).unwrap_err().to_string();
    assert!(error.ends_with("is nested deeper than 32"), "{error}");
}

/// Columns, tensors and parameters in short: `a:long b?:double`, `float32[-1,3]`, `p:long=1`.
fn schema(short: &str) -> Value {
    let spec = |part: &str| {
        let (name, kind) = part.split_once(':').unwrap_or(("", part));
        let mut spec = match kind.split_once('[') {
            Some((dtype, shape)) => {
                let shape: Value = serde_json::from_str(&format!("[{shape}")).unwrap();
                json!({"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}})
            }
            None if kind.starts_with('{') => serde_json::from_str(kind).unwrap(),
            None => json!({"type": kind}),
        };
        if name.ends_with('?') {
            spec["required"] = json!(false);
        }
        if !name.is_empty() {
            spec["name"] = json!(name.trim_end_matches('?'));
        }
        spec
    };
    Value::Array(short.split(' ').map(spec).collect())
}

fn reasons(old: Value, new: Value) -> Vec<String> {
    let answer = compatible(&signature(old), &signature(new));
    assert_eq!(answer.compatible, answer.reasons.is_empty());
    answer.reasons
}

#[test]
fn callers_of_the_old_call_the_new() {
    let cases = [
        ("a:integer", "a:integer", ""),
        ("a:integer", "a:long", ""),
        ("a:integer", "a:double", ""),
        ("a:float", "a:double", ""),
        ("a:string", "a:any", ""),
        ("a:integer", "a:float", "inputs.a: integer does not widen to float"),
        ("a:long", "a:double", "inputs.a: long does not widen to double"),
        ("a:long", "a:integer", "inputs.a: long does not widen to integer"),
        ("a:double", "a:float", "inputs.a: double does not widen to float"),
        ("a:boolean", "a:long", "inputs.a: boolean does not widen to long"),
        ("a:any", "a:long", "inputs.a: any does not widen to long"),
        ("a:long b:long", "b:long a:long", ""),
        ("a:long b:long", "a:long", ""),
        ("a:long", "a:long b?:long", ""),
        ("a:long", "a?:long", ""),
        ("a:long", "a:long b:long", "inputs.b: is new and required"),
        ("a?:long", "a:long", "inputs.a: was optional and is required"),
        ("long double", "long double", ""),
        ("long double", "long", ""),
        (
            "long double",
            "double long",
            "inputs[0]: long does not widen to double; inputs[1]: double does not widen to long",
        ),
        ("long", "long long", "inputs[1]: is new and required"),
        ("long", "a:long", "inputs: only one of the two signatures names them"),
        ("a:long", "long", "inputs: only one of the two signatures names them"),
        ("long", "int64[-1]", "inputs: columns became tensors"),
        ("int64[-1]", "long", "inputs: tensors became columns"),
        ("float32[5,3]", "float32[-1,3]", ""),
        ("float32[-1,3]", "float32[5,3]", "inputs[0]: float32[-1, 3] does not fit float32[5, 3]"),
        ("float32[-1]", "float64[-1]", "inputs[0]: float32[-1] does not fit float64[-1]"),
        ("float32[-1]", "float32[-1,-1]", "inputs[0]: float32[-1] does not fit float32[-1, -1]"),
        ("float32[4,4]", "object[-1]", ""),
        ("a:int8[1] b:int8[1]", "b:int8[1]", ""),
        ("a:int8[1]", "a:int8[1] b:int8[1]", "inputs.b: is new and required"),
    ];
    for (old, new, expected) in cases {
        let found = reasons(json!({"inputs": schema(old)}), json!({"inputs": schema(new)}));
        assert_eq!(found.join("; "), expected, "{old} -> {new}");
    }
}

#[test]
fn readers_of_the_old_read_the_new() {
    let cases = [
        ("a:long", "a:long", ""),
        ("a:long", "b:double a:long", ""),
        ("a:any", "a:long", ""),
        ("a?:long", "b:long", ""),
        ("a?:long", "a:long", ""),
        ("a:integer", "a:long", "outputs.a: integer became long"),
        ("a:long", "b:long", "outputs.a: is gone"),
        ("a:long", "a?:long", "outputs.a: is not always there any more"),
        ("long", "long", ""),
        ("long", "long long", "outputs: 1 became 2"),
        ("long", "a:long", "outputs: only one of the two signatures names them"),
        ("float32[-1,3]", "float32[5,3]", ""),
        ("float32[5,3]", "float32[-1,3]", "outputs[0]: float32[5, 3] became float32[-1, 3]"),
        ("a:int8[1] b:int8[1]", "a:int8[1]", "outputs.b: is gone"),
        ("long", "int64[-1]", "outputs: columns became tensors"),
    ];
    for (old, new, expected) in cases {
        let found = reasons(json!({"outputs": schema(old)}), json!({"outputs": schema(new)}));
        assert_eq!(found.join("; "), expected, "{old} -> {new}");
    }
}

#[test]
fn nested_types_go_both_ways() {
    let column = |data_type: &Value| json!([data_type]);
    let array = |inner: &str| json!({"type": "array", "items": {"type": inner}});
    let values = |inner: &str| json!({"type": "map", "values": {"type": inner}});
    let object = |properties: &Value| json!({"type": "object", "properties": properties});
    let one = object(&json!({"p": {"type": "integer"}}));
    let wide = object(&json!({"p": {"type": "long"}}));
    let optional = object(&json!({"p": {"type": "integer", "required": false}}));
    let two = object(&json!({"p": {"type": "integer"}, "q": {"type": "string"}}));
    let maybe_two =
        object(&json!({"p": {"type": "integer"}, "q": {"type": "string", "required": false}}));
    let cases = [
        (array("integer"), array("long"), "", "outputs[0].items: integer became long"),
        (
            array("long"),
            values("long"),
            "inputs[0]: array does not widen to map",
            "outputs[0]: array became map",
        ),
        (values("float"), values("double"), "", "outputs[0].values: float became double"),
        (one.clone(), wide, "", "outputs[0].p: integer became long"),
        (one.clone(), optional.clone(), "", "outputs[0].p: is not always there any more"),
        (optional, one.clone(), "inputs[0].p: was optional and is required", ""),
        (one.clone(), two.clone(), "inputs[0].q: is new and required", ""),
        (
            two,
            one.clone(),
            "inputs[0].q: is gone, and objects take no unknown property",
            "outputs[0].q: is gone",
        ),
        (one.clone(), maybe_two.clone(), "", ""),
        (maybe_two, one, "inputs[0].q: is gone, and objects take no unknown property", ""),
    ];
    for (old, new, inputs, outputs) in cases {
        let found = reasons(json!({"inputs": column(&old)}), json!({"inputs": column(&new)}));
        assert_eq!(found.join("; "), inputs, "inputs {old} -> {new}");
        let found = reasons(json!({"outputs": column(&old)}), json!({"outputs": column(&new)}));
        assert_eq!(found.join("; "), outputs, "outputs {old} -> {new}");
    }
}

#[test]
fn parameters_widen_and_need_defaults() {
    let param =
        |kind: &str, default: Value| json!([{"name": "p", "type": kind, "default": default}]);
    let list = json!([{"name": "p", "type": "long", "default": [1], "shape": [-1]}]);
    let cases = [
        (param("integer", json!(1)), param("float", json!(1)), ""),
        (param("long", json!(1)), param("double", json!(1)), ""),
        (param("float", json!(1)), param("double", json!(1)), ""),
        (
            param("double", json!(1)),
            param("float", json!(1)),
            "params.p: double does not widen to float",
        ),
        (param("long", json!(1)), json!([]), ""),
        (json!([]), param("long", json!(1)), ""),
        (json!([]), param("long", json!(null)), "params.p: is new and has no default"),
        (param("long", json!(1)), param("long", json!(null)), "params.p: lost its default"),
        (param("long", json!(1)), list.clone(), "params.p: one value became a list"),
        (list, param("long", json!(1)), "params.p: a list became one value"),
    ];
    for (old, new, expected) in cases {
        let found = reasons(json!({"params": old.clone()}), json!({"params": new.clone()}));
        assert_eq!(found.join("; "), expected, "{old} -> {new}");
    }
}

#[test]
fn what_is_not_told_cannot_be_broken() {
    let told = json!({"inputs": schema("a:long"), "outputs": schema("a:long")});
    assert_eq!(reasons(json!({}), json!({})), Vec::<String>::new());
    assert_eq!(reasons(told.clone(), json!({"outputs": schema("a:long")})), Vec::<String>::new());
    let found = reasons(told.clone(), json!({"inputs": schema("a:long")}));
    assert_eq!(found, ["outputs: the new signature does not tell them"]);
    let found = reasons(json!({}), told);
    assert_eq!(found, ["inputs: the old signature leaves them free, the new one does not"]);
}
