//! What it costs to find out who presents a token and where its events may go, among many principals.
//!
//! `cargo run --release -p indelible-control --example authorize_speed`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use indelible_control::{Control, Grant, Operation};
use indelible_event::Organization;

const ORGANIZATIONS: usize = 100;
const CALLS: u32 = 2_000_000;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let control = Control::open(&folder.path().join("control.sqlite")).await.unwrap();
    let mut administrator = String::new();
    let keep = |secret: &indelible_control::Secret| {
        administrator = secret.reveal().to_owned();
        Ok(())
    };
    control.create_administrator(1, keep).await.unwrap();
    let administrator = control.authenticate(&administrator, 1).unwrap();
    let mut tokens = Vec::new();
    for number in 0..ORGANIZATIONS {
        let organization: Organization = format!("ri.indelible..organization.o{number}").parse().unwrap();
        control.create_organization(&organization, &administrator, 1).await.unwrap();
        let operations = vec![Operation::AuditEmit];
        let grant = Grant { name: "producer".into(), target: Some(organization), operations, expires_at_us: None };
        tokens.push(control.create_token(&grant, &administrator, 1).await.unwrap());
    }
    let begun = Instant::now();
    for call in 0..CALLS {
        let token = &tokens[call as usize % tokens.len()];
        let principal = control.authenticate(black_box(token.reveal()), i64::from(call)).unwrap();
        black_box(principal.attribution().unwrap());
    }
    let nanos = begun.elapsed().as_nanos() / u128::from(CALLS);
    println!(
        "{nanos} ns for a request: who it is, and where its events may go ({ORGANIZATIONS} organizations, {CALLS} calls)"
    );
}
