//! Files made to pass for harmless, or to cost more than they weigh.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::tests::{file, folder, pickled, saved_model, told, zip};
use super::{MAX_FILES, MAX_HEADS};

#[test]
fn repeated_texts_are_paid_for_by_their_length() {
    let mlmodel = |copies: usize| {
        let text = "x".repeat(400_000);
        format!("flavors: {{sklearn: {{}}}}\na: &a \"{text}\"\nb: [{}]\n", "*a, ".repeat(copies))
    };
    let few = folder(&[("MLmodel", mlmodel(3).as_bytes())]);
    assert_eq!(told(&few), ("sklearn", "mlflow", "-", false));
    // These would take 400 MB, and a file of the largest size gigabytes.
    let many = folder(&[("MLmodel", mlmodel(1_000).as_bytes())]);
    assert_eq!(told(&many).0, "-");
}

#[test]
fn what_python_loads_is_a_pickle() {
    let gzip = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let call: &[u8] = b"0cos\ngetpid\n)R.";
    let long = [b"V".to_vec(), b"a".repeat(70_000), b"\n".to_vec()].concat();
    let padding = b"N0".repeat(600_000);
    let text = [b"S'".to_vec(), b"a".repeat(5 << 20), b"'\n".to_vec()].concat();
    let before: &[&[u8]] = &[
        b"V\xff\n",
        b"Np1_0\n",
        b"Np 1\n",
        b"Ng_0\n",
        b"I 1\n",
        b"F\t.5\n",
        b"Finf\n",
        b"L1_0L\n",
        &long,
        &padding,
        &[b"N".as_slice(), &padding].concat(),
        &text,
    ];
    for prefix in before {
        for mark in [b"".as_slice(), b"\x80\x02"] {
            let content = [mark, prefix, call].concat();
            let shown = &content[..content.len().min(20)];
            for content in [gzip(&content), [gzip(b""), gzip(&content)].concat(), content.clone()] {
                let format = file("model", &content);
                assert_eq!(told(&format).0, "pickle", "{}", shown.escape_ascii());
                assert!(format.executable, "{}", shown.escape_ascii());
            }
        }
    }
    let whole: &[&[u8]] = &[
        b"\x80\x05\xff",
        b"cevil\nx\n.",
        // The arguments come from a module, the module's name in escapes.
        b"cos\nabort\ncsys\nversion_info\nR",
        b"Vo\\u0073\nVgetpid\n\x93)R.",
        b"cevil\nx\n}b",
    ];
    for content in whole {
        assert!(file("model", content).executable, "{}", content.escape_ascii());
    }
}

#[test]
fn plain_text_is_no_pickle() {
    let texts: &[&[u8]] = &[
        b"cat\ndog\nbird\n",
        b"cat\ndog\nRabbit\n",
        b"catboost\nnumpy\npandas\n",
        b"In the beginning\n",
        b"Note.\n",
        b".",
        &b"0".repeat(2_000_000),
        &b"1,2\n".repeat(3_000_000),
    ];
    for text in texts {
        let format = file("text", text);
        assert_eq!(
            told(&format),
            ("-", "-", "-", false),
            "{}",
            text[..text.len().min(20)].escape_ascii()
        );
    }
}

#[test]
fn safetensors_can_be_a_pickle_too() {
    // Bytes of a counted length up to the middle of a key, then texts of 126 characters, then one that
    // takes the rest of the header.
    let rest = br#"":{"dtype":"U8","shape":[14],"data_offsets":[0,14]}}"#;
    let texts = [b"U~".to_vec(), b"k".repeat(126)].concat().repeat(30);
    let last = [b"U8".to_vec(), b"k".repeat(56 - rest.len()), rest.to_vec()].concat();
    let header = [b"{\"kkkkkkk".to_vec(), texts, last].concat();
    assert_eq!((header.len() as u64).to_le_bytes(), *b"C\x0f\0\0\0\0\0\0");
    let content =
        |tensor: &[u8]| [&(header.len() as u64).to_le_bytes()[..], &header, tensor].concat();
    let format = file("model.safetensors", &content(b"cos\ngetpid\n)R."));
    assert_eq!(told(&format), ("safetensors", "safetensors", "-", true));
    let format = file("model.safetensors", &content(&[0; 14]));
    assert_eq!(told(&format), ("safetensors", "safetensors", "-", false));
}

