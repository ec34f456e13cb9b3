//! The infrastructure part: columns that hold constants, ids and addresses and never free text, because the operator may
//! read them of every organization.

use sha2::{Digest, Sha256};
use vrl::value::{ObjectMap, Value};

use crate::event::{Left, Setting};
use crate::json;
use crate::lift::is_nothing;
use crate::refused::{Code, Refused};

const NAME_BYTES: usize = 128;
const COLUMN_BYTES: usize = 256;
const USER_AGENT_BYTES: usize = 1024;
const LOCATOR_BYTES: usize = 160;

/// Digits of the hash that tells tenants apart whose ids do not fit: 128 bits.
const HASH_DIGITS: usize = 32;

/// Columns that hold one word.
const WORDS: [&str; 10] =
    ["sid", "tokenId", "traceId", "product", "productVersion", "service", "host", "stack", "environment", "orgId"];
const ADDRESSES: [&str; 2] = ["origin", "sourceOrigin"];

/// Takes the infrastructure columns from what the program left.
///
/// What does not fit its column is made to fit, and the full value is kept under `pass_through` by the column's name.
pub(crate) fn take(
    left: &mut Left,
    setting: &Setting<'_>,
    pass_through: &mut ObjectMap,
) -> Result<Vec<(&'static str, Value)>, Refused> {
    let mut columns = Vec::new();
    let mut add = |column: &'static str, given: Option<String>, fit: fn(&str) -> String| {
        let Some(given) = given else { return };
        let fitted = fit(&given);
        if fitted != given && !pass_through.contains_key(column) {
            pass_through.insert(column.into(), given.into());
        }
        if !fitted.is_empty() {
            columns.push((column, Value::from(fitted)));
        }
    };
    let name = left.text("name").ok_or_else(|| Refused::new(Code::Program, "the program left no name"))?;
    add("name", Some(name), fit_name);
    add("uid", left.text("uid"), fit_uid);
    add("userAgent", left.text("userAgent"), fit_user_agent);
    for column in WORDS {
        add(column, left.text(column), fit_word);
    }
    for column in ADDRESSES {
        add(column, left.text(column), fit_address);
    }
    let origins = match left.take("origins") {
        Value::Array(origins) => origins,
        origin => vec![origin],
    };
    let mut addresses: Vec<Value> = Vec::new();
    for origin in origins.iter().filter(|origin| !is_nothing(origin)) {
        let address = Value::from(fit_address(&origin.to_string_lossy()));
        if !is_nothing(&address) && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if !addresses.is_empty() {
        columns.push(("origins", Value::Array(addresses)));
    }

    let has = |columns: &[(&str, Value)], wanted| columns.iter().any(|(column, _)| *column == wanted);
    if !has(&columns, "name") {
        columns.push(("name", Value::from("unnamed")));
    }
    if !has(&columns, "product") {
        columns.push(("product", setting.adapter.into()));
    }
    if !has(&columns, "productVersion") {
        columns.push(("productVersion", "1".into()));
    }
    if let Some(organizations) = organizations(left.text("tenant"), setting.organization, pass_through) {
        columns.push(("organizations", organizations));
    }
    Ok(columns)
}

/// Whose event it is. The tenant a record names is kept under `pass_through` where the organization does not say it word
/// for word.
fn organizations(tenant: Option<String>, fixed: Option<&str>, pass_through: &mut ObjectMap) -> Option<Value> {
    let tenant = tenant.filter(|tenant| !tenant.trim().is_empty());
    let locator = tenant.as_deref().map(fit_locator);
    if let Some(tenant) = tenant.filter(|tenant| fixed.is_some() || locator.as_ref() != Some(tenant)) {
        let is_taken = pass_through.get("tenant").is_some_and(|value| value.to_str() != Some(tenant.as_str()));
        pass_through.insert(if is_taken { "tenantOfRecord" } else { "tenant" }.into(), tenant.into());
    }
    match (fixed, locator) {
        (Some(organization), _) => Some(claim(organization, "chosen at import")),
        (None, Some(id)) => Some(claim(&format!("ri.indelible..organization.{id}"), "named by the record")),
        (None, None) => None,
    }
}

fn claim(organization: &str, reason: &str) -> Value {
    Value::Array(vec![Value::Object(ObjectMap::from([
        ("id".into(), organization.into()),
        ("reason".into(), reason.into()),
    ]))])
}

/// `[A-Za-z0-9_.:-]{1,128}`: runs of white space become `_`, other characters are dropped.
fn fit_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    let words = name.split_whitespace().map(|word| word.chars().filter(|c| allowed(*c)).collect::<String>());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    json::cut(&words.join("_"), NAME_BYTES).to_owned()
}

/// One word without control characters.
fn fit_word(word: &str) -> String {
    let words: Vec<_> =
        word.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    json::cut(&words.join("_"), COLUMN_BYTES).to_owned()
}

/// An account: anything on one line.
fn fit_uid(uid: &str) -> String {
    let uid: String = uid.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    json::cut(uid.trim(), COLUMN_BYTES).trim_end().to_owned()
}

fn fit_user_agent(agent: &str) -> String {
    let agent: String = agent.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    json::cut(agent.trim(), USER_AGENT_BYTES).trim_end().to_owned()
}

/// An address or host name, without port and brackets.
fn fit_address(origin: &str) -> String {
    let origin = origin.trim();
    let bracketed = origin.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let host = match bracketed {
        Some((host, port)) if port.is_empty() || port.starts_with(':') => host,
        _ => match origin.split_once(':') {
            Some((host, port)) if !host.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => origin,
        },
    };
    let host = host.strip_prefix("::ffff:").filter(|rest| rest.contains('.')).unwrap_or(host);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '%' | '/');
    if host.chars().all(allowed) { json::cut(host, COLUMN_BYTES).to_owned() } else { fit_name(host) }
}

/// A tenant's id inside a resource identifier. Two tenants never share one: an id that has to be changed gets a hash of
/// what it was, and so does one that looks as if it had been.
fn fit_locator(id: &str) -> String {
    let id = id.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fitted: String = id.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let fitted = json::cut(&fitted, LOCATOR_BYTES);
    let hashed = |tail: &str| tail.len() == HASH_DIGITS && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fitted == id && !id.rsplit_once('.').is_some_and(|(_, tail)| hashed(tail)) {
        return fitted.to_owned();
    }
    let hash = hex::encode(Sha256::digest(id));
    format!("{fitted}.{}", &hash[..HASH_DIGITS])
}

#[cfg(test)]
mod tests;
