use std::io::Read as _;
use std::os::unix::fs::symlink;

use super::*;

const CATALOG: EntityId = EntityId(1);

struct Bench {
    folder: tempfile::TempDir,
    store: ArtifactStore,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = ArtifactStore::new(&folder.path().join("registry"));
    Bench { folder, store }
}

impl Bench {
    fn write(&self, path: &str, content: &str) -> PathBuf {
        let place = self.folder.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, content).unwrap();
        place
    }

    fn put(&self, path: &str) -> Result<Artifact> {
        self.put_content(&Content::Path(self.folder.path().join(path)), &mut no_progress)
    }

    fn put_content(&self, content: &Content, progress: Progress<'_>) -> Result<Artifact> {
        self.store.put(CATALOG, &ContentFiles::find(content)?, progress)
    }

    #[track_caller]
    fn refused(&self, path: &str, code: &str, message: &str) {
        let error = self.put(path).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(self.left_over(), 0, "staged files stay behind");
    }

    fn left_over(&self) -> usize {
        let staging = self.store.catalog(CATALOG).join("staging");
        std::fs::read_dir(staging).map_or(0, Iterator::count)
    }
}

/// The format is for good: this manifest and digest never change.
#[test]
fn the_manifest_is_fixed() {
    let bench = bench();
    bench.write("m/b/weights", "w");
    bench.write("m/a", "");
    let artifact = bench.put("m").unwrap();
    assert_eq!(
        artifact.manifest(),
        "halfback manifest 1\n\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 a\n\
         50e721e49c013f00c62cf59f2163542a9d8df02464efeb615d31051b0fddc326 1 b/weights\n"
    );
    assert_eq!(artifact.digest, Digest::new(sha256(artifact.manifest().as_bytes())));
    assert_eq!(Artifact::from_manifest(artifact.manifest().as_bytes()).unwrap(), artifact);
}

#[test]
fn a_folder_comes_back_as_it_was() {
    let bench = bench();
    bench.write("m/b/weights", "w");
    bench.write("m/a", "");
    let artifact = bench.put("m").unwrap();
    let to = bench.folder.path().join("out");
    for _ in 0..2 {
        let path = bench.store.download(CATALOG, &artifact.digest, &to, &mut no_progress).unwrap();
        assert_eq!(std::fs::read_to_string(path.join("b/weights")).unwrap(), "w");
    }
    bench.write("out/other", "x");
    let error = bench.store.download(CATALOG, &artifact.digest, &to, &mut no_progress).unwrap_err();
    assert_eq!(error.code(), "already_exists");
}

#[test]
fn large_files_are_hashed_beside_the_copy() {
    let bench = bench();
    let content = "0123456789abcdef".repeat(300_000);
    bench.write("m.bin", &content);
    let mut seen = Vec::new();
    let source = Content::Path(bench.folder.path().join("m.bin"));
    let mut progress = |transfer: Transfer| {
        seen.push(transfer);
        ControlFlow::Continue(())
    };
    let artifact = bench.put_content(&source, &mut progress).unwrap();
    assert_eq!(artifact.files[0].sha256, hex(&sha256(content.as_bytes())));
    let total = content.len() as u64;
    assert_eq!(seen.last(), Some(&Transfer { done: total, total }));
    assert!(seen.len() >= 4 && seen.is_sorted_by_key(|transfer| transfer.done));
    bench.store.verify(CATALOG, &artifact.digest, &mut no_progress).unwrap();
}

