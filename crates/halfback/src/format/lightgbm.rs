//! LightGBM's text format: a header of `key=value` lines, then the trees.
//!
//! Source: `GBDT::SaveModelToString` in `src/boosting/gbdt_model_text.cpp`.

use super::Format;
use super::source::{Look, Source, Stop};
use crate::signature::{ColumnSpec, DataType, Schema, Signature};

const MAX_HEADER: usize = 2 << 20;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    if !source.begins(b"tree\n")? && !source.begins(b"tree\r\n")? {
        return Err(Stop::Else);
    }
    let header = source.upto(0, MAX_HEADER)?;
    let header = String::from_utf8_lossy(&header);
    let mut format = Format::new("lightgbm", "lightgbm-text");
    let mut signature = None;
    let lines = header.lines().skip(1).take_while(|line| !line.is_empty());
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        match key {
            // The version of the format; the library's own is not written.
            "version" => format.note("format_version", value),
            "num_class" | "objective" => format.note(key, value),
            "feature_names" => {
                let names: Vec<&str> = value.split(' ').filter(|name| !name.is_empty()).collect();
                format.note("features", names.len().to_string());
                signature = inputs(&names);
            }
            _ => {}
        }
    }
    if !format.metadata.contains_key("format_version") {
        return Err(Stop::Else);
    }
    format.signature = signature;
    Ok(format)
}

/// A column for each feature, unless LightGBM made up the names because it was given none.
fn inputs(names: &[&str]) -> Option<Signature> {
    let made_up = |(index, name): (usize, &&str)| *name == format!("Column_{index}");
    if names.is_empty() || names.iter().enumerate().all(made_up) {
        return None;
    }
    let column = |name: &&str| ColumnSpec {
        name: Some((*name).to_owned()),
        data_type: DataType::Double,
        required: true,
    };
    let columns = names.iter().map(column).collect();
    Some(Signature { inputs: Some(Schema::Columns(columns)), ..Signature::default() })
}
