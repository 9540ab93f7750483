//! Reading the bodies of requests, with bounded memory and time.
//!
//! Only bytes that have come count: a client that announces much and sends little takes no room
//! from others.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::http::answers::{gateway, storage_error};
use crate::http::encoding::MAX_JSON;

/// The largest accepted body, in bytes.
const MAX_BODY: u64 = 64 * 1024 * 1024;
/// The largest body without an announced length. Zips must announce theirs.
const MAX_UNANNOUNCED: u64 = MAX_JSON as u64;
/// The KiB of bodies that may be in memory at a time; others wait for their turn.
const ROOM: usize = 512 * 1024;

/// The reason why a body was not read to its end. Nothing of it has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRead {
    TooLong,
    TooSlow,
    /// The connection, or how the body is written, is at fault.
    Broken,
    NoRoom,
}

impl NotRead {
    /// The gateway's answer, or the object store's, which has words of its own for each (Amazon S3,
    /// "Error responses").
    pub(crate) fn answer(self, is_to_store: bool) -> Response<Bytes> {
        let mut response = if is_to_store { self.by_store() } else { self.by_gateway() };
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }

    fn by_gateway(self) -> Response<Bytes> {
        match self {
            Self::TooLong => gateway(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long"),
            Self::TooSlow => gateway(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::Broken => gateway(StatusCode::BAD_REQUEST, "Bad Request"),
            Self::NoRoom => gateway(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        }
    }

    fn by_store(self) -> Response<Bytes> {
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::TooLong => {
                storage_error(bad, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
            }
            Self::TooSlow => storage_error(
                bad,
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. \
                 Idle connections will be closed.",
            ),
            Self::Broken => storage_error(
                bad,
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
            ),
            Self::NoRoom => {
                storage_error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
            }
        }
    }
}

pub(crate) struct Intake {
    room: Semaphore,
    /// Held by the one body that reads on without room, so bodies that each wait for the other's
    /// room don't wait for ever.
    exempt: Mutex<()>,
    patience: Duration,
}

/// The room that a body takes, free again when dropped.
pub(crate) struct Share<'a> {
    intake: &'a Intake,
    permit: Option<SemaphorePermit<'a>>,
    exempt: Option<MutexGuard<'a, ()>>,
}

impl Share<'_> {
    /// Waits until there is room for so many bytes in all.
    async fn grow_to(&mut self, bytes: u64) -> Result<(), NotRead> {
        let has = self.permit.as_ref().map_or(0, SemaphorePermit::num_permits);
        let wanted = usize::try_from(bytes.div_ceil(1024)).unwrap_or(usize::MAX);
        let more = u32::try_from(wanted.saturating_sub(has)).unwrap_or(u32::MAX);
        if more == 0 || self.exempt.is_some() {
            return Ok(());
        }
        tokio::select! {
            biased;
            permit = self.intake.room.acquire_many(more) => {
                let permit = permit.map_err(|_| NotRead::NoRoom)?;
                match &mut self.permit {
                    Some(has) => has.merge(permit),
                    none => *none = Some(permit),
                }
            }
            exempt = self.intake.exempt.lock() => self.exempt = Some(exempt),
        }
        Ok(())
    }
}

impl Intake {
    pub(crate) fn new(patience: Duration) -> Self {
        Self::with_room(ROOM, patience)
    }

    fn with_room(kib: usize, patience: Duration) -> Self {
        Self { room: Semaphore::new(kib), exempt: Mutex::new(()), patience }
    }

    /// Reads a body, or so many bytes of it, and returns it with its room.
    pub(crate) async fn read(
        &self,
        body: impl Body<Data = Bytes> + Unpin,
        at_most: Option<u64>,
    ) -> Result<(Bytes, Share<'_>), NotRead> {
        if body.size_hint().lower() > MAX_BODY {
            return Err(NotRead::TooLong);
        }
        let reading = self.read_in_turn(body, at_most.unwrap_or(u64::MAX));
        timeout(self.patience, reading).await.map_err(|_| NotRead::TooSlow)?
    }

