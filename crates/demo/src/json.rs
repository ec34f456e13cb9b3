//! JSON text of one object, member by member.

use serde_json::Value;

/// An object in the making.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(1_400);
        text.push('{');
        Object(text)
    }

    /// A member that is a string.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        string(&mut self.0, text);
    }

    /// A member that may be absent.
    pub(crate) fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A list whose elements `write` writes; absent where it has none.
    pub(crate) fn list<T>(&mut self, key: &str, items: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return;
        }
        self.key(key);
        self.0.push('[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            write(&mut self.0, item);
        }
        self.0.push(']');
    }

    /// A member of any shape.
    pub(crate) fn value(&mut self, key: &str, item: &Value) {
        self.key(key);
        value(&mut self.0, item);
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        string(&mut self.0, key);
        self.0.push(':');
    }
}

/// Writes a string. Nearly all of ours need no escape, and the check for that is cheap.
pub(crate) fn string(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

fn value(out: &mut String, item: &Value) {
    match item {
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (key, item)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(out, key);
                out.push(':');
                value(out, item);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&item.to_string()),
    }
}
