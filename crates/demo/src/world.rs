//! What stands still: organizations, sites, people, service accounts, projects, networks.
//!
//! All of it comes from the seed alone. No address belongs to anybody: networks are taken, in a
//! scrambled order, from the ranges 100.64.0.0/10 (shared address space) and 198.18.0.0/15 (benchmarks),
//! so that neither home, hotel nor attacker can be told by its number.

use serde_json::{Value, json};

use crate::clock::{DAY, HOUR, MINUTE, local_midnight, rfc3339};
use crate::dice::{Dice, key, uuid};
use crate::pen::SEARCHES;

/// An organization of the simulated platform.
#[derive(Debug, Clone, Copy)]
pub struct Organization {
    /// Its resource identifier, as it stands in `orgId`.
    pub rid: &'static str,
    /// Its name for people.
    pub title: &'static str,
    pub(crate) domain: &'static str,
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
        departments: &["operations", "customs", "fleet", "finance", "sales", "engineering", "people", "legal"],
        sites: &[60, -240, 480],
    },
    Organization {
        rid: "ri.indelible..organization.calder-health",
        title: "Calder Health",
        domain: "calder-health.example",
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

/// Whoever can act.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uid: String,
    pub(crate) user_name: String,
    pub(crate) password: String,
    pub(crate) organization: usize,
}

/// A token that is there from the beginning.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A token that runs out.
#[derive(Debug, Clone)]
pub(crate) struct OldToken {
    pub(crate) token: Token,
    /// The day of the simulation on which it does, and how long after midnight UTC.
    pub(crate) expires_on: i64,
    pub(crate) after_us: i64,
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
    pub(crate) script_token: Option<Token>,
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
    pub(crate) token: Token,
    /// The token that somebody forgot to replace, if there is one.
    pub(crate) old_token: Option<OldToken>,
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
    /// Whether everybody in the organization may look at it, and not only those who work there.
    pub(crate) is_open: bool,
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

    /// Indexes of the projects of a person's organization in which that person does not work.
    pub(crate) fn strange_to<'p>(&'p self, person: &'p Person) -> impl Iterator<Item = usize> + 'p {
        self.projects_of(person.account.organization).filter(|index| !person.projects.contains(index))
    }

    pub(crate) fn offset_us(&self, person: &Person) -> i64 {
        self.sites[person.account.organization][person.site].offset_us
    }

    /// An address of the mobile networks around a person's site.
    pub(crate) fn mobile(&self, person: &Person, dice: &mut Dice) -> Address {
        let carriers = self.sites[person.account.organization][person.site].carriers;
        dice.pick(&carriers).host(dice)
    }

    /// What the services of the platform begin with, for fourteen days from `start_us` on.
    pub(crate) fn seed(&self, start_us: i64) -> Value {
        let people = self.people.iter().map(|person| &person.account);
        let accounts: Vec<&Account> = people.chain(self.services.iter().map(|service| &service.account)).collect();
        let users = accounts.iter().enumerate().map(|(index, account)| {
            json!({
                "id": account.uid, "userName": account.user_name, "password": account.password,
                "organization": ORGANIZATIONS[account.organization].rid,
                "administrator": self.people.get(index).is_some_and(|person| person.role == Role::Administrator),
            })
        });
        json!({
            "users": users.collect::<Vec<_>>(),
            "tokens": self.tokens(local_midnight(start_us, 0)),
            "groups": self.groups(&accounts),
            "projects": self.projects.iter().map(Project::seed).collect::<Vec<_>>(),
        })
    }

    fn tokens(&self, midnight_us: i64) -> Vec<Value> {
        let token = |token: &Token, account: &Account, expires_us: Option<i64>| {
            let expires = expires_us.map(rfc3339);
            json!({"id": token.id, "token": token.secret, "user": account.uid, "expires": expires})
        };
        let scripts = self.people.iter().filter_map(|person| Some((person.script_token.as_ref()?, &person.account)));
        let services = self.services.iter().map(|service| (&service.token, &service.account));
        let old = self.services.iter().filter_map(|service| {
            let old = service.old_token.as_ref()?;
            Some(token(&old.token, &service.account, Some(midnight_us + old.expires_on * DAY + old.after_us)))
        });
        scripts.chain(services).map(|(its, account)| token(its, account, None)).chain(old).collect()
    }

