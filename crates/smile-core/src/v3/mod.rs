//! The v3 API's webhooks: status words and typed views of what they say.

mod against;
#[allow(dead_code)] // The operations come to use it.
pub(crate) mod multipart;
pub(crate) mod webhook;

pub use crate::catalogue::webhook_words::WebhookStatus;
pub use crate::operation::TokenUse;
pub use webhook::Webhook;
