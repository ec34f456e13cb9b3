//! What an event says in the words of its categories, as one type.
//!
//! An event is a union of categories: one value of [`Requested`] for each of them, alone or in a tuple, is a [`Categories`].
//! What each category requires has to be there for it to compile, and the same holds for the [results](Categories::Results) that a
//! success takes.
//!
//! ```
//! use indelible_event::catalogue::composed::Categories;
//! use indelible_event::catalogue::typed::{AuthenticationCheckRequest, UserLogin};
//!
//! fn names<E: Categories>(_: &E) -> &'static [&'static str] {
//!     E::NAMES
//! }
//! let event = (UserLogin, AuthenticationCheckRequest::default());
//! assert_eq!(names(&event), ["userLogin", "authenticationCheck"]);
//! ```

use serde::Serialize;

use super::typed::TypedCategory;

/// A category with its request fields: the category's `...Request`, or the category itself if it declares none.
pub trait Requested {
    /// The category.
    type Category: TypedCategory;

    /// What stands in `requestFields`.
    fn request(&self) -> &<Self::Category as TypedCategory>::Request;
}

/// The result fields of a category.
pub type ResultOf<A> = <<A as Requested>::Category as TypedCategory>::Result;

/// The categories of an event, each with its request fields.
pub trait Categories {
    /// Their names, none twice.
    const NAMES: &'static [&'static str];
    /// Their result fields: of a tuple, a tuple in the same order.
    type Results;

    /// Appends the members of `requestFields` with commas between them and no braces around them.
    ///
    /// # Errors
    /// When a value cannot be JSON, such as a map whose keys are no texts.
    fn write_request(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;

    /// As [`write_request`](Self::write_request), for `resultFields`.
    ///
    /// # Errors
    /// As there.
    fn write_results(results: &Self::Results, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;
}

/// That `R` are the result fields of one of the categories. Which one, the compiler finds out: `At` is its place.
pub trait Finds<R, At>: Categories {}

/// The place of a category in a tuple.
#[derive(Debug, Clone, Copy)]
pub struct At<const PLACE: usize>;

impl<A: Requested> Categories for A {
    const NAMES: &'static [&'static str] = &[<A::Category as TypedCategory>::NAME];
    type Results = ResultOf<A>;

    fn write_request(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        write_members(self.request(), out)
    }

    fn write_results(results: &Self::Results, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        write_members(results, out)
    }
}

impl<A: Requested> Finds<ResultOf<A>, At<0>> for A {}

macro_rules! categories_of_tuple {
    ($($category:ident $place:tt),+) => {
        impl<$($category: Requested),+> Categories for ($($category,)+) {
            const NAMES: &'static [&'static str] = distinct(&[$(<$category::Category as TypedCategory>::NAME),+]);
            type Results = ($(ResultOf<$category>,)+);

            fn write_request(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                $(write_members(self.$place.request(), out)?;)+
                Ok(())
            }

            fn write_results(results: &Self::Results, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                $(write_members(&results.$place, out)?;)+
                Ok(())
            }
        }

        categories_of_tuple!(@finds [$($category),+] $($category $place),+);
    };
    (@finds $all:tt $($category:ident $place:tt),+) => {
        $(categories_of_tuple!(@find $all $category $place);)+
    };
    (@find [$($all:ident),+] $category:ident $place:tt) => {
        impl<$($all: Requested),+> Finds<ResultOf<$category>, At<$place>> for ($($all,)+) {}
    };
}

categories_of_tuple!(A 0);
categories_of_tuple!(A 0, B 1);
categories_of_tuple!(A 0, B 1, C 2);
categories_of_tuple!(A 0, B 1, C 2, D 3);
categories_of_tuple!(A 0, B 1, C 2, D 3, E 4);
categories_of_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// Refuses, when it is compiled, a category that is named twice.
const fn distinct<const N: usize>(names: &'static [&'static str; N]) -> &'static [&'static str] {
    let mut one = 0;
    while one < N {
        let mut other = one + 1;
        while other < N {
            assert!(!equal(names[one].as_bytes(), names[other].as_bytes()), "an event has each of its categories once");
            other += 1;
        }
        one += 1;
    }
    names
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Appends the members of what serializes to an object. No two categories declare fields of one name, so they can stand together.
///
/// # Errors
/// When a value cannot be JSON; `out` is then as before.
pub fn write_members(fields: &impl Serialize, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = out.len();
    if start > 0 {
        out.push(b',');
    }
    let opened = out.len();
    if let Err(error) = serde_json::to_writer(&mut *out, fields) {
        out.truncate(start);
        return Err(error);
    }
    // `{...}` without its braces; nothing at all if it was `{}`.
    out.pop();
    out.remove(opened);
    if out.len() == opened {
        out.truncate(start);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
