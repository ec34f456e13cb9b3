#![allow(clippy::unwrap_used, clippy::panic)]

use crate::{OpenError, Refusal, Witness, read_or_create_key, router};
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use indelible_merkle::{
    AddCheckpoint, Checkpoint, Frontier, Hash, LevelHashes, Note, NoteSigner, Notes, Signature, VerifierKey,
    WitnessSigner, consistency_proof, leaf_hash, root,
};
use indelible_storage::{Disk, RealDisk};
use indelible_testkit::disk::{Fault, FaultyDisk};
use std::{
    fs,
    path::Path,
    sync::{Arc, Barrier, Mutex},
    thread,
};
use tower::ServiceExt as _;

const ORIGIN: &str = "logs.example/platform/1";

/// A log that can show two histories, which part after `common` entries.
struct Log {
    signer: NoteSigner,
    trees: [LevelHashes; 2],
}

const COMMON: u64 = 10;

impl Log {
    fn new() -> Self {
        let tree = |salt: u64| {
            let leaf = |i: u64| leaf_hash(&[i, if i < COMMON { 0 } else { salt }].map(u64::to_be_bytes).concat());
            let mut hashes = LevelHashes::default();
            Frontier::new().extend_levels(&(0..600).map(leaf).collect::<Vec<_>>(), &mut hashes.levels);
            hashes
        };
        Self { signer: NoteSigner::from_seed(&[3; 32]), trees: [tree(1), tree(2)] }
    }

    fn key(&self) -> VerifierKey {
        self.signer.verifier_key(ORIGIN).unwrap()
    }

    fn root(&self, history: usize, size: u64) -> Hash {
        root(&self.trees[history], size).unwrap()
    }

    fn note(&self, history: usize, size: u64) -> Note {
        Checkpoint::new(ORIGIN, size, self.root(history, size)).sign(&self.signer).unwrap()
    }

    /// An honest request of one of the histories.
    fn request(&self, history: usize, old_size: u64, size: u64) -> AddCheckpoint {
        let proof = consistency_proof(&self.trees[history], old_size, size).unwrap();
        AddCheckpoint { old_size, proof, checkpoint: self.note(history, size) }
    }
}

fn signer() -> WitnessSigner {
    WitnessSigner::from_seed("witness.example", &[9; 32]).unwrap()
}

fn open(disk: impl Disk + 'static, state: &Path, log: &Log) -> Result<Witness, OpenError> {
    Witness::open(Arc::new(disk), state, signer(), vec![log.key()])
}

fn add(witness: &Witness, request: &AddCheckpoint) -> Result<Signature, Refusal> {
    witness.add_checkpoint(request.to_string().as_bytes(), 1_700_000_000)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_growing_log_is_cosigned_and_remembered() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    let state = folder.path().join("state");
    let mut old = 0;
    for size in [1, 3, 3, 300, 600] {
        // Each time after a restart.
        let witness = open(RealDisk, &state, &log).unwrap();
        assert_eq!(witness.logs()[0].size.unwrap_or(0), old);
        let request = log.request(0, old, size);
        let signature = add(&witness, &request).unwrap();
        assert_eq!(witness.key().cosigned(request.checkpoint.text(), &signature), Some(1_700_000_000));
        old = size;
    }
    assert_eq!(files(&state).len(), 1);
}

#[test]
fn what_does_not_extend_the_last_one_is_refused_and_kept() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    let state = folder.path().join("state");
    let witness = open(RealDisk, &state, &log).unwrap();
    add(&witness, &log.request(0, 0, 20)).unwrap();
    let conflict = |request: &AddCheckpoint| {
        assert!(matches!(add(&witness, request), Err(Refusal::Conflict { size: 20 })), "{request}");
    };
    let inconsistent = |request: &AddCheckpoint| {
        assert!(matches!(add(&witness, request), Err(Refusal::NotConsistent { size: 20 })), "{request}");
    };
    // Rolled back, by an honest request and by one that names the size.
    conflict(&log.request(0, 0, 15));
    conflict(&log.request(0, 15, 15));
    conflict(&log.request(0, 0, 20));
    assert!(!state.join("evidence").exists(), "an old checkpoint proves nothing");
    // Another history of the same size, and a larger one.
    conflict(&log.request(1, 20, 20));
    inconsistent(&log.request(1, 20, 40));
    let with = |change: &dyn Fn(&mut AddCheckpoint)| {
        let mut request = log.request(0, 20, 40);
        change(&mut request);
        request
    };
    inconsistent(&with(&|request| request.proof[0].0[3] ^= 1));
    inconsistent(&with(&|request| request.proof.truncate(1)));
    inconsistent(&with(&|request| request.proof.push(Hash::ZERO)));
    let kept = files(&state.join("evidence"));
    assert_eq!(
        kept.iter().map(|name| name.split('-').next().unwrap()).collect::<Vec<_>>(),
        ["fork", "unproven", "unproven"]
    );
    let text = fs::read_to_string(state.join("evidence").join(&kept[0])).unwrap();
    let notes: Vec<Note> = Notes::new(&text).collect::<Result<_, _>>().unwrap();
    let keys = [log.key()];
    let pair: Vec<_> = notes.iter().map(|note| Checkpoint::open(note, &keys).unwrap()).collect();
    assert_eq!(pair, [Checkpoint::new(ORIGIN, 20, log.root(0, 20)), Checkpoint::new(ORIGIN, 20, log.root(1, 20))]);
    // The right one is still welcome.
    add(&witness, &log.request(0, 20, 40)).unwrap();
    drop(witness);
    let witness = open(RealDisk, &state, &log).unwrap();
    assert!(matches!(add(&witness, &log.request(1, 40, 40)), Err(Refusal::Conflict { size: 40 })));
    assert!(add(&witness, &log.request(0, 40, 41)).is_ok());
}

