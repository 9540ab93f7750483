//! An address that outlives the receiver behind it.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Passes connections on to whichever receiver there is. Without one it closes them.
pub(crate) struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(Mutex::new(None));
        let is_over = Arc::new(AtomicBool::new(false));
        let (its_target, its_end) = (Arc::clone(&target), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if its_end.load(Ordering::SeqCst) {
                    break;
                }
                let target = *its_target.lock().unwrap();
                if let Some(target) = target {
                    thread::spawn(move || pass_on(&stream, target));
                }
            }
        });
        Self { address, target, is_over, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    pub(crate) fn leads_to(&self, target: Option<SocketAddr>) {
        *self.target.lock().unwrap() = target;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes it, so that it looks.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One connection, until either side has had enough: what breaks on the one side breaks on the
/// other.
fn pass_on(service: &TcpStream, target: SocketAddr) {
    let Ok(receiver) = TcpStream::connect(target) else { return };
    thread::scope(|scope| {
        scope.spawn(|| copy(service, &receiver));
        copy(&receiver, service);
    });
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
