//! The digest of a file, which is the name it is kept under.

use sha2::{Digest as _, Sha256};

/// SHA-256 in hex, the name that an image is kept under.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
