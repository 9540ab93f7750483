//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod id_types;
pub(crate) mod listen;
pub(crate) mod resume;
pub(crate) mod sandbox;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod trigger;
pub(crate) mod verify;
pub(crate) mod web_token;
