//! The partner and the moment of all seeds, and what more than one target does.

use smile_core::ResultEntry;

/// The partner of all targets. The seeds are signed for it.
pub(crate) fn partner() -> smile_core::Partner {
    smile_core::Partner::new("001", "test_api_key", "https://service.example/v1".parse().unwrap()).unwrap()
}

/// The moment that the seeds are signed for: 2024-01-15T10:30:00.000Z.
pub(crate) const NOW: smile_core::Timestamp = smile_core::Timestamp::from_unix_millis(1_705_314_600_000);

/// Reads an entry in every way there is.
pub(crate) fn look_at(entry: &ResultEntry) {
    let info = entry.personal_info();
    let _ = (info.full_name(), info.dob(), info.photo(), info.document(), info.full_data(), info.is_alive());
    let _ =
        (entry.business().fiduciaries(), entry.aml().people(), entry.image_links(), entry.match_verdict());
    let _ = entry.antifraud().map(|antifraud| (antifraud.fraud_detected(), antifraud.suspect_users()));
    let _ = (entry.audit_json(), entry.confidence_value(), format!("{entry:?}"));
}
