//! The catalogue: the categories an event can have, the fields they declare, and the types of those fields.
//!
//! `catalogue.json` in this crate is the one definition; `cargo run -p xtask -- catalogue` turns it into the tables here,
//! the structs of [`typed`], and `docs/reference/categories.md`. Start at [`category`].

use std::fmt;

#[rustfmt::skip]
mod generated;
#[rustfmt::skip]
pub mod typed;
mod union;

pub mod composed;

use generated::{CATEGORIES, CATEGORY_SLOTS, FIELD_SLOTS, FIELDS};

/// One kind of thing that can happen, with what is said about it.
#[derive(Debug)]
pub struct Category {
    /// lowerCamelCase, case-sensitive.
    pub name: &'static str,
    /// What it is filed under, such as `data` or `auth`.
    pub family: &'static str,
    /// What happened, in one sentence.
    pub summary: &'static str,
    /// Whether new events should use it.
    pub status: Status,
    /// What to use instead; only for categories that are not active.
    pub replaced_by: &'static [&'static str],
    /// Fields of `requestFields`: what the caller gave.
    pub request: &'static [Field],
    /// Fields of `resultFields`: what the service found out.
    pub result: &'static [Field],
}

/// Whether new events should use a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Use it.
    Active,
    /// Kept for old emitters; accepted and counted.
    Legacy,
    /// Replaced by another; accepted and counted.
    Deprecated,
    /// Exists in `audit.2` only; refused in `audit.3`.
    Audit2Only,
}

/// A field that a category declares. No two categories declare fields of one name.
#[derive(Debug)]
pub struct Field {
    /// lowerCamelCase, case-sensitive.
    pub name: &'static str,
    /// What it holds.
    pub summary: &'static str,
    /// Whether the category wants it. An absent value of an optional type or a collection is accepted all the same; see
    /// [`Field::is_demanded`].
    pub required: bool,
    /// What kind of information it is; `None` where the sources publish nothing, to be treated as [`Classification::Data`].
    pub classification: Option<Classification>,
    /// The type of its value.
    pub ty: Type,
    pub(crate) lift: Lift,
    pub(crate) map: FieldMap,
    /// Position of its category in [`categories`].
    pub(crate) category: u8,
    /// Position among all fields.
    pub(crate) index: u8,
}

/// What kind of information a field holds; decides masks and what is lifted to the top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Classification {
    /// Names resources.
    Resource,
    /// Names users.
    Uid,
    /// Names tokens.
    Token,
    /// Data itself.
    Data,
    /// Data about data: ids, sizes, kinds.
    Metadata,
    /// Typed by a user.
    UserInput,
    /// Fixed by the service's code.
    Constant,
    /// Each value says itself how sensitive it is.
    PassThrough,
}

/// Which of the two maps of an event a field stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldMap {
    /// `requestFields`
    Request,
    /// `resultFields`
    Result,
}

/// What of a value is lifted to the top level of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lift {
    Nothing,
    Entities,
    Users,
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// Any JSON value, null included.
    Any,
    /// A string.
    String,
    /// `true` or `false`.
    Boolean,
    /// An integer within +-(2^53-1).
    Safelong,
    /// A number.
    Double,
    /// A string holding an RFC 3339 time.
    Datetime,
    /// A string holding a UUID.
    Uuid,
    /// An array.
    List(&'static Type),
    /// The value, null or absent.
    Optional(&'static Type),
    /// An object with arbitrary keys.
    Map(&'static Type),
    /// A type of the catalogue.
    Named(&'static Named),
}

/// A type the catalogue defines.
#[derive(Debug)]
pub struct Named {
    /// UpperCamelCase.
    pub name: &'static str,
    /// What a value of it stands for.
    pub summary: &'static str,
    /// What it looks like.
    pub shape: Shape,
}

/// What a type of the catalogue looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// An object with these members and no others. At most 32.
    Struct(&'static [Member]),
    /// An object of two members: `type` naming one of these, and the one it names.
    Union(&'static [Member]),
    /// One of these strings.
    Enum(&'static [&'static str]),
    /// Another name of a type; of [`Type::Any`] for what the sources leave undefined.
    Alias(&'static Type),
}

/// A member of a struct or variant of a union.
#[derive(Debug)]
pub struct Member {
    /// lowerCamelCase.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Whether ids inside are lifted into `entities`.
    pub(crate) entity: bool,
    /// Whether ids inside are lifted into `users`.
    pub(crate) user: bool,
}

/// Every category, sorted by name.
pub fn categories() -> &'static [Category] {
    &CATEGORIES
}

/// The category called `name`.
pub fn category(name: &str) -> Option<&'static Category> {
    category_index(name.as_bytes()).map(|index| &CATEGORIES[index])
}

/// The field called `name`, of whatever category.
pub fn field(name: &str) -> Option<&'static Field> {
    find_field(name.as_bytes())
}

#[inline]
pub(crate) fn category_index(name: &[u8]) -> Option<usize> {
    let index = usize::from(CATEGORY_SLOTS[slot(name, generated::CATEGORY_SEED, generated::CATEGORY_BITS)]);
    CATEGORIES.get(index).filter(|category| category.name.as_bytes() == name).map(|_| index)
}

#[inline]
pub(crate) fn find_field(name: &[u8]) -> Option<&'static Field> {
    let index = usize::from(FIELD_SLOTS[slot(name, generated::FIELD_SEED, generated::FIELD_BITS)]);
    FIELDS.get(index).copied().filter(|field| field.name.as_bytes() == name)
}

