//! Numbers that look random and follow from a seed, so that the same input gives the same bytes.

use std::time::Duration;

/// A time up to this long, drawn from the seed.
pub(crate) fn spread(seed: u64, most: Duration) -> Duration {
    let fraction = (splitmix64(!seed) >> 11) as f64 / (1_u64 << 53) as f64;
    let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis((millis as f64 * fraction) as u64)
}

/// One step of Steele, Lea and Flood's SplitMix64: spreads a seed over all 64 bits.
pub(crate) fn splitmix64(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
