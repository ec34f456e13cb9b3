//! Signed notes, as C2SP `signed-note` defines them: a text, an empty line, signature lines.

use crate::{VerifierKey, is_key_name, key::MAX_NAME_BYTES};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, iter::FusedIterator, str::FromStr};

/// Longest note in bytes.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// Most signatures of one note. The format asks for room for 16.
pub const MAX_SIGNATURES: usize = 64;
/// Longest signature line in bytes, which leaves room for post-quantum signatures of 5 KB.
pub const MAX_SIGNATURE_LINE_BYTES: usize = 8192;

/// An em dash and a space: how a signature line begins.
const MARK: &str = "\u{2014} ";
/// Where a text ends and the signature lines begin, less the newline that belongs to the text.
const BREAK: &str = "\n\n\u{2014} ";

/// A text with signatures. Nothing in it is to be believed before [`Note::verify`] says by whom it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub(crate) text: String,
    pub(crate) signatures: Vec<Signature>,
}

/// One signature of a note, of whatever type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Short form of name, type and key.
    pub key_id: u32,
    /// The signature itself, as its type defines it.
    pub bytes: Vec<u8>,
}

/// A note was refused for its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Bytes that no note holds.
    #[error("a note is UTF-8 without control characters other than newline")]
    Characters,
    /// Over [`MAX_NOTE_BYTES`].
    #[error("a note is at most {MAX_NOTE_BYTES} bytes long")]
    TooLong,
    /// The text does not end in a newline, or a part of it could be taken for signature lines.
    #[error("a note's text ends in a newline, and no line that follows an empty one begins like a signature")]
    Text,
    /// There is no empty line followed by signature lines.
    #[error("the note has no signature lines after an empty line")]
    Unsigned,
    /// A signature line is not dash, name and base64.
    #[error("signature line {line} is not a dash, a key name and base64, or is over {MAX_SIGNATURE_LINE_BYTES} bytes")]
    SignatureLine {
        /// From 1.
        line: usize,
    },
    /// Over [`MAX_SIGNATURES`].
    #[error("a note has at most {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A key name is empty, too long, or holds white space or `+`.
    #[error("a key name is 1 to {MAX_NAME_BYTES} bytes without white space, control characters and plus")]
    Name,
}

/// A note is not signed as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyNoteError {
    /// A known key is named, and the signature is not its own: the text or the signature was altered.
    #[error("the signature under the name {name} does not verify; the note was altered or signed by another key")]
    Bad {
        /// Name of the key.
        name: String,
    },
    /// None of the known keys signed.
    #[error("the note is signed by none of the keys given; its signatures are of {found}")]
    Unknown {
        /// Names of the keys that signed it.
        found: String,
    },
}

impl Note {
    /// The signed text, which ends in a newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, known or not, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature of somebody else, such as a witness. It is kept unchecked.
    ///
    /// # Errors
    /// Where the line would be too long or one too many.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.len() == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        // What can be read back can be added.
        let line = Signature::parse(signature.to_string().trim_end_matches('\n'));
        line.filter(|line| *line == signature).ok_or(NoteError::SignatureLine { line: self.signatures.len() + 1 })?;
        self.signatures.push(signature);
        Ok(())
    }

    /// Reads one note from bytes of unknown origin.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoteError> {
        // Before the look at the characters, so that it is bounded.
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        str::from_utf8(bytes).map_err(|_| NoteError::Characters)?.parse()
    }

    /// Checks the signatures against `keys`, and returns which of them signed. Signatures of other keys are ignored.
    ///
    /// # Errors
    /// `Bad` when a signature names one of `keys` and is not its own, even beside good ones; `Unknown` when none
    /// of `keys` signed.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, VerifyNoteError> {
        let mut signed = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.made(signature)) {
                if !key.verifies(&self.text, signature) {
                    return Err(VerifyNoteError::Bad { name: signature.name.clone() });
                }
                if !signed.contains(&key) {
                    signed.push(key);
                }
            }
        }
        if signed.is_empty() {
            let names: Vec<_> = self.signatures.iter().map(|signature| signature.name.as_str()).collect();
            return Err(VerifyNoteError::Unknown { found: names.join(", ") });
        }
        Ok(signed)
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        check_characters(note)?;
        // The last empty line is the one that counts.
        let at = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        Ok(Self { text: text.to_owned(), signatures: read_signatures(signatures)? })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// Reads notes that stand one after another in `text`.
///
/// A note ends with its first block of signature lines. That is unambiguous for checkpoints, which have no empty line,
/// and for every text that [`crate::NoteSigner`] signs; any other text is cut so that its signature fails.
/// After an error the iterator ends.
#[derive(Clone, Debug)]
pub struct Notes<'a> {
    rest: &'a str,
}

impl<'a> Notes<'a> {
    /// Reads from `text`, which may be of any length and empty.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn read(&mut self) -> Result<Note, NoteError> {
        let window = &self.rest[..self.rest.floor_char_boundary(MAX_NOTE_BYTES)];
        let cut = if window.len() < self.rest.len() { NoteError::TooLong } else { NoteError::Unsigned };
        let at = window.find(BREAK).ok_or(cut)?;
        let (text, after) = window.split_at(at + 1);
        check_characters(text)?;
        let lines = after[1..].split_inclusive('\n').take_while(|line| line.starts_with(MARK));
        let length: usize = lines.map(str::len).sum();
        let signatures = &after[1..1 + length];
        check_characters(signatures)?;
        let signatures = read_signatures(signatures)?;
        self.rest = &self.rest[at + 2 + length..];
        Ok(Note { text: text.to_owned(), signatures })
    }
}

impl Iterator for Notes<'_> {
    type Item = Result<Note, NoteError>;

    fn next(&mut self) -> Option<Result<Note, NoteError>> {
        if self.rest.is_empty() {
            return None;
        }
        let note = self.read();
        if note.is_err() {
            self.rest = "";
        }
        Some(note)
    }
}

impl FusedIterator for Notes<'_> {}

impl Signature {
    /// Reads a line without its newline.
    fn parse(line: &str) -> Option<Self> {
        if line.len() >= MAX_SIGNATURE_LINE_BYTES {
            return None;
        }
        let (name, base64) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bytes = STANDARD.decode(base64).ok()?;
        let (key_id, bytes) = bytes.split_first_chunk()?;
        let complete = is_key_name(name) && !bytes.is_empty();
        complete.then(|| Self { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: bytes.to_vec() })
    }
}

/// The signature line, with its newline.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.to_be_bytes()[..], &self.bytes].concat();
        writeln!(f, "{MARK}{} {}", self.name, STANDARD.encode(bytes))
    }
}

fn read_signatures(lines: &str) -> Result<Vec<Signature>, NoteError> {
    let lines = lines.strip_suffix('\n').ok_or(NoteError::Unsigned)?;
    let mut signatures = Vec::new();
    for (i, line) in lines.split('\n').enumerate() {
        if i == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        signatures.push(Signature::parse(line).ok_or(NoteError::SignatureLine { line: i + 1 })?);
    }
    Ok(signatures)
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let bad = text.bytes().any(|byte| byte < b' ' && byte != b'\n');
    if bad { Err(NoteError::Characters) } else { Ok(()) }
}

/// Whether `text` may be signed here.
pub(crate) fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if text.len() > MAX_NOTE_BYTES - MAX_SIGNATURES * MAX_SIGNATURE_LINE_BYTES {
        return Err(NoteError::TooLong);
    }
    if !text.ends_with('\n') || text.starts_with(MARK) || text.contains(BREAK) {
        return Err(NoteError::Text);
    }
    Ok(())
}
