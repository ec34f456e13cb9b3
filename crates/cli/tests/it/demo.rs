//! `indelible demo`, whole and small: its people work through the services, and the security review finds who means harm.

use indelible_demo::reviews::{self, Ask};
use indelible_demo::{Platform, Story};

use crate::harness::{Server, offline};

/// On this one everything that can be done is done, small as it is.
const SEED: u64 = 4;
const PEOPLE: usize = 60;

#[test]
fn the_reviews_find_the_stories_in_what_the_services_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (seed, people) = (SEED.to_string(), PEOPLE.to_string());
    let path = data.to_str().unwrap();
    let args = ["demo", "--exit", "--listen", "127.0.0.1:0", "--data-dir", path, "--seed", &seed, "--people", &people];
    let answer = offline(&args);
    assert_eq!(answer.code, 0, "{}\n{}", answer.out, answer.err);
    assert!(!answer.out.contains("otherwise than they must be"), "{}", answer.out);
    assert!(
        answer.out.contains("events, each on the disk of its service before the answer went out"),
        "{}",
        answer.out
    );

    // Who plays which part is in the seed alone.
    let truth = Platform::with_people(SEED, 1_794_000_000_000_000, PEOPLE).truth();
    let culprit = |story| truth.iter().find(|misuse| misuse.story == story).unwrap().uid.clone();
    let server = Server::start_in(&data);
    let expected = [
        ("Sign-ins after many refusals", Story::StolenAccount),
        ("Exports at odd hours", Story::StolenAccount),
        ("Mass deletion", Story::Leaver),
        ("Permission changes at odd hours", Story::Leaver),
        ("Token generation out of proportion", Story::TokenMill),
        ("Tokens used from everywhere", Story::TokenMill),
    ];
    let review = reviews::security(None);
    for (title, story) in expected {
        let step = review.steps.iter().find(|step| step.title == title).unwrap();
        let Ask::Sql(statement) = &step.ask else { panic!("{title} is a count") };
        let rows = server.sql(statement);
        let times = |row: &serde_json::Value| row["times_usual"].as_f64().unwrap() as i64;
        let suspects: Vec<_> = rows.iter().filter(|row| times(row) >= reviews::OUTLIER).collect();
        assert!(!suspects.is_empty(), "{title}: {rows:?}");
        // Days count one by one: the mill runs for four.
        assert!(suspects.iter().all(|row| row["uid"] == culprit(story).as_str()), "{title}: {rows:?}");
    }
    // All that the guide speaks of is there.
    let guide = include_str!("../../../../docs/guides/demo.md");
    let table = guide.lines().filter(|line| {
        line.starts_with("| `multipass`") || line.starts_with("| `compass`") || line.starts_with("| `blobster`")
    });
    let mut categories = 0;
    for line in table {
        let product = line.split('`').nth(1).unwrap();
        for category in line.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            assert!(server.count(&format!("product:{product} category:{category}")) > 0, "{product} {category}");
            categories += 1;
        }
    }
    assert!(categories >= 20, "{categories} categories in the guide");
}
