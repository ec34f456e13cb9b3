//! Small logs and archives for tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub(crate) mod bundles;

use std::path::Path;

use indelible_event::control::{self, Genesis, PreviousGeneration};
use indelible_event::entry::{SaltKey, content_hash, entry_bytes, infrastructure_hash};
use indelible_event::{ContentKey, Organization, Time};
use indelible_merkle::{
    Checkpoint, Frontier, Hash, Hashes, LevelHashes, Note, NoteSigner, VerifierKey, leaf_hash, root,
};
use indelible_storage::{Bucket, BucketError};

use crate::claim::{self, Claim};
use crate::journal_copy::{CopiedLog, CopyFacts, CopyWriter, JournalCopy};
use crate::log::{Log, LogError, LogInfo};
use crate::manifest::origin_parts;
use crate::rows::Row;
use crate::seal::{Pushed, SealedRun, Sealer};

pub(crate) const PLATFORM: &str = "audit.example";

/// 2026-01-05T00:00:00Z
pub(crate) const DAY_US: i64 = 1_767_571_200_000_000;

/// A log in memory: a genesis entry, then events, each received a second after the one before.
pub(crate) struct TestLog {
    info: LogInfo,
    pub(crate) signer: NoteSigner,
    frontier: Frontier,
    tree: LevelHashes,
    entries: Vec<Stored>,
    /// Under which the content of what is pushed is encrypted.
    pub(crate) key: Option<ContentKey>,
}

struct Stored {
    received_us: i64,
    infrastructure: Vec<u8>,
    content: Vec<u8>,
    key: Option<ContentKey>,
}

impl TestLog {
    /// The first generation of the log of an organization, signed with the key of `seed`.
    pub(crate) fn new(organization: &str, seed: u8) -> TestLog {
        TestLog::generation(organization, seed, 1, None)
    }

    pub(crate) fn generation(
        organization: &str,
        seed: u8,
        generation: u32,
        previous: Option<PreviousGeneration<'_>>,
    ) -> TestLog {
        let info = log_info(organization, seed, generation);
        let genesis = control::genesis(&Genesis {
            organization: &info.organization,
            origin: &info.origin,
            label: info.origin.split('/').nth(1).unwrap(),
            generation: u64::from(generation),
            key_id: &format!("{:08x}", info.key.id()),
            salt_key_commitment: info.salt_key.commitment(),
            previous,
            received_at_us: opened_us(generation),
            product_version: "0.1.0",
        });
        TestLog::with(info, seed, opened_us(generation), genesis.infrastructure, genesis.content)
    }

    /// A log whose first entry is anything.
    pub(crate) fn beginning_with(organization: &str, seed: u8, infrastructure: Vec<u8>, content: Vec<u8>) -> TestLog {
        TestLog::with(log_info(organization, seed, 1), seed, DAY_US, infrastructure, content)
    }

    fn with(info: LogInfo, seed: u8, opened_us: i64, infrastructure: Vec<u8>, content: Vec<u8>) -> TestLog {
        let signer = NoteSigner::from_seed(&[seed; 32]);
        let tree = LevelHashes::default();
        let mut log = TestLog { info, signer, frontier: Frontier::new(), tree, entries: Vec::new(), key: None };
        log.push(opened_us, infrastructure, content);
        log
    }

    /// Appends `count` events, the first a second after the last entry.
    pub(crate) fn grow(&mut self, count: usize) {
        for _ in 0..count {
            let (seq, received_us) = (self.size(), self.last_received_us() + 1_000_000);
            let (infrastructure, content) = event(seq, received_us);
            self.push(received_us, infrastructure, content);
        }
    }

