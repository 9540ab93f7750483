//! A TCP proxy that stops in the middle of a large upload.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

/// Passes bytes on, but for those of a connection beyond a limit: there it stops reading, and says
/// so.
#[derive(Debug)]
pub struct StallingProxy {
    address: String,
    limit: Arc<AtomicUsize>,
    stalled: mpsc::Receiver<()>,
}

impl StallingProxy {
    /// Starts a proxy in front of this address, `host:port`, with no limit on the bytes of a
    /// connection.
    pub fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let limit = Arc::new(AtomicUsize::new(usize::MAX));
        let (tell, stalled) = mpsc::channel();
        let (target, their_limit) = (target.to_owned(), Arc::clone(&limit));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let (limit, tell) = (Arc::clone(&their_limit), tell.clone());
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(from, to, &limit, Some(&tell)));
                std::thread::spawn(move || pass(server, client, &AtomicUsize::new(usize::MAX), None));
            }
        });
        Self { address, limit, stalled }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sets the number of bytes that a connection may send from now on before it stalls.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::SeqCst);
    }

    /// Returns when a connection has stalled.
    pub fn wait_for_stall(&self) {
        self.stalled.recv_timeout(std::time::Duration::from_secs(60)).expect("a connection stalls");
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, limit: &AtomicUsize, tell: Option<&mpsc::Sender<()>>) {
    let (mut passed, mut chunk) = (0, vec![0; 64 * 1024]);
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        passed += count;
        if passed > limit.load(Ordering::SeqCst) {
            if let Some(tell) = tell {
                let _ = tell.send(());
            }
            // Until the client gives up or dies.
            while matches!(from.peek(&mut [0]), Ok(1..)) && limit.load(Ordering::SeqCst) != usize::MAX {
                std::thread::yield_now();
                std::thread::park_timeout(std::time::Duration::from_millis(5));
            }
            break;
        }
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
