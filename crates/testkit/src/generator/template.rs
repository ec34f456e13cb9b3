//! A kind of event, written once as text with marks and then filled in.
//!
//! A mark is a name in angle brackets: `<uid>`. Which random variables a mark shows is said here too, and
//! from that follows how much information an event of that kind holds.

use super::operations::{Operation, PRODUCTS};

/// An independent random draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    LogEntry,
    Event,
    Trace,
    Delay,
    User,
    Session,
    Address,
    Balancer,
    Host,
    Caller,
    CallerHost,
    Data0,
    Data1,
    Logic0,
    Logic1,
    Secret,
    Word0,
    Word1,
    Word2,
    Size,
}

impl Variable {
    pub(super) const COUNT: usize = 20;
}

/// What stands in an event's line in place of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    LogEntryId,
    EventId,
    TraceId,
    Time,
    Uid,
    Agent,
    Organization,
    Sid,
    TokenId,
    Address,
    Balancer,
    Host,
    Caller,
    CallerAddress,
    Resource(Variable),
    Words,
    Filename,
    Size,
}

impl Slot {
    fn of(mark: &str) -> Option<Slot> {
        Some(match mark {
            "logEntryId" => Slot::LogEntryId,
            "eventId" => Slot::EventId,
            "traceId" => Slot::TraceId,
            "time" => Slot::Time,
            "uid" => Slot::Uid,
            "agent" => Slot::Agent,
            "organization" => Slot::Organization,
            "sid" => Slot::Sid,
            "tokenId" => Slot::TokenId,
            "address" => Slot::Address,
            "balancer" => Slot::Balancer,
            "host" => Slot::Host,
            "caller" => Slot::Caller,
            "callerAddress" => Slot::CallerAddress,
            "data0" => Slot::Resource(Variable::Data0),
            "data1" => Slot::Resource(Variable::Data1),
            "logic0" => Slot::Resource(Variable::Logic0),
            "logic1" => Slot::Resource(Variable::Logic1),
            "secret" => Slot::Resource(Variable::Secret),
            "words" => Slot::Words,
            "filename" => Slot::Filename,
            "size" => Slot::Size,
            _ => return None,
        })
    }

    fn shows(self) -> &'static [Variable] {
        use Variable as V;
        match self {
            Slot::LogEntryId => &[V::LogEntry],
            Slot::EventId => &[V::Event],
            Slot::TraceId => &[V::Trace],
            Slot::Time => &[V::Delay],
            Slot::Uid | Slot::Agent | Slot::Organization => &[V::User],
            Slot::Sid | Slot::TokenId => &[V::User, V::Session],
            Slot::Address => &[V::Address],
            Slot::Balancer => &[V::Balancer],
            Slot::Host => &[V::Host],
            Slot::Caller => &[V::Caller],
            Slot::CallerAddress => &[V::Caller, V::CallerHost],
            Slot::Resource(V::Data1) => &[V::Data1],
            Slot::Resource(V::Logic0) => &[V::Logic0],
            Slot::Resource(V::Logic1) => &[V::Logic1],
            Slot::Resource(V::Secret) => &[V::Secret],
            Slot::Resource(_) => &[V::Data0],
            Slot::Words => &[V::Word0, V::Word1, V::Word2],
            Slot::Filename => &[V::Word0, V::Word1],
            Slot::Size => &[V::Size],
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(Box<[u8]>),
    Slot(Slot),
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// Every variable the pieces show, once each.
    pub(super) variables: Vec<Variable>,
}

impl Template {
    fn compile(text: &str) -> Template {
        let mut pieces = Vec::new();
        let mut variables = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((mark, after)) = after.split_once('>') else {
                break;
            };
            pieces.push(Piece::Text(before.as_bytes().into()));
            if let Some(slot) = Slot::of(mark) {
                pieces.push(Piece::Slot(slot));
                for variable in slot.shows() {
                    if !variables.contains(variable) {
                        variables.push(*variable);
                    }
                }
            }
            rest = after;
        }
        pieces.push(Piece::Text(rest.as_bytes().into()));
        Template { pieces, variables }
    }
}

