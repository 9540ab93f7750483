//! Callbacks: the queue, the record of deliveries, and disturbances.

pub(crate) mod attempt;
pub(crate) mod disturbance;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod tampering;
