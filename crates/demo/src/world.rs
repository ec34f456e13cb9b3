//! What stands still: organizations, sites, people, service accounts, projects, networks.
//!
//! All of it comes from the seed alone. No address belongs to anybody: networks are taken, in a
//! scrambled order, from the ranges 100.64.0.0/10 (shared address space) and 198.18.0.0/15 (benchmarks),
//! so that neither home, hotel nor attacker can be told by its number.

use crate::clock::{HOUR, MINUTE};
use crate::dice::{Dice, key, uuid};

/// An organization of the simulated platform.
#[derive(Debug, Clone, Copy)]
pub struct Organization {
    /// Its resource identifier, as it stands in `orgId`.
    pub rid: &'static str,
    /// Its name for people.
    pub title: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) stack: &'static str,
    pub(crate) departments: &'static [&'static str],
    /// Offsets from UTC in minutes, the largest site first.
    sites: &'static [i64],
}

/// The two organizations of the platform.
pub(crate) const ORGANIZATIONS: [Organization; 2] = [
    Organization {
        rid: "ri.indelible..organization.halden-freight",
        title: "Halden Freight",
        domain: "halden-freight.example",
        stack: "north-1",
        departments: &["operations", "customs", "fleet", "finance", "sales", "engineering", "people", "legal"],
        sites: &[60, -240, 480],
    },
    Organization {
        rid: "ri.indelible..organization.calder-health",
        title: "Calder Health",
        domain: "calder-health.example",
        stack: "west-2",
        departments: &["radiology", "pharmacy", "billing", "research", "cardiology", "engineering", "people", "legal"],
        sites: &[0, -420],
    },
];

/// What somebody is on the platform for; it decides what they do and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Reader,
    Analyst,
    Engineer,
    Steward,
    Manager,
    Administrator,
    /// Reads like a reader, from ten in the evening to six in the morning, weekends included.
    NightShift,
}

/// What a service account is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Imports files every hour.
    Intake,
    /// Exports reports every morning, on behalf of people.
    Reports,
    /// Deletes what has expired, every night.
    Retention,
    /// Mints a token for each build and revokes it afterwards.
    Builds,
}

/// Whoever can act: the identity that every line of an act shows.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uid: String,
    pub(crate) user_name: String,
    pub(crate) organization: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) account: Account,
    pub(crate) role: Role,
    pub(crate) site: usize,
    /// Start of work after local midnight, and its length.
    pub(crate) start_us: i64,
    pub(crate) length_us: i64,
    /// Requests in a usual day.
    pub(crate) requests: usize,
    /// Indexes of the projects this person works in, the main one first.
    pub(crate) projects: Vec<usize>,
    pub(crate) home: Address,
    /// How likely a day of work is one at home.
    pub(crate) home_share: f64,
    /// How likely this person works on a day of the weekend; on any night, for the night shift.
    pub(crate) weekend_share: f64,
    pub(crate) desktop: &'static str,
    pub(crate) phone: &'static str,
    /// The token of this person's own scripts, if there are any.
    pub(crate) script_token: Option<String>,
    /// Days of the simulation, first and last, without any work.
    pub(crate) vacation: Option<(i64, i64)>,
    /// Days of the simulation, first and last, spent in another place, and its network.
    pub(crate) trip: Option<(i64, i64, Network)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) account: Account,
    pub(crate) job: Job,
    pub(crate) address: Address,
    pub(crate) token: String,
    /// The day of the simulation on which its token has run out, if there is one.
    pub(crate) expired_on: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) offset_us: i64,
    pub(crate) office: Address,
    carriers: [Network; 3],
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) rid: String,
    pub(crate) organization: usize,
    pub(crate) department: usize,
    pub(crate) folders: usize,
    pub(crate) files: usize,
    key: u64,
}

/// A /24 and an address in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network([u8; 3]);
pub(crate) type Address = [u8; 4];

impl Network {
    pub(crate) fn host(self, dice: &mut Dice) -> Address {
        let [a, b, c] = self.0;
        [a, b, c, dice.between(2, 250) as u8]
    }
}

/// Hands out networks, each one once.
struct Networks {
    next: u64,
}

impl Networks {
    const COUNT: u64 = 16_384 + 512;

    fn take(&mut self) -> Network {
        // 5,693 has no factor in common with the count, so the walk visits every network before it repeats one.
        self.next = (self.next + 5_693) % Self::COUNT;
        let (high, low) = ((self.next >> 8) as u8, self.next as u8);
        Network(if self.next < 16_384 { [100, 64 + high, low] } else { [198, 18 + high - 64, low] })
    }
}

