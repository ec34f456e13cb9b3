#![allow(clippy::unwrap_used)]

use super::*;

fn of(headers: &[(&str, &str)], peer: &str, proxies: &[&str]) -> Context {
    let proxies: Vec<Network> = proxies.iter().map(|text| text.parse().unwrap()).collect();
    let header = |name: &str| {
        let name = name.to_owned();
        headers.iter().filter(move |(given, _)| *given == name).map(|(_, value)| *value)
    };
    Context::from_headers(header, Some(peer.parse().unwrap()), &proxies)
}

#[test]
fn only_what_proxies_of_ours_say_is_believed() {
    let check = |forwarded: &[&str], peer: &str, proxies: &[&str], expected: &[&str]| {
        let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        let context = of(&headers, peer, proxies);
        assert_eq!(context.origins, expected, "{forwarded:?} from {peer}, proxies {proxies:?}");
    };
    check(&[], "192.0.2.1", &[], &["192.0.2.1"]);
    check(&["203.0.113.9"], "192.0.2.1", &[], &["192.0.2.1"]);
    check(&["203.0.113.9"], "192.0.2.1", &["192.0.2.0/24"], &["203.0.113.9"]);
    check(&["203.0.113.9"], "::ffff:192.0.2.1", &["192.0.2.0/24"], &["203.0.113.9"]);
    // What the user wrote in front of it is not believed.
    check(&["10.9.9.9, 203.0.113.9"], "192.0.2.1", &["192.0.2.0/24"], &["203.0.113.9"]);
    check(&["10.9.9.9, 203.0.113.9", "192.0.2.2"], "192.0.2.1", &["192.0.2.0/24"], &["203.0.113.9", "192.0.2.2"]);
    check(&["a secret"], "192.0.2.1", &["192.0.2.0/24"], &["192.0.2.1"]);
    check(&["198.51.100.1, a secret, 192.0.2.2"], "192.0.2.1", &["192.0.2.0/24"], &["192.0.2.2"]);
    check(&["192.0.2.3"], "192.0.2.1", &["192.0.2.0/24"], &["192.0.2.3"]);
    check(&["2001:db8::1"], "192.0.2.1", &["0.0.0.0/0"], &["2001:db8::1"]);
    let many = vec!["192.0.2.2"; 200].join(",");
    assert_eq!(of(&[("x-forwarded-for", &many)], "192.0.2.1", &["192.0.2.0/24"]).origins.len(), 64);
}

#[test]
fn networks_hold_their_addresses() {
    let check = |network: &str, address: &str, expected: bool| {
        assert_eq!(
            network.parse::<Network>().unwrap().contains(address.parse().unwrap()),
            expected,
            "{network} {address}"
        );
    };
    check("10.0.0.0/8", "10.255.0.1", true);
    check("10.0.0.0/8", "11.0.0.1", false);
    check("10.0.0.0/8", "::ffff:10.0.0.1", true);
    check("10.0.0.0/8", "a00::1", false);
    check("192.0.2.7", "192.0.2.7", true);
    check("192.0.2.7", "192.0.2.6", false);
    check("0.0.0.0/0", "203.0.113.1", true);
    check("::/0", "2001:db8::1", true);
    check("2001:db8::/33", "2001:db8:7fff::1", true);
    check("2001:db8::/33", "2001:db8:8000::1", false);
    for bad in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "x/8", "::/129", "10.0.0.0/-1"] {
        assert!(bad.parse::<Network>().is_err(), "{bad}");
    }
}

#[test]
fn a_request_cannot_make_an_event_invalid() {
    let long = "é".repeat(2000);
    let context = of(&[("user-agent", &long), ("traceparent", "x")], "192.0.2.1", &[]);
    assert_eq!((context.user_agent.unwrap().len(), context.trace_id), (1024, None));
    assert_eq!(of(&[("user-agent", "  ")], "192.0.2.1", &[]).user_agent, None);
}

#[test]
fn a_trace_is_known_by_its_header() {
    let check = |text: &str, expected: Option<&str>| assert_eq!(trace_id(text).as_deref(), expected, "{text}");
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    check(&format!("00-{id}-00f067aa0ba902b7-01"), Some(id));
    check(&format!("01-{id}-00f067aa0ba902b7-01-and-more"), Some(id));
    check(&format!("ff-{id}-00f067aa0ba902b7-01"), None);
    check(&format!("00-{id}"), None);
    check(&format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()), None);
    check(&format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), None);
    check("00-1-2-3", None);
    check("", None);
}
