#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_scope_holds_its_organizations_and_no_other() {
    let [a, b, c] = ["a", "b", "c"].map(|id| format!("ri.indelible..organization.{id}").parse().unwrap());
    let scope = Scope::new(vec![b, a, "ri.indelible..organization.b".parse().unwrap()], Part::Infrastructure);
    assert_eq!(scope.organizations().len(), 2);
    assert!(scope.organizations().is_sorted() && scope.organizations().iter().all(|o| scope.contains(o)));
    assert!(!scope.contains(&c));
    assert_eq!(scope.part(), Part::Infrastructure);
    assert!(!Scope::new(Vec::new(), Part::Entry).contains(&c));
}
