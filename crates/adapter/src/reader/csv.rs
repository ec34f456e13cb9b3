//! Records in one column of a CSV export (RFC 4180; comma, semicolon or tab).

use std::io::Read;

use super::bytes::Bytes;
use super::{Frame, too_large};
use crate::adapter::RECORD_BYTES_MAX;
use crate::refused::{Code, Refused};

pub(super) struct Frames {
    column: usize,
    separator: u8,
}

/// What stood behind a field.
#[derive(PartialEq)]
enum Behind {
    Field,
    Row,
    End,
}

impl Frames {
    /// Reads the row that names the columns.
    pub(super) fn begin<R: Read>(bytes: &mut Bytes<R>, column: &str) -> Result<Self, Refused> {
        let mut names = Vec::new();
        loop {
            names.clear();
            let more = bytes.read_line(&mut names)?;
            // PowerShell writes the type of the rows first.
            if !more || !names.starts_with(b"#TYPE") {
                break;
            }
        }
        let names = String::from_utf8_lossy(&names);
        let separator = [b',', b';', b'\t']
            .into_iter()
            .max_by_key(|separator| names.bytes().filter(|byte| byte == separator).count())
            .unwrap_or(b',');
        names
            .split(char::from(separator))
            .position(|name| name.trim().trim_matches('"').eq_ignore_ascii_case(column))
            .map(|column| Self { column, separator })
            .ok_or_else(|| {
                Refused::new(
                    Code::NotThisKind,
                    format!("the file is neither JSON nor a CSV file with the column {column:?}"),
                )
            })
    }

    pub(super) fn next<R: Read>(&mut self, bytes: &mut Bytes<R>, record: &mut Vec<u8>) -> Frame {
        loop {
            record.clear();
            let line = bytes.line();
            match self.row(bytes, record) {
                Err(reason) => return Frame::Broken { line, reason },
                Ok((Behind::End, 0)) => return Frame::End,
                Ok(_) if record.len() > RECORD_BYTES_MAX => return Frame::Bad { line, reason: too_large() },
                Ok((_, fields)) if record.trim_ascii().is_empty() => {
                    if fields > 1 {
                        let reason = Refused::new(Code::InvalidJson, "the row has nothing in the column of the record");
                        return Frame::Bad { line, reason };
                    }
                }
                Ok(_) => return Frame::Record { line },
            }
        }
    }

    /// Reads one row; says what ended it and how many fields it had, 0 if there was none.
    fn row<R: Read>(&self, bytes: &mut Bytes<R>, record: &mut Vec<u8>) -> Result<(Behind, usize), Refused> {
        if bytes.peek()?.is_none() {
            return Ok((Behind::End, 0));
        }
        let mut fields = 0;
        loop {
            let into = (fields == self.column).then_some(&mut *record);
            let behind = self.field(bytes, into)?;
            fields += 1;
            if behind != Behind::Field {
                return Ok((behind, fields));
            }
        }
    }

    fn field<R: Read>(&self, bytes: &mut Bytes<R>, mut into: Option<&mut Vec<u8>>) -> Result<Behind, Refused> {
        let mut quoted = false;
        let mut first = true;
        loop {
            let Some(byte) = bytes.peek()? else {
                return Ok(Behind::End);
            };
            bytes.consume(1);
            let begins = std::mem::take(&mut first);
            let keep = match byte {
                b'"' if begins => {
                    quoted = true;
                    false
                }
                b'"' if quoted => {
                    let doubled = bytes.peek()? == Some(b'"');
                    if doubled {
                        bytes.consume(1);
                    } else {
                        quoted = false;
                    }
                    doubled
                }
                _ if quoted => true,
                b'\n' => return Ok(Behind::Row),
                b'\r' => false,
                byte if byte == self.separator => return Ok(Behind::Field),
                _ => true,
            };
            if let Some(into) = into.as_mut().filter(|into| keep && into.len() <= RECORD_BYTES_MAX) {
                into.push(byte);
            }
        }
    }
}
