//! `corpus seeds <folder>` writes the seeds of all targets for libFuzzer, with a dictionary each;
//! `corpus replay <target> <file>` gives a target one input.
#![expect(clippy::unwrap_used, reason = "a failed expectation is the way a target fails")]

use std::path::Path;

use halfback_fuzz::{TARGETS, Target};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["seeds", folder] => TARGETS.iter().for_each(|target| write(target, Path::new(folder))),
        ["replay", name, file] => {
            let target = TARGETS.iter().find(|target| target.name == *name).unwrap();
            (target.run)(&std::fs::read(file).unwrap());
        }
        _ => {
            eprintln!("usage: corpus seeds <folder> | corpus replay <target> <file>");
            std::process::exit(2);
        }
    }
}

fn write(target: &Target, folder: &Path) {
    let seeds = folder.join(target.name);
    std::fs::create_dir_all(&seeds).unwrap();
    for (number, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(seeds.join(format!("seed-{number}")), seed).unwrap();
    }
    let hex = |token: &&[u8]| -> String {
        let bytes = token.iter().fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}"));
        format!("\"{bytes}\"\n")
    };
    let words: String = target.tokens.iter().map(hex).collect();
    std::fs::write(folder.join(format!("{}.dict", target.name)), words).unwrap();
}
