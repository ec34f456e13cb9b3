//! A living platform, simulated: two organizations, a few hundred people with habits, three products
//! (*multipass* for sign-in and tokens, *compass* for folders and permissions, *blobster* for files),
//! fourteen days, and three misuses hidden among them.
//!
//! [`Platform::events`] yields complete audit.3 lines in order of time, as the services of the platform
//! would post them. The same seed and the same end give the same bytes. [`reviews`] holds the three
//! reviews a customer makes of such a log; they know nothing of the simulation.
//!
//! The crate does no IO and reads no clock. Start reading at [`Platform`], then `habits`, then `stories`.

mod acts;
mod clock;
mod dice;
mod habits;
mod json;
mod pen;
pub mod reviews;
mod stories;
mod world;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

pub use crate::pen::Event;
pub use crate::stories::Story;
pub use crate::world::Organization;

use crate::clock::{DAY, local_midnight};
use crate::pen::Pen;
use crate::stories::Plan;
use crate::world::{ORGANIZATIONS, World};

/// Days that a platform is simulated for.
pub const DAYS: i64 = 14;

/// People on a platform of the usual size, which leaves some 50,000 events.
pub const PEOPLE: usize = 240;

/// A simulated platform: who is on it and what becomes of them. Small; events are made as they are asked for.
#[derive(Debug)]
pub struct Platform {
    world: World,
    plan: Plan,
    window: Range<i64>,
}

/// What is hidden in the events, for tests: the reviews have to find it by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// What happened.
    pub story: Story,
    /// The account it happened with.
    pub uid: String,
    /// RID of the organization of that account.
    pub organization: &'static str,
    /// Time of its first event, in microseconds since 1970 UTC.
    pub first_us: i64,
    /// Time of its last event.
    pub last_us: i64,
    /// Its events.
    pub events: usize,
}

impl Platform {
    /// The platform of `seed` over the [`DAYS`] days that end at `end_us` (microseconds since 1970 UTC).
    pub fn new(seed: u64, end_us: i64) -> Self {
        Self::with_people(seed, end_us, PEOPLE)
    }

    /// As [`Platform::new`], with another number of people (40 at least): events are about 200 for each.
    pub fn with_people(seed: u64, end_us: i64, people: usize) -> Self {
        let window = end_us - DAYS * DAY..end_us;
        let mut world = World::new(seed, people.max(40));
        let plan = Plan::new(&mut world, window.start);
        Platform { world, plan, window }
    }

    /// The organizations whose people use the platform.
    pub fn organizations(&self) -> &'static [Organization] {
        &ORGANIZATIONS
    }

    /// All events of the fourteen days, in order of time. At most a day of each actor is held in memory.
    pub fn events(&self) -> Events<'_> {
        let mut actors: Vec<Actor> = Vec::new();
        actors.extend((0..self.world.people.len()).map(Actor::Person));
        actors.extend((0..self.world.services.len()).map(Actor::Service));
        actors.push(Actor::Noise);
        actors.extend(STORIES.map(Actor::Story));
        let mut events = Events { platform: self, lives: Vec::with_capacity(actors.len()), next: BinaryHeap::new() };
        for (index, actor) in actors.into_iter().enumerate() {
            events.lives.push(Life { actor, day: 0, today: Vec::new().into_iter() });
            events.schedule(index);
        }
        events
    }

    /// Who did what, when. For tests; nothing that a review uses.
    pub fn truth(&self) -> Vec<Misuse> {
        STORIES
            .into_iter()
            .filter_map(|story| {
                let days = (0..=DAYS).map(|day| self.day(Actor::Story(story), day));
                let times: Vec<i64> = days.flatten().map(|event| event.time_us).collect();
                let account = self.plan.account(&self.world, story);
                Some(Misuse {
                    story,
                    uid: account.uid.clone(),
                    organization: ORGANIZATIONS[account.organization].rid,
                    first_us: *times.iter().min()?,
                    last_us: *times.iter().max()?,
                    events: times.len(),
                })
            })
            .collect()
    }

    /// Everything `actor` does on a day of theirs, in order of time.
    fn day(&self, actor: Actor, day: i64) -> Vec<Event> {
        let world = &self.world;
        let offset = match actor {
            Actor::Person(index) => world.offset_us(&world.people[index]),
            Actor::Service(_) | Actor::Noise => 0,
            Actor::Story(story) => self.plan.offset_us(world, story),
        };
        let midnight = local_midnight(self.window.start, offset) + day * DAY;
        let mut pen = Pen::new(world, self.window.clone(), actor.number(), day);
        match actor {
            Actor::Person(index) => habits::person_day(&mut pen, &world.people[index], day, midnight),
            Actor::Service(index) => habits::service_day(&mut pen, &world.services[index], day, midnight),
            Actor::Noise => habits::noise_day(&mut pen, midnight),
            Actor::Story(story) => self.plan.day(&mut pen, story, day, midnight),
        }
        pen.into_events()
    }
}

const STORIES: [Story; 3] = [Story::StolenAccount, Story::Leaver, Story::TokenMill];

/// Whatever acts on its own. A night's work may reach into the next day of the same actor.
#[derive(Debug, Clone, Copy)]
enum Actor {
    Person(usize),
    Service(usize),
    Noise,
    Story(Story),
}

impl Actor {
    /// A number of its own, which keeps its chances apart from everybody else's.
    fn number(self) -> u64 {
        match self {
            Actor::Noise => 0,
            Actor::Story(story) => 1 + story as u64,
            Actor::Service(index) => 1_000 + index as u64,
            Actor::Person(index) => 1_000_000 + index as u64,
        }
    }
}

/// An iterator over the events of a platform: a merge of the days of all its actors.
#[derive(Debug)]
pub struct Events<'p> {
    platform: &'p Platform,
    lives: Vec<Life>,
    /// For each actor that goes on: the time of its next event, and its place in `lives`.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

#[derive(Debug)]
struct Life {
    actor: Actor,
    /// The first day that has not been lived.
    day: i64,
    today: std::vec::IntoIter<Event>,
}

impl Events<'_> {
    /// Notes when an actor acts next, having let it live until it does.
    fn schedule(&mut self, index: usize) {
        let life = &mut self.lives[index];
        while life.today.as_slice().is_empty() && life.day <= DAYS {
            life.today = self.platform.day(life.actor, life.day).into_iter();
            life.day += 1;
        }
        if let Some(event) = life.today.as_slice().first() {
            self.next.push(Reverse((event.time_us, index)));
        }
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let Reverse((_, index)) = self.next.pop()?;
        let event = self.lives[index].today.next();
        self.schedule(index);
        event
    }
}
