//! Opaque blobs that only Halfback reads, such as page cursors: a format byte, then bincode.
//!
//! bincode is pinned and stays inside this room. Nothing that is hashed, queried or exchanged
//! with others passes through here.

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Detail, Result};

/// The largest blob that is read, in bytes.
const LIMIT: usize = 1 << 20;
const FORMAT: u8 = 1;

fn config() -> Configuration<LittleEndian, Fixint, Limit<LIMIT>> {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<LIMIT>()
}

/// The blob for a value.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut blob = vec![FORMAT];
    bincode::serde::encode_into_std_write(value, &mut blob, config())
        .map_err(|error| Detail::Internal(format!("a value could not be encoded: {error}")))?;
    Ok(blob)
}

/// The value of a blob; any blob that [`encode`] did not write for this type is refused.
pub fn decode<T: DeserializeOwned>(blob: &[u8]) -> Result<T> {
    let refused = || Detail::InvalidArgument("an opaque value was not made by halfback".into());
    let (&FORMAT, body) = blob.split_first().ok_or_else(refused)? else {
        return Err(refused().into());
    };
    let (value, read) = bincode::serde::decode_from_slice(body, config()).map_err(|_| refused())?;
    if read == body.len() { Ok(value) } else { Err(refused().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_blob_reads_back_whole_or_not_at_all() {
        let value = (7_i64, "name".to_owned());
        let blob = encode(&value).unwrap();
        assert_eq!(decode::<(i64, String)>(&blob).unwrap(), value);
        for end in 0..blob.len() {
            assert!(decode::<(i64, String)>(&blob[..end]).is_err(), "{end}");
        }
        let longer = [blob.as_slice(), &[0]].concat();
        assert!(decode::<(i64, String)>(&longer).is_err());
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_quietly(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode::<(i64, Vec<String>)>(&bytes).is_ok();
        }
    }
}
