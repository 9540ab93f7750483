//! The least that a job could cost: its requests, made beforehand but for the files, on one
//! connection that is kept.
//!
//! For each job the files are read, and the CRC-32 made of them and of `info.json`, as every zip
//! has it; the head of the request and the zip go out in one gather write, with nothing copied. The
//! rest of the zip, frames as base64 included, is there from the start. Beside it there are as many
//! small exchanges as a job has.

use std::error::Error;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;
use smile_core::{Flow as _, JobFlow, Next, Timestamp};

use crate::scenario::{self, Scenario};
use crate::sink::content_length;

/// A connection, and what goes over it.
pub(crate) struct Floor {
    stream: Box<dyn Stream>,
    host: String,
    paths: Vec<PathBuf>,
    /// The files' contents, in memory from the start.
    contents: Vec<Vec<u8>>,
    zip: Bytes,
    /// The range of `info.json` within the zip, and those of the files.
    info: Range<usize>,
    files: Vec<Range<usize>>,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl Floor {
    pub(crate) fn connect(
        base: &str,
        ca_file: &Path,
        provider: CryptoProvider,
        scenario: Scenario,
        directory: &Path,
    ) -> Result<Self, Box<dyn Error>> {
        let (scheme, host) = base.split_once("://").ok_or("no scheme")?;
        let tcp = TcpStream::connect(host)?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = if scheme == "https" {
            let config = crate::authority::client(ca_file, provider)?;
            Box::new(StreamOwned::new(
                ClientConnection::new(Arc::clone(&config), "localhost".try_into()?)?,
                tcp,
            ))
        } else {
            Box::new(tcp)
        };
        let zip = zip(scenario, directory)?;
        let mut files = entries(&zip);
        let info = files.remove(0);
        let paths = scenario.paths(directory);
        let contents = vec![Vec::new(); paths.len()];
        Ok(Self { stream, host: host.to_owned(), paths, contents, zip, info, files })
    }

    /// Does the least work of one job.
    pub(crate) fn job(&mut self) -> io::Result<()> {
        // As large as the real one, or nearly: what is in it, the sink doesn't look at.
        let small = "x".repeat(480);
        let post = |path: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{small}",
                self.host,
                small.len()
            )
        };
        let (prepare, status) = (post("/v1/upload"), post("/v1/job_status"));

        self.stream.write_all(prepare.as_bytes())?;
        self.read_answer()?;

        std::hint::black_box(crc32fast::hash(&self.zip[self.info.clone()]));
        for (path, content) in self.paths.iter().zip(&mut self.contents) {
            content.clear();
            File::open(path)?.read_to_end(content)?;
            std::hint::black_box(crc32fast::hash(content));
        }
        let head = format!(
            "PUT /put/selfie.zip HTTP/1.1\r\nHost: {}\r\nContent-Type: application/zip\r\nContent-Length: {}\r\n\r\n",
            self.host,
            self.zip.len()
        );
        let mut parts = vec![IoSlice::new(head.as_bytes())];
        let mut at = 0;
        for (file, content) in self.files.iter().zip(&self.contents) {
            parts.extend([IoSlice::new(&self.zip[at..file.start]), IoSlice::new(content)]);
            at = file.end;
        }
        parts.push(IoSlice::new(&self.zip[at..]));
        gather(&mut self.stream, &mut parts)?;
        self.read_answer()?;

        self.stream.write_all(status.as_bytes())?;
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut buffer[filled..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            let Some(head) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let text = String::from_utf8_lossy(&buffer[..head + 2]).to_ascii_lowercase();
            if filled >= head + 4 + content_length(&text).unwrap_or_default() {
                return if text.starts_with("http/1.1 200") {
                    Ok(())
                } else {
                    Err(io::ErrorKind::Other.into())
                };
            }
        }
    }
}

/// Writes all parts, with as few calls as the system makes do with.
fn gather(stream: &mut dyn Stream, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !parts.is_empty() {
        match stream.write_vectored(parts)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut parts, written),
        }
    }
    stream.flush()
}

/// The zip of a job, byte for byte as the adapters send it.
fn zip(scenario: Scenario, directory: &Path) -> Result<Bytes, Box<dyn Error>> {
    let now = Timestamp::from_unix_millis(1_705_314_600_000);
    let job = scenario.job(directory, &scenario.frames(), 0);
    let mut flow = JobFlow::new(scenario::partner("http://localhost"), job, scenario::settings(), 0)?;
    loop {
        match flow.next(now) {
            Next::Read(path) => {
                flow.file_read(now, std::fs::File::open(path).and_then(smile_core::read_image));
            }
            Next::Send { request, .. } if request.method() == http::Method::PUT => {
                return Ok(Request::into_body(request));
            }
            Next::Send { .. } => {
                let prepared = json!({ "upload_url": "http://localhost/put/selfie.zip?X-Amz-Signature=none",
                    "ref_id": "125-0000000007-abcdefghijklmnopqrstuvwxyz", "smile_job_id": "0000000007",
                    "camera_config": null, "code": "2202" });
                flow.receive(now, Ok(Response::new(Bytes::from(prepared.to_string()))));
            }
            Next::Wait { .. } | Next::Finished(_) => return Err("the job ended before its upload".into()),
        }
    }
}

/// The ranges of the entries' contents: entries are stored, and their local headers have their
/// sizes (APPNOTE 4.3.7).
fn entries(zip: &[u8]) -> Vec<Range<usize>> {
    let number = |at: usize, bytes: usize| {
        zip[at..at + bytes].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let mut entries = Vec::new();
    let mut at = 0;
    while zip[at..].starts_with(b"PK\x03\x04") {
        let start = at + 30 + number(at + 26, 2) + number(at + 28, 2);
        at = start + number(at + 18, 4);
        entries.push(start..at);
    }
    entries
}
