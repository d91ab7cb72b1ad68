//! Safetensors: eight bytes of length, a header in JSON, the numbers.
//!
//! Source: <https://github.com/huggingface/safetensors#format>.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};

use super::source::{Look, Source, Stop};
use super::{Format, found, pickle};

/// How long a header is read; the format allows 100 MB.
const MAX_HEADER: u64 = 4 << 20;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    let length = source.exactly(0..8, 8)?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| Stop::Else)?);
    if !(2..=source.size().saturating_sub(8)).contains(&length) || source.byte(8)? != b'{' {
        return Err(Stop::Else);
    }
    let header = source.exactly(8..8 + length.min(MAX_HEADER + 1), 1 + (4 << 20))?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| Stop::Else)?;
    let mut format = Format::new("safetensors", "safetensors");
    format.note("tensors", header.tensors.to_string());
    if let Some(framework) = header.metadata.get("format") {
        format.note("framework", framework);
    }
    for (name, text) in &header.metadata {
        format.say(name, text);
    }
    // The length and the header can be the opcodes of a pickle at the same time.
    format.executable = found(pickle::scan(source))?.is_some_and(|scan| scan.runs());
    Ok(format)
}

/// The header, of which the tensors are only counted.
#[derive(Default)]
struct Header {
    tensors: usize,
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read only to tell that these are what the header holds")]
struct Tensor {
    dtype: IgnoredAny,
    shape: IgnoredAny,
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "__metadata__" {
                        header.metadata = map.next_value()?;
                    } else {
                        let tensor: Tensor = map.next_value()?;
                        let [start, end] = tensor.data_offsets;
                        if start > end {
                            return Err(A::Error::custom("a tensor ends before it begins"));
                        }
                        header.tensors += 1;
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
