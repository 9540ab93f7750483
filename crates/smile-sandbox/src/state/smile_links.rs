//! The Smile Links that were created.

use serde_json::{Map, Value};
use smile_core::Timestamp;

/// All links, in order of creation.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct SmileLinks(pub(crate) Vec<SmileLink>);

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct SmileLink {
    pub(crate) ref_id: String,
    /// The changeable fields, as sent.
    pub(crate) fields: Map<String, Value>,
    pub(crate) expires_at: Timestamp,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}
