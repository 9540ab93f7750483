//! Signing and confirming, beside a bare loop over `hmac`, `sha2` and `base64` that sets its key up
//! each time.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use smile_core::{ApiKey, PartnerId, Signer, Timestamp};

const PARTNER_ID: &str = "001";
const API_KEY: &str = "5bd7ef4f-0a1b-4c2d-8e3f-1a2b3c4d5e6f";
const NOW: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

fn main() {
    divan::main();
}

fn signer() -> Signer {
    Signer::new(PartnerId::new(PARTNER_ID).unwrap(), &ApiKey::new(API_KEY).unwrap())
}

fn bare_mac(timestamp: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(black_box(API_KEY).as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(PARTNER_ID.as_bytes());
    mac.update(b"sid_request");
    mac
}

mod sign {
    use super::*;

    #[divan::bench]
    fn smile_core(bencher: Bencher<'_, '_>) {
        let (signer, timestamp) = (signer(), NOW.to_string());
        bencher.bench(|| signer.sign_text(black_box(&timestamp)));
    }

    /// Measures signing with the text of the timestamp included.
    #[divan::bench]
    fn smile_core_with_timestamp(bencher: Bencher<'_, '_>) {
        let signer = signer();
        bencher.bench(|| signer.sign(black_box(NOW)));
    }

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        let timestamp = NOW.to_string();
        bencher.bench(|| STANDARD.encode(bare_mac(black_box(&timestamp)).finalize().into_bytes()));
    }
}

mod confirm {
    use super::*;

    #[divan::bench]
    fn smile_core(bencher: Bencher<'_, '_>) {
        let (signer, signed) = (signer(), signer().sign(NOW));
        bencher
            .bench(|| signer.confirm(black_box(signed.timestamp()), black_box(signed.signature())).unwrap());
    }

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        let signed = signer().sign(NOW);
        bencher.bench(|| {
            let tag = STANDARD.decode(black_box(signed.signature())).unwrap();
            bare_mac(black_box(signed.timestamp())).verify_slice(&tag).unwrap();
        });
    }
}