/// Where `name` stands in a table of `2^bits` slots if it is anywhere: the generator searched for a seed under which no
/// two names collide. It looks at the first 16 bytes, the last 8 and the length. The same function is in `xtask`.
#[inline]
fn slot(name: &[u8], seed: u64, bits: u32) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed = match name.first_chunk() {
        Some(first) => {
            let second = name.get(8..).and_then(<[u8]>::first_chunk);
            word(Some(first)) ^ word(second).rotate_left(13) ^ word(name.last_chunk()).rotate_left(29)
        }
        None => {
            let mut padded = [0; 8];
            padded[..name.len()].copy_from_slice(name);
            u64::from_le_bytes(padded)
        }
    };
    ((mixed ^ name.len() as u64).wrapping_mul(seed) >> (64 - bits)) as usize
}

impl Category {
    /// Both groups of fields.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.request.iter().chain(self.result)
    }

    /// Whether it is legacy or deprecated.
    pub fn is_dated(&self) -> bool {
        matches!(self.status, Status::Legacy | Status::Deprecated)
    }
}

impl Field {
    /// Whether an event without it is refused: it is required, and its type has no way to say "none".
    pub fn is_demanded(&self) -> bool {
        self.required && !self.ty.is_absent_allowed()
    }

    /// Which map it stands in.
    pub fn map(&self) -> FieldMap {
        self.map
    }

    /// The category that declares it.
    pub fn category(&self) -> &'static Category {
        &CATEGORIES[usize::from(self.category)]
    }
}

impl FieldMap {
    /// The map's name in an event.
    pub fn name(self) -> &'static str {
        match self {
            FieldMap::Request => "requestFields",
            FieldMap::Result => "resultFields",
        }
    }
}

impl Type {
    /// Whether null and absent mean "none" or "empty".
    pub fn is_absent_allowed(&self) -> bool {
        match self {
            Type::Optional(_) | Type::List(_) | Type::Map(_) => true,
            Type::Named(Named { shape: Shape::Alias(of), .. }) => of.is_absent_allowed(),
            _ => false,
        }
    }
}

/// As the catalogue writes it, such as `list<DataResource>`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::String => f.write_str("string"),
            Type::Boolean => f.write_str("boolean"),
            Type::Safelong => f.write_str("safelong"),
            Type::Double => f.write_str("double"),
            Type::Datetime => f.write_str("datetime"),
            Type::Uuid => f.write_str("uuid"),
            Type::List(of) => write!(f, "list<{of}>"),
            Type::Optional(of) => write!(f, "optional<{of}>"),
            Type::Map(of) => write!(f, "map<string,{of}>"),
            Type::Named(named) => f.write_str(named.name),
        }
    }
}

impl Status {
    /// As the catalogue writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Legacy => "legacy",
            Status::Deprecated => "deprecated",
            Status::Audit2Only => "audit.2-only",
        }
    }
}

impl Classification {
    /// As the catalogue writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Classification::Resource => "RESOURCE",
            Classification::Uid => "UID",
            Classification::Token => "TOKEN",
            Classification::Data => "DATA",
            Classification::Metadata => "METADATA",
            Classification::UserInput => "USER_INPUT",
            Classification::Constant => "CONSTANT",
            Classification::PassThrough => "PASS_THROUGH",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
