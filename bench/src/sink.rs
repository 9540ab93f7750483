//! The other end: takes all that it is sent, looks at none of it, and has an answer ready for each
//! step of a job.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use smile_core::Timestamp;

use crate::pipe::say;
use crate::scenario;

/// The longest time that uploads wait for one another before the sink reports that some are
/// missing.
const GATHER: Duration = Duration::from_secs(60);

/// Serves until standard input ends, then says how many connections and requests there were.
///
/// No upload is answered before `gather` of them have begun, so that as many jobs are in flight at
/// once.
pub(crate) fn serve(ca_file: Option<&Path>, gather: u64) -> Result<(), Box<dyn Error>> {
    let tls = ca_file.map(crate::authority::server).transpose()?;
    let listener = TcpListener::bind("localhost:0")?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://localhost:{}", listener.local_addr()?.port());
    let sink = Arc::new(Sink {
        prepared: answer(&json!({
            "upload_url": format!("{base}/put/selfie.zip?X-Amz-Signature=none"),
            "ref_id": "125-0000000007-abcdefghijklmnopqrstuvwxyz", "smile_job_id": "0000000007",
            "camera_config": null, "code": "2202",
        })),
        stored: answer(&Value::Null),
        status: answer(&complete()),
        connections: AtomicU64::new(0),
        requests: AtomicU64::new(0),
        uploads: Mutex::new(0),
        another_upload: Condvar::new(),
        gather,
    });
    say(&base)?;

    let serving = Arc::clone(&sink);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (sink, tls) = (Arc::clone(&serving), tls.clone());
            // A connection that breaks is the runner's to report.
            thread::spawn(move || drop(sink.connected(stream, tls)));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    say(&format!("{} {}", count(&sink.connections), count(&sink.requests)))?;
    Ok(())
}

struct Sink {
    prepared: Vec<u8>,
    stored: Vec<u8>,
    status: Vec<u8>,
    connections: AtomicU64,
    requests: AtomicU64,
    uploads: Mutex<u64>,
    another_upload: Condvar,
    gather: u64,
}

impl Sink {
    fn connected(&self, stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Result<(), Box<dyn Error>> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        stream.set_nodelay(true)?;
        match tls {
            None => self.answer_all(stream)?,
            Some(config) => self.answer_all(StreamOwned::new(ServerConnection::new(config)?, stream))?,
        }
        Ok(())
    }

    /// Reads requests with a `Content-Length`, one after the other, until there are no more.
    fn answer_all(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let mut filled = 0;
            let end_of_head = loop {
                if let Some(at) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                    break at + 4;
                }
                let read = stream.read(&mut buffer[filled..])?;
                if read == 0 {
                    return Ok(());
                }
                filled += read;
            };
            let head = String::from_utf8_lossy(&buffer[..end_of_head]).to_ascii_lowercase();
            let length = content_length(&head).ok_or(io::ErrorKind::InvalidData)?;
            let answer = if head.starts_with("put ") {
                self.gather();
                &self.stored
            } else if head.contains("/job_status ") {
                &self.status
            } else {
                &self.prepared
            };
            let mut left = length.saturating_sub(filled - end_of_head);
            while left > 0 {
                let most = left.min(buffer.len());
                left -= match stream.read(&mut buffer[..most])? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read,
                };
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            stream.write_all(answer)?;
            stream.flush()?;
        }
    }

    /// Waits until as many uploads have begun as there should be.
    fn gather(&self) {
        let Ok(mut uploads) = self.uploads.lock() else { return };
        *uploads += 1;
        self.another_upload.notify_all();
        drop(self.another_upload.wait_timeout_while(uploads, GATHER, |uploads| *uploads < self.gather));
    }
}

/// The length that the head of a message gives for its body; the head must be in small letters.
pub(crate) fn content_length(head: &str) -> Option<usize> {
    let (_, rest) = head.split_once("\r\ncontent-length:")?;
    rest.split("\r\n").next()?.trim().parse().ok()
}

fn answer(body: &Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

/// A finished Biometric KYC job, signed as the service does.
fn complete() -> Value {
    let signed =
        scenario::partner("http://localhost").signer().sign(Timestamp::from_unix_millis(1_705_314_600_000));
    json!({
        "timestamp": signed.timestamp(), "signature": signed.signature(),
        "job_complete": true, "job_success": true, "code": "2302",
        "result": {
            "Actions": {
                "Human_Review_Compare": "Not Applicable", "Human_Review_Liveness_Check": "Not Applicable",
                "Liveness_Check": "Passed", "Register_Selfie": "Approved", "Return_Personal_Info": "Returned",
                "Selfie_Check": "Passed", "Selfie_Provided": "Passed", "Selfie_To_ID_Authority_Compare": "Completed",
                "Selfie_To_ID_Card_Compare": "Not Applicable", "Selfie_To_Registered_Selfie_Compare": "Not Applicable",
                "Verify_ID_Number": "Verified",
            },
            "ConfidenceValue": "99", "IsFinalResult": "true", "IsMachineResult": "true", "ResultCode": "0810",
            "ResultText": "Enroll User", "ResultType": "SAIA", "SmileJobID": "0000000007", "Source": "WebAPI",
        },
    })
}
