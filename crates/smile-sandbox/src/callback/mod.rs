//! Callbacks: the queue, the record of deliveries, and what can be made to go wrong with them.

pub(crate) mod attempt;
pub(crate) mod disturbance;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod tampering;
