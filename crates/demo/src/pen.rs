//! Writes down what one actor asks the platform's services for on one day.

use std::collections::HashSet;

use crate::call::{Act, Call, Known, Slot};
use crate::clock::SECOND;
use crate::dice::{Dice, key};
use crate::world::{Account, Address, Project, World};

/// Who calls and from where: the same for every call of a session.
#[derive(Debug, Clone)]
pub(crate) struct Caller<'w> {
    pub(crate) account: &'w Account,
    pub(crate) credential: Option<Known>,
    pub(crate) address: Address,
    pub(crate) user_agent: &'w str,
    pub(crate) is_program: bool,
}

/// Collects the calls of one actor.
pub(crate) struct Pen<'w> {
    pub(crate) world: &'w World,
    pub(crate) dice: Dice,
    /// Traces come from a stream of their own, so that two runs that end at different times never give one to two calls.
    traces: Dice,
    window: std::ops::Range<i64>,
    actor: u64,
    next_slot: Slot,
    /// What an answer gives. A call that needs what a call before the window would have given is none either.
    kept: HashSet<Slot>,
    calls: Vec<Call>,
}

impl<'w> Pen<'w> {
    pub(crate) fn new(world: &'w World, window: std::ops::Range<i64>, actor: u64, day: i64) -> Self {
        Pen {
            world,
            dice: Dice::new(&[world.seed, 7, actor, day as u64]),
            traces: Dice::new(&[key(&[world.seed, window.end as u64, actor, day as u64])]),
            window,
            actor,
            next_slot: day as u64 * 1_000_000,
            kept: HashSet::new(),
            calls: Vec::new(),
        }
    }

    /// What was written, in order of time.
    pub(crate) fn into_calls(mut self) -> Vec<Call> {
        self.calls.sort_by_key(|call| call.time_us);
        self.calls
    }

    /// A password that is refused.
    pub(crate) fn refused_sign_in(&mut self, caller: &Caller<'w>, at: i64) {
        let nobody = Caller { credential: None, ..caller.clone() };
        let wrong = format!("not {}", caller.account.password);
        let act = Act::SignIn { user_name: caller.account.user_name.clone(), password: wrong };
        self.write(&nobody, at, act, false, None);
    }

