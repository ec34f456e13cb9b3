//! Names of objects in the archive's bucket.
//!
//! Everything of one generation of an organization's log stands below its folder; the names inside follow from what a
//! run holds, so that an object can be told by its name and found without a listing.

use indelible_event::Time;

/// The folder of all organizations.
pub const ORGANIZATIONS: &str = "organizations";

/// The folder of the copies of the journal.
pub const JOURNAL: &str = "journal";

/// The folder of what concerns the platform as a whole.
pub const PLATFORM: &str = "platform";

/// The folder that says who opened which generation.
pub const GENERATIONS: &str = "platform/generations";

/// The object with the salt key, within a generation's folder.
pub const SALT: &str = "keys/salt";

const MICROS_PER_DAY: i64 = 86_400 * 1_000_000;

/// The folder of a generation.
pub fn generation_folder(label: &str, generation: u32) -> String {
    format!("{ORGANIZATIONS}/{label}/{generation}")
}

/// The log file of a run, within its generation's folder.
pub fn log_file(received_us: i64, first: u64, last: u64, sha256: &[u8; 32]) -> String {
    let prefix = hex::encode(&sha256[..8]);
    format!("log/date={}/{}-{prefix}.parquet", date(received_us), run(first, last))
}

/// The hashes of a run, within its generation's folder.
pub fn tiles(first: u64, last: u64) -> String {
    format!("tiles/{}.tiles", run(first, last))
}

/// The manifest of a run, within its generation's folder.
pub fn manifest(first: u64, last: u64) -> String {
    format!("manifest/{}", run(first, last))
}

/// Reads `<first>-<last>` as [`manifest`] writes it.
pub fn parse_run(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let range = (first.parse().ok()?, last.parse().ok()?);
    (run(range.0, range.1) == text && range.0 <= range.1).then_some(range)
}

/// The note that says which file took the place of the log file of a run, because entries of it are redacted, for the
/// `number`th time: within the generation's folder.
pub fn redaction(first: u64, last: u64, number: u32) -> String {
    format!("redaction/{}/{number}", run(first, last))
}

/// Reads a name as [`redaction`] writes it: first, last, number.
pub fn parse_redaction(name: &str) -> Option<(u64, u64, u32)> {
    let (run, number) = name.strip_prefix("redaction/")?.split_once('/')?;
    let (first, last) = parse_run(run)?;
    Some((first, last, parse_generation(number)?))
}

/// Sixteen digits hold every `seq` that an exact JSON number holds, and keep names in order.
fn run(first: u64, last: u64) -> String {
    format!("{first:016}-{last:016}")
}

/// The object that says who opened a generation.
pub fn claim(generation: u32) -> String {
    format!("{GENERATIONS}/{generation}")
}

/// The generation of an object that is named as [`claim`] names it.
pub fn parse_claim(name: &str) -> Option<u32> {
    parse_generation(name.strip_prefix(GENERATIONS)?.strip_prefix('/')?)
}

/// A generation as it stands in names: from 1, without zeros ahead.
pub fn parse_generation(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

/// The name of a copy of the journal, which says what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyName {
    /// Generation of the logs.
    pub generation: u32,
    /// Numbers of the first and the last journal frame.
    pub frames: (u64, u64),
    /// `received_at` of the last frame, whole seconds since 1970 UTC.
    pub received_s: u64,
    /// The beginning of the SHA-256 of the object.
    hash: [u8; 8],
}

impl CopyName {
    pub(crate) fn new(generation: u32, frames: (u64, u64), received_us: i64, sha256: &[u8; 32]) -> CopyName {
        let mut hash = [0; 8];
        hash.copy_from_slice(&sha256[..8]);
        let received_s = u64::try_from(received_us / 1_000_000).unwrap_or(0);
        CopyName { generation, frames, received_s, hash }
    }

    /// The object.
    pub fn object(&self) -> String {
        let CopyName { generation, frames: (first, last), received_s, hash } = self;
        let hash = hex::encode(hash);
        format!("{JOURNAL}/{generation}/{}-{received_s:012}-{hash}.segment", run(*first, *last))
    }

    /// Reads a name back; `None` for every other name.
    pub fn parse(object: &str) -> Option<CopyName> {
        let (generation, name) = object.strip_prefix(JOURNAL)?.strip_prefix('/')?.split_once('/')?;
        let mut parts = name.strip_suffix(".segment")?.split('-');
        let frames = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let received_s = parts.next()?.parse().ok()?;
        let mut hash = [0; 8];
        hex::decode_to_slice(parts.next()?, &mut hash).ok()?;
        let name = CopyName { generation: parse_generation(generation)?, frames, received_s, hash };
        (name.object() == object).then_some(name)
    }
}

/// The UTC day, `YYYY-MM-DD`. Years outside 0001 to 9999 do not come out right, and do not occur.
pub fn date(us: i64) -> String {
    let mut text = Time::from_us(us).to_string();
    text.truncate(10);
    text
}

/// Days since 1970-01-01, by which runs are cut.
pub fn day(us: i64) -> i64 {
    us.div_euclid(MICROS_PER_DAY)
}

/// Whether `label` is one: 32 lower-case hexadecimal digits.
pub fn is_label(label: &str) -> bool {
    label.len() == 32 && label.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
