//! `POST /products_config`: the partner's products (Smile ID: "Products configuration"). It only
//! reads.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, post_signed, successful_object};
use crate::{Partner, Timestamp};

/// Request for the partner's products.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductsConfigRequest;

impl Operation for ProductsConfigRequest {
    type Output = ProductsConfig;
    const STEP: Step = Step::ProductsConfig;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/products_config", &Map::<String, Value>::new())
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<ProductsConfig, OperationError> {
        successful_object(response).map(ProductsConfig)
    }
}

/// Products and ID types that the partner may use.
#[derive(Clone, PartialEq)]
pub struct ProductsConfig(Map<String, Value>);

impl ProductsConfig {
    /// True if a person must consent before this kind of ID is looked up (`consentRequired`).
    pub fn requires_consent(&self, country: &str, id_type: &str) -> bool {
        let required = self.0.get("consentRequired").and_then(|countries| countries.get(country));
        lists(required, id_type)
    }

    /// True if this product takes this kind of ID (`idSelection`). Products: `basic_kyc`,
    /// `biometric_kyc`, `enhanced_kyc`, `doc_verification`, …
    pub fn takes(&self, product: &str, country: &str, id_type: &str) -> bool {
        let selection = self.0.get("idSelection").and_then(|products| products.get(product)?.get(country));
        lists(selection, id_type)
    }

    /// The whole answer, as it came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn lists(list: Option<&Value>, id_type: &str) -> bool {
    list.and_then(Value::as_array).is_some_and(|list| list.iter().any(|other| other == id_type))
}

impl fmt::Debug for ProductsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProductsConfig").field("keys", &self.0.keys().collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    #[test]
    fn golden_request_and_answer() {
        let (uri, body) = golden(&ProductsConfigRequest);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/products_config");
        assert!(body.ends_with(r#""source_sdk":"rust","source_sdk_version":"0.1.0"}"#), "{body}");
        let body = json!({
            "consentRequired": { "NG": ["BVN_MFA"] }, "idSelection": { "basic_kyc": { "NG": ["BVN"] } },
        });
        let config = ProductsConfigRequest.parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert!(config.requires_consent("NG", "BVN_MFA") && !config.requires_consent("GH", "PASSPORT"));
        assert!(config.takes("basic_kyc", "NG", "BVN") && !config.takes("enhanced_kyc", "NG", "BVN"));
    }
}
