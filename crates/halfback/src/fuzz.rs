//! A door for `tests/fuzz` to what no program needs: filters as syntax. Not part of the API.

use std::fmt;
use std::str::FromStr;

use halfback_store::error::{Error, Result};

use crate::filter;

/// A filter that was read; two that say the same are equal.
#[derive(Debug, PartialEq)]
pub struct Filter(filter::Filter);

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        filter::Filter::parse(text).map(Self)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
