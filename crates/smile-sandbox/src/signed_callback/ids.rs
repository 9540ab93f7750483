//! The ids in a callback.

use serde_json::{Map, Value};

use crate::result::product::Product;

/// The ids in a callback.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) job_id: String,
    pub(super) user_id: String,
    pub(super) smile_job_id: String,
    pub(super) partner_params: Map<String, Value>,
}

impl Ids {
    /// `PartnerParams` of v1. The job type is text for products with faces alone, and a number for
    /// the others.
    pub(super) fn partner_params(&self, product: Product) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("user_id".into(), self.user_id.as_str().into());
        params.insert("job_id".into(), self.job_id.as_str().into());
        if let Some(job_type) = product.job_type() {
            let is_text = matches!(
                product,
                Product::BiometricKyc
                    | Product::SmartSelfieAuthentication
                    | Product::SmartSelfieRegistration
                    | Product::UpdatePhoto
                    | Product::CompareUserInfo
                    | Product::IdInformation
            );
            let number = job_type.number();
            params.insert("job_type".into(), if is_text { number.to_string().into() } else { number.into() });
        }
        params.extend(self.own_params());
        params
    }

    /// The parameters that the partner added.
    pub(super) fn own_params(&self) -> Map<String, Value> {
        self.partner_params.clone()
    }
}