#[test]
fn a_cancelled_transfer_leaves_nothing() {
    let bench = bench();
    bench.write("m.bin", "weights");
    let source = Content::Path(bench.folder.path().join("m.bin"));
    let error = bench.put_content(&source, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert_eq!(error.code(), "cancelled");
    assert_eq!(bench.left_over(), 0);
}

#[test]
fn links_are_followed_inside_and_refused_outside() {
    let bench = bench();
    bench.write("m/real", "w");
    symlink("real", bench.folder.path().join("m/link")).unwrap();
    assert_eq!(bench.put("m").unwrap().files.len(), 2);
    symlink("/etc/passwd", bench.folder.path().join("m/passwd")).unwrap();
    bench.refused("m", "invalid_artifact", "leads outside");
    std::fs::remove_file(bench.folder.path().join("m/passwd")).unwrap();
    symlink(".", bench.folder.path().join("m/loop")).unwrap();
    bench.refused("m", "invalid_artifact", "holds it");
}

#[test]
fn what_is_not_a_plain_file_is_refused() {
    let bench = bench();
    bench.refused("absent", "not_found", "absent");
    std::fs::create_dir_all(bench.folder.path().join("empty/inner")).unwrap();
    bench.refused("empty", "invalid_artifact", "no file");
    bench.write("case/Model", "a");
    bench.write("case/model", "b");
    bench.refused("case", "invalid_artifact", "differ only in case");
    bench.write("line/a\nb", "a");
    bench.refused("line", "invalid_artifact", "control character");
    let socket = bench.folder.path().join("socket");
    std::fs::create_dir(&socket).unwrap();
    std::os::unix::net::UnixListener::bind(socket.join("s")).unwrap();
    bench.refused("socket", "invalid_artifact", "neither a file nor a folder");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    use std::io::Write as _;
    let bench = bench();
    let path = bench.write("m.bin", &"x".repeat(3 << 20));
    let mut grown = false;
    let mut grow = |_: Transfer| {
        if !std::mem::replace(&mut grown, true) {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(b"more").unwrap();
        }
        ControlFlow::Continue(())
    };
    let error = bench.put_content(&Content::Path(path.clone()), &mut grow).unwrap_err();
    assert_eq!(error.code(), "artifact_changed");
    assert_eq!(bench.left_over(), 0);
}

#[test]
fn what_was_looked_at_is_what_is_stored() {
    let bench = bench();
    bench.write("m/a/z", "of a folder");
    bench.write("m/a.bin", "beside it");
    let source = Content::Path(bench.folder.path().join("m"));
    let files = ContentFiles::find(&source).unwrap();
    assert_eq!(files.list(), [("a.bin".to_owned(), 9), ("a/z".to_owned(), 11)]);
    let read = |path: &str| {
        let mut text = String::new();
        files.open(path)?.read_to_string(&mut text).map(|_| text).on("read", Path::new(path))
    };
    assert_eq!(read("a/z").unwrap(), "of a folder");
    assert_eq!(read("a").unwrap_err().code(), "not_found");
    // Of the same size: only its times and its place on the disk tell.
    let other = bench.write("other", "besides i");
    std::fs::rename(other, bench.folder.path().join("m/a.bin")).unwrap();
    assert_eq!(read("a.bin").unwrap_err().code(), "artifact_changed");
    let error = bench.store.put(CATALOG, &files, &mut no_progress).unwrap_err();
    assert_eq!((error.code(), bench.left_over()), ("artifact_changed", 0), "{error}");
    assert!(!bench.store.stored(CATALOG, &sha256(b"besides i")).exists());

    let content = Content::Bytes { name: "m.bin".into(), bytes: b"weights".to_vec() };
    let files = ContentFiles::find(&content).unwrap();
    assert_eq!(files.list(), [("m.bin".to_owned(), 7)]);
    assert!(files.open("m.bin").is_ok() && files.open("m").is_err());
    assert_eq!(bench.store.put(CATALOG, &files, &mut no_progress).unwrap().size, 7);
}

#[test]
fn manifests_are_sorted_by_path() {
    let file = |path: &str| ArtifactFile { path: path.into(), size: 1, sha256: hex(&[7; 32]) };
    let artifact = Artifact::new(vec![file("b"), file("a/z"), file("a.bin")]).unwrap();
    for path in ["a.bin", "a/z", "b"] {
        assert_eq!(artifact.file(path), Some(&file(path)));
    }
    assert_eq!(artifact.file("a"), None);
    let text = artifact.manifest();
    assert_eq!(Artifact::from_manifest(text.as_bytes()).unwrap(), artifact);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(2, 3);
    let error = Artifact::from_manifest((lines.join("\n") + "\n").as_bytes()).unwrap_err();
    assert_eq!(error.code(), "corrupt", "{error}");
}

#[test]
fn stored_content_that_was_touched_is_noticed() {
    let bench = bench();
    bench.write("m.bin", "weights");
    let artifact = bench.put("m.bin").unwrap();
    let path = bench.store.file_path(CATALOG, &artifact.digest, None).unwrap();
    std::fs::remove_file(&path).unwrap();
    let verify = || bench.store.verify(CATALOG, &artifact.digest, &mut no_progress);
    assert_eq!(verify().unwrap_err().code(), "artifact_missing");
    std::fs::write(&path, "weighty").unwrap();
    assert_eq!(verify().unwrap_err().code(), "artifact_altered");
    let to = bench.folder.path().join("out");
    let download = bench.store.download(CATALOG, &artifact.digest, &to, &mut no_progress);
    assert_eq!(download.unwrap_err().code(), "artifact_altered");
    assert_eq!(std::fs::read_dir(&to).unwrap().count(), 0);
    bench.put("m.bin").unwrap();
    verify().unwrap();
}

#[test]
fn hostile_manifests_are_refused() {
    let hash = "0".repeat(64);
    for path in ["../x", "/etc/passwd", "a//b", "a/./b", "a\\b", ""] {
        let text = format!("halfback manifest 1\n{hash} 1 {path}\n");
        assert!(Artifact::from_manifest(text.as_bytes()).is_err(), "{path}");
    }
    for text in
        ["", "halfback manifest 2\n", "halfback manifest 1\n", "halfback manifest 1\nxyz 1 a\n"]
    {
        assert!(Artifact::from_manifest(text.as_bytes()).is_err(), "{text}");
    }
    for [file, inside] in [["a", "a/b"], ["A", "a/b/c"], ["a/b", "a/b/c"]] {
        // What sorts between the two hides nothing.
        let text =
            format!("halfback manifest 1\n{hash} 1 {file}\n{hash} 1 {file}!\n{hash} 1 {inside}\n");
        let error = Artifact::from_manifest(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "invalid_artifact", "{text}");
    }
    let twice = format!("halfback manifest 1\n{hash} 1 b\n{hash} 1 a\n");
    assert!(Artifact::from_manifest(twice.as_bytes()).is_err());
}

#[test]
fn a_folder_swapped_for_a_link_while_the_others_are_read_is_refused() {
    let bench = bench();
    for folder in ["m/one", "m/two", "outside"] {
        bench.write(&format!("{folder}/f"), if folder == "outside" { "secret" } else { "public" });
    }
    let root = bench.folder.path();
    let mut swapped = false;
    let mut swap = |_: Transfer| {
        if !std::mem::replace(&mut swapped, true) {
            // Whichever of the two is read first, the other one comes after this.
            for folder in ["one", "two"] {
                std::fs::rename(root.join("m").join(folder), root.join(folder)).unwrap();
                symlink(root.join("outside"), root.join("m").join(folder)).unwrap();
            }
        }
        ControlFlow::Continue(())
    };
    let source = Content::Path(root.join("m"));
    let error = bench.put_content(&source, &mut swap).unwrap_err();
    assert_eq!(error.code(), "artifact_changed", "{error}");
    assert!(!bench.store.stored(CATALOG, &sha256(b"secret")).exists());
    assert_eq!(bench.left_over(), 0);
}

#[test]
fn folders_are_synced_after_their_last_entry_came() {
    let bench = bench();
    for path in ["m/a", "m/b/c/weights", "m/b/d"] {
        bench.write(path, path);
    }
    let artifact = bench.put("m").unwrap();
    crate::folder::synced::take();
    let to = bench.folder.path().join("new/out");
    bench.store.download(CATALOG, &artifact.digest, &to, &mut no_progress).unwrap();
    let synced = crate::folder::synced::take();
    let above = to.parent().unwrap();
    assert_eq!(synced.last(), Some(&(above.to_owned(), 1)), "the name comes last");
    let of = |end: &str| {
        let last = synced.iter().rfind(|(folder, _)| {
            folder.strip_prefix(above).is_ok_and(|below| {
                let below: PathBuf = below.iter().skip(1).collect();
                below == Path::new(end) && folder != above
            })
        });
        last.map(|(_, entries)| *entries)
    };
    assert_eq!((of(""), of("b"), of("b/c")), (Some(2), Some(2), Some(1)), "{synced:?}");
}

#[test]
fn what_a_killed_put_left_goes_with_the_next_one_and_what_is_in_use_stays() {
    let bench = bench();
    bench.write("m.bin", "weights");
    bench.put("m.bin").unwrap();
    let staging = bench.store.catalog(CATALOG).join("staging");
    std::fs::write(staging.join(".halfback-0123456789abcdef"), "left by a killed put").unwrap();
    let in_use = transfer::stage_bytes(&staging, b"on its way").unwrap();
    bench.put("m.bin").unwrap();
    assert_eq!(bench.left_over(), 1);
    in_use.persist(&bench.folder.path().join("kept")).unwrap();
    assert_eq!(std::fs::read(bench.folder.path().join("kept")).unwrap(), b"on its way");
    assert_eq!(bench.left_over(), 0);
}
