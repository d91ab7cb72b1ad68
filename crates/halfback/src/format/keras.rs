//! Keras 3: a zip archive with `metadata.json`, `config.json` and the weights.
//!
//! Source: `keras/src/saving/saving_lib.py`.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::archive::Archive;
use super::source::{Look, Stop};
use super::{Format, found};

#[derive(Deserialize)]
struct Metadata {
    keras_version: String,
    date_saved: Option<String>,
}

/// What marks a `Lambda` layer, which holds marshalled bytecode.
const LAMBDA: &str = "__lambda__";

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    if !archive.has("metadata.json") || !archive.has("config.json") {
        return Err(Stop::Else);
    }
    let metadata = found(archive.whole("metadata.json"))?;
    let metadata = metadata.and_then(|it| serde_json::from_slice::<Metadata>(&it).ok());
    let config = found(archive.whole("config.json"))?;
    let config = config.and_then(|it| serde_json::from_slice::<Config>(&it).ok());
    // Python reads some JSON that is refused here, so that what is unread may hold anything.
    let Some(metadata) = metadata else {
        let mut format = Format { executable: true, ..Format::default() };
        format.note("unread", "metadata.json");
        return Ok(format);
    };
    let mut format = Format::new("keras", "keras");
    format.version(metadata.keras_version);
    if let Some(date) = metadata.date_saved {
        format.note("date_saved", date);
    }
    format.executable = config.as_ref().is_none_or(|config| config.lambda);
    if config.is_none() {
        format.note("unread", "config.json");
    }
    Ok(format)
}

/// A model's configuration, of which only that is asked for which can run.
#[derive(Default)]
struct Config {
    /// Whether there is a `Lambda` layer.
    lambda: bool,
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Config;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Config, E> {
        Ok(Config { lambda: text == LAMBDA })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Config, A::Error> {
        let mut config = Config::default();
        while let Some(item) = list.next_element::<Config>()? {
            config.lambda |= item.lambda;
        }
        Ok(config)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
        let mut config = Config::default();
        while let Some((key, value)) = map.next_entry::<Config, Config>()? {
            config.lambda |= key.lambda | value.lambda;
        }
        Ok(config)
    }

    fn visit_unit<E>(self) -> Result<Config, E> {
        Ok(Config::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Config, E> {
        Ok(Config::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Config, E> {
        Ok(Config::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Config, E> {
        Ok(Config::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Config, E> {
        Ok(Config::default())
    }
}
