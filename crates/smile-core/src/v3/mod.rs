//! The v3 API's webhooks: status words and typed views of what they say.

mod against;
pub(crate) mod webhook;
