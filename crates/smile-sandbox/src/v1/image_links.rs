//! Links to a job's images, and the images behind them.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::http::answers::{storage_error, with_type};
use crate::http::origin::Origin;
use crate::job::jobs::Job;
use crate::job::submission::{ID_CARD_BACK, ID_CARD_FRONT, SELFIE};
use crate::state::State;

const KINDS: [(&str, [u8; 2]); 3] =
    [("selfie_image", SELFIE), ("id_card_image", ID_CARD_FRONT), ("id_card_back", ID_CARD_BACK)];

/// `image_links`: the images there are, or an error text if there are none.
pub(crate) fn image_links(state: &State, origin: &Origin, job: Option<&Job>) -> Value {
    let mut links = Map::new();
    for (name, types) in KINDS {
        if let Some(job) = job.filter(|job| job.linked_image(types).is_some()) {
            let token = image_token(state, &job.smile_job_id, name);
            let link = format!("{origin}/images/{}/{name}/{token}", job.smile_job_id);
            links.insert(name.to_owned(), link.into());
        }
    }
    if links.is_empty() { json!({"error": "No images found"}) } else { links.into() }
}

/// Serves the image behind a link.
pub(crate) fn image(state: &State, smile_job_id: &str, name: &str, token: &str) -> Response<Bytes> {
    let job = state.jobs.iter().find(|job| job.smile_job_id == smile_job_id);
    let kind = KINDS.iter().find(|(kind, _)| *kind == name);
    match (job, kind) {
        (Some(job), Some((_, types))) if token == image_token(state, smile_job_id, name) => {
            match job.linked_image(*types) {
                Some((content_type, bytes)) => with_type(StatusCode::OK, content_type, bytes),
                None => {
                    storage_error(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
                }
            }
        }
        _ => storage_error(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"),
    }
}

fn image_token(state: &State, smile_job_id: &str, name: &str) -> String {
    state.secret.hex(&["image", smile_job_id, name])
}
