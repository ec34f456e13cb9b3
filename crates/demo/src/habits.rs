//! Ordinary days: what people and service accounts do when nobody means harm, with the odd things
//! that ordinary days hold (mistyped passwords, journeys, night shifts, clearing out, expired tokens).

use crate::call::Known;
use crate::clock::{HOUR, MINUTE, SECOND, is_weekend};
use crate::pen::{Caller, Pen};
use crate::world::{Address, DRAFTS, Job, Person, Project, Role, Service};

/// What people do, one request each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Browse,
    Search,
    Read,
    Stray,
    Upload,
    Download,
    Delete,
    Rename,
    Share,
    Mint,
    Script,
    User,
    Groups,
}

/// How often people of a role do what, by weight.
#[rustfmt::skip]
fn acts(role: Role) -> &'static [(u32, Act)] {
    use Act::{Browse, Delete, Download, Groups, Mint, Read, Rename, Script, Search, Share, Stray, Upload, User};
    match role {
        Role::Reader => &[(34, Browse), (14, Search), (40, Read), (3, Stray), (5, Upload), (4, Download)],
        Role::NightShift => &[(30, Browse), (10, Search), (46, Read), (2, Stray), (7, Upload), (5, Download)],
        Role::Analyst => &[
            (22, Browse), (16, Search), (36, Read), (3, Stray), (9, Upload), (12, Download), (2, Delete), (3, Rename),
        ],
        Role::Engineer => &[
            (18, Browse), (10, Search), (26, Read), (2, Stray), (12, Upload), (3, Download), (2, Delete), (4, Mint),
            (26, Script),
        ],
        Role::Steward => &[
            (30, Browse), (8, Search), (16, Read), (10, Upload), (4, Download), (12, Delete), (14, Rename), (6, Share),
        ],
        Role::Manager => &[
            (30, Browse), (14, Search), (34, Read), (2, Stray), (5, Upload), (8, Download), (2, Rename), (6, Share),
        ],
        Role::Administrator => &[
            (24, Browse), (8, Search), (14, Read), (4, Upload), (14, Share), (3, Mint), (18, User), (14, Groups),
            (3, Rename),
        ],
    }
}

/// One day of a person, which begins at `midnight` of their site.
pub(crate) fn person_day<'w>(pen: &mut Pen<'w>, person: &'w Person, day: i64, midnight: i64) {
    let away = |days: Option<(i64, i64)>| days.is_some_and(|(first, last)| (first..=last).contains(&day));
    let offset = pen.world.offset_us(person);
    let by_rota = person.role == Role::NightShift || is_weekend(midnight, offset);
    let works = pen.dice.chance(if by_rota { person.weekend_share } else { 0.9 });
    let left = matches!(&pen.world.left, Some((uid, since)) if *uid == person.account.uid && midnight >= *since);
    if !works || left || away(person.vacation) {
        return;
    }
    let trip = person.trip.filter(|(first, last, _)| (*first..=*last).contains(&day));
    let address = match trip {
        Some((_, _, hotel)) => hotel.host(&mut pen.dice),
        None if pen.dice.chance(person.home_share) => person.home,
        None => pen.world.sites[person.account.organization][person.site].office,
    };
    let start = midnight + person.start_us + pen.dice.between(-20 * 60, 25 * 60) * SECOND;
    let lunch = start + person.length_us / 2 + pen.dice.between(-30, 30) * MINUTE;
    let end = start + person.length_us + pen.dice.between(-40, 30) * MINUTE;
    let requests = pen.dice.count(person.requests / 2, person.requests * 3 / 2 + 1);
    if pen.dice.chance(0.3) {
        let morning = session(pen, person, address, start..lunch, requests / 2);
        leave(pen, &morning);
        let afternoon = session(pen, person, address, lunch + 40 * MINUTE..end, requests / 2);
        leave(pen, &afternoon);
    } else {
        let day = session(pen, person, address, start..end, requests);
        leave(pen, &day);
    }
    if person.role == Role::NightShift {
        return;
    }
    let evening = end + pen.dice.between(50, 150) * MINUTE;
    if pen.dice.chance(0.07) {
        glance(pen, person, evening);
    } else if pen.dice.chance(0.05) {
        late_hour(pen, person, trip.map_or(person.home, |_| address), evening);
    }
}

/// From the first password to the last request of one sitting, before the sign-out.
fn session<'w>(
    pen: &mut Pen<'w>,
    person: &'w Person,
    address: Address,
    hours: std::ops::Range<i64>,
    requests: usize,
) -> Caller<'w> {
    let caller = signed_in(pen, person, address, person.desktop, hours.start);
    let mut times: Vec<i64> = (0..requests).map(|_| pen.dice.between(hours.start + MINUTE, hours.end)).collect();
    times.sort_unstable();
    let mut drafts = Vec::new();
    for at in times {
        request(pen, &caller, person, at, &mut drafts);
    }
    caller
}

