//! The v3 API's webhooks: status words and typed views of what they say.

#[allow(dead_code)] // The operations come to use it.
pub(crate) mod multipart;
pub(crate) mod webhook;

pub use crate::operation::TokenUse;
