//! An address without a listener.

/// An address of this machine with no listener, which nobody else can take while this value exists:
/// a port that is just given back may be anybody's the next moment.
#[derive(Debug)]
pub struct Nobody(tokio::net::TcpSocket);

impl Nobody {
    /// Takes one.
    #[allow(clippy::new_without_default, reason = "it takes a port: nothing that is there by default")]
    pub fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    /// The address.
    pub fn address(&self) -> std::net::SocketAddr {
        self.0.local_addr().unwrap()
    }
}
