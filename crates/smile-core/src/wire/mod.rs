//! Reading and writing on the wire: timestamps, JSON that doesn't keep to its own schema, and
//! bodies whose long fields stay in place.

pub(crate) mod characters;
pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod names;
mod repair;
pub(crate) mod seed;
pub(crate) mod timestamp;
pub(crate) mod tolerant;