    async fn read_in_turn(
        &self,
        mut body: impl Body<Data = Bytes> + Unpin,
        at_most: u64,
    ) -> Result<(Bytes, Share<'_>), NotRead> {
        let announced = body.size_hint().exact();
        let limit = announced.unwrap_or(MAX_UNANNOUNCED);
        let mut share = Share { intake: self, permit: None, exempt: None };
        let expected = usize::try_from(announced.unwrap_or_default().min(at_most)).unwrap_or_default();
        let mut read = Vec::new();
        while (read.len() as u64) < at_most {
            let Some(frame) = body.frame().await else { break };
            let frame = frame.map_err(|_| NotRead::Broken)?;
            let Ok(mut data) = frame.into_data() else { continue };
            if read.len() as u64 + data.len() as u64 > limit {
                return Err(NotRead::TooLong);
            }
            let wanted = at_most - read.len() as u64;
            data.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
            share.grow_to((read.len() + data.len()) as u64).await?;
            append(&mut read, &data, expected);
        }
        // Unused capacity would be kept for as long as the body is.
        read.shrink_to_fit();
        Ok((read.into(), share))
    }
}

/// Adds a piece of a body. Capacity grows as the body comes, twofold each time and never beyond the
/// announced length: a client can announce what it never sends.
fn append(read: &mut Vec<u8>, piece: &[u8], expected: usize) {
    let needed = read.len() + piece.len();
    if needed > read.capacity() {
        let room = (2 * read.capacity()).clamp(needed, expected.max(needed));
        read.reserve_exact(room - read.len());
    }
    read.extend_from_slice(piece);
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use hyper::body::{Frame, SizeHint};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const KIB: u64 = 1024;

    #[test]
    fn room_is_made_for_what_comes_and_for_no_more_than_is_announced() {
        let mut read = Vec::new();
        append(&mut read, &[7; 10], 64 << 20);
        assert_eq!(read.capacity(), 10);
        for _ in 0..5 {
            append(&mut read, &[7; 10], 60);
        }
        assert_eq!((read.len(), read.capacity()), (60, 60));
        append(&mut read, &[7; 100], 0);
        assert_eq!((read.len(), read.capacity()), (160, 160));
    }

    /// A body that comes piece by piece.
    struct Pieces {
        pieces: UnboundedReceiver<Bytes>,
        announced: u64,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.announced)
        }
    }

    /// An upload in progress, and the means to continue it.
    struct Upload {
        send: UnboundedSender<Bytes>,
        reading: JoinHandle<usize>,
    }

    impl Upload {
        async fn begin(intake: &Arc<Intake>, announced: u64) -> Self {
            let (send, pieces) = unbounded_channel();
            let intake = Arc::clone(intake);
            let reading = tokio::spawn(async move {
                let (bytes, _share) = intake.read(Pieces { pieces, announced }, None).await.unwrap();
                bytes.len()
            });
            yield_now().await;
            Self { send, reading }
        }

        async fn send_kib(&self) {
            self.send.send(Bytes::from(vec![7; KIB as usize])).unwrap();
            yield_now().await;
        }

        /// Ends the body.
        fn all_sent(self) -> JoinHandle<usize> {
            self.reading
        }

        async fn end(self) -> usize {
            come_in(self.all_sent()).await
        }
    }

    /// Waits, with a limit, until a body is there, and returns its length.
    async fn come_in(reading: JoinHandle<usize>) -> usize {
        timeout(Duration::from_secs(20), reading).await.unwrap().unwrap()
    }

    fn intake(kib: usize) -> Arc<Intake> {
        Arc::new(Intake::with_room(kib, Duration::from_secs(600)))
    }

    #[tokio::test]
    async fn announced_bytes_take_no_room() {
        let intake = intake(4);
        let mut idle = Vec::new();
        for _ in 0..8 {
            idle.push(Upload::begin(&intake, MAX_BODY).await);
        }
        let upload = Upload::begin(&intake, 4 * KIB).await;
        for _ in 0..4 {
            upload.send_kib().await;
        }
        assert_eq!(upload.end().await, 4 * KIB as usize);
        assert_eq!(intake.room.available_permits(), 4);
    }

    #[tokio::test]
    async fn bodies_that_wait_for_each_others_room_all_come_in() {
        let intake = intake(3);
        let mut uploads = Vec::new();
        for _ in 0..3 {
            uploads.push(Upload::begin(&intake, 3 * KIB).await);
        }
        for _ in 0..3 {
            for upload in &uploads {
                upload.send_kib().await;
            }
        }
        let reading: Vec<_> = uploads.into_iter().map(Upload::all_sent).collect();
        for reading in reading {
            assert_eq!(come_in(reading).await, 3 * KIB as usize);
        }
        assert_eq!(intake.room.available_permits(), 3, "all room is given back");
    }

    #[tokio::test]
    async fn received_bytes_take_room_until_they_are_used() {
        let intake = intake(2);
        let [first, second, third] = [(); 3].map(|()| Upload::begin(&intake, 2 * KIB));
        let (first, second, third) = (first.await, second.await, third.await);
        for _ in 0..2 {
            first.send_kib().await;
        }
        // One continues without room, and a second that does waits.
        second.send_kib().await;
        third.send_kib().await;
        let third = third.all_sent();
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(!third.is_finished());
        assert_eq!(first.end().await, 2 * KIB as usize);
        assert_eq!(come_in(third).await, KIB as usize);
        assert_eq!(second.end().await, KIB as usize);
    }
}