    /// A password that is taken: a session begins, and the answer is somebody in it.
    pub(crate) fn sign_in(&mut self, caller: Caller<'w>, at: i64) -> Caller<'w> {
        let slot = self.slot();
        let Account { user_name, password, .. } = caller.account.clone();
        self.write(&caller, at, Act::SignIn { user_name, password }, true, Some(slot));
        let caller = Caller { credential: Some(Known::Since(slot)), ..caller };
        self.write(&caller, at + SECOND, Act::OpenHome, true, None);
        caller
    }

    /// When the session's last call is, of those that were written so far.
    pub(crate) fn last_us(&self, caller: &Caller<'w>) -> Option<i64> {
        let calls = self.calls.iter().filter(|call| call.credential == caller.credential);
        calls.map(|call| call.time_us).max()
    }

    pub(crate) fn sign_out(&mut self, caller: &Caller<'w>, at: i64) {
        self.write(caller, at, Act::SignOut, true, None);
    }

    /// Mints a token for programs.
    pub(crate) fn mint(&mut self, caller: &Caller<'w>, at: i64, description: &'static str) -> Slot {
        let slot = self.slot();
        self.write(caller, at, Act::Mint { description }, true, Some(slot));
        slot
    }

    pub(crate) fn revoke(&mut self, caller: &Caller<'w>, at: i64, token: Slot) {
        self.needing(token, |pen| pen.write(caller, at, Act::Revoke { token }, true, None));
    }

    /// An administrator writes a user's name anew.
    pub(crate) fn update_user(&mut self, caller: &Caller<'w>, at: i64, user: &Account) {
        let Account { uid, user_name, .. } = user.clone();
        self.write(caller, at, Act::UpdateUser { uid, user_name }, true, None);
    }

    /// An administrator moves `user` from the viewers of a project to its editors.
    pub(crate) fn update_groups(&mut self, caller: &Caller<'w>, at: i64, user: &Account, project: &Project) {
        let (uid, from, into) = (user.uid.clone(), project.group("viewers"), project.group("editors"));
        self.write(caller, at, Act::UpdateGroups { uid, from, into }, true, None);
    }

    pub(crate) fn browse(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        self.write(caller, at, Act::Browse { folder: project.folder(folder) }, true, None);
    }

    /// Looks into a folder of a project whose doors are closed to the caller, or whose token is not good any more.
    pub(crate) fn browse_refused(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        self.write(caller, at, Act::Browse { folder: project.folder(0) }, false, None);
    }

    pub(crate) fn search(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let words = *self.dice.pick(SEARCHES);
        self.write(caller, at, Act::Search { project: project.rid.clone(), words }, true, None);
    }

    pub(crate) fn rename(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        let name = format!("{} {}", self.dice.pick(SEARCHES), self.dice.between(1, 100));
        self.write(caller, at, Act::Rename { folder: project.folder(folder), name }, true, None);
    }

    /// Gives `user` a role on a folder, or takes it away.
    pub(crate) fn set_permission(
        &mut self,
        caller: &Caller<'w>,
        at: i64,
        folder: String,
        user: &Account,
        (role, change): (&'static str, &'static str),
    ) {
        self.write(caller, at, Act::SetPermission { folder, uid: user.uid.clone(), role, change }, true, None);
    }

    pub(crate) fn request_access(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        self.write(caller, at, Act::RequestAccess { folder: project.folder(0) }, true, None);
    }

    pub(crate) fn read(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let file = project.file(self.dice.count(0, project.files));
        self.write(caller, at, Act::Open { file }, true, None);
    }

    /// Opens a file of a project whose doors are closed to the caller.
    pub(crate) fn read_refused(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let file = project.file(self.dice.count(0, project.files));
        self.write(caller, at, Act::Open { file }, false, None);
    }

    /// Uploads a file into a folder.
    pub(crate) fn upload(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) -> Slot {
        let slot = self.slot();
        let name = *self.dice.pick(if caller.is_program { FEEDS } else { UPLOADS });
        let bytes = 200 + self.dice.wait(2_000) as usize;
        self.write(caller, at, Act::Upload { folder: project.folder(folder), name, bytes }, true, Some(slot));
        slot
    }

    /// Downloads a file, as a rule not one of the large ones.
    pub(crate) fn download(&mut self, caller: &Caller<'w>, at: i64, project: &Project, large: bool) {
        let file = self.dice.count(0, project.files);
        // The next of that kind.
        let file = (file..file + project.files)
            .map(|file| file % project.files)
            .find(|file| Project::is_large(*file) == large);
        let file = project.file(file.unwrap_or(0));
        self.write(caller, at, Act::Download { file }, true, None);
    }

    pub(crate) fn delete(&mut self, caller: &Caller<'w>, at: i64, file: Known) {
        let write = |pen: &mut Self| pen.write(caller, at, Act::Delete { file: file.clone() }, true, None);
        match file {
            Known::Since(slot) => self.needing(slot, write),
            Known::Before(_) => write(self),
        }
    }

    /// Reads a file, or searches, as programs do.
    pub(crate) fn script_call(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        match self.dice.chance(0.7) {
            true => self.read(caller, at, project),
            false => self.search(caller, at, project),
        }
    }

    /// Exports a report of a file for `user`, who ordered it some time ago.
    pub(crate) fn report(&mut self, caller: &Caller<'w>, at: i64, project: &Project, user: &Account) {
        let file = project.file(self.dice.count(0, project.files));
        self.write(caller, at, Act::Report { file, uid: user.uid.clone() }, true, None);
    }

    fn slot(&mut self) -> Slot {
        self.next_slot += 1;
        self.next_slot
    }

    /// Writes what needs an answer, if that is given.
    fn needing(&mut self, slot: Slot, write: impl FnOnce(&mut Self)) {
        if self.kept.contains(&slot) {
            write(self);
        }
    }

    fn write(&mut self, caller: &Caller<'w>, at: i64, act: Act, allowed: bool, keeps: Option<Slot>) {
        // Nothing in life happens on the full second.
        let time_us = at + self.dice.between(0, SECOND);
        let trace = format!("{:016x}{:016x}", self.traces.next(), self.traces.next());
        let has_token = match &caller.credential {
            Some(Known::Since(slot)) => self.kept.contains(slot),
            Some(Known::Before(_)) | None => true,
        };
        if !has_token || !self.window.contains(&time_us) {
            return;
        }
        self.kept.extend(keeps);
        let [a, b, c, d] = caller.address;
        self.calls.push(Call {
            time_us,
            actor: self.actor,
            address: format!("{a}.{b}.{c}.{d}"),
            user_agent: caller.user_agent.to_owned(),
            trace,
            allowed,
            uid: caller.account.uid.clone(),
            act,
            credential: caller.credential.clone(),
            by_program: caller.is_program,
            keeps,
        });
    }
}

/// What people look for, and what files are called.
pub(crate) const SEARCHES: &[&str] = &[
    "quarterly report",
    "inventory",
    "contract draft",
    "shift plan",
    "invoice overdue",
    "route north",
    "protocol",
    "budget",
    "training slides",
    "customs form",
    "lab results summary",
    "on-call list",
];

const UPLOADS: &[&str] =
    &["figures.csv", "measurements.parquet", "notes.docx", "scan.pdf", "slides.pptx", "export.xlsx"];
const FEEDS: &[&str] = &["feed.parquet"];
