#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_scope_holds_its_organizations_and_no_other() {
    let [a, b, c] =
        ["a", "b", "c"].map(|id| format!("ri.indelible..organization.{id}").parse::<Organization>().unwrap());
    let scope = Scope::new(vec![b.clone(), a.clone(), b.clone()]);
    assert_eq!(scope.organizations(), [a.clone(), b.clone()]);
    assert!(scope.contains(&a) && scope.contains(&b) && !scope.contains(&c));
    assert_eq!(scope.part(), Part::Entry);
    assert!(!Scope::new(Vec::new()).contains(&c));
}

#[test]
fn an_operators_scope_knows_whose_people_are_hidden() {
    let [a, b, c] =
        ["a", "b", "c"].map(|id| format!("ri.indelible..organization.{id}").parse::<Organization>().unwrap());
    let scope = OperatorScope::new(vec![(b.clone(), Some(PseudonymKey::new([7; 32]))), (a.clone(), None)]);
    assert_eq!(scope.organizations(), [a.clone(), b.clone()]);
    assert_eq!(scope.part(), Part::Infrastructure);
    let hidden = [a, b, c].map(|organization| scope.pseudonyms(&organization).is_some());
    assert_eq!(hidden, [false, true, false]);
}
