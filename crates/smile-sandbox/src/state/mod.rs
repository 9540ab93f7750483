//! What the emulated service knows.

pub(crate) mod keep;
pub(crate) mod secret;
pub(crate) mod users;
