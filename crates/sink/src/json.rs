//! Writing JSON objects straight into bytes.

use indelible_event::parts::write_string;

/// An object being written; the caller gives each key once.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// Writes a key; exactly one value has to follow.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        write_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn string(&mut self, key: &str, value: &str) {
        write_string(self.key(key), value);
    }

    pub(crate) fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    pub(crate) fn number(&mut self, key: &str, value: impl std::fmt::Display) {
        let text = value.to_string();
        self.raw(key, text.as_bytes());
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key).extend_from_slice(json);
    }

    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) {
        let mut inner = Object::open(self.key(key));
        write(&mut inner);
        inner.close();
    }

    /// An array of objects; left out if there is none.
    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        values: impl Iterator<Item = T>,
        write: impl Fn(&mut Object<'_>, T),
    ) {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return;
        }
        array(self.key(key), values, |out, value| {
            let mut inner = Object::open(out);
            write(&mut inner, value);
            inner.close();
        });
    }

    /// An array of strings; left out if there is none.
    pub(crate) fn strings<T: AsRef<str>>(&mut self, key: &str, values: impl Iterator<Item = T>) {
        let mut values = values.peekable();
        if values.peek().is_some() {
            array(self.key(key), values, |out, value| write_string(out, value.as_ref()));
        }
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

fn array<T>(out: &mut Vec<u8>, values: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, value);
    }
    out.push(b']');
}
