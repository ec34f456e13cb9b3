//! Content that is encrypted in the journal.

use std::fs;

use indelible_event::entry;
use indelible_merkle::leaf_hash;

use super::*;

/// Submits an event with `text` in its content, for these organizations.
fn submit(bench: &Bench, id: u64, text: &str, organizations: &[u32]) -> Answer {
    let line = line(id, "u").replacen('{', &format!("{{\"note\":\"{text}\","), 1);
    let mut scratch = Scratch::default();
    let part = IntakePart { producer: "p", producer_epoch: None, producer_seq: None, source: "test", adapter: None };
    let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &part, || unreachable!()).unwrap();
    let numbers: Vec<u32> = organizations.iter().map(|organization| bench.number(*organization)).collect();
    let mut batch = bench.intake.batch("p");
    batch.push(&event, &numbers);
    let (reply, answer) = channel();
    bench.intake.submit(batch, Box::new(move |result| reply.send(result).unwrap()));
    answer.recv().unwrap().unwrap()
}

fn label(bench: &Bench, organization: u32) -> String {
    bench.ledger.find(&rid(organization)).unwrap().label.clone()
}

/// Whether any file of the folder but those of keys holds `text`. Files may take other names meanwhile: then all is looked at again.
fn is_anywhere(folder: &Path, text: &str) -> bool {
    fn look(folder: &Path, text: &[u8]) -> std::io::Result<bool> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let holds = match path.is_dir() {
                true => look(&path, text)?,
                false => fs::read(&path)?.windows(text.len()).any(|bytes| bytes == text),
            };
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }
    let mut looked = (0..100).map(|_| look(folder, text.as_bytes()));
    looked.find_map(Result::ok).unwrap()
}

/// Every entry of the tail whose content holds a note: organization, `seq`, the text if its key is there.
fn notes(bench: &Bench) -> Vec<(u32, u64, Option<String>)> {
    let tail = bench.intake.tail().snapshot();
    let mut contents = tail.contents();
    let mut notes = Vec::new();
    for stretch in tail.stretches() {
        tail.visit::<TailError>(stretch, |place, received_at_us, record| {
            let log = bench.ledger.get(place.number).unwrap();
            let content = record.content(place.number);
            let key = contents.key(&content).unwrap();
            let text = contents.read(&content).unwrap();
            // What is read leads to the leaf that is in the tree.
            if let Some(text) = text {
                let salt_key = key.as_ref().map_or_else(|| log.salt_key.clone(), |key| log.salt_key.under(key));
                let hash = entry::content_hash(&salt_key.salt(place.seq), text);
                let infrastructure = entry::infrastructure_hash(record.infrastructure);
                let mut bytes = Vec::new();
                let organization = log.organization.as_str();
                entry::entry_bytes(&mut bytes, organization, place.seq, received_at_us, &infrastructure, &hash);
                assert_eq!(leaf_hash(&bytes), bench.ledger.leaf(place.number, place.seq).unwrap());
            }
            let organization = organization_of(bench, place.number);
            let text = text.map(|text| String::from_utf8(text.to_vec()).unwrap());
            if text.as_ref().is_none_or(|text| text.contains("note")) {
                notes.push((organization, place.seq, text));
            }
            Ok(())
        })
        .unwrap();
    }
    notes
}

fn organization_of(bench: &Bench, number: u32) -> u32 {
    (0..10).find(|n| bench.ledger.get(number).unwrap().organization == rid(*n)).unwrap()
}

fn content(text: &str) -> Option<String> {
    Some(format!("{{\"extra\":{{\"note\":\"{text}\"}},\"users\":[{{\"uid\":\"u\"}}]}}"))
}