/// Everything that stands still, with the networks that the three stories and the background noise use.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) people: Vec<Person>,
    pub(crate) services: Vec<Service>,
    pub(crate) sites: [Vec<Site>; 2],
    pub(crate) projects: Vec<Project>,
    /// Index of the project of the second organization in which people of the first read along.
    pub(crate) joint_project: usize,
    /// Where the ever-present guessing of passwords comes from.
    pub(crate) noise: Vec<Network>,
    /// For the stories; never used by anybody else.
    pub(crate) reserve: Vec<Network>,
    /// A project that is empty from some time on.
    pub(crate) emptied: Option<(String, i64)>,
    /// The uid of somebody who is not there any more from some time on.
    pub(crate) left: Option<(String, i64)>,
}

impl World {
    pub(crate) fn new(seed: u64, people: usize) -> Self {
        let mut dice = Dice::new(&[seed, 1]);
        let mut networks = Networks { next: dice.next() % Networks::COUNT };
        let sites = ORGANIZATIONS.map(|organization| {
            organization.sites.iter().map(|minutes| site(*minutes, &mut networks, &mut dice)).collect::<Vec<_>>()
        });
        let projects = projects(seed, &mut dice);
        let joint_project = projects.iter().position(|project| project.organization == 1).unwrap_or(0) + 3;
        let mut world = World {
            seed,
            people: Vec::with_capacity(people),
            services: Vec::new(),
            sites,
            projects,
            joint_project,
            noise: (0..40).map(|_| networks.take()).collect(),
            reserve: (0..80).map(|_| networks.take()).collect(),
            emptied: None,
            left: None,
        };
        let homes: Vec<Network> = (0..people / 3 + 4).map(|_| networks.take()).collect();
        for index in 0..people {
            let person = world.person(index, &homes, &mut networks, &mut dice);
            world.people.push(person);
        }
        for organization in 0..ORGANIZATIONS.len() {
            for (job, name) in JOBS {
                let service = world.service(organization, job, name, networks.take(), &mut dice);
                world.services.push(service);
            }
        }
        world
    }

    /// Indexes of the projects of an organization.
    pub(crate) fn projects_of(&self, organization: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.projects.len()).filter(move |index| self.projects[*index].organization == organization)
    }

    pub(crate) fn offset_us(&self, person: &Person) -> i64 {
        self.sites[person.account.organization][person.site].offset_us
    }

    /// An address of the mobile networks around a person's site.
    pub(crate) fn mobile(&self, person: &Person, dice: &mut Dice) -> Address {
        let carriers = self.sites[person.account.organization][person.site].carriers;
        dice.pick(&carriers).host(dice)
    }

    fn person(&self, index: usize, homes: &[Network], networks: &mut Networks, dice: &mut Dice) -> Person {
        // The larger organization has three of five people.
        let organization = usize::from(index % 5 >= 3);
        let department = dice.count(0, ORGANIZATIONS[organization].departments.len());
        let role = dice.weighted(ROLES);
        let site = [0, 0, 0, 1, ORGANIZATIONS[organization].sites.len() - 1][dice.count(0, 5)];
        let first = dice.pick(FIRST_NAMES);
        let last = dice.pick(LAST_NAMES);
        let on_leave = dice.between(1, 13);
        let away = dice.between(0, 12);
        let uid = uuid(key(&[self.seed, 2, index as u64]), key(&[self.seed, 3, index as u64]));
        let night = role == Role::NightShift;
        let (desktop, phone) = (*dice.pick(DESKTOPS), *dice.pick(PHONES));
        Person {
            account: Account {
                uid,
                // The number keeps namesakes apart.
                user_name: format!("{first}.{last}{}@{}", index + 10, ORGANIZATIONS[organization].domain),
                organization,
            },
            role,
            site,
            start_us: if night { 22 * HOUR } else { 7 * HOUR + dice.between(20, 170) * MINUTE },
            length_us: if night { 8 * HOUR } else { dice.between(7 * 60, 9 * 60 + 30) * MINUTE },
            requests: 3 + dice.wait(7) as usize,
            projects: self.usual_projects(organization, department, dice),
            home: dice.pick(homes).host(dice),
            home_share: *dice.pick(&[0.0, 0.2, 0.4, 0.4, 0.9]),
            weekend_share: if night { 0.7 } else { *dice.pick(&[0.0, 0.0, 0.02, 0.1]) },
            desktop,
            phone,
            script_token: (role == Role::Engineer && dice.chance(0.6)).then(|| dice.uuid()),
            vacation: dice.chance(0.12).then_some((on_leave, on_leave + 6)),
            trip: dice.chance(0.08).then(|| (away, away + 3, networks.take())),
        }
    }

    /// Two or three projects of the own department, one of another, seldom the joint one.
    fn usual_projects(&self, organization: usize, department: usize, dice: &mut Dice) -> Vec<usize> {
        let (own, other): (Vec<usize>, Vec<usize>) = self
            .projects_of(organization)
            .filter(|index| *index != self.joint_project)
            .partition(|index| self.projects[*index].department == department);
        let mut projects = own;
        projects.truncate(dice.count(2, 4));
        let turn = dice.count(0, projects.len());
        projects.rotate_left(turn);
        projects.push(*dice.pick(&other));
        if dice.chance(0.15) {
            projects.push(self.joint_project);
        }
        projects
    }

    fn service(&self, organization: usize, job: Job, name: &str, network: Network, dice: &mut Dice) -> Service {
        Service {
            account: Account {
                uid: dice.uuid(),
                user_name: format!("{name}@{}", ORGANIZATIONS[organization].domain),
                organization,
            },
            job,
            address: network.host(dice),
            token: dice.uuid(),
            expired_on: (job == Job::Intake && dice.chance(0.7)).then(|| dice.between(2, 13)),
        }
    }
}

