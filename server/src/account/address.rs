//! Where a request comes from, as far as limits care.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

/// An address with IPv6 cut to its /64, which is what one subscriber holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// A proxy on this machine is believed about whom it speaks for; nobody else is.
    pub fn of(peer: SocketAddr, headers: &HeaderMap) -> Self {
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|list| list.rsplit(',').next())
            .and_then(|last| last.trim().parse().ok());
        match forwarded {
            Some(address) if peer.ip().to_canonical().is_loopback() => Self::new(address),
            _ => Self::new(peer.ip()),
        }
    }

    fn new(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 => v4,
        })
    }

    /// The bytes of the address, for hashing.
    pub fn octets(self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: Option<&str>) -> ClientAddress {
        let mut headers = HeaderMap::new();
        if let Some(text) = forwarded {
            headers.insert("x-forwarded-for", text.parse().unwrap());
        }
        ClientAddress::of(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        assert_eq!(of("[2001:db8:1:2:aaaa::1]:1", None), of("[2001:db8:1:2:bbbb::9]:2", None));
        assert_ne!(of("[2001:db8:1:2::1]:1", None), of("[2001:db8:1:3::1]:1", None));
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        assert_eq!(of("127.0.0.1:1", Some("6.6.6.6, 192.0.2.7")), of("192.0.2.7:5", None));
        assert_eq!(of("203.0.113.9:1", Some("192.0.2.7")), of("203.0.113.9:2", None));
    }
}
