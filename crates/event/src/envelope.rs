//! The top-level fields of an event.

/// A top-level field the format knows. Names of everything else go to `extra`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Slot {
    Categories,
    Deployment,
    Entities,
    Environment,
    EventId,
    Host,
    Intake,
    LogEntryId,
    Name,
    OrgId,
    Organizations,
    Origin,
    Origins,
    ProducerType,
    Product,
    ProductVersion,
    RequestFields,
    RequestParams,
    Result,
    ResultFields,
    ResultParams,
    SequenceId,
    Service,
    Sid,
    SourceOrigin,
    Stack,
    Time,
    TokenId,
    TraceId,
    Type,
    Uid,
    UserAgent,
    Users,
}

impl Slot {
    pub(crate) const COUNT: usize = 33;

    /// Every slot, by `Slot as usize`.
    const ALL: [Slot; Slot::COUNT] = [
        Slot::Categories,
        Slot::Deployment,
        Slot::Entities,
        Slot::Environment,
        Slot::EventId,
        Slot::Host,
        Slot::Intake,
        Slot::LogEntryId,
        Slot::Name,
        Slot::OrgId,
        Slot::Organizations,
        Slot::Origin,
        Slot::Origins,
        Slot::ProducerType,
        Slot::Product,
        Slot::ProductVersion,
        Slot::RequestFields,
        Slot::RequestParams,
        Slot::Result,
        Slot::ResultFields,
        Slot::ResultParams,
        Slot::SequenceId,
        Slot::Service,
        Slot::Sid,
        Slot::SourceOrigin,
        Slot::Stack,
        Slot::Time,
        Slot::TokenId,
        Slot::TraceId,
        Slot::Type,
        Slot::Uid,
        Slot::UserAgent,
        Slot::Users,
    ];

    /// The members' beginnings, by `Slot as usize`: a comma, the name in quotes, a colon.
    const OPENINGS: [&str; Slot::COUNT] = [
        ",\"categories\":",
        ",\"deployment\":",
        ",\"entities\":",
        ",\"environment\":",
        ",\"eventId\":",
        ",\"host\":",
        ",\"intake\":",
        ",\"logEntryId\":",
        ",\"name\":",
        ",\"orgId\":",
        ",\"organizations\":",
        ",\"origin\":",
        ",\"origins\":",
        ",\"producerType\":",
        ",\"product\":",
        ",\"productVersion\":",
        ",\"requestFields\":",
        ",\"requestParams\":",
        ",\"result\":",
        ",\"resultFields\":",
        ",\"resultParams\":",
        ",\"sequenceId\":",
        ",\"service\":",
        ",\"sid\":",
        ",\"sourceOrigin\":",
        ",\"stack\":",
        ",\"time\":",
        ",\"tokenId\":",
        ",\"traceId\":",
        ",\"type\":",
        ",\"uid\":",
        ",\"userAgent\":",
        ",\"users\":",
    ];

    /// What an object's member begins with: `,"name":`.
    #[inline]
    pub(crate) fn opening(self) -> &'static str {
        Slot::OPENINGS[self as usize]
    }

    pub(crate) fn name(self) -> &'static str {
        let opening = self.opening();
        &opening[2..opening.len() - 2]
    }

    /// The field called `name`.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Slot> {
        let index = usize::from(PLACES[place(name)?]);
        (NAMES[index] == name).then_some(Slot::ALL[index])
    }
}

/// By `Slot as usize`.
static NAMES: [&[u8]; Slot::COUNT] = {
    let mut names = [b"".as_slice(); Slot::COUNT];
    let mut slot = 0;
    while slot < Slot::COUNT {
        let (_, rest) = Slot::OPENINGS[slot].as_bytes().split_at(2);
        names[slot] = rest.split_at(rest.len() - 2).0;
        slot += 1;
    }
    names
};

const PLACE_COUNT: usize = 64;

/// Which slot a name can only be, by [`place`]; where there is none, slot 0, whose name then differs.
static PLACES: [u8; PLACE_COUNT] = {
    let mut places = [0; PLACE_COUNT];
    let mut slot = 0;
    while slot < Slot::COUNT {
        if let Some(place) = place(NAMES[slot]) {
            places[place] = slot as u8;
        }
        slot += 1;
    }
    places
};

/// A number no two names of [`Slot`] share; the factors were found by trying.
#[inline]
const fn place(name: &[u8]) -> Option<usize> {
    let [first, _, third, ..] = name else { return None };
    let near_end = name[name.len() - 3];
    let mixed = name.len() * 2 + *first as usize * 9 + *third as usize * 45 + near_end as usize;
    Some(mixed % PLACE_COUNT)
}