#[test]
fn requests_that_are_none_are_refused() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    let witness = open(RealDisk, folder.path(), &log).unwrap();
    let check = |body: String, expected: fn(&Refusal) -> bool| {
        let refusal = witness.add_checkpoint(body.as_bytes(), 0).unwrap_err();
        assert!(expected(&refusal), "{refusal:?}");
    };
    let good = log.request(0, 0, 5);
    check(String::new(), |refusal| matches!(refusal, Refusal::Malformed(_)));
    check(good.to_string().replace("old 0", "old 00"), |refusal| matches!(refusal, Refusal::Malformed(_)));
    check(good.to_string().replace("old 0", "old 6"), |refusal| matches!(refusal, Refusal::BadCheckpoint));
    let other = NoteSigner::from_seed(&[4; 32]);
    let signed = |origin: &str, text: &str, signer: &NoteSigner| {
        AddCheckpoint { checkpoint: signer.sign(origin, text).unwrap(), ..good.clone() }.to_string()
    };
    let text = good.checkpoint.text();
    check(signed(ORIGIN, "no checkpoint\n", &log.signer), |refusal| matches!(refusal, Refusal::BadCheckpoint));
    check(signed(ORIGIN, text, &other), |refusal| matches!(refusal, Refusal::NotSigned));
    check(signed("other.example", text, &log.signer), |refusal| matches!(refusal, Refusal::NotSigned));
    check(good.to_string().replace("\n5\n", "\n6\n"), |refusal| matches!(refusal, Refusal::NotSigned));
    check(signed(ORIGIN, &text.replace(ORIGIN, "other.example"), &log.signer), |refusal| {
        matches!(refusal, Refusal::UnknownLog { .. })
    });
    check(AddCheckpoint { proof: vec![Hash::ZERO], ..good.clone() }.to_string(), |refusal| {
        matches!(refusal, Refusal::NotConsistent { size: 0 })
    });
    assert_eq!(witness.logs()[0].size, None);
    add(&witness, &good).unwrap();
}

#[test]
fn requests_at_the_same_time_never_take_leaves_back() {
    let log = Arc::new(Log::new());
    for round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let witness = Arc::new(open(RealDisk, folder.path(), &log).unwrap());
        add(&witness, &log.request(0, 0, 100)).unwrap();
        // All are consistent with 100; once one is taken the others are not about the last one any more.
        let (start, cosigned) = (Barrier::new(8), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for n in 0..8 {
                let (witness, log, start, cosigned) = (&witness, &log, &start, &cosigned);
                scope.spawn(move || {
                    let history = usize::from(n % 2 == 1 && round % 2 == 1);
                    let request = log.request(history, if history == 0 { 100 } else { COMMON }, 110 + n);
                    start.wait();
                    match add(witness, &request) {
                        Ok(_) => cosigned.lock().unwrap().push(110 + n),
                        Err(Refusal::Conflict { size }) => assert!(size >= 100),
                        Err(refusal) => panic!("{refusal}"),
                    }
                });
            }
        });
        let cosigned = cosigned.into_inner().unwrap();
        assert_eq!(cosigned.len(), 1, "of those that begin at the same size one is taken");
        assert_eq!(witness.logs()[0].size, Some(cosigned[0]));
        drop(witness);
        assert_eq!(open(RealDisk, folder.path(), &log).unwrap().logs()[0].size, Some(cosigned[0]));
    }
}

