//! Ways in beside HTTP, and what becomes of records that are refused.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use indelible_adapter::Options;
use indelible_event::Organization;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// How much of what is refused is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Quarantine {
    /// Bytes of all organizations together. Default 1 GiB.
    pub bytes: u64,
    /// Bytes of one organization. When there are more its oldest records go. Default 128 MiB.
    pub organization_bytes: u64,
    /// Records of an organization within an hour from which on there is an alarm. Default 100.
    pub alarm_records: u64,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self { bytes: 1 << 30, organization_bytes: 128 << 20, alarm_records: 100 }
    }
}

impl Quarantine {
    /// A record of the largest size always has room.
    const BYTES_MIN: u64 = 8 << 20;

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.organization_bytes < Self::BYTES_MIN || self.bytes < self.organization_bytes {
            return Err("quarantine.organization-bytes must be at least 8 MiB, and quarantine.bytes not less than it"
                .to_owned());
        }
        if self.alarm_records == 0 {
            return Err("quarantine.alarm-records must be at least 1".to_owned());
        }
        Ok(())
    }
}

/// Ways in beside HTTP.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Receive {
    /// Folder of the operator's own adapters, files `*.vrl`, beside those that are built in. Default none.
    pub adapters: Option<PathBuf>,
    /// Listeners for syslog. Default none.
    pub syslog: Vec<Syslog>,
    /// Address on which OTLP over gRPC is answered, such as `127.0.0.1:4317`. Default: it is not.
    pub otlp_grpc: Option<SocketAddr>,
}

/// How syslog comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A stream of messages, each with its length before it or with a line end behind it.
    Tcp,
    /// The same within TLS, with the certificate of the section `tls`.
    Tls,
    /// One message a datagram.
    Udp,
}

/// A listener for syslog.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Syslog {
    /// Its name: 1 to 64 of `a-z 0-9 -`. Events name `syslog/NAME` as their producer.
    pub name: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// How messages come. Default `tcp`.
    #[serde(default = "default_transport")]
    pub transport: Transport,
    /// Whose events they are. Default: the operator's own organization.
    #[serde(default)]
    pub organization: Option<Organization>,
    /// The adapter for messages that are no events. Default `syslog`.
    #[serde(default)]
    pub adapter: Option<String>,
    /// Zone of times that name none, such as `Europe/Berlin` or `+02:00`. Default UTC.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Networks from which messages are taken, such as `10.0.0.0/8`. Default: all.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Names of client certificates, of which a sender must have one; only with TLS and `tls.client-ca`. Default: none is needed.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Connections at one time. Default 256.
    #[serde(default = "default_connections")]
    pub connections: usize,
    /// Seconds for which a connection on which nothing comes stays open. Default 3,600.
    #[serde(default = "default_idle_seconds")]
    pub idle_seconds: u64,
    /// Longest message, bytes. Default 64 KiB.
    #[serde(default = "default_message_bytes")]
    pub message_bytes: usize,
    /// Other adapters for some messages; the first that fits counts.
    #[serde(default)]
    pub route: Vec<Route>,
}

/// Messages that go through another adapter, or are another organization's. What is absent fits every message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Route {
    /// From programs of this name, such as `sshd`.
    #[serde(default)]
    pub app: Option<String>,
    /// From this network.
    #[serde(default)]
    pub network: Option<Network>,
    /// From who has a client certificate of this name.
    #[serde(default)]
    pub certificate: Option<String>,
    /// The adapter. Default: that of the listener.
    #[serde(default)]
    pub adapter: Option<String>,
    /// Whose events they are. Default: as the listener says.
    #[serde(default)]
    pub organization: Option<Organization>,
}

fn default_transport() -> Transport {
    Transport::Tcp
}

fn default_connections() -> usize {
    256
}

fn default_idle_seconds() -> u64 {
    3600
}

fn default_message_bytes() -> usize {
    64 << 10
}