    /// Two for each project: who works there changes it; who may look at it, the joint project's guests included, views it.
    fn groups(&self, accounts: &[&Account]) -> Vec<Value> {
        let mut groups = Vec::new();
        for (index, project) in self.projects.iter().enumerate() {
            let is_home = |account: &Account| account.organization == project.organization;
            let service =
                |account: &&Account| is_home(account) && self.services.iter().any(|s| s.account.uid == account.uid);
            let services = accounts.iter().copied().filter(service);
            let workers = self.people.iter().filter(|person| person.projects.contains(&index)).map(|p| &p.account);
            let (workers, guests): (Vec<_>, Vec<_>) = workers.partition(|account| is_home(account));
            let neighbours = accounts.iter().copied().filter(|account| project.is_open && is_home(account));
            let group = |kind: &str, members: &mut dyn Iterator<Item = &Account>| {
                let members: Vec<&str> = members.map(|account| &*account.uid).collect();
                json!({"id": project.group(kind), "organization": ORGANIZATIONS[project.organization].rid, "members": members})
            };
            groups.push(group("editors", &mut workers.into_iter().chain(services)));
            groups.push(group("viewers", &mut guests.into_iter().chain(neighbours)));
        }
        groups
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
                password: dice.uuid(),
                organization,
            },
            role,
            site,
            start_us: if night { 22 * HOUR } else { 7 * HOUR + dice.between(20, 170) * MINUTE },
            length_us: if night { 8 * HOUR } else { dice.between(7 * 60, 9 * 60 + 30) * MINUTE },
            requests: 3 + dice.wait(4) as usize,
            projects: self.usual_projects(organization, department, dice),
            home: dice.pick(homes).host(dice),
            home_share: *dice.pick(&[0.0, 0.2, 0.4, 0.4, 0.9]),
            weekend_share: if night { 0.7 } else { *dice.pick(&[0.0, 0.0, 0.02, 0.1]) },
            desktop,
            phone,
            script_token: (role == Role::Engineer && dice.chance(0.6)).then(|| token(dice)),
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
                password: dice.uuid(),
                organization,
            },
            job,
            address: network.host(dice),
            token: token(dice),
            old_token: (job == Job::Intake && dice.chance(0.7)).then(|| OldToken {
                token: token(dice),
                expires_on: dice.between(2, 13),
                after_us: dice.between(2, 9) * HOUR,
            }),
        }
    }
}

impl Project {
    pub(crate) fn folder(&self, index: usize) -> String {
        format!("ri.compass.main.folder.{}", self.locator(index))
    }

    /// Those who may look at the project, `viewers`, or change it, `editors`.
    pub(crate) fn group(&self, kind: &str) -> String {
        self.rid.replace("compass.main.project", &format!("multipass..{kind}"))
    }

    /// Whether a file is tens of megabytes and not less than one. A few of each project are.
    pub(crate) fn is_large(file: usize) -> bool {
        file % 16 == 7
    }

    /// Bytes of a file.
    pub(crate) fn size(&self, file: usize) -> u64 {
        let chance = key(&[self.key, 3, file as u64]);
        if Self::is_large(file) { 16_000_000 + chance % 32_000_000 } else { 2_000 + chance % 400_000 }
    }

    /// A file of the project. The [`DRAFTS`] from `files` on are drafts, which nobody will miss.
    pub(crate) fn file(&self, index: usize) -> String {
        format!("ri.blobster.main.file.{}", self.locator(1_000 + index))
    }

    fn seed(&self) -> Value {
        let facts = &ORGANIZATIONS[self.organization];
        let name = |index: usize| SEARCHES[index % SEARCHES.len()];
        let folder = |index: usize| json!({"id": self.folder(index), "name": name(index)});
        let file = |index: usize| {
            json!({
                "id": self.file(index), "name": format!("{} {index}.pdf", name(index)),
                "folder": self.folder(index % self.folders), "size": self.size(index),
            })
        };
        json!({
            "id": self.rid, "name": facts.departments[self.department], "organization": facts.rid,
            "viewers": self.group("viewers"), "editors": self.group("editors"),
            "folders": (0..self.folders).map(folder).collect::<Vec<_>>(),
            "files": (0..self.files + DRAFTS).map(file).collect::<Vec<_>>(),
        })
    }

    fn locator(&self, index: usize) -> String {
        uuid(key(&[self.key, 1, index as u64]), key(&[self.key, 2, index as u64]))
    }
}

fn token(dice: &mut Dice) -> Token {
    Token { id: dice.uuid(), secret: dice.uuid() }
}

fn site(minutes: i64, networks: &mut Networks, dice: &mut Dice) -> Site {
    Site {
        offset_us: minutes * MINUTE,
        office: networks.take().host(dice),
        carriers: [networks.take(), networks.take(), networks.take()],
    }
}

/// Three projects for each department, the last of which is closed to others.
fn projects(seed: u64, dice: &mut Dice) -> Vec<Project> {
    let mut projects = Vec::new();
    for (organization, facts) in ORGANIZATIONS.iter().enumerate() {
        for department in 0..facts.departments.len() {
            for place in 0..3 {
                let number = projects.len() as u64;
                let locator = uuid(key(&[seed, 4, number]), key(&[seed, 5, number]));
                projects.push(Project {
                    rid: format!("ri.compass.main.project.{locator}"),
                    organization,
                    department,
                    is_open: place < 2,
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

/// Drafts in a project at the beginning.
pub(crate) const DRAFTS: usize = 200;

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
