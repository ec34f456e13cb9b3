//! Networks in CIDR notation, and whether an address lies inside one.

use std::net::IpAddr;

/// A network such as `10.0.0.0/8`; a lone address is a network of one.
///
/// IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) count as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    /// The address as 128 bits, IPv4 in the last 32.
    bits: u128,
    /// How many of the bits below are left open.
    host_bits: u32,
    is_v4: bool,
}

impl Network {
    /// Reads an address or a network. Bits beyond the prefix are ignored.
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let (bits, is_v4) = bits(written);
        let width: u32 = if written.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        let host_bits = width.checked_sub(prefix)?;
        // A mapped network wider than the IPv4 space is not one of IPv4.
        (host_bits <= 32 || !is_v4).then_some(Network {
            bits: bits.checked_shr(host_bits).unwrap_or(0),
            host_bits,
            is_v4,
        })
    }

    /// Whether `text` is an address inside. Anything else is not.
    pub(crate) fn contains(&self, text: &str) -> bool {
        // The longest IPv6 address has 45 characters.
        if text.len() > 45 || !text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') {
            return false;
        }
        text.parse().is_ok_and(|address| {
            let (bits, is_v4) = bits(address);
            is_v4 == self.is_v4 && bits.checked_shr(self.host_bits).unwrap_or(0) == self.bits
        })
    }
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(u32::from(address)), true),
        IpAddr::V6(address) => (u128::from(address), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let network = Network::parse(network).expect(network);
        for address in inside {
            assert!(network.contains(address), "{address}");
        }
        for address in outside {
            assert!(!network.contains(address), "{address}");
        }
    }

    #[test]
    fn networks_contain_their_addresses() {
        check("10.0.0.0/8", &["10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3"], &["11.0.0.0", "x", ""]);
        check("10.1.2.3/8", &["10.9.9.9"], &["::10.9.9.9"]);
        check("0.0.0.0/0", &["1.2.3.4"], &["::1"]);
        check("::/0", &["::1", "2001:db8::1"], &["1.2.3.4"]);
        check("2001:db8::/32", &["2001:DB8:0::1"], &["2001:db9::1"]);
        check("192.0.2.7", &["192.0.2.7"], &["192.0.2.8", "192.0.2.70"]);
        check("::ffff:10.0.0.0/104", &["10.2.3.4"], &["11.0.0.0"]);
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in ["10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "a/8", "::ffff:0:0/64", "", "/"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
