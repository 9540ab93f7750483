//! The settings of the server: address, limits and TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The settings of the server, as opposed to those of the service.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) addr: SocketAddr,
    pub(crate) is_for_everyone: bool,
    pub(crate) admin_is_for_everyone: bool,
    #[cfg(feature = "tls")]
    pub(crate) tls: bool,
    pub(crate) time_for_headers: Duration,
    pub(crate) time_for_body: Duration,
    pub(crate) connections: usize,
}

impl Default for Front {
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            is_for_everyone: false,
            admin_is_for_everyone: false,
            #[cfg(feature = "tls")]
            tls: false,
            time_for_headers: Duration::from_secs(30),
            time_for_body: Duration::from_secs(60),
            connections: 1_024,
        }
    }
}

impl Front {
    /// The address to listen on, if it is allowed.
    pub(crate) fn checked_addr(&self) -> io::Result<SocketAddr> {
        let ip = self.addr.ip();
        let refuse = |rule: String| Err(io::Error::new(io::ErrorKind::InvalidInput, rule));
        if !ip.is_loopback() && !self.is_for_everyone {
            return refuse(format!(
                "`addr`: {ip} is not a loopback address, so that everyone on the network could use this sandbox; \
                 if that is what you want, say `open_to_the_network` too"
            ));
        }
        if !ip.is_loopback() && !ip.is_unspecified() && !self.is_tls() {
            return refuse(format!(
                "`addr`: at {ip} alone there would be no address that the SDK takes, which wants https beyond \
                 loopback; listen everywhere (0.0.0.0 or [::]), or turn on `tls`"
            ));
        }
        Ok(self.addr)
    }

    pub(crate) fn is_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls;
        #[cfg(not(feature = "tls"))]
        false
    }
}

/// The address at which this machine itself reaches a server with this listening address.
pub(crate) fn own_way_to(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr_of(text: &str, is_for_everyone: bool) -> Result<SocketAddr, String> {
        let front = Front { addr: text.parse().unwrap(), is_for_everyone, ..Front::default() };
        front.checked_addr().map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_beyond_loopback_need_permission() {
        for text in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:8080"] {
            assert_eq!(addr_of(text, false), Ok(text.parse().unwrap()));
        }
        for text in ["0.0.0.0:0", "[::]:80", "192.168.1.5:80", "[::ffff:127.0.0.1]:80"] {
            assert!(addr_of(text, false).unwrap_err().contains("`open_to_the_network`"), "{text}");
        }
        assert_eq!(addr_of("0.0.0.0:80", true), Ok("0.0.0.0:80".parse().unwrap()));
        assert!(addr_of("192.168.1.5:80", true).unwrap_err().contains("0.0.0.0"));
    }

    #[test]
    fn everywhere_includes_here() {
        assert_eq!(own_way_to("0.0.0.0:80".parse().unwrap()), "127.0.0.1:80".parse().unwrap());
        assert_eq!(own_way_to("[::]:80".parse().unwrap()), "[::1]:80".parse().unwrap());
        assert_eq!(own_way_to("192.168.1.5:80".parse().unwrap()), "192.168.1.5:80".parse().unwrap());
    }
}
