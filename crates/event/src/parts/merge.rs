//! The event as it is delivered.

use std::borrow::Cow;

use super::{Malformed, members, write_string};
use crate::json::write::compare_keys;

/// What a delivered event carries beside its own fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery<'a> {
    /// Adds `organization`.
    pub organization: Option<&'a str>,
    /// Adds `seq`.
    pub seq: Option<u64>,
    /// Keeps `intake`, which says who sent the event; otherwise left out.
    pub intake: bool,
}

/// Appends the canonical event to `out`: the members of both parts in one sorted object, those of `extra` lifted back
/// to the top level.
///
/// With [`Delivery::default`] the result, admitted again, gives the same two parts. For the operator's view pass `{}` as
/// content. Where a field of `extra` bears the name of a field of ours, ours stands. On an error `out` holds a
/// fragment.
pub fn merge(
    infrastructure: &[u8],
    content: &[u8],
    delivery: &Delivery<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let mut fields: Vec<(Cow<'_, str>, Cow<'_, [u8]>)> = Vec::with_capacity(40);
    if let Some(organization) = delivery.organization {
        let mut text = Vec::with_capacity(organization.len() + 2);
        write_string(&mut text, organization);
        fields.push(("organization".into(), text.into()));
    }
    if let Some(seq) = delivery.seq {
        fields.push(("seq".into(), seq.to_string().into_bytes().into()));
    }
    let mut extra = None;
    for member in members(infrastructure).chain(members(content)) {
        let (key, value) = member?;
        match &*key {
            "intake" if !delivery.intake => {}
            "extra" => extra = Some(value),
            _ => fields.push((key, value.into())),
        }
    }
    if let Some(extra) = extra {
        for member in members(extra) {
            let (key, value) = member?;
            fields.push((key, value.into()));
        }
    }
    // The sort is stable: of two fields with one name the first pushed is ours.
    fields.sort_by(|a, b| compare_keys(a.0.as_bytes(), b.0.as_bytes()));
    fields.dedup_by(|later, earlier| later.0 == earlier.0);
    write_object(&fields, out);
    Ok(())
}

fn write_object(fields: &[(Cow<'_, str>, Cow<'_, [u8]>)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (key, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, key);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
}
