//! Biometric KYC over a transport of one's own: the standard library's sockets and nothing else.
//!
//! What a queue consumer, a WASM worker or another language's FFI would do: drive the machine by
//! hand. Here the transport speaks plain HTTP/1.1 to this machine; bring one with TLS for the real
//! service.
//!
//! `cargo run --example bring_your_own_transport`

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use smile_core::{Flow, FlowSettings, Job, JobFlow, Next, Timestamp, TransportFailure, read_image};
use smile_examples::{Failure, Setup, report};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Biometric KYC over a TcpStream")?;
    let job = Job::biometric_kyc(setup.partner_params(), setup.selfie(), setup.id_info())
        .with_liveness(setup.liveness())
        .with_return_job_status(true);

    let mut narrate = setup.narrator();
    let seed = now().unix_millis();
    let mut flow = JobFlow::new(setup.partner(), job, FlowSettings::default(), seed)?;

    // The whole of driving a job: do what the machine says, and tell it what came of it.
    let outcome = loop {
        let next = flow.next(now());
        while let Some(event) = flow.take_event() {
            narrate(event)?; // Before the request goes out: an observer that objects ends the job here.
        }
        match next {
            Next::Read(path) => flow.file_read(now(), std::fs::File::open(path).and_then(read_image)),
            Next::Send { request, timeout } => {
                let answer = transport(&request, timeout);
                flow.receive(now(), answer);
            }
            Next::Wait { until } => std::thread::sleep(until.since(now())),
            Next::Finished(outcome) => break outcome?,
        }
    };
    setup.conclude(&outcome)
}

fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

/// One exchange. A transport only classifies the failure; the machine decides on the next step.
fn transport(request: &Request<Bytes>, timeout: Duration) -> Result<Response<Bytes>, TransportFailure> {
    let ends = Instant::now() + timeout;
    if request.uri().scheme_str() != Some("http") {
        return Err(TransportFailure::refused(
            "this transport has no TLS: it reaches services on this machine alone",
        ));
    }
    let stream = connect(request, timeout).map_err(|error| TransportFailure::not_sent(error.to_string()))?;
    exchange(stream, request, ends).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TransportFailure::timed_out(error.to_string()),
        _ => TransportFailure::interrupted(error.to_string()),
    })
}

fn connect(request: &Request<Bytes>, timeout: Duration) -> io::Result<TcpStream> {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address =
        (host, uri.port_u16().unwrap_or(80)).to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    TcpStream::connect_timeout(&address, timeout)
}

fn exchange(mut stream: TcpStream, request: &Request<Bytes>, ends: Instant) -> io::Result<Response<Bytes>> {
    let uri = request.uri();
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\nconnection: close\r\n",
        request.method(),
        uri.path_and_query().map_or("/", |path| path.as_str()),
        uri.authority().map_or("", |authority| authority.as_str()),
        request.body().len(),
    )
    .into_bytes();
    for (name, value) in request.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");

    let left = || match ends.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
        left => Ok(Some(left)),
    };
    stream.set_write_timeout(left()?)?;
    stream.write_all(&head)?;
    stream.write_all(request.body())?;

    // The connection is closed behind the answer, so the answer is all there is to read.
    let (mut answer, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        stream.set_read_timeout(left()?)?;
        match stream.read(&mut chunk)? {
            0 => return parse(answer),
            count => answer.extend_from_slice(&chunk[..count]),
        }
    }
}

fn parse(answer: Vec<u8>) -> io::Result<Response<Bytes>> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not whole, or not HTTP/1.1");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(broken)?;
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| broken())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or_else(broken)?;
    let mut response = Response::builder().status(status);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(broken)?;
        response = response.header(name.trim(), value.trim());
    }
    let body = Bytes::from(answer).slice(end + 4..);
    let response = response.body(body).map_err(|_| broken())?;
    let length =
        response.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    if length != Some(response.body().len()) { Err(broken()) } else { Ok(response) }
}