/// Cosigns three checkpoints while operation `nth` fails; afterwards, after power loss too, nothing is known that is less than
/// what was handed out.
fn check_fault(nth: u64, fault: Fault, log: &Log) {
    let (disk, state) = (FaultyDisk::new(), Path::new("state"));
    disk.fail_at(nth, fault);
    let mut handed_out = 0;
    if let Ok(witness) = open(disk.clone(), state, log) {
        for _ in 0..4 {
            let old = witness.logs()[0].size.unwrap_or(0);
            if add(&witness, &log.request(0, old, old + 7)).is_ok() {
                handed_out = old + 7;
            }
        }
    }
    let mut random = rand::SeedableRng::seed_from_u64(nth);
    let random: &mut rand::rngs::SmallRng = &mut random;
    for after in [disk.fork(), disk.cut_power(random), disk.cut_power(random)] {
        after.heal();
        let witness = open(after.clone(), state, log).unwrap();
        let known = witness.logs()[0].size.unwrap_or(0);
        assert!(known >= handed_out, "operation {nth} {fault:?}: {known} after {handed_out}");
        drop(witness);
        // What is shown once is remembered.
        let again = open(after.cut_power(random), state, log).unwrap();
        assert_eq!(again.logs()[0].size.unwrap_or(0), known);
    }
}

#[test]
fn what_was_cosigned_is_remembered_whatever_fails() {
    let log = Log::new();
    for fault in Fault::ALL {
        (0..25).for_each(|nth| check_fault(nth, fault, &log));
    }
}

#[test]
fn a_damaged_memory_is_not_taken_for_an_empty_one() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    add(&open(RealDisk, folder.path(), &log).unwrap(), &log.request(0, 0, 20)).unwrap();
    let path = folder.path().join(&files(folder.path())[0]);
    let note = fs::read_to_string(&path).unwrap();
    for text in [String::new(), note[..30].to_owned(), note.replace(ORIGIN, "other.example"), "x".to_owned()] {
        fs::write(&path, text).unwrap();
        let error = open(RealDisk, folder.path(), &log).err().unwrap();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
}

#[test]
fn both_keys_of_a_log_are_known_after_a_change() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    let new = Log { signer: NoteSigner::from_seed(&[5; 32]), ..Log::new() };
    let keys = vec![log.key(), new.key()];
    let witness = Witness::open(Arc::new(RealDisk), folder.path(), signer(), keys).unwrap();
    add(&witness, &log.request(0, 0, 20)).unwrap();
    add(&witness, &new.request(0, 20, 30)).unwrap();
    assert!(matches!(add(&witness, &log.request(0, 20, 25)), Err(Refusal::Conflict { size: 30 })));
    assert_eq!(witness.logs().len(), 1);
}

#[test]
fn a_key_file_is_made_once_and_never_beside_an_old_state() {
    let folder = tempfile::tempdir().unwrap();
    let (path, state) = (folder.path().join("new/witness.key"), folder.path().join("state"));
    let seed = read_or_create_key(&path, &state).unwrap();
    assert_eq!(read_or_create_key(&path, &state).unwrap(), seed);
    fs::create_dir(&state).unwrap();
    fs::write(state.join("x"), "").unwrap();
    assert_eq!(read_or_create_key(&path, &state).unwrap(), seed);
    fs::write(&path, "AB".repeat(32)).unwrap();
    assert!(read_or_create_key(&path, &state).unwrap_err().to_string().contains("64 lowercase hex digits"));
    fs::remove_file(&path).unwrap();
    assert!(read_or_create_key(&path, &state).unwrap_err().to_string().contains("put the key back"));
}

#[tokio::test]
async fn answers_are_those_of_the_protocol() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::new());
    let app = router(Arc::new(open(RealDisk, folder.path(), &log).unwrap()));
    let post = async |body: String| {
        let request = Request::post("/add-checkpoint").body(Body::from(body)).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let (status, body) = (answer.status().as_u16(), to_bytes(answer.into_body(), 1 << 20).await.unwrap());
        (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    };
    let request = log.request(0, 0, 20);
    let (status, _, body) = post(request.to_string()).await;
    assert_eq!(status, 200);
    let note: Note = format!("{}{body}", request.checkpoint).parse().unwrap();
    assert!(signer().key().cosigned(note.text(), &note.signatures()[1]).is_some());
    for _ in 0..2 {
        let (status, kind, body) = post(log.request(0, 3, 30).to_string()).await;
        assert_eq!((status, &*kind, &*body), (409, "text/x.tlog.size", "20\n"));
    }
    assert_eq!(post(log.request(1, 20, 40).to_string()).await.0, 422);
    assert_eq!(post("nothing".to_owned()).await.0, 400);
    assert_eq!(post(request.to_string().replace(ORIGIN, "other.example")).await.0, 404);
    assert_eq!(post(request.to_string().replace("\n20\n", "\n21\n")).await.0, 403);
    assert_eq!(post("x".repeat(300 << 10)).await.0, 413);
    let index = app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let text = to_bytes(index.into_body(), 1 << 20).await.unwrap();
    assert_eq!(text, format!("witness {}\nlog {ORIGIN} 20\n", signer().key()));
}
