//! The emulator as a server on this machine: sockets, a clock, and a thread for the service.

pub(crate) mod accept;
pub(crate) mod advance;
pub(crate) mod answer_body;
pub(crate) mod builder;
pub(crate) mod clock;
pub(crate) mod front;
pub(crate) mod intake;
pub(crate) mod keeper;
pub(crate) mod line;
pub(crate) mod poster;
pub(crate) mod sandbox;
#[cfg(feature = "tls")]
pub(crate) mod tls;
