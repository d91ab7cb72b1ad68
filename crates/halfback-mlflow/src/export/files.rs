//! Plain files: the folder tells everything to a program that never heard of Halfback.

use halfback::{ModelVersion, Result, Slice};
use serde_json::{Value, json};

use super::table::{Kind, Table};
use super::{Content, Export, parts};
use crate::name::digest;

/// Files of the export's own, which a catalog's folder may not be taken for, but for the tables.
const OWN: [&str; 2] = ["README.md", "schema.json"];

/// The tables, each of which has a file in each format.
const TABLES: [&str; 8] = [
    "models",
    "versions",
    "files",
    "history",
    "evaluations",
    "evaluation_metrics",
    "comparisons",
    "comparison_results",
];

const README: &str = "\
# A model registry as plain files

Written by Halfback; nothing here needs it to be read.

The files of version 3 of the model `risk.credit.default` are in `risk/credit/default/3/`, under the
names that they were registered with. Column `folder` of the versions says where each version's files
are: `.` and `..` as a part of a name, a `%` that two hexadecimal digits follow, and the first letter of
a catalog that is called like a file here become `%` and two hexadecimal digits; a part longer than
200 bytes is cut and ends in `~` and twelve digits of its SHA-256.

Signatures over the files are beside that folder, as `3.<begin of the key's SHA-256>.sig`:
`model_signing verify key --signature 3.<…>.sig --public_key <the signer's> --no-ignore-git-paths 3`.

A version's `digest` was held against the files when they were written. It is the SHA-256 of a text that
can be made again from the files: the line `halfback manifest 1`, then `<sha256> <size> <path>` for each
file of the version, sorted by path, every line ended by a line feed.

Each table is there twice. In `.jsonl` a line is a JSON object, times are RFC 3339 text. In `.parquet`
times are timestamps in microseconds, UTC, and columns of type json hold JSON text. History has the
oldest commit first. `schema.json` describes the columns for programs.

What versions were measured to be is in `evaluations`, with a row of `evaluation_metrics` for each metric
of all rows and of each slice; how two versions compare is in `comparisons`, with a row of
`comparison_results` for all rows and for each slice.

";

pub(super) fn write(export: &mut Export<'_>, content: &Content) -> Result<()> {
    let of_version = [
        (
            "folder",
            Kind::Text,
            "Where its files are here; none where they are stored elsewhere, or were purged.",
        ),
        ("example", Kind::Json, "Rows to try it with, and what it answers to them."),
    ];
    let of_file = [
        ("version", Kind::Text, "The URI of the version that has it."),
        ("place", Kind::Text, "Where it is here."),
    ];
    let mut models = Table::new("models", "Model", &[], &[]);
    let mut versions = Table::new("versions", "ModelVersion", &[], &of_version);
    let mut files = Table::new("files", "ArtifactFile", &[], &of_file);
    let mut history = Table::new("history", "Commit", &[], &[]);
    for model in &content.models {
        models.add(model, &[])?;
    }
    for version in &content.versions {
        let folder = folder_of(version);
        let artifact = export.version(version, &folder)?;
        export.signatures(version, &folder)?;
        for file in artifact.iter().flat_map(|artifact| &artifact.files) {
            let place = format!("{folder}/{}", file.path);
            files.add(file, &[("version", (&*version.uri).into()), ("place", place.into())])?;
        }
        let folder = artifact.map_or(Value::Null, |_| folder.into());
        let example = if version.has_example {
            json!(export.view.get_example(version)?)
        } else {
            Value::Null
        };
        versions.add(version, &[("folder", folder), ("example", example)])?;
    }
    for commit in &content.commits {
        history.add(commit, &[])?;
    }
    let [evaluations, metrics] = evaluations(content)?;
    let [comparisons, results] = comparisons(content)?;
    let tables = [models, versions, files, history, evaluations, metrics, comparisons, results];
    let mut readme = README.to_owned();
    for table in &tables {
        export.file(&format!("{}.jsonl", table.name), &table.json_lines())?;
        export.file(&format!("{}.parquet", table.name), &table.parquet()?)?;
        table.describe(&mut readme);
    }
    let schema = json!({"tables": tables.iter().map(Table::schema).collect::<Vec<_>>()});
    export.file("schema.json", format!("{schema:#}\n").as_bytes())?;
    export.file("README.md", format!("{}\n", readme.trim_end()).as_bytes())
}

const SLICE: (&str, Kind, &str) =
    ("slice", Kind::Text, "The column whose value makes the slice; none for all rows.");
const SLICE_VALUE: (&str, Kind, &str) =
    ("slice_value", Kind::Text, "The value of that column; none for all rows.");

