use std::collections::HashSet;

use super::*;

#[test]
fn every_function_on_the_list_exists_under_that_name() {
    let there: HashSet<String> = scalars().iter().map(|function| function.name().to_owned()).collect();
    let missing: Vec<&str> = listed_functions().into_iter().filter(|name| !there.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn functions_that_grow_are_behind_their_guard() {
    for function in scalars() {
        assert_eq!(is_bounded(&function), is_growing(function.name()), "{}", function.name());
    }
}
