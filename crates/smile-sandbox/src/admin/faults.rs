//! Faults of requests to come.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use crate::admin::ask::Ask;
use crate::admin::error::{AdminError, ok};
use crate::fault::rules::{FaultId, FaultRule};
use crate::state::State;

pub(super) fn admin_faults(state: &mut State, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    ok(&json!({"faults": state.faults.in_force()}))
}

/// Adds a fault rule, written as in scenario files.
pub(super) fn admin_add_fault(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let rule = serde_json::from_slice::<FaultRule>(ask.request.body())
        .map_err(|error| AdminError::invalid(format!("the body must be a rule for a fault: {error}")))?;
    state.faults.add(rule);
    admin_faults(state, ask)
}

pub(super) fn admin_clear_faults(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    state.faults.clear();
    admin_faults(state, ask)
}

pub(super) fn admin_remove_fault(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    match ask.number(0).map(FaultId::from) {
        Some(id) if state.faults.remove(id) => admin_faults(state, ask),
        _ => Err(AdminError::not_found("there is no fault in force with this id")),
    }
}
