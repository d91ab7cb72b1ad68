//! HDF5 files as h5py makes them (`tests/make_hdf5.py`), changed by a few bytes, and some that do harm.

use super::tests::{Told, file, folder, told};
use super::{Format, MAX_FILES};

const EARLIEST: &[u8] = include_bytes!("tests/earliest.h5");
const LATEST: &[u8] = include_bytes!("tests/latest.h5");
const DENSE: &[u8] = include_bytes!("tests/dense.h5");
const MODEL: Told<'_> = ("keras", "hdf5", "2.15.0", false);

/// The file with every such text exchanged for another of the same length.
fn with(content: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut content = content.to_vec();
    let at: Vec<usize> =
        (0..content.len()).filter(|at| content[*at..].starts_with(old.as_bytes())).collect();
    assert!(!at.is_empty(), "{old}");
    for at in at {
        content[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
    content
}

fn unread(format: &Format) -> &str {
    format.metadata.get("unread").map_or("-", String::as_str)
}

#[test]
fn a_model_tells_its_version() {
    for content in [EARLIEST, LATEST] {
        let format = file("anything", content);
        assert_eq!(told(&format), MODEL);
        assert_eq!((unread(&format), &*format.metadata["backend"]), ("-", "tensorflow"));
        for block in [512, 1024, 1 << 20] {
            let behind = [vec![b' '; block], content.to_vec()].concat();
            assert_eq!(told(&file("m.h5", &behind)), MODEL, "{block}");
        }
        // Not where HDF5 looks.
        let behind = [vec![b' '; 768], content.to_vec()].concat();
        assert_eq!(told(&file("m.h5", &behind)), ("-", "-", "-", false));
    }
}

#[test]
fn a_model_behind_what_costs_a_lot_is_found() {
    let costly = b"\x08\x01".repeat(8 << 20);
    assert_eq!(told(&file("m.h5", &[&costly, EARLIEST].concat())), MODEL);
}

#[test]
fn what_is_behind_a_pickle_is_a_pickle() {
    let call = b"cos\nsystem\n(S'true'\ntR.";
    let block = [call.to_vec(), vec![0; 512 - call.len()]].concat();
    let format = file("m.h5", &[&block, EARLIEST].concat());
    assert!(format.executable, "{format:?}");
}

#[test]
fn code_in_the_description_is_told() {
    for content in [EARLIEST, LATEST] {
        let lambda = with(content, r#""class_name": "Dense""#, r#""class_name":"Lambda""#);
        assert_eq!(told(&file("m.h5", &lambda)), ("keras", "hdf5", "2.15.0", true));
        // What another reader may make of it is not known.
        let broken = with(content, r#"{"class_name": "Seq"#, r#"{,class_name": "Seq"#);
        let format = file("m.h5", &broken);
        assert_eq!((told(&format).3, unread(&format)), (true, "model_config"));
    }
}

#[test]
fn other_hdf5_is_no_model() {
    for content in [EARLIEST, LATEST] {
        let plain = with(content, "keras_version", "other_version");
        let plain = with(&plain, "model_config", "other_config");
        assert_eq!(told(&file("data.h5", &plain)), ("-", "-", "-", false));
        let weights = with(content, "model_config", "other_config");
        let format = file("m.h5", &weights);
        assert_eq!(told(&format), ("keras", "hdf5 weights", "2.15.0", false));
        // Older releases of Keras read a model that has no version.
        let format = file("m.h5", &with(content, "keras_version", "other_version"));
        assert_eq!((told(&format), unread(&format)), (("-", "-", "-", true), "attributes"));
    }
}

#[test]
fn attributes_that_are_not_read_may_be_anything() {
    let format = file("m.h5", DENSE);
    assert_eq!((told(&format), unread(&format)), (("-", "-", "-", true), "attributes"));
    let format = file("m.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0");
    assert_eq!((told(&format), unread(&format)), (("-", "-", "-", true), "attributes"));
    // The same attribute twice.
    let twice = with(EARLIEST, "training_config", "model_config\0\0\0");
    let format = file("m.h5", &twice);
    assert_eq!((told(&format).3, unread(&format)), (true, "attributes"));
}

#[test]
fn damage_is_no_failure() {
    for content in [EARLIEST, LATEST, DENSE] {
        for at in 0..content.len() {
            let near = at.saturating_sub(8)..content.len().min(at + 8);
            if content[near].iter().all(|byte| *byte == 0) {
                continue; // Nothing is there.
            }
            file("m.h5", &content[..at]);
            for other in [0, 1, 0xff] {
                let mut content = content.to_vec();
                content[at] = other;
                file("m.h5", &content);
            }
        }
    }
}

#[test]
fn a_header_that_goes_on_at_its_own_beginning_ends() {
    let number = |value: u64| value.to_le_bytes();
    let superblock = [
        b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0".to_vec(),
        [number(0), number(u64::MAX), number(4096), number(u64::MAX)].concat(),
        [number(0), number(96)].concat(),
    ]
    .concat();
    let message = [b"\x10\0\x10\0\0\0\0\0".to_vec(), number(112).to_vec(), number(24).to_vec()];
    let header = [b"\x01\0\x01\0\x01\0\0\0\x18\0\0\0\0\0\0\0".to_vec(), message.concat()];
    let blank = vec![0; 96 - superblock.len()];
    let content = [superblock, blank, header.concat()].concat();
    let format = file("m.h5", &content);
    assert_eq!((told(&format), unread(&format)), (("-", "-", "-", true), "attributes"));
}

#[test]
fn small_models_beside_many_files_are_seen() {
    let names: Vec<String> = (0..=MAX_FILES).map(|number| format!("{number}.bin")).collect();
    let large = vec![b'x'; 4 << 20];
    let behind = [vec![b' '; 1 << 20], EARLIEST.to_vec()].concat();
    for model in [EARLIEST, &behind] {
        let mut files: Vec<(&str, &[u8])> =
            names.iter().map(|name| (name.as_str(), &b"some text that is no model"[..])).collect();
        files.extend([("a.txt", large.as_slice()), ("m.h5", model)]);
        let format = folder(&files);
        assert!(format.executable || told(&format) == MODEL, "{format:?}");
    }
}
