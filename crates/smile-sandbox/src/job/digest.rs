//! The name under which a file is kept.

use sha2::{Digest as _, Sha256};

/// SHA-256 in hex: the name under which an image is kept.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
