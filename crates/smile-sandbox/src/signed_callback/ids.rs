//! Whom and what a callback is about.

use serde_json::{Map, Value};

use crate::result::product::Product;

/// Whom and what a callback is about.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) job_id: String,
    pub(super) user_id: String,
    pub(super) smile_job_id: String,
    pub(super) partner_params: Map<String, Value>,
}

impl Ids {
    /// `PartnerParams` of v1. Of products with faces alone, the job type is text in it; of the others, a number.
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

    /// What the partner added.
    pub(super) fn own_params(&self) -> Map<String, Value> {
        self.partner_params.clone()
    }
}
