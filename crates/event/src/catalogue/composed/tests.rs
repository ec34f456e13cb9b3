#![allow(clippy::unwrap_used)]

use super::*;
use crate::catalogue::typed::{
    AuthenticationCheckRequest, AuthenticationCheckResult, DataLoadRequest, DataResource, Identifier, NoFields,
    OtherIdentifier, UserLogin, UserLoginResult,
};

fn check<E: Categories>(event: E, results: E::Results, names: &[&str], request: &str, result: &str) {
    let (mut written_request, mut written_result) = (Vec::new(), Vec::new());
    event.write_request(&mut written_request).unwrap();
    E::write_results(&results, &mut written_result).unwrap();
    assert_eq!(E::NAMES, names);
    assert_eq!(String::from_utf8(written_request).unwrap(), request);
    assert_eq!(String::from_utf8(written_result).unwrap(), result);
}

#[test]
fn the_fields_of_all_categories_stand_together() {
    let load = || DataLoadRequest::new(vec![DataResource::new(Identifier::Other(OtherIdentifier::new("a".into())))]);
    let loaded = serde_json::to_string(&load()).unwrap();
    let loaded = &loaded[1..loaded.len() - 1];
    let passed = || AuthenticationCheckResult::new(Some(true));
    check(load(), NoFields {}, &["dataLoad"], loaded, "");
    check(UserLogin, UserLoginResult::default(), &["userLogin"], "", "");
    check((load(),), (NoFields {},), &["dataLoad"], loaded, "");
    check(
        (UserLogin, load(), AuthenticationCheckRequest::default()),
        (UserLoginResult { login_user_id: Some("ann".into()) }, NoFields {}, passed()),
        &["userLogin", "dataLoad", "authenticationCheck"],
        loaded,
        r#""loginUserId":"ann","authenticationCheckResult":true"#,
    );
}

#[test]
fn what_cannot_be_json_leaves_nothing_behind() {
    let mut out = b"\"a\":1".to_vec();
    let keys_are_no_texts = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(write_members(&keys_are_no_texts, &mut out).is_err());
    assert_eq!(out, b"\"a\":1");
}
