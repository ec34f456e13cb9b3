use super::*;

const ORGANIZATION: &str = "ri.indelible..organization.o1";

/// A log file of `generation` with the entries `first` to `last`, `bytes` long, with events from `time_us.0` to `time_us.1`.
fn file(generation: u32, (first, last): (u64, u64), bytes: u64, time_us: (i64, i64)) -> Arc<LogFile> {
    Arc::new(LogFile {
        organization: ORGANIZATION.parse().unwrap(),
        generation,
        object: format!("organizations/l/{generation}/log/date=2026-01-05/{first}"),
        first,
        last,
        rows: last - first + 1,
        bytes,
        canonical_bytes: bytes,
        entry_bytes_max: bytes,
        sha256: [0; 32],
        date: "2026-01-05".to_owned(),
        time_min_us: time_us.0,
        time_max_us: time_us.1,
        received_first_us: 0,
        received_last_us: 0,
        sealed_us: 0,
        archived_us: None,
        read_back_us: None,
    })
}

fn export(start_us: Option<i64>) -> Export {
    Export {
        id: "7".to_owned(),
        name: "siem".to_owned(),
        organization: ORGANIZATION.parse().unwrap(),
        start_us,
        retention_days: None,
        salt: false,
    }
}

/// Plans from a position; the answer is `first` of each file taken, where it leads, and whether more is left.
fn check(
    (position, start_us): (Option<(u32, u64)>, Option<i64>),
    files: &[Arc<LogFile>],
    expected: Result<Option<(&[u64], (u32, u64), bool)>, &str>,
) {
    let position = position.map(|(generation, last)| Position { generation, last });
    let limits = AppendLimits { bytes: 100, files: 3 };
    let planned = plan(&export(start_us), position, files, &limits);
    let found = planned.map_err(|error| error.to_string()).map(|plan| {
        plan.map(|plan| {
            let firsts: Vec<u64> = plan.files.iter().map(|(file, _)| file.first).collect();
            (firsts, (plan.position.generation, plan.position.last), plan.more)
        })
    });
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found, expected.map(|(firsts, position, more)| (firsts.to_vec(), position, more)));
        }
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
        (found, expected) => panic!("{found:?} where {expected:?} was expected"),
    }
}

const ANY: (i64, i64) = (0, 9);

fn five() -> Vec<Arc<LogFile>> {
    (0..5).map(|number| file(1, (number * 10, number * 10 + 9), 20, ANY)).collect()
}

#[test]
fn a_commit_goes_on_where_the_table_ends() {
    check((None, None), &five(), Ok(Some((&[0, 10, 20], (1, 29), true))));
    check((Some((1, 29)), None), &five(), Ok(Some((&[30, 40], (1, 49), false))));
    check((Some((1, 49)), None), &five(), Ok(None));
    check((None, None), &[], Ok(None));
}

#[test]
fn a_commit_takes_what_its_limits_allow_and_one_file_at_least() {
    let files = [file(1, (0, 9), 60, ANY), file(1, (10, 19), 60, ANY), file(1, (20, 29), 500, ANY)];
    check((None, None), &files, Ok(Some((&[0], (1, 9), true))));
    check((Some((1, 19)), None), &files, Ok(Some((&[20], (1, 29), false))));
}

#[test]
fn a_commit_is_of_one_generation() {
    let files = [file(1, (0, 9), 1, ANY), file(2, (0, 4), 1, ANY), file(2, (5, 9), 1, ANY)];
    check((None, None), &files, Ok(Some((&[0], (1, 9), true))));
    check((Some((1, 9)), None), &files, Ok(Some((&[0, 5], (2, 9), false))));
    check((Some((2, 4)), None), &files, Ok(Some((&[5], (2, 9), false))));
}

#[test]
fn what_does_not_follow_is_refused() {
    check(
        (Some((1, 14)), None),
        &five(),
        Err("ends behind entry 14 of generation 1 and the archive goes on with entry 10"),
    );
    check((Some((1, 9)), None), &five()[2..], Err("goes on with entry 20 of generation 1"));
    check((Some((1, 9)), None), &[file(2, (3, 9), 1, ANY)], Err("goes on with entry 3 of generation 2"));
    // A log may have been cut off at its beginning before the table began.
    check((None, None), &five()[2..], Ok(Some((&[20, 30, 40], (1, 49), false))));
}

#[test]
fn files_before_the_start_date_are_left_out() {
    let times = [(0, 99), (50, 100), (0, 99), (100, 200), (0, 50)];
    let files: Vec<_> = (0..5).map(|n| file(1, (n * 10, n * 10 + 9), 1, times[n as usize])).collect();
    check((None, Some(100)), &files, Ok(Some((&[10, 30], (1, 39), false))));
    check((Some((1, 39)), Some(100)), &files, Ok(None));
    check((None, Some(1000)), &files, Ok(None));
    let takes: Vec<_> = files.iter().map(|file| take(&export(Some(100)), file)).collect();
    assert_eq!(takes, [None, Some(Take::Since(100)), None, Some(Take::Whole), None]);
}

#[test]
fn log_files_of_others_are_refused() {
    let mut foreign = (*file(1, (0, 9), 1, ANY)).clone();
    foreign.organization = "ri.indelible..organization.o2".parse().unwrap();
    check((Some((9, 9)), None), &[Arc::new(foreign)], Err("is of ri.indelible..organization.o2"));
}