    pub(crate) fn push(&mut self, received_us: i64, infrastructure: Vec<u8>, content: Vec<u8>) {
        let key = self.key.clone().filter(|_| !control::is_control(&infrastructure));
        let salt_key = key.as_ref().map_or_else(|| self.info.salt_key.clone(), |key| self.info.salt_key.under(key));
        let seq = self.size();
        let hashes = (infrastructure_hash(&infrastructure), content_hash(&salt_key.salt(seq), &content));
        let mut entry = Vec::new();
        entry_bytes(&mut entry, self.info.organization.as_str(), seq, received_us, &hashes.0, &hashes.1);
        self.frontier.extend_levels(&[leaf_hash(&entry)], &mut self.tree.levels);
        self.entries.push(Stored { received_us, infrastructure, content, key });
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn last_received_us(&self) -> i64 {
        self.entries.last().unwrap().received_us
    }

    pub(crate) fn entry(&self, seq: u64) -> Row<'_> {
        let Stored { received_us, infrastructure, content, .. } = &self.entries[seq as usize];
        Row {
            organization: self.info.organization.as_str(),
            seq,
            received_at_us: *received_us,
            infrastructure,
            content,
        }
    }

    /// The checkpoint of the first `size` entries, as its reader would keep it.
    pub(crate) fn checkpoint(&self, size: u64) -> Note {
        self.sign_checkpoint(size).unwrap().1
    }

    /// The signed claim of the log's generation.
    pub(crate) fn generation_claim(&self) -> Note {
        let name = Claim::key_name(PLATFORM);
        let (_, _, generation) = origin_parts(&self.info.origin).unwrap();
        let key = self.signer.verifier_key(&name).unwrap();
        let opened_us = opened_us(generation);
        let claim = Claim { platform: PLATFORM.to_owned(), generation, opened_us, server: [7; 16], key };
        self.signer.sign(&name, &claim.text()).unwrap()
    }

    /// A copy of its entries from `first` on, as frames of one entry that are numbered as these are.
    pub(crate) fn journal_copy(&self, first: u64) -> JournalCopy {
        let mut writer = CopyWriter::new().unwrap();
        for seq in first..self.size() {
            let Row { received_at_us, infrastructure, content, .. } = self.entry(seq);
            writer.push(seq, received_at_us, &[infrastructure, content].concat()).unwrap();
        }
        let (origin, organization) = (self.info.origin.clone(), self.info.organization.clone());
        let log = CopiedLog { number: 0, origin, organization, first, last: self.size() - 1 };
        let key = self.signer.verifier_key(&CopyFacts::key_name(PLATFORM)).unwrap();
        let (_, _, generation) = origin_parts(&self.info.origin).unwrap();
        writer.finish(PLATFORM, generation, key, vec![log], |name, text| self.signer.sign(name, text)).unwrap()
    }

    /// The verifier key under the platform's name.
    pub(crate) fn platform_key(&self) -> VerifierKey {
        self.signer.verifier_key(PLATFORM).unwrap()
    }

    /// Seals the entries from `first` to the end, or to where the run must end.
    pub(crate) fn seal(&self, staging: &Path, first: u64, previous: Option<[u8; 32]>) -> SealedRun {
        let mut sealer = Sealer::begin(self, staging, first, previous).unwrap();
        for seq in first..self.size() {
            let key = self.entries[seq as usize].key.as_ref();
            if sealer.push_under(&self.entry(seq), key).unwrap() == Pushed::RunEnds {
                break;
            }
        }
        sealer.finish(DAY_US + 86_400_000_000).unwrap()
    }
}

impl Hashes for TestLog {
    type Error = <LevelHashes as Hashes>::Error;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), Self::Error> {
        self.tree.tile_hashes(level, first, out)
    }
}

impl Log for TestLog {
    fn info(&self) -> &LogInfo {
        &self.info
    }

    fn sign_checkpoint(&self, size: u64) -> Result<(Hash, Note), LogError> {
        let root = root(&self.tree, size)?;
        Ok((root, Checkpoint::new(&self.info.origin, size, root).sign(&self.signer)?))
    }

    fn sign(&self, text: &str) -> Result<Note, LogError> {
        Ok(self.signer.sign(&self.info.origin, text)?)
    }
}

/// Generations follow each other by the hour.
fn opened_us(generation: u32) -> i64 {
    DAY_US + i64::from(generation - 1) * 3_600_000_000
}