#[test]
fn encrypted_content_is_in_no_byte_of_the_folder_and_reads_back_with_its_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    for organization in [1, 2, 3] {
        bench.number(organization);
    }
    submit(&bench, 1, "before-the-key", &[1]);
    let keys = [1, 2].map(|organization| bench.keys.create(&label(&bench, organization)).unwrap());
    let first = submit(&bench, 2, "one-sealed", &[1]);
    submit(&bench, 3, "two-sealed", &[1, 2]);
    submit(&bench, 4, "sealed-and-plain", &[3, 1, 2]);
    submit(&bench, 5, "plain-alone", &[3]);
    // A repeat is known for one, and has the receipt of the first.
    let again = submit(&bench, 2, "one-sealed", &[1]);
    assert_eq!((again.outcomes[0].status, &again.receipts), (Status::Duplicate, &first.receipts));
    let expected = vec![
        (1, 1, content("before-the-key")),
        (1, 2, content("one-sealed")),
        (1, 3, content("two-sealed")),
        (2, 1, content("two-sealed")),
        (3, 1, content("sealed-and-plain")),
        (1, 4, content("sealed-and-plain")),
        (2, 2, content("sealed-and-plain")),
        (3, 2, content("plain-alone")),
    ];
    assert_eq!(notes(&bench), expected);
    for (text, is_plain) in [
        ("before-the-key", true),
        ("one-sealed", false),
        ("two-sealed", false),
        ("sealed-and-plain", true),
        ("plain-alone", true),
    ] {
        assert_eq!(is_anywhere(folder.path(), text), is_plain, "{text}");
    }
    let roots =
        |bench: &Bench| [0, 1, 2].map(|number| bench.ledger.root_at(number, bench.ledger.size(number)).unwrap());
    let before = roots(&bench);
    let bench = bench.reopen();
    assert_eq!((roots(&bench), notes(&bench)), (before, expected.clone()));

    // An erased key takes what one organization has and leaves what the others have.
    bench.keys.erase(&label(&bench, 1), keys[0].id()).unwrap();
    let erased: Vec<_> = expected
        .into_iter()
        .map(|(organization, seq, text)| (organization, seq, text.filter(|_| organization != 1 || seq == 1)))
        .collect();
    assert_eq!(notes(&bench), erased);
    let after = submit(&bench, 6, "under-the-next-key", &[1]);
    assert_eq!(after.receipts[0].seq, 5);
    assert!(!is_anywhere(folder.path(), "under-the-next-key"));
    assert_eq!(notes(&bench).last().unwrap().2, content("under-the-next-key"));
    // What is in the tree already need not be read again.
    let bench = bench.reopen();
    assert_eq!(roots(&bench).len(), 3);
    assert_eq!(notes(&bench).last().unwrap().2, content("under-the-next-key"));
}

#[test]
fn a_missing_key_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    bench.number(1);
    let key = bench.keys.create(&label(&bench, 1)).unwrap();
    submit(&bench, 1, "sealed", &[1]);
    // Killed: what is in the journal is not in the ledger's files.
    let copied = tempfile::tempdir().unwrap();
    copy(folder.path(), copied.path());
    drop(bench);
    fs::remove_dir_all(copied.path().join("keys/content")).unwrap();
    let ledger = Arc::new(Ledger::open(&copied.path().join("ledger"), &copied.path().join("keys"), "test").unwrap());
    let clock = Arc::new(FakeClock { now: 1_000.into(), ..FakeClock::default() });
    let opened = Intake::open(Arc::new(RealDisk), copied.path(), ledger, clock, &options(), i64::MIN);
    let Err(failure) = opened else { panic!("opened without the key") };
    assert!(
        matches!(failure, Failure::Content { seq: 1, source: ContentError::Missing(id), .. } if id == key.id()),
        "{failure}"
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Every bit of a record that is flipped is an error, or in what is not encrypted nor authenticated: there is none.
#[test]
fn a_record_that_was_altered_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let numbers = [1, 2].map(|organization| bench.number(organization));
    for organization in [1, 2] {
        bench.keys.create(&label(&bench, organization)).unwrap();
    }
    for count in [1, 2] {
        let mut sealer = Sealer::new(Arc::clone(&bench.keys)).unwrap();
        let places: Vec<_> = numbers[..count].iter().map(|number| record::Place { number: *number, seq: 7 }).collect();
        for number in numbers {
            assert!(sealer.seals(number, &bench.ledger).unwrap());
        }
        let mut body = Vec::new();
        let (infrastructure, content) = (b"{\"a\":1}", b"{\"extra\":{}}");
        let (log_entry_id, places) = (&[1; 16], places.as_slice());
        let head = record::Head { time_us: 5, time_nanos: 0, log_entry_id, producer: 2, digest: 3, places };
        record::encode_sealed(&mut body, &head, infrastructure, content, &mut sealer).unwrap();
        let mut reader = ContentReader::new(Arc::clone(&bench.keys));
        let mut read = |body: &[u8], number| {
            let record = record::records(body).next().unwrap().ok()?;
            assert_eq!(record.bytes(), body.len());
            let content = record.content(number);
            reader.read(&content).ok().map(|text| text.map(<[u8]>::to_vec))
        };
        for number in &numbers[..count] {
            assert_eq!(read(&body, *number), Some(Some(content.to_vec())));
        }
        for at in 0..body.len() {
            let mut altered = body.clone();
            altered[at] ^= 1;
            if record::records(&altered).next().unwrap().is_ok_and(|record| record.bytes() == body.len()) {
                // One organization's wrapped key is nothing to the other.
                let all = numbers[..count].iter().all(|number| read(&altered, *number) == Some(Some(content.to_vec())));
                assert!(!all, "byte {at} of {count} places");
            }
        }
    }
}
