//! Which addresses a destination may have: a sink's requests come from the server, which reaches more than those who choose the
//! destination may.
//!
//! A name is looked up, its addresses are checked, and the connection goes to one of those: a name that is looked up twice may
//! have another address the second time.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How far a sink reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses: no loopback, no private networks, nothing that only this server's network has.
    #[default]
    Public,
    /// Any address.
    Any,
}

/// A host cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Nothing is known of the name, now.
    #[error("look up {host}")]
    Lookup {
        /// The host.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// It has none but addresses that are out of reach. They are not told: they are none of the business of who chose the host.
    #[error(
        "{host} has no public address; a host of this machine or of a private network is reached only if the operator names it in sinks.hosts"
    )]
    NotPublic {
        /// The host.
        host: String,
    },
}

impl Reach {
    /// The addresses of `host`, a name or an address, that may be connected to; never none.
    ///
    /// # Errors
    /// When it has no address, or none within reach.
    pub async fn resolve(self, host: &str, port: u16) -> Result<Vec<SocketAddr>, AddressError> {
        let found = tokio::net::lookup_host((bare(host), port)).await;
        let found = found.map_err(|source| AddressError::Lookup { host: host.to_owned(), source })?;
        let within: Vec<SocketAddr> = found.filter(|address| self.includes(address.ip())).collect();
        if within.is_empty() { Err(AddressError::NotPublic { host: host.to_owned() }) } else { Ok(within) }
    }

    /// Refuses `host` if it is an address that is out of reach. A name is refused when it is [looked up](Reach::resolve).
    pub(crate) fn check_literal(self, host: &str) -> Result<(), AddressError> {
        match bare(host).parse() {
            Ok(address) if !self.includes(address) => Err(AddressError::NotPublic { host: host.to_owned() }),
            _ => Ok(()),
        }
    }

    fn includes(self, address: IpAddr) -> bool {
        match (self, address) {
            (Reach::Any, _) => true,
            (Reach::Public, IpAddr::V4(address)) => is_public_v4(address),
            (Reach::Public, IpAddr::V6(address)) => is_public_v6(address),
        }
    }
}

/// As HTTP clients ask for names. Addresses that stand in a URL do not come here.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let addresses = Reach::resolve(reach, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The host without the brackets that an IPv6 address has in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let reserved = match address.octets() {
        // This network, shared by a provider's customers, assigned to protocols, for benchmarks, reserved and broadcast.
        [0, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..] => true,
        _ => address.is_loopback() || address.is_private() || address.is_link_local(),
    };
    !reserved && !address.is_multicast()
}

/// Of IPv6, what is given out to the public. Addresses that stand for one of IPv4 are as public as that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // Through a translator (NAT64).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        // Through a tunnel (6to4, Teredo).
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        [0x2001, 0, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_only_the_server_reaches_is_not_public() {
        let check = |address: &str, expected| {
            assert_eq!(Reach::Public.check_literal(address).is_ok(), expected, "{address}");
            assert!(Reach::Any.check_literal(address).is_ok(), "{address}");
        };
        for public in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "192.169.0.1", "198.20.0.1"] {
            check(public, true);
            check(&format!("::ffff:{public}"), true);
            check(&format!("64:ff9b::{public}"), true);
        }
        for not in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            check(not, false);
            check(&format!("::ffff:{not}"), false);
            check(&format!("[::ffff:{not}]"), false);
            check(&format!("::{not}"), false);
            check(&format!("64:ff9b::{not}"), false);
        }
        check("2606:4700:4700::1111", true);
        check("[2606:4700:4700::1111]", true);
        check("2002:808:808::1", true);
        for not in [
            "::",
            "::1",
            "[::1]",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001::1",
            "64:ff9b:1::1",
        ] {
            check(not, false);
        }
        check("a.name.example", true);
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        assert!(Reach::Any.resolve("localhost", 80).await.unwrap().iter().all(|address| address.ip().is_loopback()));
        let refused = Reach::Public.resolve("localhost", 80).await.unwrap_err();
        assert!(refused.to_string().contains("sinks.hosts"), "{refused}");
        assert!(Reach::Public.resolve("[::1]", 80).await.is_err());
        let public = Reach::Public.resolve("8.8.8.8", 80).await.unwrap();
        assert_eq!(public, ["8.8.8.8:80".parse().unwrap()]);
        assert!(matches!(Reach::Any.resolve("no.such.name.invalid", 80).await, Err(AddressError::Lookup { .. })));
    }
}