/// The evaluations, and the metrics of all of them.
fn evaluations(content: &Content) -> Result<[Table; 2]> {
    let of_metric = [
        ("evaluation", Kind::Integer, "The id of the evaluation that it is of."),
        ("version", Kind::Text, "The URI of the version that was measured."),
        SLICE,
        SLICE_VALUE,
    ];
    let mut evaluations = Table::new("evaluations", "Evaluation", &["metrics"], &[]);
    let mut metrics = Table::new("evaluation_metrics", "MetricValue", &["slice"], &of_metric);
    for evaluation in &content.evaluations {
        evaluations.add(evaluation, &[])?;
        for metric in &evaluation.measurement.metrics {
            let [slice, value] = slice(metric.slice.as_ref());
            let version = evaluation.version.as_str().into();
            let of = ("evaluation", evaluation.id.into());
            metrics.add(metric, &[of, ("version", version), slice, value])?;
        }
    }
    Ok([evaluations, metrics])
}

/// The comparisons, and what was found of all of them.
fn comparisons(content: &Content) -> Result<[Table; 2]> {
    let of_result = [
        ("comparison", Kind::Integer, "The id of the comparison that it is of."),
        ("candidate", Kind::Text, "The URI of the version that was judged."),
        ("baseline", Kind::Text, "The URI of the version that it was held against."),
        SLICE,
        SLICE_VALUE,
    ];
    let mut comparisons = Table::new("comparisons", "Comparison", &["results"], &[]);
    let mut results = Table::new("comparison_results", "ComparedSlice", &["slice"], &of_result);
    for comparison in &content.comparisons {
        comparisons.add(comparison, &[])?;
        for result in &comparison.measurement.results {
            let [slice, value] = slice(result.slice.as_ref());
            let of = ("comparison", comparison.id.into());
            let candidate = ("candidate", comparison.candidate.as_str().into());
            let baseline = ("baseline", comparison.baseline.as_str().into());
            results.add(result, &[of, candidate, baseline, slice, value])?;
        }
    }
    Ok([comparisons, results])
}

fn slice(slice: Option<&Slice>) -> [(&'static str, Value); 2] {
    let [column, value] = [slice.map(|slice| &slice.column), slice.map(|slice| &slice.value)];
    [("slice", json!(column)), ("slice_value", json!(value))]
}

/// Where the files of a version go.
fn folder_of(version: &ModelVersion) -> String {
    let mut folders: Vec<String> = parts(&version.model).iter().map(|part| folder(part)).collect();
    if let Some(catalog) = folders.first_mut()
        && is_own(catalog)
    {
        catalog.replace_range(..1, &escaped(catalog.bytes().next().unwrap_or_default()));
    }
    format!("{}/{}", folders.join("/"), version.number)
}

/// Whether a file of the export has this name, as file systems take it that do not know case.
fn is_own(name: &str) -> bool {
    let is = |own: &&str| own.eq_ignore_ascii_case(name);
    let table = name.rsplit_once('.').filter(|(_, format)| {
        ["jsonl", "parquet"].iter().any(|known| known.eq_ignore_ascii_case(format))
    });
    let is_table =
        |(table, _): (&str, &str)| TABLES.iter().any(|own| own.eq_ignore_ascii_case(table));
    OWN.iter().any(is) || table.is_some_and(is_table)
}

/// A part of a name as the name of a folder.
fn folder(part: &str) -> String {
    const MOST: usize = 200;
    let dots = matches!(part, "." | "..");
    let mut name = String::new();
    for (at, c) in part.char_indices() {
        let after = part.get(at + 1..).unwrap_or_default().bytes().take(2);
        let code = c == '%' && after.filter(u8::is_ascii_hexdigit).count() == 2;
        match c {
            '.' if dots => name.push_str(&escaped(b'.')),
            '%' if code => name.push_str(&escaped(b'%')),
            c => name.push(c),
        }
    }
    if name.len() <= MOST {
        return name;
    }
    let mut kept = String::new();
    kept.extend(name.chars().scan(0, |length, c| {
        *length += c.len_utf8();
        (*length <= MOST).then_some(c)
    }));
    format!("{kept}~{}", digest(part))
}

fn escaped(byte: u8) -> String {
    format!("%{byte:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_export_is_known_by_any_case() {
        for (name, own) in [
            ("readme.md", true),
            ("Comparison_Results.JSONL", true),
            ("evaluations.parquet", true),
            ("evaluations", false),
            ("risk.parquet", false),
        ] {
            assert_eq!(is_own(name), own, "{name}");
        }
    }

    #[test]
    fn no_part_leads_out_or_is_too_long() {
        for (part, expected) in
            [("a b.c", "a b.c"), ("..", "%2E%2E"), (".", "%2E"), ("...", "..."), ("a%2E", "a%252E")]
        {
            assert_eq!(folder(part), expected);
        }
        assert!(folder(&"ü".repeat(255)).len() < 255);
    }
}
