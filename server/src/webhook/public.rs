//! Which addresses are on the public internet. Whoever may write an address for the server to call would otherwise
//! reach what only the server can: its own machine, its network, the metadata service of its cloud.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

/// A name or an address leads to where webhooks do not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The address is not on the public internet.")]
pub struct NotPublic;

/// Whether an address is one of the public internet's: not this machine, not a local network, not reserved.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    // IANA's registry of special purposes, and multicast.
    const NOT_PUBLIC: [([u8; 4], u32); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    let bits = address.to_bits();
    !NOT_PUBLIC.iter().any(|(network, length)| (bits ^ u32::from_be_bytes(*network)) >> (32 - length) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    let last = Ipv4Addr::from_bits(u32::from(segments[6]) << 16 | u32::from(segments[7]));
    // NAT64 leads to the address in its last 32 bits.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(last);
    }
    // Only 2000::/3 is given out, and of it: protocols (Teredo among them), documentation, 6to4.
    let is_given_out = segments[0] >> 13 == 1;
    let is_special = match segments[0] {
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8,
        0x2002 => true,
        0x3fff => segments[1] < 0x1000,
        _ => false,
    };
    is_given_out && !is_special
}

/// Refuses what is seen to be local without asking anybody.
///
/// # Errors
/// [`NotPublic`].
pub fn check_host(host: &Host<&str>) -> Result<(), NotPublic> {
    let is_fine = match host {
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name != "localhost" && !name.ends_with(".localhost")
        }
    };
    if is_fine { Ok(()) } else { Err(NotPublic) }
}

/// Asks the system for the addresses of a name.
pub type Lookup = dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Gives out public addresses only. What it gives out is what is connected to: nothing asks a second time, so a name
/// that changes between the check and the connection gains nothing.
pub struct PublicOnly {
    lookup: Arc<Lookup>,
}

impl PublicOnly {
    pub fn new(lookup: Arc<Lookup>) -> Self {
        Self { lookup }
    }

    /// With the names that the system knows.
    pub fn of_system() -> Self {
        Self::new(Arc::new(|name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        }))
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| is_public(address.ip()));
            if addresses.is_empty() {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn local_and_reserved_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn no_way_of_writing_an_address_hides_it() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://0/",
            "http://%31%32%37.0.0.1/",
            "http://127.0.0.1./",
            "http://１２７.0.0.1/",
            "http://①②⑦.0.0.1/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://localhost/",
            "http://LOCALHOST/",
            "http://localhost./",
            "http://a.localhost/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0251.0376.0251.0376/",
            "http://0xa9fea9fe/",
            "http://10.1/",
            "http://[fe80::1]/",
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(check_host(&url.host().unwrap()), Err(NotPublic), "{text}");
        }
        for text in ["http://example.org/", "https://1.1.1.1/", "https://[2606:4700::1111]/"] {
            let url = Url::parse(text).unwrap();
            assert_eq!(check_host(&url.host().unwrap()), Ok(()), "{text}");
        }
    }

    async fn resolved(addresses: &[&str]) -> Result<Vec<SocketAddr>, String> {
        let found: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let guard = PublicOnly::new(Arc::new(move |_| {
            let found = found.clone();
            Box::pin(async move { Ok(found) })
        }));
        let answer = guard.resolve("rebound.example".parse().unwrap()).await;
        answer.map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn of_a_name_only_public_addresses_are_given_out() {
        let both = resolved(&["127.0.0.1:0", "1.1.1.1:0", "[::1]:0"]).await.unwrap();
        assert_eq!(both, ["1.1.1.1:0".parse().unwrap()]);
        assert_eq!(resolved(&["10.0.0.1:0", "[fd00::1]:0"]).await, Err(NotPublic.to_string()));
    }
}
