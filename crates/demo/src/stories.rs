//! Three misuses, hidden in the ordinary. Who plays which part, and when, follows from the seed.

use crate::call::Known;
use crate::clock::{DAY, HOUR, MINUTE, SECOND, is_weekend, local_midnight};
use crate::dice::Dice;
use crate::habits::SCRIPTS;
use crate::pen::{Caller, Pen};
use crate::world::{Account, Address, DESKTOPS, DRAFTS, Job, Person, Project, Role, Service, Token, World};

/// A kind of misuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Somebody else signs in with a guessed password and carries off what they find.
    StolenAccount,
    /// Somebody who is about to leave shuts colleagues out of a project and deletes it.
    Leaver,
    /// An account mints tokens by the hundred, which are then used from everywhere.
    TokenMill,
}

/// The stories of one platform: indexes into its people, services and projects, and days.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    stolen: (usize, i64),
    leaver: (usize, i64),
    mill: (Culprit, i64),
}

#[derive(Debug, Clone, Copy)]
enum Culprit {
    Person(usize),
    Service(usize),
}

/// Days on which the mill runs.
const MILL_DAYS: i64 = 4;

impl Plan {
    /// Chooses who and when, and tells the world what changes for everybody else.
    pub(crate) fn new(world: &mut World, start_us: i64) -> Self {
        let mut dice = Dice::new(&[world.seed, 8]);
        let stolen = choose(world, &mut dice, &[], &[Role::Reader, Role::Analyst, Role::Manager]);
        let leaver = choose(world, &mut dice, &[stolen], &[Role::Steward, Role::Analyst, Role::Manager]);
        let engineer = choose(world, &mut dice, &[stolen, leaver], &[Role::Engineer]);
        let mill = if dice.chance(0.5) {
            let token = || Token { id: dice.uuid(), secret: dice.uuid() };
            world.people[engineer].script_token.get_or_insert_with(token);
            Culprit::Person(engineer)
        } else {
            let builds: Vec<usize> =
                (0..world.services.len()).filter(|index| world.services[*index].job == Job::Builds).collect();
            Culprit::Service(*dice.pick(&builds))
        };
        let mut plan =
            Plan { stolen: (stolen, dice.between(7, 12)), leaver: (leaver, 12), mill: (mill, dice.between(5, 9)) };
        let person = &world.people[leaver];
        let offset = world.offset_us(person);
        // The last night of a working week, with time left afterwards.
        while is_weekend(local_midnight(start_us, offset) + plan.leaver.1 * DAY, offset) {
            plan.leaver.1 -= 1;
        }
        let night = local_midnight(start_us, offset) + plan.leaver.1 * DAY;
        world.left = Some((person.account.uid.clone(), night + DAY));
        plan
    }

    pub(crate) fn account<'w>(&self, world: &'w World, story: Story) -> &'w Account {
        match (story, self.mill.0) {
            (Story::StolenAccount, _) => &world.people[self.stolen.0].account,
            (Story::Leaver, _) => &world.people[self.leaver.0].account,
            (Story::TokenMill, Culprit::Person(index)) => &world.people[index].account,
            (Story::TokenMill, Culprit::Service(index)) => &world.services[index].account,
        }
    }

    /// The clock a story goes by.
    pub(crate) fn offset_us(&self, world: &World, story: Story) -> i64 {
        match story {
            Story::StolenAccount => world.offset_us(&world.people[self.stolen.0]),
            Story::Leaver => world.offset_us(&world.people[self.leaver.0]),
            Story::TokenMill => 0,
        }
    }

    /// What a story adds to one day.
    pub(crate) fn day<'w>(&self, pen: &mut Pen<'w>, story: Story, day: i64, midnight: i64) {
        let world = pen.world;
        match story {
            Story::StolenAccount if day == self.stolen.1 => theft(pen, &world.people[self.stolen.0], midnight),
            Story::Leaver if day == self.leaver.1 - 1 => lock_out(pen, &world.people[self.leaver.0], midnight),
            Story::Leaver if day == self.leaver.1 => wipe(pen, &world.people[self.leaver.0], midnight),
            Story::TokenMill if (self.mill.1..self.mill.1 + MILL_DAYS).contains(&day) => match self.mill.0 {
                Culprit::Person(index) => {
                    let person = &world.people[index];
                    let strange = world.strange_to(person).map(|index| &world.projects[index]);
                    let open: Vec<&Project> = strange.filter(|project| project.is_open).collect();
                    let Some(token) = &person.script_token else { return };
                    mill(pen, &person.account, person.home, token, &open, midnight);
                }
                Culprit::Service(index) => {
                    let Service { account, address, token, .. } = &world.services[index];
                    let all: Vec<&Project> =
                        world.projects_of(account.organization).map(|index| &world.projects[index]).collect();
                    mill(pen, account, *address, token, &all, midnight);
                }
            },
            _ => {}
        }
    }
}

/// Somebody of one of these roles who works by day, is not away, and is not among `taken`; on a small platform
/// perhaps of another role.
fn choose(world: &World, dice: &mut Dice, taken: &[usize], roles: &[Role]) -> usize {
    let fits = |index: &usize| {
        let person = &world.people[*index];
        roles.contains(&person.role) && person.vacation.is_none() && person.trip.is_none() && !taken.contains(index)
    };
    let candidates: Vec<usize> = (0..world.people.len()).filter(fits).collect();
    match candidates.is_empty() {
        false => *dice.pick(&candidates),
        true => (0..world.people.len()).find(|index| !taken.contains(index)).unwrap_or(0),
    }
}

