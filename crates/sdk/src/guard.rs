//! An event whose end is open.

use std::borrow::Cow;
use std::sync::Arc;

use indelible_event::catalogue::composed::{Categories, Finds, write_members};
use serde::Serialize;

use crate::auditor::Auditor;
use crate::context::Context;
use crate::emission::{Emission, EmitError};
use crate::ids;
use crate::line::Said;
use crate::settings::Durability;

/// An event that has begun and waits for its end; from [`Auditor::begin`].
///
/// Exactly one event comes of it: what [`succeed`](Self::succeed), [`unauthorized`](Self::unauthorized), [`fail`](Self::fail) or
/// [`partial`](Self::partial) says, each of which takes the guard; or, when it is dropped before by an early return, `?`, a panic or a
/// cancelled future, an `ERROR` with what is [known](Self::know). The event is on its way when one of them was called, not only when the
/// [`Emission`] is polled. What takes long may say before that it is [under way](Self::under_way).
#[derive(Debug)]
#[must_use = "dropped, it says ERROR"]
pub struct Guard<E: Categories> {
    auditor: Auditor,
    /// Perhaps that of a request; copied when it is changed.
    context: Arc<Context>,
    name: Cow<'static, str>,
    /// As it is known so far; taken when the end is said.
    begun: Option<Begun<E>>,
    /// The event's id and how many lines it has, if it has any.
    lines: Option<([u8; 16], u64)>,
    durability: Durability,
}

#[derive(Debug)]
struct Begun<E> {
    categories: E,
    /// By the name of their type, the members of the results known so far.
    known: Vec<(&'static str, Vec<u8>)>,
}

impl<E: Categories> Guard<E> {
    pub(crate) fn new(auditor: Auditor, context: Arc<Context>, name: Cow<'static, str>, categories: E) -> Self {
        let durability = auditor.durability();
        Self { auditor, context, name, begun: Some(Begun { categories, known: Vec::new() }), lines: None, durability }
    }

    /// Who does it and how they came; to be completed, for example when a sign-in has found out who it is.
    pub fn context_mut(&mut self) -> &mut Context {
        Arc::make_mut(&mut self.context)
    }

    /// Waits for another durability than the auditor's.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Notes the results of one category, for the case that the event does not succeed. A later call for the category replaces them.
    pub fn know<R: Serialize, At>(&mut self, results: &R)
    where
        E: Finds<R, At>,
    {
        let Some(begun) = &mut self.begun else { return };
        let kind = std::any::type_name::<R>();
        let mut members = Vec::new();
        // What cannot be JSON is not known.
        if write_members(results, &mut members).is_ok() {
            begun.known.retain(|(known, _)| *known != kind);
            begun.known.push((kind, members));
        }
    }

    /// It is under way: a line with `PARTIAL` and what is [known](Self::know), before the end is said. For what takes long or goes on
    /// behind an answer, such as a large download: awaited, none of it is done without a trace. All lines of the event have its `eventId`;
    /// `sequenceId`, from 0, orders them.
    pub fn under_way(&mut self) -> Emission {
        let (event_id, lines) = match self.lines.map_or_else(|| ids::fresh().map(|event_id| (event_id, 0)), Ok) {
            Ok(lines) => lines,
            Err(error) => return self.auditor.refuse(error),
        };
        self.lines = Some((event_id, lines + 1));
        match &self.begun {
            Some(begun) => self.say(begun, (event_id, Some(lines)), "PARTIAL", None),
            None => Emission::failed(EmitError::Closed),
        }
    }

    /// It was done.
    pub fn succeed(mut self, results: E::Results) -> Emission {
        let mut members = Vec::new();
        match E::write_results(&results, &mut members) {
            Ok(()) => self.end("SUCCESS", Some(&members)),
            Err(error) => {
                // It was done and cannot be said: the event says what it can.
                self.end("ERROR", None).detach();
                let message = format!("a result field cannot be JSON: {error}");
                Emission::failed(EmitError::Invalid { name: self.name.to_string(), message })
            }
        }
    }

    /// It was refused: whoever asked for it may not.
    pub fn unauthorized(mut self) -> Emission {
        self.end("UNAUTHORIZED", None)
    }

    /// It failed.
    pub fn fail(mut self) -> Emission {
        self.end("ERROR", None)
    }

    /// Part of it was done: what is [known](Self::know).
    pub fn partial(mut self) -> Emission {
        self.end("PARTIAL", None)
    }

    fn end(&mut self, result: &str, results: Option<&[u8]>) -> Emission {
        let Some(begun) = self.begun.take() else { return Emission::failed(EmitError::Closed) };
        let line = match self.lines {
            Some((event_id, lines)) => Ok((event_id, Some(lines))),
            None => ids::fresh().map(|event_id| (event_id, None)),
        };
        match line {
            Ok(line) => self.say(&begun, line, result, results),
            Err(error) => self.auditor.refuse(error),
        }
    }

    /// A line of the event, with the event's id and the line's place in it.
    fn say(&self, begun: &Begun<E>, line: ([u8; 16], Option<u64>), result: &str, results: Option<&[u8]>) -> Emission {
        let known: Vec<&[u8]> =
            begun.known.iter().map(|(_, members)| &**members).filter(|members| !members.is_empty()).collect();
        let known = known.join(&b","[..]);
        let mut request = Vec::new();
        if let Err(error) = begun.categories.write_request(&mut request) {
            let message = format!("a request field cannot be JSON: {error}");
            return self.auditor.refuse(EmitError::Invalid { name: self.name.to_string(), message });
        }
        let (event_id, place) = line;
        let said = Said {
            name: &self.name,
            event_id,
            place,
            result,
            categories: E::NAMES,
            request: &request,
            results: results.unwrap_or(&known),
        };
        self.auditor.say(&said, &self.context, self.durability)
    }
}

impl<E: Categories> Drop for Guard<E> {
    fn drop(&mut self) {
        if self.begun.is_some() {
            self.end("ERROR", None).detach();
        }
    }
}
