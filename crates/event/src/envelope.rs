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

    /// By `Slot as usize`.
    const NAMES: [&str; Slot::COUNT] = [
        "categories",
        "deployment",
        "entities",
        "environment",
        "eventId",
        "host",
        "intake",
        "logEntryId",
        "name",
        "orgId",
        "organizations",
        "origin",
        "origins",
        "producerType",
        "product",
        "productVersion",
        "requestFields",
        "requestParams",
        "result",
        "resultFields",
        "resultParams",
        "sequenceId",
        "service",
        "sid",
        "sourceOrigin",
        "stack",
        "time",
        "tokenId",
        "traceId",
        "type",
        "uid",
        "userAgent",
        "users",
    ];

    #[inline]
    pub(crate) fn name(self) -> &'static str {
        Slot::NAMES[self as usize]
    }

    /// The field called `name`. By length first: most comparisons are then of one word.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Slot> {
        let slot = match name.len() {
            3 => match name {
                b"uid" => Slot::Uid,
                b"sid" => Slot::Sid,
                _ => return None,
            },
            4 => match name {
                b"type" => Slot::Type,
                b"time" => Slot::Time,
                b"name" => Slot::Name,
                b"host" => Slot::Host,
                _ => return None,
            },
            5 => match name {
                b"orgId" => Slot::OrgId,
                b"stack" => Slot::Stack,
                b"users" => Slot::Users,
                _ => return None,
            },
            6 => match name {
                b"result" => Slot::Result,
                b"origin" => Slot::Origin,
                b"intake" => Slot::Intake,
                _ => return None,
            },
            7 => match name {
                b"eventId" => Slot::EventId,
                b"product" => Slot::Product,
                b"service" => Slot::Service,
                b"tokenId" => Slot::TokenId,
                b"traceId" => Slot::TraceId,
                b"origins" => Slot::Origins,
                _ => return None,
            },
            8 if name == b"entities" => Slot::Entities,
            9 if name == b"userAgent" => Slot::UserAgent,
            10 => match name {
                b"logEntryId" => Slot::LogEntryId,
                b"categories" => Slot::Categories,
                b"sequenceId" => Slot::SequenceId,
                b"deployment" => Slot::Deployment,
                _ => return None,
            },
            11 if name == b"environment" => Slot::Environment,
            12 => match name {
                b"producerType" => Slot::ProducerType,
                b"resultFields" => Slot::ResultFields,
                b"sourceOrigin" => Slot::SourceOrigin,
                b"resultParams" => Slot::ResultParams,
                _ => return None,
            },
            13 => match name {
                b"requestFields" => Slot::RequestFields,
                b"organizations" => Slot::Organizations,
                b"requestParams" => Slot::RequestParams,
                _ => return None,
            },
            14 if name == b"productVersion" => Slot::ProductVersion,
            _ => return None,
        };
        Some(slot)
    }

    /// The slots in the order of their names, which is that of their declaration.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = (usize, &'static str)> {
        Slot::NAMES.into_iter().enumerate()
    }
}
