//! A living platform, simulated: two organizations, a few hundred people with habits, three services
//! (*multipass* for sign-in and tokens, *compass* for folders and permissions, *blobster* for files),
//! fourteen days, and three misuses hidden among them.
//!
//! [`Platform::calls`] yields, in order of time, what people and programs ask the services for, as requests
//! of HTTP; [`Platform::seed`] what the services have to know before. What comes into the audit log is the
//! services' business: they are `examples/stack`. The same seed and the same end give the same calls.
//! [`reviews`] holds the three reviews a customer makes of the log; they know nothing of the simulation.
//!
//! The crate does no IO and reads no clock. Start reading at [`Platform`], then `habits`, then `stories`.

mod call;
mod clock;
mod dice;
mod habits;
mod pen;
pub mod reviews;
mod stories;
mod world;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

pub use crate::call::{Call, Memory, Request, Service};
pub use crate::stories::Story;
pub use crate::world::Organization;

use serde_json::Value;

use crate::clock::{DAY, local_midnight};
use crate::pen::Pen;
use crate::stories::Plan;
use crate::world::{ORGANIZATIONS, World};

/// Days that a platform is simulated for.
pub const DAYS: i64 = 14;

/// People on a platform of the usual size, whose calls leave some 50,000 events.
pub const PEOPLE: usize = 240;

/// A simulated platform: who is on it and what becomes of them. Small; calls are made as they are asked for.
#[derive(Debug)]
pub struct Platform {
    world: World,
    /// Of a platform on which nobody means harm there is none.
    plan: Option<Plan>,
    window: Range<i64>,
}

/// What is hidden in the calls, for tests: the reviews have to find it by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// What happened.
    pub story: Story,
    /// The account it happened with.
    pub uid: String,
    /// RID of the organization of that account.
    pub organization: &'static str,
    /// Time of its first call, in microseconds since 1970 UTC.
    pub first_us: i64,
    /// Time of its last call.
    pub last_us: i64,
    /// Its calls.
    pub calls: usize,
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
        Platform { world, plan: Some(plan), window }
    }

    /// As [`Platform::with_people`], with people of whom none means harm.
    pub fn without_stories(seed: u64, end_us: i64, people: usize) -> Self {
        let window = end_us - DAYS * DAY..end_us;
        Platform { world: World::new(seed, people.max(40)), plan: None, window }
    }

    /// The organizations whose people use the platform.
    pub fn organizations(&self) -> &'static [Organization] {
        &ORGANIZATIONS
    }

    /// What the services have to know before the first call, in the form of `examples/stack/platform.json`.
    pub fn seed(&self) -> Value {
        self.world.seed(self.window.start)
    }

    /// All calls of the fourteen days, in order of time. At most a day of each actor is held in memory.
    pub fn calls(&self) -> Calls<'_> {
        let mut actors: Vec<Actor> = Vec::new();
        actors.extend((0..self.world.people.len()).map(Actor::Person));
        actors.extend((0..self.world.services.len()).map(Actor::Service));
        actors.push(Actor::Noise);
        actors.extend(STORIES.map(Actor::Story));
        let mut calls = Calls { platform: self, lives: Vec::with_capacity(actors.len()), next: BinaryHeap::new() };
        for (index, actor) in actors.into_iter().enumerate() {
            calls.lives.push(Life { actor, day: 0, today: Vec::new().into_iter() });
            calls.schedule(index);
        }
        calls
    }

    /// Who did what, when. For tests; nothing that a review uses.
    pub fn truth(&self) -> Vec<Misuse> {
        let misuse = |plan: &Plan, story| {
            let days = (0..=DAYS).map(|day| self.day(Actor::Story(story), day));
            let times: Vec<i64> = days.flatten().map(|call| call.time_us).collect();
            let account = plan.account(&self.world, story);
            Some(Misuse {
                story,
                uid: account.uid.clone(),
                organization: ORGANIZATIONS[account.organization].rid,
                first_us: *times.iter().min()?,
                last_us: *times.iter().max()?,
                calls: times.len(),
            })
        };
        let plan = self.plan.iter();
        plan.flat_map(|plan| STORIES.into_iter().filter_map(move |story| misuse(plan, story))).collect()
    }

    /// Everything `actor` does on a day of theirs, in order of time.
    fn day(&self, actor: Actor, day: i64) -> Vec<Call> {
        let world = &self.world;
        let offset = match (actor, &self.plan) {
            (Actor::Person(index), _) => world.offset_us(&world.people[index]),
            (Actor::Story(story), Some(plan)) => plan.offset_us(world, story),
            (Actor::Service(_) | Actor::Noise | Actor::Story(_), _) => 0,
        };
        let midnight = local_midnight(self.window.start, offset) + day * DAY;
        let mut pen = Pen::new(world, self.window.clone(), actor.number(), day);
        match (actor, &self.plan) {
            (Actor::Person(index), _) => habits::person_day(&mut pen, &world.people[index], day, midnight),
            (Actor::Service(index), _) => habits::service_day(&mut pen, &world.services[index], day, midnight),
            (Actor::Noise, _) => habits::noise_day(&mut pen, midnight),
            (Actor::Story(story), Some(plan)) => plan.day(&mut pen, story, day, midnight),
            (Actor::Story(_), None) => {}
        }
        pen.into_calls()
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

/// An iterator over the calls of a platform: a merge of the days of all its actors.
#[derive(Debug)]
pub struct Calls<'p> {
    platform: &'p Platform,
    lives: Vec<Life>,
    /// For each actor that goes on: the time of its next call, and its place in `lives`.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

#[derive(Debug)]
struct Life {
    actor: Actor,
    /// The first day that has not been lived.
    day: i64,
    today: std::vec::IntoIter<Call>,
}

impl Calls<'_> {
    /// Notes when an actor acts next, having let it live until it does.
    fn schedule(&mut self, index: usize) {
        let life = &mut self.lives[index];
        while life.today.as_slice().is_empty() && life.day <= DAYS {
            life.today = self.platform.day(life.actor, life.day).into_iter();
            life.day += 1;
        }
        if let Some(call) = life.today.as_slice().first() {
            self.next.push(Reverse((call.time_us, index)));
        }
    }
}

impl Iterator for Calls<'_> {
    type Item = Call;

    fn next(&mut self) -> Option<Call> {
        let Reverse((_, index)) = self.next.pop()?;
        let call = self.lives[index].today.next();
        self.schedule(index);
        call
    }
}
