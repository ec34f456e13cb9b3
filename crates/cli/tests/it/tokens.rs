//! Tokens: listed without their secrets, and over once they are revoked.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Client, Server, fetch};
use crate::rebuild::emit;

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

fn listed(server: &Client, organization: &str) -> Vec<Value> {
    let answer = server.indelible(&["token", "list", "--organization", organization, "--format", "json"]);
    answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn create(server: &Client, organization: &str, operations: &str, name: &str) -> Client {
    let args = ["token", "create", "--organization", organization, "--operations", operations, "--name", name];
    let answer = server.indelible(&args);
    assert_eq!(answer.code, 0, "{}", answer.err);
    Client { url: server.url.clone(), token: answer.out.trim().to_owned() }
}

#[test]
fn tokens_are_listed_and_end_when_they_are_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    emit(&server, ACME, 0..1);
    emit(&server, BETA, 1..2);
    assert!(listed(&server, ACME).is_empty());
    let reader = create(&server, ACME, "audit:search", "reader");
    let administrator = create(&server, ACME, "organization:administer", "administrator of acme");
    create(&server, BETA, "audit:search", "other");

    let tokens = listed(&administrator, ACME);
    let names: Vec<_> = tokens.iter().map(|token| token["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["reader", "administrator of acme"]);
    assert!(tokens.iter().all(|token| !token.to_string().contains("indelible_")), "no secrets: {tokens:?}");
    let id = tokens[0]["tokenId"].as_str().unwrap();
    let search = |client: &Client| client.indelible(&["search", "", "--count"]).code;
    assert_eq!(search(&reader), 0);

    // What is another organization's, and what is not there, are answered alike.
    let foreign = listed(&server, BETA)[0]["tokenId"].as_str().unwrap().to_owned();
    let revoke = |id: &str| {
        let (status, body) = fetch(administrator.request(Method::DELETE, &format!("/api/v1/tokens/{id}")));
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        body["error"]["requestId"].take();
        (status, body)
    };
    assert_eq!(revoke(&foreign), revoke("0000000000000000"));
    assert_eq!(revoke(&foreign).0, 404);
    let own = listed(&server, "*")[0]["tokenId"].as_str().unwrap().to_owned();
    let refused = server.indelible(&["token", "revoke", &own]);
    assert!(refused.code == 2 && refused.err.contains("nobody could make another"), "{}", refused.err);

    assert_eq!(administrator.indelible(&["token", "revoke", id]).code, 0);
    assert_eq!(fetch(reader.request(Method::GET, "/api/v1/archive")).0, 401);
    assert_eq!(revoke(id).0, 404);
    assert_eq!(listed(&administrator, ACME).len(), 1);
    let recorded = server.indelible(&["search", "name:INDELIBLE_REVOKE_TOKEN", "--organization", ACME, "--count"]);
    assert_eq!(recorded.out.trim(), "1");

    // The last use outlives a restart.
    server.stop();
    let server = Server::start_in(&folder.path().join("data"));
    assert!(listed(&server, ACME)[0]["lastUsed"].is_string());
}