/// Signs out, or just goes.
fn leave<'w>(pen: &mut Pen<'w>, caller: &Caller<'w>) {
    if pen.dice.chance(0.6) {
        let wait = pen.dice.between(1, 240) * SECOND;
        if let Some(last) = pen.last_us(caller) {
            pen.sign_out(caller, last + wait);
        }
    }
}

/// A look at the phone in the evening.
fn glance<'w>(pen: &mut Pen<'w>, person: &'w Person, at: i64) {
    let address = pen.world.mobile(person, &mut pen.dice);
    let caller = signed_in(pen, person, address, person.phone, at);
    for minute in 0..pen.dice.between(1, 4) {
        let (project, folder) = place(pen, person);
        if pen.dice.chance(0.5) {
            pen.read(&caller, at + (minute + 1) * MINUTE, project);
        } else {
            pen.browse(&caller, at + (minute + 1) * MINUTE, project, folder);
        }
    }
}

/// Something that has to be finished at home, and taken along.
fn late_hour<'w>(pen: &mut Pen<'w>, person: &'w Person, address: Address, at: i64) {
    let requests = pen.dice.count(2, 6);
    let caller = session(pen, person, address, at..at + 40 * MINUTE, requests);
    for file in 0..pen.dice.between(0, 3) {
        let (project, _) = place(pen, person);
        if project.organization == person.account.organization {
            pen.download(&caller, at + (41 + file) * MINUTE, project, false);
        }
    }
    leave(pen, &caller);
}

/// Signs in, after a mistyped password now and then.
fn signed_in<'w>(pen: &mut Pen<'w>, person: &'w Person, address: Address, user_agent: &'w str, at: i64) -> Caller<'w> {
    let caller = Caller { account: &person.account, credential: None, address, user_agent, is_program: false };
    let mistyped = pen.dice.weighted(&[(88, 0), (8, 1), (3, 2), (1, 5)]);
    for attempt in 0..mistyped {
        pen.refused_sign_in(&caller, at - (attempt + 1) * 9 * SECOND);
    }
    pen.sign_in(caller, at)
}

/// The project of the moment, and one of its folders.
fn place<'w>(pen: &mut Pen<'w>, person: &Person) -> (&'w Project, usize) {
    let world = pen.world;
    let index = if pen.dice.chance(0.6) { person.projects[0] } else { *pen.dice.pick(&person.projects) };
    let project = &world.projects[index];
    (project, pen.dice.count(0, project.folders))
}

fn request<'w>(pen: &mut Pen<'w>, caller: &Caller<'w>, person: &'w Person, at: i64, drafts: &mut Vec<Known>) {
    let world = pen.world;
    let (project, folder) = place(pen, person);
    let mut act = pen.dice.weighted(acts(person.role));
    // In another organization's project one only reads.
    if project.organization != person.account.organization && !matches!(act, Act::Browse | Act::Search) {
        act = Act::Read;
    }
    match act {
        Act::Browse => pen.browse(caller, at, project, folder),
        Act::Search => pen.search(caller, at, project),
        Act::Read => pen.read(caller, at, project),
        Act::Stray => stray(pen, caller, person, at),
        Act::Upload => {
            let file = pen.upload(caller, at, project, folder);
            drafts.push(Known::Since(file));
        }
        Act::Download => {
            let large = pen.dice.chance(0.015);
            pen.download(caller, at, project, large);
        }
        Act::Delete => {
            let file = drafts.pop().unwrap_or_else(|| old_draft(pen, project));
            pen.delete(caller, at, file);
        }
        Act::Rename => pen.rename(caller, at, project, folder),
        Act::Share => {
            let colleague = colleague(pen, person);
            let (viewer, editor) = ("viewer", "editor");
            let change =
                *pen.dice.pick(&[(viewer, "added"), (viewer, "added"), (editor, "added"), (viewer, "removed")]);
            // Never the first folder: whoever strays into a closed project is refused there.
            let folder = project.folder(folder.max(1));
            pen.set_permission(caller, at, folder, &colleague.account, change);
        }
        Act::Mint => {
            let token = pen.mint(caller, at, "command line");
            if pen.dice.chance(0.3) {
                pen.revoke(caller, at + 20 * MINUTE, token);
            }
        }
        Act::Script => script(pen, caller, person, at, project),
        Act::User => {
            let user = colleague(pen, person);
            pen.update_user(caller, at, &user.account);
        }
        Act::Groups => {
            let member = colleague(pen, person);
            let other = &world.projects[member.projects[0]];
            pen.update_groups(caller, at, &member.account, other);
        }
    }
}

