//! Callbacks for the tests of a receiver.

mod building;
mod flaws;
mod results;

use smile_core::{ApiKey, PartnerId, ResultEntry, SignatureError, Signer, Timestamp, Verdict};
use smile_sandbox::signed_callback::{Outcome, Product, SignedCallback, signed_callback};

const NOW: Timestamp = Timestamp::from_unix_millis(1_750_000_000_000);

fn signer() -> Signer {
    Signer::new(PartnerId::new("001").unwrap(), &ApiKey::new("sandbox-api-key").unwrap())
}

fn callback(product: Product, outcome: Outcome) -> SignedCallback {
    signed_callback(product, outcome).with_signing_time(NOW).build().unwrap()
}

/// All outcomes of a product, those by name and those by code.
fn everything(product: Product) -> Vec<Outcome> {
    let codes = product.result_codes().map(|row| Outcome::code(row.code));
    product.outcomes().into_iter().chain(codes).collect()
}

/// Timestamp and signature, where the product has them.
fn stamp(product: Product, callback: &SignedCallback) -> Option<(String, String)> {
    if product.is_v3() {
        let header = |name: &str| Some(callback.headers().get(name)?.to_str().unwrap().to_owned());
        return Some((header("response-timestamp")?, header("response-signature")?));
    }
    let json = callback.json();
    Some((json["timestamp"].as_str()?.to_owned(), json["signature"].as_str()?.to_owned()))
}

fn confirm(product: Product, callback: &SignedCallback) -> Result<(), SignatureError> {
    let (timestamp, signature) = stamp(product, callback).ok_or(SignatureError::Missing)?;
    signer().confirm(&timestamp, &signature)
}

fn verdict(product: Product, callback: &SignedCallback) -> Verdict {
    let entry = ResultEntry::from_json(callback.json()).unwrap();
    match product.job_type() {
        Some(job_type) => {
            assert_eq!(entry.partner_params().job_type(), Some(job_type), "{product}");
            entry.verdict_for(job_type)
        }
        None => entry.match_verdict(),
    }
}

fn v1() -> impl Iterator<Item = Product> {
    Product::all().iter().copied().filter(|product| !product.is_v3())
}

fn v3() -> impl Iterator<Item = Product> {
    Product::all().iter().copied().filter(|product| product.is_v3())
}