impl Receive {
    pub(crate) fn check(&self, has_tls: bool) -> Result<(), String> {
        for (place, listener) in self.syslog.iter().enumerate() {
            listener.check(has_tls)?;
            if self.syslog[..place].iter().any(|other| other.name == listener.name) {
                return Err(format!("receive.syslog: two listeners are called {}", listener.name));
            }
        }
        Ok(())
    }
}

impl Syslog {
    fn check(&self, has_tls: bool) -> Result<(), String> {
        let refuse = |what: &str| Err(format!("receive.syslog {:?}: {what}", self.name));
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(is_plain) {
            return refuse("its name must be 1 to 64 of a-z, 0-9 and -");
        }
        if self.transport == Transport::Tls && !has_tls {
            return refuse("transport = \"tls\" needs the section [tls]");
        }
        let names_certificates =
            !self.certificates.is_empty() || self.route.iter().any(|route| route.certificate.is_some());
        if self.transport != Transport::Tls && names_certificates {
            return refuse("certificates need transport = \"tls\"");
        }
        if !(1 << 10..=1 << 20).contains(&self.message_bytes) {
            return refuse("message-bytes must be from 1 KiB to 1 MiB");
        }
        if self.connections == 0 || self.idle_seconds == 0 {
            return refuse("connections and idle-seconds must be at least 1");
        }
        match self.zone() {
            Some(_) => Ok(()),
            None => refuse("timezone must be a name such as Europe/Berlin, UTC, or an offset such as +02:00"),
        }
    }

    /// The zone of times that name none.
    pub(crate) fn zone(&self) -> Option<TimeZone> {
        self.timezone.as_deref().map_or(Some(TimeZone::UTC), Options::zone)
    }
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    /// Bits of the address, an IPv4 one as IPv6 has it, that are fixed.
    bits: u32,
}

impl Network {
    /// Whether an address is in it.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let differs = self.address ^ mapped(address);
        self.bits == 0 || differs >> (128 - self.bits) == 0
    }
}

/// As IPv6 has it.
fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("{text:?} is no network; write it as 10.0.0.0/8 or 2001:db8::/32");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let (width, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = bits.map_or(Ok(width), str::parse::<u32>).map_err(|_| invalid())?;
        if bits > width { Err(invalid()) } else { Ok(Self { address: mapped(address), bits: bits + before }) }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_network_holds_its_addresses() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), expected, "{network:?} {address}");
        };
        check("10.0.0.0/8", "10.255.1.2", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.1.1", true);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("0.0.0.0/0", "192.0.2.8", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "192.0.2.8", true);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        for bad in ["", "10.0.0.0/33", "x", "10.0.0.0/", "10.0.0/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn listeners_are_checked() {
        let check = |text: &str, expected: Result<(), &str>| {
            let receive = toml::from_str::<Receive>(text).map_err(|error| error.to_string());
            let checked = receive.and_then(|receive| receive.check(false));
            match expected {
                Ok(()) => checked.unwrap(),
                Err(part) => assert!(checked.as_ref().unwrap_err().contains(part), "{checked:?}"),
            }
        };
        let one = "[[syslog]]\nname = 'edge'\nlisten = '127.0.0.1:601'\n";
        check(one, Ok(()));
        check(&format!("{one}{one}"), Err("two listeners"));
        check(&one.replace("edge", "Edge"), Err("its name must be"));
        check(&format!("{one}transport = 'tls'\n"), Err("needs the section"));
        check(&format!("{one}certificates = ['x']\n"), Err("certificates need"));
        check(&format!("{one}message-bytes = 1\n"), Err("message-bytes"));
        check(&format!("{one}timezone = 'Mars'\n"), Err("timezone"));
        check(
            &format!("{one}networks = ['10.0.0.0/8']\n[[syslog.route]]\napp = 'sshd'\nadapter = 'openssh'\n"),
            Ok(()),
        );
        check(&format!("{one}networks = ['10.0.0.0/64']\n"), Err("is no network"));
    }
}