/// The line of an event of this kind: keys in the order of RFC 8785, nothing empty, a newline at the end.
///
/// `front`: a person started it. `result`: whether result fields are there follows from it. `claims`:
/// name the organization as a platform producer does.
pub(super) fn template(operation: &Operation, front: bool, result: &str, claims: bool) -> Template {
    let (product, version) = PRODUCTS[operation.product];
    let result_fields = if result == "SUCCESS" { operation.result } else { "" };
    let gateway = operation.gateway.filter(|_| front);

    let mut line = String::from("{\"categories\":[");
    if gateway.is_some() {
        line += "\"apiGatewayRequest\",";
    }
    line += &format!("\"{}\"],", operation.category);
    let entities = entities(operation.request, result_fields);
    if !entities.is_empty() {
        line += &format!("\"entities\":[{}],", entities.join(","));
    }
    line += "\"eventId\":\"<eventId>\",\"host\":\"node-<host>\",\"logEntryId\":\"<logEntryId>\",";
    line += &format!("\"name\":\"{}\",\"orgId\":\"<organization>\",", operation.name);
    if claims {
        line += "\"organizations\":[{\"id\":\"<organization>\",\"reason\":\"user\"}],";
    }
    if front {
        line += "\"origin\":\"<address>\",\"origins\":[\"<address>\"],";
    }
    line += &format!("\"producerType\":\"SERVER\",\"product\":\"{product}\",\"productVersion\":\"{version}\",");
    let operation_names = gateway.map(|name| format!("\"operationNames\":[\"{name}\"]")).unwrap_or_default();
    let request: Vec<&str> = [operation.request, &operation_names].into_iter().filter(|f| !f.is_empty()).collect();
    if !request.is_empty() {
        line += &format!("\"requestFields\":{{{}}},", request.join(","));
    }
    line += &format!("\"result\":\"{result}\",");
    if !result_fields.is_empty() {
        line += &format!("\"resultFields\":{{{result_fields}}},");
    }
    line += match front {
        true => "\"sid\":\"<sid>\",\"sourceOrigin\":\"10.0.0.<balancer>\",",
        false => "\"sourceOrigin\":\"<callerAddress>\",",
    };
    line += "\"time\":\"<time>\",";
    if front || operation.of_token {
        line += "\"tokenId\":\"<tokenId>\",";
    }
    line += "\"traceId\":\"<traceId>\",\"type\":\"audit.3\",\"uid\":\"<uid>\",";
    line += if front { "\"userAgent\":\"<agent>\"" } else { "\"userAgent\":\"<caller>\"" };
    line += ",\"users\":[{\"uid\":\"<uid>\"}]";
    line += "}\n";
    Template::compile(&expand(&line))
}

/// The resources named in the fields, as members of `entities`, once each.
fn entities(request: &str, result: &str) -> Vec<String> {
    let mut found = Vec::new();
    for field in [request, result] {
        for part in field.split('<').skip(1) {
            let mark = part.split('>').next().unwrap_or_default();
            if let Some((_, resource)) = mark.split_once(' ') {
                let entity = format!("\"<{resource}>\"");
                if !found.contains(&entity) {
                    found.push(entity);
                }
            }
        }
    }
    found
}

/// Writes out the marks that stand for a resource: `<identifier x>`, `<resource x>` and `<branch x>`.
fn expand(line: &str) -> String {
    let mut out = line.to_owned();
    for resource in ["data0", "data1", "logic0", "logic1", "secret"] {
        let identifier = format!("{{\"rid\":\"<{resource}>\",\"type\":\"rid\"}}");
        let branch =
            format!("{{\"context\":[{{\"description\":\"branch\",\"value\":\"master\"}}],\"id\":{identifier}}}");
        out = out
            .replace(&format!("<identifier {resource}>"), &identifier)
            .replace(&format!("<resource {resource}>"), &format!("{{\"id\":{identifier}}}"))
            .replace(&format!("<branch {resource}>"), &branch);
    }
    out
}