/// After a burst of guesses from many places, a sign-in from yet another; then a look around where
/// the account's owner never goes; then one large file after the other.
fn theft<'w>(pen: &mut Pen<'w>, victim: &'w Person, midnight: i64) {
    let world = pen.world;
    let mut at = midnight + pen.dice.between(20, 70) * MINUTE;
    let networks = pen.dice.count(6, 10);
    for _ in 0..pen.dice.between(30, 60) {
        at += pen.dice.between(10, 90) * SECOND;
        let address = pen.dice.pick(&world.reserve[..networks]).host(&mut pen.dice);
        let user_agent = pen.dice.pick(DESKTOPS);
        let guess = Caller { account: &victim.account, credential: None, address, user_agent, is_program: false };
        pen.refused_sign_in(&guess, at);
    }
    let user_agent = pen.dice.pick(DESKTOPS);
    let thief = Caller {
        account: &victim.account,
        credential: None,
        address: world.reserve[10].host(&mut pen.dice),
        user_agent,
        is_program: false,
    };
    at += 6 * MINUTE;
    let thief = pen.sign_in(thief, at);
    let strange = world.strange_to(victim).map(|index| &world.projects[index]);
    let (open, closed): (Vec<&Project>, Vec<&Project>) = strange.partition(|project| project.is_open);
    let looted: Vec<&Project> = (0..6).map(|_| *pen.dice.pick(&open)).collect();
    for _ in 0..pen.dice.between(30, 55) {
        at += pen.dice.between(6, 50) * SECOND;
        let project = *pen.dice.pick(&looted);
        if pen.dice.chance(0.25) {
            let closed = *pen.dice.pick(&closed);
            pen.browse_refused(&thief, at, closed);
        } else {
            let folder = pen.dice.count(0, project.folders);
            pen.browse(&thief, at, project, folder);
        }
    }
    for _ in 0..pen.dice.between(45, 80) {
        at += pen.dice.between(40, 130) * SECOND;
        let project = *pen.dice.pick(&looted);
        pen.download(&thief, at, project, true);
    }
}

/// The evening before: colleagues lose their roles in the project.
fn lock_out<'w>(pen: &mut Pen<'w>, leaver: &'w Person, midnight: i64) {
    let world = pen.world;
    let project = &world.projects[leaver.projects[0]];
    let mut at = midnight + 21 * HOUR + pen.dice.between(0, 40) * MINUTE;
    let caller = pen.sign_in(at_home(leaver), at);
    let others = world.people.iter().filter(|person| {
        person.account.organization == leaver.account.organization && person.account.uid != leaver.account.uid
    });
    // Those who work there come first.
    let (colleagues, rest): (Vec<&Person>, Vec<&Person>) =
        others.partition(|person| person.projects.contains(&leaver.projects[0]));
    let changes = pen.dice.count(44, 60);
    for (change, colleague) in colleagues.into_iter().chain(rest).cycle().take(changes).enumerate() {
        at += pen.dice.between(12, 50) * SECOND;
        let folder = project.folder(change % project.folders);
        pen.set_permission(&caller, at, folder, &colleague.account, ("editor", "removed"));
    }
    pen.sign_out(&caller, at + 2 * MINUTE);
}

/// The night after: everything in the project goes.
fn wipe<'w>(pen: &mut Pen<'w>, leaver: &'w Person, midnight: i64) {
    let project = &pen.world.projects[leaver.projects[0]];
    let mut at = midnight + 22 * HOUR + pen.dice.between(0, 20) * MINUTE;
    let caller = pen.sign_in(at_home(leaver), at);
    for folder in 0..project.folders {
        at += pen.dice.between(5, 25) * SECOND;
        pen.browse(&caller, at, project, folder);
    }
    for file in 0..project.files + DRAFTS {
        at += pen.dice.between(8, 35) * SECOND;
        pen.delete(&caller, at, Known::Before(project.file(file)));
    }
    pen.sign_out(&caller, at + MINUTE);
}

fn at_home(person: &Person) -> Caller<'_> {
    Caller {
        account: &person.account,
        credential: None,
        address: person.home,
        user_agent: person.desktop,
        is_program: false,
    }
}

/// Three batches of tokens a day; each token is then used a time or two, from anywhere.
fn mill<'w>(
    pen: &mut Pen<'w>,
    account: &'w Account,
    address: Address,
    token: &Token,
    projects: &[&Project],
    midnight: i64,
) {
    let world = pen.world;
    let credential = Some(Known::Before(token.secret.clone()));
    let owner = Caller { account, credential, address, user_agent: SCRIPTS, is_program: true };
    for batch in [2 * HOUR, 9 * HOUR, 17 * HOUR] {
        let mut at = midnight + batch + pen.dice.between(0, 3 * HOUR);
        for _ in 0..pen.dice.between(30, 55) {
            at += pen.dice.between(2, 9) * SECOND;
            let token = pen.mint(&owner, at, "command line");
            for _ in 0..pen.dice.between(1, 3) {
                let used_at = at + pen.dice.between(1, 180) * MINUTE;
                let address = pen.dice.pick(&world.reserve[20..70]).host(&mut pen.dice);
                let user = Caller { credential: Some(Known::Since(token)), address, ..owner.clone() };
                let project = *pen.dice.pick(projects);
                pen.script_call(&user, used_at, project);
            }
        }
    }
}
