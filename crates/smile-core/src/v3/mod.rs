//! The v3 API's webhooks: status words and typed views of what they say.

pub(crate) mod webhook;

pub use crate::catalogue::webhook_words::WebhookStatus;
pub use webhook::Webhook;
