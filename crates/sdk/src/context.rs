//! Who does something, and how their request came.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::SystemTime;

/// Who does something and how they came. What is not known stays empty.
///
/// These are infrastructure, which the operator of the audit log sees: ids and addresses, no names and no free text. Each is at most 256
/// bytes, the user agent 1,024; what a request brings is [made to fit](Context::from_headers), what the service sets is checked when the
/// event is emitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Id of the user (`uid`).
    pub user: Option<String>,
    /// Id of the sign-in (`sid`).
    pub session: Option<String>,
    /// Id of the token (`tokenId`); never the token.
    pub token: Option<String>,
    /// The user's organization (`orgId`).
    pub organization: Option<String>,
    /// RIDs of the organizations whose log the event belongs to; only a platform producer may name any.
    pub organizations: Vec<String>,
    /// Id of the trace (`traceId`): 32 hexadecimal digits of the header `traceparent`.
    pub trace_id: Option<String>,
    /// `userAgent`
    pub user_agent: Option<String>,
    /// Addresses the request came over, the user's first (`origin`, `origins`).
    pub origins: Vec<String>,
    /// The address that connected to the service (`sourceOrigin`).
    pub source_origin: Option<String>,
    /// When it happens (`time`), where that is not when its event is emitted: for what is reported later than it happened, such as what a
    /// device did while it had no network. It is the service's word; when the server received the event is recorded in any case.
    pub time: Option<SystemTime>,
}

/// Most bytes of a user agent.
const USER_AGENT_BYTES_MAX: usize = 1024;
/// Most addresses an event may hold.
const ORIGINS_MAX: usize = 64;

impl Context {
    /// That of a user by id, with nothing known of the request.
    pub fn of_user(id: impl Into<String>) -> Self {
        Self { user: Some(id.into()), ..Self::default() }
    }

    /// What a request says: `header` gives the values of a header, in order, by its lower-case name; `peer` is who connected.
    ///
    /// `X-Forwarded-For` is believed as far back as the addresses are those of `proxies`: the first one that is not is the user's. Nothing
    /// in a request makes an event invalid: what is too long is cut, what is malformed is left out.
    pub fn from_headers<'a, I>(header: impl Fn(&str) -> I, peer: Option<IpAddr>, proxies: &[Network]) -> Self
    where
        I: Iterator<Item = &'a str>,
    {
        let peer = peer.map(|peer| peer.to_canonical());
        let user_agent =
            header("user-agent").next().map(|text| text[..text.floor_char_boundary(USER_AGENT_BYTES_MAX)].trim());
        Self {
            trace_id: header("traceparent").next().and_then(trace_id),
            user_agent: user_agent.filter(|text| !text.is_empty()).map(str::to_owned),
            origins: origins(peer, header("x-forwarded-for"), proxies).iter().map(IpAddr::to_string).collect(),
            source_origin: peer.map(|peer| peer.to_string()),
            ..Self::default()
        }
    }
}

/// The addresses a request came over, the user's first, without the proxy that connected to us.
fn origins<'a>(peer: Option<IpAddr>, forwarded: impl Iterator<Item = &'a str>, proxies: &[Network]) -> Vec<IpAddr> {
    let Some(peer) = peer else { return Vec::new() };
    let is_proxy = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let named: Vec<&str> = forwarded.flat_map(|text| text.split(',')).map(str::trim).collect();
    let mut origins = Vec::new();
    let mut sender = peer;
    // From the nearest to the farthest: each proxy adds at the end whom it was called by.
    for text in named.into_iter().rev() {
        if !is_proxy(sender) || origins.len() == ORIGINS_MAX {
            break;
        }
        let Ok(address) = text.parse::<IpAddr>() else { break };
        sender = address.to_canonical();
        origins.push(sender);
    }
    if origins.is_empty() {
        origins.push(peer);
    }
    origins.reverse();
    origins
}

/// The trace's id of a W3C `traceparent`.
fn trace_id(text: &str) -> Option<String> {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut parts = text.trim().split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let sound =
        [(version, 2), (trace, 32), (span, 16)].iter().all(|(part, length)| part.len() == *length && is_hex(part));
    (sound && version != "ff" && trace.bytes().any(|byte| byte != b'0')).then(|| trace.to_owned())
}

/// Addresses with a common beginning, such as `10.0.0.0/8` or `192.0.2.7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network; write an address, or an address and the length of its prefix, such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |prefix| prefix.parse().map_err(|_| invalid()))?;
        if prefix > bits { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    /// Whether the address is one of them. An IPv4 address written as IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.address, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                u128::from(one.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix),
            _ => return false,
        };
        differs.unwrap_or(0) == 0
    }
}

#[cfg(test)]
mod tests;
