//! PyTorch's archives: `torch.export`, TorchScript, and `torch.save`.
//!
//! TorchScript counts as executable because its archive holds the program, and `torch.export` because
//! its loader unpickles what it does not read otherwise.
//!
//! Source: `caffe2/serialize/inline_container.h`, `torch/export/pt2_archive/constants.py` and
//! `torch/serialization.py` in <https://github.com/pytorch/pytorch>.

use super::archive::Archive;
use super::source::{Look, Source, Stop, behind};
use super::{Format, pickle};

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    // All entries are in one folder, named like the file; old archives of `torch.export` have none.
    let first = archive.names().next().ok_or(Stop::Else)?;
    let root = first.split_once('/').map(|(root, _)| format!("{root}/")).unwrap_or_default();
    for root in [root.as_str(), ""] {
        for family in [exported, saved] {
            match family(archive, root) {
                Err(Stop::Else) => {}
                other => return other,
            }
        }
    }
    Err(Stop::Else)
}

fn exported(archive: &Archive<'_, '_>, root: &str) -> Look<Format> {
    let old = format!("{root}serialized_exported_program.json");
    let mut format = Format::new("pytorch", "torch.export");
    let program = if archive.has(&old) {
        old
    } else {
        if archive.read(&format!("{root}archive_format"))? != b"pt2" {
            return Err(Stop::Else);
        }
        let models = format!("{root}models/");
        let is_json =
            |name: &str| name.rsplit_once('.').is_some_and(|(_, extension)| extension == "json");
        let is_program = |name: &&str| name.starts_with(&models) && is_json(name);
        archive.names().find(is_program).unwrap_or_default().to_owned()
    };
    for version in ["archive_version", "version"] {
        if let Some(version) = optional(archive.read(&format!("{root}{version}")))? {
            format.note("archive_version", String::from_utf8_lossy(&version));
            break;
        }
    }
    if let Some(program) = optional(archive.read(&program))?
        && let Some(version) = torch_version(&program)
    {
        format.version(version);
    }
    format.executable = true;
    Ok(format)
}

/// Among the program's last keys.
fn torch_version(program: &[u8]) -> Option<String> {
    behind(program, b"\"torch_version\":").rev().find_map(|rest| {
        serde_json::Deserializer::from_slice(rest).into_iter::<String>().next()?.ok()
    })
}

fn saved(archive: &Archive<'_, '_>, root: &str) -> Look<Format> {
    let pickled = archive.read(&format!("{root}data.pkl"))?;
    let code = format!("{root}code/");
    let script = archive.has(&format!("{root}constants.pkl"))
        && archive.names().any(|name| name.starts_with(&code));
    let mut format = Format::new("pytorch", if script { "torchscript" } else { "torch.save" });
    format.executable = true;
    if let Some(version) = optional(archive.read(&format!("{root}version")))? {
        format.note("archive_version", String::from_utf8_lossy(&version));
    }
    // A script's classes are those of its own code.
    if !script {
        let pickled = Source::memory(pickled, "data.pkl", false);
        optional(pickle::scan(&pickled).map(|scan| scan.tell(&mut format)))?;
    }
    Ok(format)
}

fn optional<T>(look: Look<T>) -> Look<Option<T>> {
    match look {
        Ok(found) => Ok(Some(found)),
        Err(Stop::Else) => Ok(None),
        Err(failed) => Err(failed),
    }
}
