//! What an artifact is: told of any bytes under any name, the same every time, in a few words.

use halfback::{Content, Format, Signature, recognise};

/// Names that say where to look.
pub(crate) const NAMES: [&str; 20] = [
    "m.onnx",
    "saved_model.pb",
    "m.json",
    "m.ubj",
    "m.safetensors",
    "m.pmml",
    "m.pkl",
    "m.joblib",
    "MLmodel",
    "config.json",
    "m.txt",
    "m.keras",
    "m.pt",
    "m.npy",
    "m.npz",
    "m.skops",
    "m.h5",
    "model.safetensors",
    "pytorch_model.bin",
    "m",
];
/// Separates the files of a folder.
pub(crate) const NEXT: &[u8] = b"\n--next--\n";
/// A pickle that calls something while it is loaded, whatever follows.
const CALL: &[u8] = b"cos\nsystem\n(S'true'\ntR.";

/// `[name, …]`, and again after each separator: one file, or a folder of several.
pub fn formats(data: &[u8]) {
    let mut files: Vec<(&str, &[u8])> = Vec::new();
    for part in split(data) {
        let Some((name, content)) = part.split_first() else { continue };
        let name = NAMES.get(usize::from(*name) % NAMES.len()).unwrap();
        if !files.iter().any(|(other, _)| other == name) {
            files.push((name, content));
        }
    }
    if let [(name, content)] = files.as_slice() {
        let named = |bytes| Content::Bytes { name: (*name).to_owned(), bytes };
        told(&named(content.to_vec()));
        let calls = told(&named([CALL, content].concat()));
        assert!(calls.executable, "what begins with a call is not: {calls:?}");
    } else if !files.is_empty() {
        let folder = crate::folder();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        told(&Content::Path(folder.path().to_owned()));
        std::fs::write(folder.path().join("beside.pkl"), CALL).unwrap();
        let calls = told(&Content::Path(folder.path().to_owned()));
        assert!(calls.executable, "what lies beside a call is not: {calls:?}");
    }
}

fn split(mut data: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some(at) = data.windows(NEXT.len()).position(|window| window == NEXT) {
        parts.push(data.get(..at).unwrap());
        data = data.get(at + NEXT.len()..).unwrap();
    }
    parts.push(data);
    parts
}

fn told(content: &Content) -> Format {
    // No content is a failure: what is damaged is of no known format.
    let format = recognise(content).unwrap();
    assert_eq!(recognise(content).unwrap(), format);
    let json = serde_json::to_string(&format).unwrap();
    let read: Format = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    if let Some(flavor) = &format.flavor {
        short(flavor);
    }
    format.framework_version.iter().for_each(|version| short(version));
    format.metadata.values().for_each(|value| short(value));
    if let Some(signature) = &format.signature {
        assert_eq!(&Signature::parse(&signature.to_json()).unwrap(), signature);
    }
    format
}

/// A text that fits into a record and can be shown.
#[track_caller]
fn short(text: &str) {
    assert!(text.chars().count() <= 200 && !text.contains(char::is_control), "{text:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_recognised() {
        for seed in crate::seed::formats() {
            let (name, content) = split(&seed)[0].split_first().unwrap();
            let name = NAMES[usize::from(*name)];
            if name == "config.json" || name == "m.npy" || name == "m.npz" || name == "m.h5" {
                continue;
            }
            let content = Content::Bytes { name: name.into(), bytes: content.to_vec() };
            assert_ne!(recognise(&content).unwrap().flavor, None, "{name}");
        }
    }
}
