//! What a Halfback registry stands on, and what knows no model: names and ids, time, errors,
//! the SQL engine with its history in place, the Merkle log, the generation words and artifacts.
//!
//! The `halfback` crate gives this its meaning; programs use that one.

pub mod archive;
pub mod artifact;
pub mod backup;
pub mod check;
pub mod checkpoint;
pub mod codec;
pub mod erasure;
pub mod error;
pub mod export;
pub mod fact;
mod filesystem;
mod folder;
pub mod fork;
pub mod generation;
pub mod id;
pub mod interrupt;
pub mod log;
pub mod merkle;
pub mod name;
pub mod new_file;
pub mod note;
pub mod private_file;
pub mod proof;
pub mod schema;
pub mod sql;
pub mod sqlite;
mod target;
pub mod time;
pub mod tx;
pub mod user;
mod writer_lock;

pub use error::{Error, Kind, Result};
