#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn every_allowed_function_exists() {
    let known: Vec<_> = vrl::stdlib::all().iter().map(|function| function.identifier()).collect();
    for name in ALLOWED {
        assert!(known.contains(name), "{name}");
    }
}

#[test]
fn programs_cannot_reach_outside_or_run_by_the_clock() {
    for call in [
        "now()",
        "get_env_var!(\"PATH\")",
        "get_hostname!()",
        "dns_lookup!(\"a\")",
        "http_request!(\"http://a\")",
        "random_int!(0, 9)",
        "uuid_v4()",
        "uuid_v7()",
        "log(\"a\")",
        "decode_gzip!(\"a\")",
        "range!(0, 9)",
        "parse_syslog!(\"a\")",
    ] {
        let compiled = vrl::compiler::compile(&format!(".a = {call}"), &all(&Arc::default()));
        assert!(compiled.is_err(), "{call}");
    }
}