fn log_info(organization: &str, seed: u8, generation: u32) -> LogInfo {
    let organization: Organization = organization.parse().unwrap();
    let label = organization.as_str().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let origin = format!("{PLATFORM}/{label:032x}/{generation}");
    let salt_key_bytes = [seed ^ 0x55; 32];
    LogInfo {
        key: NoteSigner::from_seed(&[seed; 32]).verifier_key(&origin).unwrap(),
        salt_key: SaltKey::new(salt_key_bytes),
        salt_key_bytes,
        organization,
        origin,
    }
}

/// The parts of an event that is a little different for each `seq`.
pub(crate) fn event(seq: u64, time_us: i64) -> (Vec<u8>, Vec<u8>) {
    let time = Time { micros: time_us - 250, nanos: (seq % 3) as u16 };
    let infrastructure = format!(
        r#"{{"categories":["dataLoad"],"intake":{{"producer":"p","source":"http"}},"logEntryId":"00000000-0000-4000-8000-{seq:012}","name":"LOAD","origins":["10.0.0.{}"],"product":"compass","result":"SUCCESS","time":"{time}","type":"audit.3","uid":"user-{}"}}"#,
        seq % 200,
        seq % 5
    );
    let content = match seq % 3 {
        0 => "{}".to_owned(),
        _ => format!(r#"{{"entities":["ri.a..b.{seq}"],"requestFields":{{"n":{seq}}}}}"#),
    };
    (infrastructure.into_bytes(), content.into_bytes())
}

/// The parts of an event that has every member there is.
pub(crate) fn full_event(time_us: i64) -> (Vec<u8>, Vec<u8>) {
    let time = Time { micros: time_us - 250, nanos: 7 };
    let infrastructure = format!(
        r#"{{"categories":["dataExport","dataLoad"],"environment":"prod","eventId":"00000000-0000-4000-8000-00000000e0e0","host":"h1","intake":{{"adapter":"none@1","producer":"p","producerEpoch":3,"producerSeq":9007199254740991,"source":"http"}},"logEntryId":"00000000-0000-4000-8000-00000000f0f0","name":"FULL.EVENT","orgId":"acme","origin":"192.0.2.1","origins":["192.0.2.1","::1"],"producerType":"SERVER","product":"compass","productVersion":"1.0.0","result":"PARTIAL","sequenceId":"12","service":"s","sid":"sid-1","sourceOrigin":"198.51.100.2","stack":"st","time":"{time}","tokenId":"t-1","traceId":"0af7651916cd43dd8448eb211c80319c","type":"audit.3","uid":"Zoë \"q\" \\","userAgent":"curl/8"}}"#
    );
    let content = r#"{"entities":["ri.a..b.1","=1+1"],"extra":{"later":[1.5,null,{"a":"\u0001\n"}]},"requestFields":{"comment":"line one\nline two, \"quoted\"","n":-3},"resultFields":{"ok":true},"users":[{"firstName":"Ann","groups":["g1","g2"],"lastName":"Bo","realm":"r","uid":"u1","userName":"ann"},{"uid":"u2"}]}"#;
    (infrastructure.into_bytes(), content.as_bytes().to_vec())
}

/// Runs a future on this thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An archive in `folder` of `logs`, each in runs of so many entries; the staging folder is beside it.
pub(crate) fn archive(folder: &Path, logs: &mut [TestLog], runs: &[usize]) {
    let staging = folder.with_extension("staging");
    let bucket = Bucket::create_local(folder).unwrap();
    for log in logs {
        // Logs of one generation share its claim.
        let (_, _, generation) = origin_parts(&log.info.origin).unwrap();
        let taken = wait(claim::take(&bucket, generation, log.generation_claim().to_string().as_bytes()));
        assert!(matches!(taken, Ok(()) | Err(BucketError::Taken { .. })), "{taken:?}");
        let mut previous = None;
        for (index, &entries) in runs.iter().enumerate() {
            let first = if index == 0 { 0 } else { log.size() };
            log.grow(entries - usize::from(index == 0));
            let run = log.seal(&staging, first, previous);
            wait(crate::upload(&bucket, &run, 0)).unwrap();
            previous = Some(run.manifest_sha256());
            run.remove().unwrap();
        }
    }
}
