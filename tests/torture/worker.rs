//! A writer and a reader in Rust; `worker.py` and `Worker.java` do the same.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use halfback::{
    AnyCommand, Content, Expect, RegisterVersion, Registry, SetAlias, SetTag, no_progress,
};

use crate::Outcome;

pub(crate) fn open(path: &Path) -> Outcome<File> {
    let mut options = OpenOptions::new();
    Ok(options.read(true).write(true).create(true).truncate(false).open(path)?)
}

/// Eight bytes, so that nobody reads half of them.
pub(crate) fn note(file: &File, count: u64) -> Outcome {
    Ok(file.write_all_at(&count.to_le_bytes(), 0)?)
}

pub(crate) fn noted(file: &File) -> Outcome<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Counts in each of the models, until the process is killed.
pub(crate) fn write(registry: &str, notes: &str, models: &[&str]) -> Outcome {
    let registry = Registry::open(registry)?;
    std::thread::spawn(|| {
        // Whoever started it has ended without killing it.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).is_ok();
        std::process::exit(0);
    });
    std::thread::scope(|scope| {
        let writers: Vec<_> = models
            .iter()
            .map(|model| {
                let (registry, file) = (&registry, Path::new(notes).join(model));
                let count = move || count(registry, &file, model).map_err(|e| e.to_string());
                scope.spawn(count)
            })
            .collect();
        for writer in writers {
            writer.join().map_err(|_| "a writer panicked")??;
        }
        Ok(())
    })
}

fn count(registry: &Registry, file: &Path, model: &str) -> Outcome {
    let file = open(file)?;
    let tag = |target: String, key: &str, value: u64| {
        AnyCommand::from(SetTag {
            target,
            key: key.into(),
            value: value.to_string(),
            allow_secrets: false,
            expect: Expect::Any,
        })
    };
    let record = registry.get_model(model)?;
    let mut champion = *record.aliases.get("champion").ok_or("no champion")?;
    let mut count: u64 = record.tags.get("count").ok_or("no count")?.parse()?;
    loop {
        count += 1;
        let mut commands = Vec::new();
        if count.is_multiple_of(4) {
            champion = 3 - champion;
            commands.push(AnyCommand::from(SetAlias {
                model: model.into(),
                alias: "champion".into(),
                version: champion,
                expect: Expect::Value(3 - champion),
            }));
        }
        commands.push(tag(format!("{model}/{champion}"), "count", count));
        commands.push(tag(model.into(), "count", count));
        commands.push(tag(model.into(), "again", count));
        registry.transact(commands, None)?;
        note(&file, count)?;
        if count.is_multiple_of(20) {
            let bytes = format!("{model} {count}").into_bytes();
            let content = Content::Bytes { name: "m".into(), bytes };
            let version = RegisterVersion { model: model.into(), ..RegisterVersion::default() };
            registry.register_version(&content, version, &mut no_progress)?;
        }
    }
}

/// Looks at all models, until its input ends; then says how often it looked.
pub(crate) fn read(registry: &str, notes: &str, models: &[&str]) -> Outcome {
    let registry = Registry::open(registry)?;
    let over = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).is_ok();
            over.store(true, Ordering::SeqCst);
        });
        let mut last: HashMap<&str, u64> = HashMap::new();
        let mut looks = 0_u64;
        while !over.load(Ordering::SeqCst) {
            for model in models {
                let file = open(&Path::new(notes).join(model))?;
                let seen = last.entry(model).or_default();
                let mut hold = |least: u64, count: Option<&String>| -> Outcome<u64> {
                    let count = count.ok_or("no count")?.parse()?;
                    if count < least.max(*seen) {
                        return Err(format!(
                            "{model}: {least} was noted and {seen} was seen, then {count}"
                        )
                        .into());
                    }
                    *seen = count;
                    Ok(count)
                };
                let least = noted(&file)?;
                let champion = registry.resolve(format!("models:/{model}@champion").as_str())?;
                hold(least, champion.tags.get("count"))?;
                let least = noted(&file)?;
                let record = registry.get_model(model)?;
                let count = hold(least, record.tags.get("count"))?;
                if record.tags.get("again") != Some(&count.to_string()) {
                    return Err(format!("{model}: half of a commit was seen").into());
                }
                looks += 1;
            }
        }
        Outcome::Ok(looks)
    });
    match looks {
        Ok(looks) => println!("{looks}"),
        Err(error) => {
            // The thread that waits for the end of the input would keep the process.
            eprintln!("torture: {error}");
            std::process::exit(1);
        }
    }
    Ok(())
}
