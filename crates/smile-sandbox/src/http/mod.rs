//! The wire: paths, queries, fields, and the forms of answers.

pub(crate) mod answers;
pub(crate) mod base64_text;
pub(crate) mod encoding;
pub(crate) mod endpoint;
pub(crate) mod fields;
pub(crate) mod origin;
pub(crate) mod query;
pub(crate) mod routing;
