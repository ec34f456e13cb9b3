//! Paths into the maps, read straight from their canonical text without building a document.
//!
//! A path is keys joined by dots, with `[n]` for an element of a list: `identifiers[0].rid`. A key that itself holds
//! dots is written as it is. Values that came through `passThrough` lie deeper than people think of them
//! (`passThroughRequestParams.<name>.payload`), so a path that finds nothing at the top is looked for there too:
//! `eventSource` finds `passThroughRequestParams.eventSource.payload`.

use std::borrow::Cow;

use indelible_event::parts::{elements, members, string};

/// Deepest nesting followed. Entries are at most 64 deep; this is for text that is not one of ours.
const DEPTH_MAX: usize = 128;

/// Beginning of the keys of the pass-through maps.
const PASS_THROUGH: &str = "passThrough";
/// Where a pass-through value keeps its value, beside its level.
const PAYLOAD: &str = "payload";

/// The value at `path`, as raw JSON. Keys must match in case.
pub(crate) fn get<'a>(text: &'a [u8], path: &str) -> Option<&'a [u8]> {
    if path.is_empty() {
        return (!text.is_empty()).then_some(text);
    }
    find(text, path, 0)
        .or_else(|| pass_through(text).find_map(|(name, payload)| find(payload, step(path, &name, false)?, 0)))
}

fn find<'a>(raw: &'a [u8], path: &str, depth: usize) -> Option<&'a [u8]> {
    if path.is_empty() {
        return Some(raw);
    }
    if depth > DEPTH_MAX {
        return None;
    }
    match raw.first()? {
        b'{' => {
            members(raw).map_while(Result::ok).find_map(|(key, value)| find(value, step(path, &key, false)?, depth + 1))
        }
        b'[' => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let element = elements(raw).map_while(Result::ok).nth(index.parse().ok()?)?;
            find(element, rest, depth + 1)
        }
        _ => None,
    }
}

/// Whether a value at `path` meets `test`, which is asked about scalars and objects. Keys match in any case, and every
/// element of a list is looked into.
pub(crate) fn holds_at(text: &[u8], path: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    any_below(text, path, 0, test)
        || pass_through(text)
            .any(|(name, payload)| step(path, &name, true).is_some_and(|rest| any_below(payload, rest, 0, test)))
}

fn any_below(raw: &[u8], path: &str, depth: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match raw.first() {
        Some(b'[') => elements(raw).map_while(Result::ok).any(|element| any_below(element, path, depth + 1, test)),
        Some(_) if path.is_empty() => test(raw),
        Some(b'{') => members(raw)
            .map_while(Result::ok)
            .any(|(key, value)| step(path, &key, true).is_some_and(|rest| any_below(value, rest, depth + 1, test))),
        _ => false,
    }
}

/// What of `path` is left below `key`, if it begins with it.
fn step<'p>(path: &'p str, key: &str, any_case: bool) -> Option<&'p str> {
    let (head, rest) = path.split_at_checked(key.len())?;
    let same = head == key || (any_case && head.eq_ignore_ascii_case(key));
    match rest.as_bytes().first() {
        _ if !same => None,
        None | Some(b'[') => Some(rest),
        Some(b'.') => Some(&rest[1..]),
        Some(_) => None,
    }
}

/// Names and payloads of the pass-through maps at the top of `text`.
fn pass_through(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, &[u8])> {
    let tagged = members(text)
        .map_while(Result::ok)
        .filter(|(key, _)| key.starts_with(PASS_THROUGH))
        .flat_map(|(_, map)| members(map).map_while(Result::ok));
    tagged.filter_map(|(name, tagged)| {
        let payload = members(tagged).map_while(Result::ok).find(|(key, _)| key == PAYLOAD)?;
        Some((name, payload.1))
    })
}

/// A raw value as plain text: a string without its quotes, anything else as it stands, nothing of null.
pub(crate) fn plain(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw.first()? {
        b'"' => string(raw).ok(),
        b'n' => None,
        _ => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
    }
}

/// A raw value as a number; a string counts where it holds one.
pub(crate) fn number(raw: &[u8]) -> Option<f64> {
    match raw.first()? {
        b'"' => string(raw).ok()?.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        b'-' | b'0'..=b'9' => std::str::from_utf8(raw).ok()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