/// Follows a link into a closed project of somebody else: refused, and sometimes asked for.
fn stray<'w>(pen: &mut Pen<'w>, caller: &Caller<'w>, person: &Person, at: i64) {
    let world = pen.world;
    let closed: Vec<usize> = world.strange_to(person).filter(|index| !world.projects[*index].is_open).collect();
    let project = &world.projects[*pen.dice.pick(&closed)];
    if pen.dice.chance(0.5) {
        pen.read_refused(caller, at, project);
    } else {
        pen.browse_refused(caller, at, project);
        if pen.dice.chance(0.4) {
            pen.request_access(caller, at + MINUTE, project);
        }
    }
}

/// A short run of a script with the person's own token, from where the person is.
fn script<'w>(pen: &mut Pen<'w>, caller: &Caller<'w>, person: &'w Person, at: i64, project: &'w Project) {
    let Some(token) = &person.script_token else { return pen.read(caller, at, project) };
    let credential = Some(Known::Before(token.secret.clone()));
    let script = Caller { credential, user_agent: SCRIPTS, is_program: true, ..caller.clone() };
    for call in 0..pen.dice.between(1, 5) {
        pen.script_call(&script, at + call * 2 * SECOND, project);
    }
}

fn colleague<'w>(pen: &mut Pen<'w>, person: &Person) -> &'w Person {
    let world = pen.world;
    loop {
        let other = pen.dice.pick(&world.people);
        if other.account.organization == person.account.organization {
            return other;
        }
    }
}

/// A draft that lies around. Somebody else may have deleted it before.
fn old_draft(pen: &mut Pen<'_>, project: &Project) -> Known {
    Known::Before(project.file(project.files + pen.dice.count(0, DRAFTS)))
}

/// One day of a service account.
pub(crate) fn service_day<'w>(pen: &mut Pen<'w>, service: &'w Service, day: i64, midnight: i64) {
    let world = pen.world;
    let projects: Vec<usize> = world.projects_of(service.account.organization).collect();
    let caller = Caller {
        account: &service.account,
        credential: Some(Known::Before(service.token.secret.clone())),
        address: service.address,
        user_agent: SERVICES,
        is_program: true,
    };
    let project = |pen: &mut Pen<'w>| &world.projects[*pen.dice.pick(&projects)];
    match service.job {
        Job::Intake => {
            for hour in 0..24 {
                let at = midnight + hour * HOUR + pen.dice.between(0, 90) * SECOND;
                let target = project(pen);
                let folder = pen.dice.count(0, target.folders);
                pen.upload(&caller, at, target, folder);
            }
            if let Some(old) = service.old_token.as_ref().filter(|old| old.expires_on == day) {
                let late = Caller { credential: Some(Known::Before(old.token.secret.clone())), ..caller.clone() };
                let target = project(pen);
                for attempt in 0..pen.dice.between(15, 30) {
                    pen.browse_refused(&late, midnight + old.after_us + (1 + attempt * 10) * MINUTE, target);
                }
            }
        }
        Job::Reports => {
            for report in 0..pen.dice.between(7, 12) {
                let user = pen.dice.pick(&world.people);
                let target = project(pen);
                if user.account.organization == service.account.organization {
                    pen.report(&caller, midnight + 5 * HOUR + report * 40 * SECOND, target, &user.account);
                }
            }
        }
        Job::Retention => {
            for file in 0..pen.dice.between(5, 10) {
                let target = project(pen);
                let old = old_draft(pen, target);
                pen.delete(&caller, midnight + 90 * MINUTE + file * 3 * SECOND, old);
            }
        }
        Job::Builds => {
            for build in 0..pen.dice.between(2, 5) {
                let at = midnight + build * 5 * HOUR + pen.dice.between(0, 200) * MINUTE;
                let target = project(pen);
                let token = pen.mint(&caller, at, "build");
                let builder = Caller { credential: Some(Known::Since(token)), ..caller.clone() };
                for step in 0..pen.dice.between(2, 6) {
                    pen.script_call(&builder, at + (step + 1) * 20 * SECOND, target);
                }
                pen.revoke(&caller, at + 10 * MINUTE, token);
            }
        }
    }
}

/// One day of what the internet does to every sign-in page: a guess here and there.
pub(crate) fn noise_day<'w>(pen: &mut Pen<'w>, midnight: i64) {
    let world = pen.world;
    for _ in 0..world.people.len() / 10 {
        let target = pen.dice.pick(&world.people);
        let address = pen.dice.pick(&world.noise).host(&mut pen.dice);
        let user_agent = pen.dice.pick(crate::world::DESKTOPS);
        let caller = Caller { account: &target.account, credential: None, address, user_agent, is_program: false };
        let at = midnight + pen.dice.between(0, 24 * HOUR);
        pen.refused_sign_in(&caller, at);
    }
}

pub(crate) const SCRIPTS: &str = "python-requests/2.32.5";
const SERVICES: &str = "platform-client/1.9.2 java/21.0.4";