impl Project {
    pub(crate) fn folder(&self, index: usize) -> String {
        format!("ri.compass.main.folder.{}", self.locator(index))
    }

    /// A file of the project. Those from `files` on are drafts, which come and go.
    pub(crate) fn file(&self, index: usize) -> String {
        format!("ri.blobster.main.file.{}", self.locator(1_000 + index))
    }

    fn locator(&self, index: usize) -> String {
        uuid(key(&[self.key, 1, index as u64]), key(&[self.key, 2, index as u64]))
    }
}

fn site(minutes: i64, networks: &mut Networks, dice: &mut Dice) -> Site {
    Site {
        offset_us: minutes * MINUTE,
        office: networks.take().host(dice),
        carriers: [networks.take(), networks.take(), networks.take()],
    }
}

/// Three projects for each department.
fn projects(seed: u64, dice: &mut Dice) -> Vec<Project> {
    let mut projects = Vec::new();
    for (organization, facts) in ORGANIZATIONS.iter().enumerate() {
        for department in 0..facts.departments.len() {
            for _ in 0..3 {
                let number = projects.len() as u64;
                let locator = uuid(key(&[seed, 4, number]), key(&[seed, 5, number]));
                projects.push(Project {
                    rid: format!("ri.compass.main.project.{locator}"),
                    organization,
                    department,
                    folders: dice.count(4, 12),
                    files: dice.count(30, 120),
                    key: key(&[seed, 6, number]),
                });
            }
        }
    }
    projects
}

const ROLES: &[(u32, Role)] = &[
    (38, Role::Reader),
    (22, Role::Analyst),
    (12, Role::Engineer),
    (7, Role::Steward),
    (9, Role::Manager),
    (3, Role::Administrator),
    (9, Role::NightShift),
];

const JOBS: [(Job, &str); 4] = [
    (Job::Intake, "svc-intake"),
    (Job::Reports, "svc-reports"),
    (Job::Retention, "svc-retention"),
    (Job::Builds, "svc-builds"),
];

pub(crate) const DESKTOPS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
];

const PHONES: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
];

const FIRST_NAMES: &[&str] = &[
    "amara", "anders", "anika", "ben", "carla", "chen", "claire", "daniel", "deniz", "dora", "elif", "emeka", "erik",
    "fatima", "felix", "grace", "hanna", "hiro", "ines", "ivan", "jana", "jonas", "kaito", "karim", "laila", "leo",
    "lucia", "maja", "marco", "meera", "nadia", "nils", "noor", "olga", "omar", "paula", "petra", "quinn", "rafael",
    "rosa", "samir", "sofia", "tariq", "tess", "uma", "victor", "wanda", "yara", "yusuf", "zoe",
];

const LAST_NAMES: &[&str] = &[
    "abara",
    "adler",
    "ahmed",
    "almeida",
    "becker",
    "bianchi",
    "brandt",
    "castro",
    "chowdhury",
    "costa",
    "dubois",
    "eriksen",
    "farah",
    "fischer",
    "garcia",
    "grant",
    "haddad",
    "hansen",
    "ibarra",
    "ito",
    "jansen",
    "kaya",
    "keller",
    "kim",
    "kowalski",
    "larsen",
    "lindqvist",
    "lopez",
    "marsh",
    "mbeki",
    "meyer",
    "moreau",
    "nakamura",
    "nguyen",
    "novak",
    "okafor",
    "olsen",
    "park",
    "patel",
    "petrov",
    "quist",
    "rao",
    "reyes",
    "rossi",
    "santos",
    "sato",
    "schmidt",
    "silva",
    "singh",
    "tanaka",
    "torres",
    "urban",
    "vargas",
    "walsh",
    "weber",
    "wong",
    "yilmaz",
    "zhang",
];
