//! Taking in the bodies of requests, with bounded memory and patience.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::http::answers::gateway;
use crate::http::encoding::MAX_JSON;
use crate::server::buffer::Buffer;

/// The largest body that is taken.
const MAX_BODY: u64 = 64 * 1024 * 1024;
/// The largest of those that don't say beforehand how large they are. Zips have to.
const MAX_UNANNOUNCED: u64 = MAX_JSON as u64;
/// How many KiB of bodies may be on their way in at a time; others wait for their turn.
const ROOM: u32 = 512 * 1024;

pub(crate) struct Intake {
    room: Semaphore,
    patience: Duration,
}

impl Intake {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { room: Semaphore::new(ROOM as usize), patience }
    }

    /// Reads a body, or so many bytes of it. The room that it takes is free again when the permit is dropped.
    pub(crate) async fn read(
        &self,
        body: Incoming,
        at_most: Option<u64>,
    ) -> Result<(Bytes, SemaphorePermit<'_>), Response<Bytes>> {
        if body.size_hint().lower() > MAX_BODY {
            return Err(too_long());
        }
        let reading = self.read_in_turn(body, at_most.unwrap_or(u64::MAX));
        let too_slow = |_| closing(StatusCode::REQUEST_TIMEOUT, "Request Timeout");
        timeout(self.patience, reading).await.map_err(too_slow)?
    }

    async fn read_in_turn(
        &self,
        mut body: Incoming,
        at_most: u64,
    ) -> Result<(Bytes, SemaphorePermit<'_>), Response<Bytes>> {
        let announced = body.size_hint().exact();
        let limit = announced.unwrap_or(MAX_UNANNOUNCED);
        // All of it at once: bodies that each wait for the other's share would wait for ever.
        let share = u32::try_from(limit.div_ceil(1024)).unwrap_or(ROOM);
        let closed = |_| closing(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        let permit = self.room.acquire_many(share).await.map_err(closed)?;

        let room = announced.unwrap_or_default().min(at_most);
        let mut read = Buffer::with_room(usize::try_from(room).unwrap_or_default());
        while (read.len() as u64) < at_most {
            let Some(frame) = body.frame().await else { break };
            let frame = frame.map_err(|_| closing(StatusCode::BAD_REQUEST, "Bad Request"))?;
            let Ok(mut data) = frame.into_data() else { continue };
            if read.len() as u64 + data.len() as u64 > limit {
                return Err(too_long());
            }
            let wanted = at_most - read.len() as u64;
            data.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
            read.extend(&data);
        }
        Ok((read.into(), permit))
    }
}

fn too_long() -> Response<Bytes> {
    closing(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")
}

/// An answer to a request whose body was not read to the end.
fn closing(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = gateway(status, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
