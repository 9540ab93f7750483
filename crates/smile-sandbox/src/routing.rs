//! Which endpoint a path means.

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    PrepUpload,
    JobStatus,
    /// The address that a prep upload gave out; with the reference id in it.
    Upload {
        ref_id: &'a str,
    },
    /// An image of a job, as linked from its status.
    Image {
        smile_job_id: &'a str,
        name: &'a str,
        token: &'a str,
    },
    Unknown,
}

/// Reads a path. With or without the `/v1` prefix, since SDKs differ in what they take for the base URL, and
/// whatever the number of slashes.
pub(crate) fn route(path: &str) -> Endpoint<'_> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut parts = [""; 5];
    for part in &mut parts {
        *part = segments.next().unwrap_or_default();
    }
    if segments.next().is_some() {
        return Endpoint::Unknown;
    }
    match parts {
        ["v1", "upload", "", ..] | ["upload", "", ..] => Endpoint::PrepUpload,
        ["v1", "job_status", "", ..] | ["job_status", "", ..] => Endpoint::JobStatus,
        ["videos", _, ref_id, name, ""] if !name.is_empty() => Endpoint::Upload { ref_id },
        ["images", smile_job_id, name, token, ""] if !token.is_empty() => {
            Endpoint::Image { smile_job_id, name, token }
        }
        _ => Endpoint::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_and_slashes_do_not_matter() {
        for path in ["/v1/upload", "/upload", "//upload", "/v1//upload/", "///v1///upload//"] {
            assert_eq!(route(path), Endpoint::PrepUpload, "{path}");
        }
        for path in ["/v1/job_status", "/job_status", "/v1//job_status/"] {
            assert_eq!(route(path), Endpoint::JobStatus, "{path}");
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for path in
            ["/", "", "*", "/v1", "/v2/upload", "/v1/v1/upload", "/v1/upload/x", "/V1/UPLOAD", "/videos/1/2"]
        {
            assert_eq!(route(path), Endpoint::Unknown, "{path}");
        }
        assert_eq!(route("/videos/001/ref/selfie.zip"), Endpoint::Upload { ref_id: "ref" });
        assert_eq!(route("/videos/001/ref/selfie.zip/more"), Endpoint::Unknown);
        assert_eq!(route("/a/b/c/d/e/f/g"), Endpoint::Unknown);
    }
}
