//! Where messages begin and end in a stream (RFC 6587) and in a datagram (RFC 5426).

use memchr::memchr;

/// A count of more than so many times the longest frame is no count.
const COUNT_FACTOR: usize = 16;
/// Digits of a count.
const DIGITS_MAX: usize = 9;

/// One message as it was sent, without what ends it. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message.
    pub bytes: &'a [u8],
    /// Whether it is all of it: one that is too long is cut, and so may be one that the end of the stream met.
    pub is_whole: bool,
}

/// It cannot be told any more where messages begin: close the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no message could be told from the next: neither a line end nor a count of bytes followed; end each message with a line feed, or put its length before it"
)]
pub struct OutOfStep;

/// Cuts a stream of bytes into messages.
///
/// Each frame says by itself how it ends. `LENGTH SP <` opens one that is counted; everything else is a line and ends
/// with a line feed. (A count without a priority after it is a line that begins with a number, such as a date.) Empty lines are
/// passed over, and of a frame `\r`, `\n` and NUL at its end. A frame that is too long comes out cut, and the stream goes on
/// behind it.
///
/// Frames do not depend on how the stream is cut into chunks. At most the longest frame and one chunk are held.
#[derive(Debug)]
pub struct Framer {
    frame_bytes: usize,
    /// The begin of a frame whose end has not come.
    held: Vec<u8>,
    /// How much of `held` has no line end.
    scanned: usize,
    skip: Skip,
    is_out_of_step: bool,
}

/// What is left of a frame that was cut.
#[derive(Debug, Clone, Copy)]
enum Skip {
    Nothing,
    Octets(usize),
    /// To the end of the line, so many bytes of which have gone by.
    Line(usize),
}

enum Opening {
    /// More bytes are needed to tell.
    Undecided,
    /// So many digits and a space, then so many bytes.
    Counted {
        digits: usize,
        length: usize,
    },
    Line,
}

impl Framer {
    /// Begins a stream whose frames have at most so many bytes.
    pub fn new(frame_bytes: usize) -> Self {
        Self { frame_bytes, held: Vec::new(), scanned: 0, skip: Skip::Nothing, is_out_of_step: false }
    }

    /// Takes the next bytes of the stream and gives every frame that is complete by now. After an error, which comes again
    /// with every further chunk, nothing more can be read.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Frame<'_>)) -> Result<(), OutOfStep> {
        if self.is_out_of_step {
            return Err(OutOfStep);
        }
        if self.held.is_empty() {
            let used = self.frames(chunk, &mut each)?;
            self.held.extend_from_slice(&chunk[used..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(chunk);
            let used = self.frames(&held, &mut each)?;
            held.drain(..used);
            self.held = held;
        }
        Ok(())
    }

    /// Ends the stream where the other side ended it, and gives what it left without an end.
    pub fn finish(self, mut each: impl FnMut(Frame<'_>)) {
        if self.is_out_of_step {
            return;
        }
        let (bytes, is_whole) = match opening(&self.held) {
            Opening::Counted { digits, .. } => (&self.held[digits + 1..], false),
            Opening::Undecided | Opening::Line => (&self.held[..], true),
        };
        emit(bytes, is_whole, &mut each);
    }

    /// Gives the frames of `input` and answers how much of it they take.
    fn frames(&mut self, input: &[u8], each: &mut impl FnMut(Frame<'_>)) -> Result<usize, OutOfStep> {
        let mut at = 0;
        loop {
            at += self.skip(&input[at..])?;
            let rest = &input[at..];
            if rest.is_empty() {
                return Ok(at);
            }
            match opening(rest) {
                Opening::Undecided => return Ok(at),
                Opening::Counted { digits, length } => {
                    if length > self.frame_bytes.saturating_mul(COUNT_FACTOR) {
                        return self.out_of_step();
                    }
                    let taken = length.min(self.frame_bytes);
                    let Some(bytes) = rest.get(digits + 1..digits + 1 + taken) else { return Ok(at) };
                    emit(bytes, taken == length, each);
                    at += digits + 1 + taken;
                    self.skip = Skip::Octets(length - taken);
                }
                Opening::Line => match memchr(b'\n', rest.get(self.scanned..).unwrap_or_default()) {
                    Some(end) if self.scanned + end <= self.frame_bytes => {
                        let end = self.scanned + end;
                        self.scanned = 0;
                        emit(&rest[..end], true, each);
                        at += end + 1;
                    }
                    None if rest.len() <= self.frame_bytes => {
                        self.scanned = rest.len();
                        return Ok(at);
                    }
                    _ => {
                        self.scanned = 0;
                        emit(&rest[..self.frame_bytes], false, each);
                        at += self.frame_bytes;
                        self.skip = Skip::Line(0);
                    }
                },
            }
        }
    }

    /// Passes over what is left of a cut frame; answers how many bytes of `input` that are.
    fn skip(&mut self, input: &[u8]) -> Result<usize, OutOfStep> {
        match self.skip {
            Skip::Nothing => Ok(0),
            Skip::Octets(left) => {
                let gone = left.min(input.len());
                self.skip = if gone == left { Skip::Nothing } else { Skip::Octets(left - gone) };
                Ok(gone)
            }
            Skip::Line(before) => {
                let end = memchr(b'\n', input);
                let gone = end.unwrap_or(input.len());
                if before + gone > self.frame_bytes.saturating_mul(COUNT_FACTOR) {
                    return self.out_of_step();
                }
                self.skip = if end.is_some() { Skip::Nothing } else { Skip::Line(before + gone) };
                Ok(gone + usize::from(end.is_some()))
            }
        }
    }

    fn out_of_step(&mut self) -> Result<usize, OutOfStep> {
        self.is_out_of_step = true;
        Err(OutOfStep)
    }
}

/// The message in a datagram, if there is one.
pub fn datagram(bytes: &[u8]) -> Option<Frame<'_>> {
    let bytes = trimmed(bytes);
    (!bytes.is_empty()).then_some(Frame { bytes, is_whole: true })
}

fn emit(bytes: &[u8], is_whole: bool, each: &mut impl FnMut(Frame<'_>)) {
    let bytes = trimmed(bytes);
    if !bytes.is_empty() {
        each(Frame { bytes, is_whole });
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0));
    &bytes[..end.map_or(0, |end| end + 1)]
}

fn opening(bytes: &[u8]) -> Opening {
    let digits = bytes.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > DIGITS_MAX || bytes[0] == b'0' {
        return if bytes.is_empty() { Opening::Undecided } else { Opening::Line };
    }
    match (bytes.get(digits), bytes.get(digits + 1)) {
        (None, _) | (Some(b' '), None) => Opening::Undecided,
        (Some(b' '), Some(b'<')) => {
            let length = bytes[..digits].iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
            Opening::Counted { digits, length }
        }
        _ => Opening::Line,
    }
}
