//! Signed callbacks for the tests of a receiver: of every product, with every outcome, right or
//! broken in any way.
//!
//! ```
//! use smile_core::Timestamp;
//! use smile_sandbox::signed_callback::{Flaw, Outcome, Product, signed_callback};
//!
//! let now = Timestamp::from_unix_millis(1_705_314_600_000); // or that of a real clock
//! let callback = signed_callback(Product::BiometricKyc, Outcome::ReviewerApproved)
//!     .with_partner("001", "sandbox-api-key")
//!     .with_signing_time(now)
//!     .with_job_id("kyc-1")
//!     .with_user_id("customer-17")
//!     .with_partner_param("nonce", "n-1")
//!     .with_photo_of(1_200_000)
//!     .build()?;
//! assert!(callback.body().len() > 1_200_000);
//! // Send it to the receiver, or hand it to its handler.
//! let request = callback.into_request("http://127.0.0.1:8080/smile-id".parse()?);
//! assert_eq!(request.headers()["content-type"], "application/json");
//!
//! // Each flaw names the refusal of a sound receiver, and two of them are refused for nothing: the
//! // signature doesn't cover the body, so only the job's status shows what was swapped there.
//! for &flaw in Flaw::all() {
//!     let broken = signed_callback(Product::BiometricKyc, Outcome::Rejected).with_signing_time(now).with_flaw(flaw).build()?;
//!     println!("{flaw}: {} bytes, to be refused as {:?}", broken.body().len(), flaw.refused_for());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Products, outcomes and flaws
//!
//! [`Product::all`], [`Product::outcomes`] and [`Flaw::all`] list them, and each has a name that
//! parses:
//!
//! ```
//! use smile_sandbox::signed_callback::{Product, signed_callback};
//!
//! let callback = signed_callback("document-verification".parse()?, "document-expired".parse()?).build()?;
//! assert_eq!(callback.json()["ResultCode"], "0817");
//! let error = signed_callback(Product::BusinessVerification, "no-face".parse()?).build().unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "`business-verification` has no outcome `no-face`; it has approved, id-not-found, id-malformed, \
//!      issuer-unavailable, unknown, 1012, 1013"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Replays
//!
//! The builder has no clock and no randomness: the same calls give the same bytes. A **redelivery**
//! is the same callback sent again; a **replay with another body** is a second callback of the same
//! partner and the same moment with another outcome, whose timestamp and signature are the same, as
//! they don't cover the body.

mod builder;
mod carrier;
mod content;
mod error;
mod flaw;
mod ids;
mod stamp;
mod webhook;

pub use builder::{SignedCallback, SignedCallbackBuilder, signed_callback};
pub use error::SignedCallbackError;
pub use flaw::{ExpectedRefusal, Flaw};
pub use stamp::TimestampSpelling;

pub use crate::result::outcome::Outcome;
pub use crate::result::product::Product;
pub use crate::result::unknown::UnknownName;
