//! The position file: how far each trail was read, replaced as a whole. `docs/formats/agent.md` describes it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_storage::Disk;

use crate::trails::Trail;

/// Its name in the spool's folder.
pub(crate) const FILE: &str = "positions";
const FIRST_LINE: &str = "indelible/agent/positions/v2";
/// Of a file whose second line says up to where refused records were kept, which is of no use any more.
const FIRST_LINE_OF_V1: &str = "indelible/agent/positions/v1";
/// A position file that is larger was not written by an agent.
const BYTES_MAX: u64 = 256 << 20;

/// Writes and reads the file.
#[derive(Debug)]
pub(crate) struct PositionFile {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl PositionFile {
    pub(crate) fn new(disk: &Arc<dyn Disk>, dir: &Path) -> Self {
        Self { disk: Arc::clone(disk), dir: dir.to_owned() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Nothing, if there is no file.
    pub(crate) fn read(&self) -> io::Result<Vec<Trail>> {
        if !self.disk.list(&self.dir)?.iter().any(|name| name == FILE) {
            return Ok(Vec::new());
        }
        let file = self.disk.open(&self.path())?;
        let bytes = Some(file.len()?).filter(|bytes| *bytes <= BYTES_MAX).and_then(|bytes| usize::try_from(bytes).ok());
        let mut text = vec![0; bytes.ok_or_else(|| damaged("it is too large"))?];
        let count = file.read_at(&mut text, 0)?;
        text.truncate(count);
        decode(&text)
    }

    /// Replaces the file, durably. On an error the old file is there or the new one.
    pub(crate) fn write(&self, trails: &[Trail]) -> io::Result<()> {
        let text = encode(trails)?;
        let staged = self.dir.join("positions.new");
        // It may be left from a write that failed.
        match self.disk.remove(&staged) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        let file = self.disk.create(&staged)?;
        file.write_at(text.as_bytes(), 0)?;
        file.sync()?;
        self.disk.rename(&staged, &self.path())?;
        self.disk.sync_dir(&self.dir)
    }
}

fn encode(trails: &[Trail]) -> io::Result<String> {
    let mut text = format!("{FIRST_LINE}\n");
    for trail in trails {
        text.push_str(&serde_json::to_string(trail)?);
        text.push('\n');
    }
    let checksum = crc32c::crc32c(text.as_bytes());
    text.push_str(&format!("crc32c {checksum:08x}\n"));
    Ok(text)
}

fn decode(bytes: &[u8]) -> io::Result<Vec<Trail>> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8"))?;
    let (body, last) =
        text.strip_suffix('\n').and_then(|text| text.rsplit_once('\n')).ok_or_else(|| damaged("it is cut"))?;
    let (body, last) = (&text[..=body.len()], last);
    if last != format!("crc32c {:08x}", crc32c::crc32c(body.as_bytes())) {
        return Err(damaged("its checksum is another"));
    }
    let mut lines = body.lines();
    match lines.next() {
        Some(FIRST_LINE) => {}
        Some(FIRST_LINE_OF_V1) => _ = lines.next(),
        _ => return Err(damaged("it is of another version")),
    }
    lines.map(serde_json::from_str).collect::<Result<_, _>>().map_err(|error| damaged(&error.to_string()))
}

fn damaged(why: &str) -> io::Error {
    let remedy = "restore it, or remove it: all files are then read again from their beginning, and the server knows again what it had \
                  within its memory for repeats (30 days unless set)";
    io::Error::new(io::ErrorKind::InvalidData, format!("the position file cannot be read: {why}; {remedy}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use indelible_testkit::disk::{Fault, FaultyDisk};
    use rand::SeedableRng;

    use super::*;
    use crate::identity::{self, Head, trail_id};
    use crate::trails::{Carrier, Key, Stamp};

    fn trail(number: u32, position: u64) -> Trail {
        let head = Head::of_all(b"one\n");
        let carrier = Carrier {
            key: Key { device: 1, inode: number.into(), born_us: (number > 1).then_some(9) },
            path: format!("/var/log/ä\"{number}"),
            ended: (number > 1).then_some(Stamp { bytes: 5, modified_us: -7 }),
            checked: None,
            broken: None,
            read: None,
            found: None,
        };
        Trail {
            id: trail_id("host", &head, number),
            adapter: "openssh".to_owned(),
            head,
            home: "/var/log/x".to_owned(),
            position,
            tail: identity::tail(b"x"),
            carrier: (number > 0).then_some(carrier),
            seen_us: 1 << 50,
            records: position,
            refused: 1,
        }
    }

    fn shown(trails: &[Trail]) -> String {
        format!("{trails:?}")
    }

    fn file(disk: &FaultyDisk) -> PositionFile {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        disk.create_dir(Path::new("/spool")).unwrap();
        PositionFile::new(&disk, Path::new("/spool"))
    }

    #[test]
    fn the_format_never_changes() {
        let trails = [trail(0, 0), trail(1, 10), trail(2, 20)];
        assert_eq!(encode(&trails).unwrap(), include_str!("../testdata/v2/positions"));
        for text in [include_str!("../testdata/v1/positions"), include_str!("../testdata/v2/positions")] {
            assert_eq!(shown(&decode(text.as_bytes()).unwrap()), shown(&trails));
        }
    }

    #[test]
    fn positions_read_back() {
        let file = file(&FaultyDisk::new());
        assert_eq!(shown(&file.read().unwrap()), shown(&[]));
        for count in [0, 1, 3] {
            let trails: Vec<_> = (0..count).map(|number| trail(number, u64::MAX - 5)).collect();
            file.write(&trails).unwrap();
            assert_eq!(shown(&file.read().unwrap()), shown(&trails));
        }
    }

    /// Every file operation fails once, in every way, and then the power; old or new positions are found, whole.
    #[test]
    fn a_write_that_fails_leaves_the_old_positions_or_the_new() {
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let disk = FaultyDisk::new();
        file(&disk).write(&[trail(1, 10)]).unwrap();
        let begun = disk.operations();
        let counted = disk.fork();
        file(&counted).write(&[trail(1, 20)]).unwrap();
        let operations = counted.operations() - begun;
        assert!(operations >= 5);
        for fault in Fault::ALL {
            for nth in 0..operations {
                let disk = disk.fork();
                let file = file(&disk);
                disk.fail_at(nth, fault);
                let written = file.write(&[trail(1, 20)]);
                disk.heal();
                for disk in [disk.cut_power(&mut random), disk.clone()] {
                    let position = self::file(&disk).read().unwrap()[0].position;
                    let expected: &[u64] = if written.is_ok() { &[20] } else { &[10, 20] };
                    assert!(expected.contains(&position), "{fault:?} at {nth}: {position}");
                }
                file.write(&[trail(1, 30)]).unwrap();
                assert_eq!(self::file(&disk.cut_power(&mut random)).read().unwrap()[0].position, 30);
            }
        }
    }

    #[test]
    fn no_damage_goes_unnoticed() {
        let text = encode(&[trail(1, 10), trail(2, 20)]).unwrap();
        assert!(decode(text.as_bytes()).is_ok());
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            assert!(decode(&bytes).is_err(), "bit of byte {place}");
            assert!(decode(&text.as_bytes()[..place]).is_err(), "cut at {place}");
        }
        let other = text.replacen("/v2", "/v3", 1);
        assert!(decode(other.as_bytes()).unwrap_err().to_string().contains("remove it"));
    }
}
