//! New ids, and this machine's clock.

use std::time::SystemTime;

use smile_core::Timestamp;

/// The time, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

/// Creates an id: its purpose, the day, and 64 random bits. Nothing in it is personal.
pub(crate) fn new(prefix: &str) -> String {
    let day: String = now().to_string().chars().take(10).filter(char::is_ascii_digit).collect();
    format!("{prefix}-{day}-{:016x}", random())
}

/// 64 random bits, from the system's source of randomness, which every program with a hash map
/// needs.
pub(crate) fn random() -> u64 {
    getrandom::u64().expect("the system has a source of randomness")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_new_each_time() {
        let (one, other) = (super::new("job"), super::new("job"));
        assert_ne!(one, other);
        assert!(one.starts_with("job-20") && one.len() == "job-20260101-0123456789abcdef".len(), "{one}");
    }
}
