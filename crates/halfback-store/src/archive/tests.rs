use super::*;
use crate::artifact::no_progress;

const CONTENT: [(&str, &[u8]); 3] =
    [("first.txt", b"one"), ("deep/er/ünï.bin", b""), ("last", &[0xff; 300])];

fn write(to: &Path, entries: &[(&str, &[u8])]) -> Result<PathBuf> {
    let mut writer = Writer::create(to)?;
    let total = entries.iter().map(|(_, content)| content.len() as u64).sum();
    let mut none = no_progress;
    let mut meter = Meter::new(total, &mut none);
    for (name, content) in entries {
        writer.add(name, content.len() as u64, *content, to, &mut meter)?;
    }
    writer.finish(false)
}

/// Opens an archive and reads all of it.
fn check(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let archive = Archive::open(path)?;
    assert_eq!(archive.size(), path.metadata().unwrap().len());
    let names = archive.entries().iter().map(|entry| entry.name.clone());
    names.enumerate().map(|(at, name)| Ok((name, archive.read(at, 1 << 20)?))).collect()
}

#[test]
fn what_was_written_is_read_and_the_bytes_depend_on_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one.zip", "two.zip"].map(|name| folder.path().join(name));
    write(&one, &CONTENT).unwrap();
    write(&two, &CONTENT).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let read = check(&one).unwrap();
    let read: Vec<_> = read.iter().map(|(name, it)| (name.as_str(), it.as_slice())).collect();
    assert_eq!(read, CONTENT);
    let error = write(&one, &CONTENT).unwrap_err();
    assert_eq!(error.code(), "already_exists", "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "something was left");
}

#[test]
fn no_byte_can_change_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    write(&path, &CONTENT).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = check(&path).expect_err(what);
        assert!(matches!(error.code(), "artifact_altered" | "invalid_artifact"), "{error:?}");
    };
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << bit;
            refused(&flipped, &format!("bit {bit} of byte {place}"));
        }
        refused(&whole[..place], &format!("cut at {place}"));
        let longer = [&whole[..place], b"x", &whole[place..]].concat();
        refused(&longer, &format!("a byte more at {place}"));
    }
    refused(&[whole.as_slice(), b"x"].concat(), "a byte more at the end");
    refused(&[whole.as_slice(), whole.as_slice()].concat(), "twice");
}

#[test]
fn what_is_not_such_an_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    for (bytes, word) in [
        (b"".as_slice(), "not a bundle"),
        (&[0; 4096], "not a bundle"),
        (&[b"PK\x03\x04".as_slice(), &[0; 4096]].concat(), "its end"),
        // A directory of a size that no file has.
        (&[b"PK\x03\x04".as_slice(), &end(1, u64::MAX, 1)].concat(), "its end"),
        (&[b"PK\x03\x04".as_slice(), &end(u64::MAX, 0, 4)].concat(), "fill"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Archive::open(&path).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    let error = Archive::open(folder.path()).unwrap_err();
    assert_eq!(error.code(), "invalid_artifact", "{error}");
}

/// Archives as nobody but an attacker writes them: consistent, and yet not to be read.
#[test]
fn sizes_that_overlap_or_reach_out_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let entry = |size| Entry { name: "a".into(), size, crc: 0 };
    let sizes = [[0, u64::MAX], [u64::MAX, 0], [1 << 40, 0], [1, 0]];
    for [first, second] in sizes {
        let (first, second) = (entry(first), entry(second));
        let mut bytes = [local(&first).unwrap(), local(&second).unwrap()].concat();
        let start = bytes.len() as u64;
        let offset = start / 2;
        bytes.extend(central(&first, 0).unwrap());
        bytes.extend(central(&second, offset).unwrap());
        let length = bytes.len() as u64 - start;
        bytes.extend(end(2, length, start));
        std::fs::write(&path, bytes).unwrap();
        let error = Archive::open(&path).unwrap_err();
        assert_eq!(error.code(), "artifact_altered", "{error}");
    }
}

#[test]
fn an_entry_is_read_here_and_there_and_never_beyond_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.zip");
    write(&path, &[("a", b"before"), ("b", b"0123456789"), ("c", b"behind")]).unwrap();
    let archive = Archive::open(&path).unwrap();
    let mut entry = archive.seekable(1).unwrap();
    let mut rest = |to| {
        entry.seek(to).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(rest(SeekFrom::Start(7)), "789");
    assert_eq!(rest(SeekFrom::Current(-2)), "89");
    assert_eq!(rest(SeekFrom::End(-10)), "0123456789");
    assert_eq!(rest(SeekFrom::Start(u64::MAX)), "");
    assert_eq!(rest(SeekFrom::End(3)), "");
    entry.seek(SeekFrom::End(-11)).unwrap_err();
}

#[test]
fn errors_show_no_hidden_part_of_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let name = "\u{1b}[2J".repeat(1000);
    write(&path, &[(&name, b"one")]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    // The header, the content, and the directory's entry.
    for place in [6, 30 + name.len() + 20, whole.len() - END - 5] {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let error = check(&path).unwrap_err().to_string();
        assert!(error.contains("\u{fffd}[2J") && error.len() < 1000, "byte {place}: {error:?}");
        assert!(!error.contains('\u{1b}'), "byte {place}");
    }
}
