//! Names of objects in the archive's bucket.
//!
//! Everything of one generation of an organization's log stands below its folder; the names inside follow from what a
//! run holds, so that an object can be told by its name and found without a listing.

use indelible_event::Time;

/// The folder of all organizations.
pub const ORGANIZATIONS: &str = "organizations";

/// The folder of what concerns the platform as a whole.
pub const PLATFORM: &str = "platform";

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

/// Sixteen digits hold every `seq` that an exact JSON number holds, and keep names in order.
fn run(first: u64, last: u64) -> String {
    format!("{first:016}-{last:016}")
}

/// The UTC day, `YYYY-MM-DD`. Years outside 0001 to 9999 do not come out right, and do not occur.
pub fn date(us: i64) -> String {
    let mut text = Time { micros: us, nanos: 0 }.to_string();
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
