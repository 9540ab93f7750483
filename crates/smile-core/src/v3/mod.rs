//! The v3 API: its tokens, and its webhooks with their status words and typed views of what they say.

mod against;
#[allow(dead_code)] // The operations come to use it.
pub(crate) mod multipart;
pub(crate) mod token;
pub(crate) mod webhook;

pub use crate::operation::TokenUse;
pub use token::{Token, TokenCache, TokenPolicy, TokenProduct, TokenRequest};
pub use webhook::Webhook;