#[test]
fn a_signature_that_cannot_be_given_is_not_taken() {
    let lightgbm = |names: &str| {
        file("m.txt", format!("tree\nversion=v4\nfeature_names={names}\n").as_bytes())
    };
    let twice = lightgbm("age age");
    assert_eq!((told(&twice).0, twice.signature.is_none()), ("lightgbm", true));
    assert_eq!(twice.metadata["signature"], "`signature.inputs[1].name` `age` comes twice");
    let names = |count| {
        vec!["feature"; count]
            .iter()
            .enumerate()
            .map(|(at, it)| format!("{it}_{at}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(lightgbm(&names(10_000)).signature.is_some());
    let wide = lightgbm(&names(40_000));
    assert_eq!((told(&wide).0, wide.signature.is_none()), ("lightgbm", true));
    let note = &wide.metadata["signature"];
    assert!(note.ends_with("more than the 1048576 that are kept"), "{note}");
}

/// Whether a folder of many large files and a small one counts as executable, and how far it was
/// looked into.
fn beside(count: usize, large: &[u8], small: &[u8]) -> (bool, String) {
    let names: Vec<String> = (0..count).map(|it| format!("f{it}")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|it| (it.as_str(), large)).collect();
    files.push(("small", small));
    let format = folder(&files);
    (format.executable, format.metadata.get("looked_into").cloned().unwrap_or_default())
}

#[test]
fn what_is_not_looked_into_is_looked_at() {
    let pickle = pickled("os", "getpid");
    let archive = zip(&[("m/data.pkl", &pickle)]);
    let large = [b'z'; 400];
    for small in [&pickle[..], &archive, b"cos\ngetpid\n)R.", b"BZh91AY", b"\x78\x9cxx"] {
        let (executable, note) = beside(260, &large, small);
        assert_eq!((executable, &*note), (true, "256 of 261 files"), "{}", small.escape_ascii());
    }
    assert_eq!(beside(260, &large, b"text"), (false, "256 of 261 files".to_owned()));
    assert_eq!(beside(100, &large, b"text"), (false, String::new()));
    assert!(beside(MAX_FILES + MAX_HEADS, &large, b"text").0);
    // Files that take all that may be read: text that ends a megabyte's search for more of it.
    let costly = [b"<PMML version=\"4\">".to_vec(), vec![b' '; 5 << 20]].concat();
    let (executable, note) = beside(20, &costly, &pickle);
    assert!(executable && note.ends_with(" of 21 files"), "{note}");
    let (executable, note) = beside(20, &costly, b"text");
    assert!(!executable && note.ends_with(" of 21 files"), "{note}");
}

#[test]
fn archives_hide_no_code() {
    let metadata: &[u8] = br#"{"keras_version":"3.5.0"}"#;
    let keras = |config: &[u8]| zip(&[("metadata.json", metadata), ("config.json", config)]);
    let escaped: &[u8] = br#"{"a":[{"class_name":"\u005f_lambda__"}]}"#;
    let long = format!("{{\"p\":\"{}\",\"a\":\"__lambda__\"}}", "x".repeat(5 << 20));
    let lambda: &[u8] = br#"{"a":"__lambda__"}"#;
    let many: Vec<String> = (0..10_001).map(|it| format!("m/{it}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|it| (it.as_str(), &b""[..])).collect();
    let plain = keras(br#"{"a":[1,-1,1.5,true,null,"__lambda"]}"#);
    assert_eq!(told(&file("m", &plain)), ("keras", "keras", "3.5.0", false));
    for archive in [
        keras(escaped),
        keras(long.as_bytes()),
        keras(br#"{"a":NaN,"b":"__lambda__"}"#),
        zip(&[("metadata.json", metadata), ("config.json", b"{}"), ("config.json", lambda)]),
        zip(&[("metadata.json", br#"{"keras_version":NaN}"#), ("config.json", lambda)]),
        zip(&[("metadata.json", metadata), ("config.json", b"{}"), ("m/data.pkl", b"N.")]),
        zip(&[("a/notes.txt", b""), ("m/data.pkl", b"N.")]),
        zip(&many),
        plain[..plain.len() - 10].to_vec(),
    ] {
        assert!(file("m", &archive).executable, "{}", archive[..200].escape_ascii());
    }
    assert!(!file("m", &zip(&[("a/notes.txt", b"")])).executable);
}

#[test]
fn configurations_name_code() {
    let mapped: &[u8] = br#"{"a":{"auto_map":{"AutoTokenizer":["t.Tokenizer",null]}}}"#;
    let weights = super::tests::onnx();
    for path in ["tokenizer_config.json", "model/config.json", "a/preprocessor_config.json"] {
        let format = folder(&[("m.onnx", &weights), (path, mapped)]);
        assert_eq!(told(&format), ("onnx", "onnx", "skl2onnx 1.20.0", true), "{path}");
        for harmless in [&br#"{"auto_map":null,"auto_mapped":"auto_map"}"#[..], b"[]"] {
            assert!(!folder(&[("m.onnx", &weights), (path, harmless)]).executable, "{path}");
        }
        assert!(folder(&[("m.onnx", &weights), (path, b"{\"eps\":NaN}")]).executable, "{path}");
    }
    assert!(!folder(&[("m.onnx", &weights), ("notes.json", mapped)]).executable);
    let bert: &[u8] = br#"{"model_type":"bert"}"#;
    let with = |path: &str, text: &[u8]| {
        let files = [("config.json", bert), ("tf_model.h5", b"x"), (path, text)];
        let format = folder(&files);
        assert_eq!(told(&format).0, "transformers", "{path}");
        format.executable
    };
    assert!(!with("tokenizer_config.json", b"{}"));
    assert!(with("tokenizer_config.json", mapped));
    // However many larger files there are, and however many descriptions.
    assert_eq!(beside_named(300, &[b'z'; 400], ("x_config.json", mapped)), (true, 301));
    let long = [&b"{\"a\":\""[..], &[b'x'; 9000], b"\"}"].concat();
    let paths: Vec<String> = (0..300).map(|it| format!("{it}/config.json")).collect();
    let many = |last: &[u8]| {
        let mut files: Vec<(&str, &[u8])> =
            paths.iter().map(|path| (path.as_str(), &long[..])).collect();
        files.push(("small/config.json", last));
        folder(&files[20..]).executable
    };
    assert!(many(mapped) && many(b"{"));
}

/// Whether a folder of many files and one of that name counts as executable, and how many there are.
fn beside_named(count: usize, large: &[u8], named: (&str, &[u8])) -> (bool, usize) {
    let names: Vec<String> = (0..count).map(|it| format!("f{it}")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|it| (it.as_str(), large)).collect();
    files.push(named);
    (folder(&files).executable, files.len())
}

#[test]
fn keras_names_code() {
    let keras = |config: &str| {
        let metadata: &[u8] = br#"{"keras_version":"3.12.0"}"#;
        let archive = zip(&[("metadata.json", metadata), ("config.json", config.as_bytes())]);
        let format = file("m.keras", &archive);
        assert_eq!(told(&format).0, "keras");
        format.executable
    };
    let own = [
        r#"{"module":"keras.layers","class_name":"Dense","registered_name":null,"config":{"units":3}}"#,
        r#"{"module":"keras","class_name":"DTypePolicy","config":{"name":"float32"}}"#,
        r#"{"module":"keras.src.models.functional","class_name":"Functional","registered_name":"Functional"}"#,
        r#"{"module":"builtins","class_name":"function","config":"mse","registered_name":"function"}"#,
        r#"{"module":null,"name":"Lambda","activation":"relu"}"#,
    ];
    for config in own {
        assert!(!keras(&format!(r#"{{"config":{{"layers":[{config}]}}}}"#)), "{config}");
    }
    let foreign = [
        r#"{"module":"my.layers","class_name":"Mine","registered_name":"my>Mine"}"#,
        r#"{"module":"kerasx","class_name":"Mine"}"#,
        r#"{"module":null,"class_name":"Mine","registered_name":"Mine"}"#,
        r#"{"module":"keras.layers","class_name":"Mine","registered_name":"my>Mine"}"#,
        r#"{"module":"keras.layers","class_name":"Lambda","config":{"function":"f"}}"#,
        r#"{"module":"keras.utils","class_name":"function","config":"get_file"}"#,
        r#"{"module":"builtins","class_name":"exec"}"#,
        r#"{"class_name":"TorchModuleWrapper","config":{"module":"gASVCwAAAAAAAACMAm9z"}}"#,
        r#"{"class_name":"__lambda__","config":{"value":"4wEAAAA="}}"#,
    ];
    for config in foreign {
        assert!(keras(&format!(r#"{{"config":{{"layers":[{config}]}}}}"#)), "{config}");
    }
}

/// An array in the format's version 1 or 2.
fn npy(version: u8, descr: &str) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (3,), }}   \n");
    let length = u32::try_from(header.len()).unwrap().to_le_bytes();
    let length = if version == 1 { &length[..2] } else { &length };
    [b"\x93NUMPY", &[version, 0][..], length, header.as_bytes(), b"data"].concat()
}

#[test]
fn arrays_of_objects_are_pickles() {
    let plain = [
        "'<f8'",
        "'|b1'",
        "'<U12'",
        "'<M8[ns]'",
        "[('OPEN', '<f8'), ('object_id', '<i8'), ('', '|V4')]",
        "[(('the title', 'a'), '<f4', (2, 3))]",
    ];
    for descr in plain {
        for version in [1, 2, 3] {
            let array = npy(version, descr);
            assert!(!file("weights", &array).executable, "{descr}");
            assert!(
                !file("m.npz", &zip(&[("a.npy", &array), ("b", &array)])).executable,
                "{descr}"
            );
        }
    }
    let objects = [
        "'|O'",
        "\"O8\"",
        "'object'",
        "'i4, O'",
        "[('a', '<f8'), ('b', '|O')]",
        "[('a', [('b', ('|O', (2,)))])]",
        "['aO']",
        "'|' 'O'",
        "'ob''ject'",
        "'''|O'''",
        "u'|O'",
        "'\\x4f'",
        "'|O",
    ];
    for descr in objects {
        for version in [1, 2, 3, 4] {
            let array = npy(version, descr);
            assert!(file("weights", &array).executable, "{descr}");
            let number = npy(1, "'<f8'");
            for name in ["b.npy", "b"] {
                let archive = zip(&[("a.npy", &number), (name, &array)]);
                assert!(file("m.npz", &archive).executable, "{descr}");
            }
            let metadata: &[u8] = br#"{"keras_version":"3"}"#;
            let files: &[(&str, &[u8])] =
                &[("metadata.json", metadata), ("config.json", b"{}"), ("a.npy", &array)];
            assert!(file("m.keras", &zip(files)).executable, "{descr}");
            assert!(!file("m.keras", &zip(&files[..2])).executable);
        }
    }
    let (executable, _) = beside(260, &[b'z'; 400], &npy(1, "'|O'"));
    assert!(executable);
    let (executable, _) = beside(260, &[b'z'; 400], &npy(1, "'<f8'"));
    assert!(!executable);
    // A header that is longer than is read.
    let names: Vec<String> = (0..9000).map(|it| format!("('column{it}', '<f8')")).collect();
    assert!(file("m.npy", &npy(2, &format!("[{}]", names.join(", ")))).executable);
}

#[test]
fn descriptions_that_cannot_be_read_may_name_code() {
    let code = "flavors: {sklearn: {code: src}}\n";
    let long = format!("{code}# {}\n", "x".repeat(1 << 20));
    let mapped = r#"{"model_type":"bert","auto_map":{"AutoModel":"m.Model"}"#;
    for (name, text) in [
        ("MLmodel", long),
        ("config.json", format!("{mapped},\"eps\":NaN}}")),
        ("config.json", format!("{mapped}{}}}", " ".repeat(4 << 20))),
    ] {
        let format = folder(&[(name, text.as_bytes())]);
        assert!(format.executable);
        assert_eq!(format.metadata["unread"], name);
    }
    let pickle = pickled("os", "getpid");
    let format = folder(&[("saved_model.pb", &saved_model()), ("m", &pickle)]);
    assert_eq!(told(&format), ("tensorflow", "saved_model", "2.19.0", true));
}
