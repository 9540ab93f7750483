//! Faults of requests to come.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::{AdminError, Ask, ok};
use crate::fault::rules::{FaultId, FaultRule};
use crate::service::Service;

impl Service {
    pub(super) fn admin_faults(&mut self, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        ok(&json!({"faults": self.faults()}))
    }

    /// Lets requests go wrong, as a rule says that is written as in scenario files.
    pub(super) fn admin_add_fault(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let rule = serde_json::from_slice::<FaultRule>(ask.request.body())
            .map_err(|error| AdminError::invalid(format!("the body must be a rule for a fault: {error}")))?;
        self.add_fault(rule);
        self.admin_faults(ask)
    }

    pub(super) fn admin_clear_faults(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        self.clear_faults();
        self.admin_faults(ask)
    }

    pub(super) fn admin_remove_fault(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        match ask.number(0).map(FaultId::from) {
            Some(id) if self.remove_fault(id) => self.admin_faults(ask),
            _ => Err(AdminError::not_found("there is no fault in force with this id")),
        }
    }
}
