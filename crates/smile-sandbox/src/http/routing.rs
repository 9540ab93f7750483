//! Routing: from a path to its endpoint.

use crate::http::endpoint::Endpoint;

/// The target of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Route {
    /// An endpoint of the API.
    Api(Endpoint),
    /// One Smile Link, as opposed to all of them.
    SmileLink { ref_id: String },
    /// The upload address that a prep upload returned, with the reference id in it.
    Upload { ref_id: String },
    /// An image of a job, as linked from its status.
    Image { smile_job_id: String, name: String, token: String },
    #[default]
    Unknown,
}

impl Route {
    /// The name of the route, without any identifier of a person.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Api(endpoint) => endpoint.name(),
            Self::SmileLink { .. } => Endpoint::SmileLinks.name(),
            Self::Upload { .. } => Endpoint::Upload.name(),
            Self::Image { .. } => "image link",
            Self::Unknown => "unknown",
        }
    }

    /// The endpoint that fault rules know the route by.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Api(endpoint) => Some(*endpoint),
            Self::SmileLink { .. } => Some(Endpoint::SmileLinks),
            Self::Upload { .. } => Some(Endpoint::Upload),
            Self::Image { .. } | Self::Unknown => None,
        }
    }

    /// True if the object store answers there, and not the API.
    pub(crate) fn is_to_store(&self) -> bool {
        matches!(self, Self::Upload { .. })
    }
}

const V1: &[(&str, &str, Endpoint)] = &[
    ("upload", "", Endpoint::PrepUpload),
    ("job_status", "", Endpoint::JobStatus),
    ("id_verification", "", Endpoint::EnhancedKyc),
    ("async_id_verification", "", Endpoint::EnhancedKycAsync),
    ("business_verification", "", Endpoint::BusinessVerification),
    ("async_business_verification", "", Endpoint::BusinessVerificationAsync),
    ("aml", "", Endpoint::Aml),
    // The documentation has the address under v2, the Ruby SDK posts to v1.
    ("async-verify-address", "", Endpoint::AddressVerification),
    ("token", "", Endpoint::WebToken),
    ("smile_links", "", Endpoint::SmileLinks),
    ("totp_consent", "", Endpoint::Consent),
    ("totp_consent", "mode", Endpoint::ConsentMode),
    ("totp_consent", "otp", Endpoint::ConsentOtp),
    ("services", "", Endpoint::Services),
    ("products_config", "", Endpoint::ProductsConfig),
    ("valid_documents", "", Endpoint::ValidDocuments),
];

const V2: &[(&str, &str, Endpoint)] = &[
    ("verify", "", Endpoint::BasicKyc),
    ("verify_async", "", Endpoint::BasicKycAsync),
    ("async-verify-address", "", Endpoint::AddressVerification),
    ("async-verify-phone", "", Endpoint::PhoneVerification),
    ("services", "", Endpoint::Services),
];

/// Parses a path, with or without the version in front, since SDKs differ in their base URL, and
/// with any number of slashes.
pub(crate) fn route(path: &str) -> Route {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut parts = [""; 5];
    for part in &mut parts {
        *part = segments.next().unwrap_or_default();
    }
    if segments.next().is_some() && parts[0] != "videos" {
        return Route::Unknown;
    }
    let found = |tables: &[&[(&str, &str, Endpoint)]], name: &str, rest: &str| {
        let mut rows = tables.iter().flat_map(|table| table.iter());
        let row = rows.find(|row| (row.0, row.1) == (name, rest));
        row.map_or(Route::Unknown, |row| Route::Api(row.2))
    };
    match parts {
        // Whatever is missing from the address: the store answers.
        ["videos", _, ref_id, ..] if !ref_id.is_empty() => Route::Upload { ref_id: ref_id.to_owned() },
        ["images", smile_job_id, name, token, ""] if !token.is_empty() => Route::Image {
            smile_job_id: smile_job_id.to_owned(),
            name: name.to_owned(),
            token: token.to_owned(),
        },
        ["v1", "smile_links", ref_id, "", ""] | ["smile_links", ref_id, "", ..] if !ref_id.is_empty() => {
            Route::SmileLink { ref_id: ref_id.to_owned() }
        }
        ["v1", name, rest, "", ""] => found(&[V1], name, rest),
        ["v2", name, rest, "", ""] => found(&[V2], name, rest),
        [name, rest, "", ..] => found(&[V1, V2], name, rest),
        _ => Route::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_and_slashes_do_not_matter() {
        for (version, table) in [("v1", V1), ("v2", V2)] {
            for &(name, rest, endpoint) in table {
                for path in [
                    format!("/{version}/{name}/{rest}"),
                    format!("/{name}/{rest}"),
                    format!("//{name}//{rest}"),
                    format!("/{version}//{name}/{rest}/"),
                    format!("///{version}///{name}//{rest}//"),
                ] {
                    assert_eq!(route(&path), Route::Api(endpoint), "{path}");
                }
            }
        }
        for path in ["/v1/smile_links/a", "/smile_links/a", "//v1//smile_links//a//"] {
            assert_eq!(route(path), Route::SmileLink { ref_id: "a".to_owned() }, "{path}");
        }
    }

    #[test]
    fn the_store_answers_for_a_broken_upload_address_too() {
        for path in ["/videos/001/ref/selfie.zip", "/videos/001/ref", "/videos/001/ref/selfie.zip/and/more"] {
            assert_eq!(route(path), Route::Upload { ref_id: "ref".to_owned() }, "{path}");
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for path in [
            "/",
            "",
            "*",
            "/v1",
            "/v2/upload",
            "/v1/verify",
            "/v1/async-verify-phone",
            "/v1/v1/upload",
            "/v1/upload/x",
            "/V1/UPLOAD",
            "/videos",
            "/videos/1",
            "/v1/totp_consent/x",
            "/v2/smile_links/a",
            "/v1/smile_links/a/b",
        ] {
            assert_eq!(route(path), Route::Unknown, "{path}");
        }
        assert_eq!(route("/a/b/c/d/e/f/g"), Route::Unknown);
    }
}
