//! Request and result fields against the catalogue.
//!
//! One walk over the two maps checks every value against its declared type, all the way down, and gathers what is
//! lifted to the top level of the event.

use std::borrow::Cow;

use crate::catalogue::{self, Category, Field, FieldMap, Lift, Member, Named, Shape, Type};
use crate::fault::{Fault, quote};
use crate::json::tape::{Document, Id, Kind};
use crate::{RefusalCode, Time, uuid};

/// The categories of an event: positions in the catalogue, which is sorted by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CategorySet(u128);

impl CategorySet {
    /// Adds the category at `index`; false if it was there.
    pub(crate) fn insert(&mut self, index: usize) -> bool {
        let bit = 1 << index;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new
    }

    fn contains(self, index: u8) -> bool {
        self.0 >> index & 1 == 1
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of their names.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static Category> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            catalogue::categories().get(index)
        })
    }
}

/// Ids found inside fields: string nodes, in the order of the line, repeats included.
#[derive(Debug, Default)]
pub(crate) struct Lifted {
    pub(crate) entities: Vec<Id>,
    pub(crate) users: Vec<Id>,
}

/// Checks the fields of events; `lifted` receives the ids inside.
pub(crate) struct Checker<'a> {
    pub(crate) document: Document<'a>,
    pub(crate) categories: CategorySet,
    pub(crate) lifted: &'a mut Lifted,
    /// Fields that were there, by [`Field::index`].
    seen: [u64; 4],
}

impl<'a> Checker<'a> {
    pub(crate) fn new(document: Document<'a>, categories: CategorySet, lifted: &'a mut Lifted) -> Self {
        Self { document, categories, lifted, seen: [0; 4] }
    }

    /// Checks one member of the map `map`.
    pub(crate) fn field(&mut self, map: FieldMap, key: Id, value: Id) -> Result<(), Fault> {
        let name = self.document.text(key);
        let Some(field) = catalogue::find_field(name) else {
            return Err(self.undeclared(map, None).at_key(name));
        };
        if field.map != map || !self.categories.contains(field.category) {
            return Err(self.undeclared(map, Some(field)).at(field.name));
        }
        if let Err(fault) = self.value(value, &field.ty, field.lift) {
            return Err(fault.at(field.name).of_category(field.category().name));
        }
        self.seen[usize::from(field.index / 64)] |= 1 << (field.index % 64);
        Ok(())
    }

    /// Checks that no demanded field is absent; result fields are demanded of events that succeeded.
    pub(crate) fn absences(&self, has_succeeded: bool) -> Result<(), Fault> {
        for category in self.categories.iter() {
            let result = if has_succeeded { category.result } else { &[] };
            for field in category.request.iter().chain(result) {
                let is_seen = self.seen[usize::from(field.index / 64)] >> (field.index % 64) & 1 == 1;
                if !is_seen && field.is_demanded() {
                    return Err(absent(field));
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, id: Id, ty: &Type, lift: Lift) -> Result<(), Fault> {
        let document = self.document;
        let kind = document.kind(id);
        let fits = match ty {
            Type::Any => {
                self.lift_opaque(id, lift);
                true
            }
            Type::String => {
                self.lift(id, lift);
                kind == Kind::String
            }
            Type::Boolean => matches!(kind, Kind::True | Kind::False),
            Type::Safelong => kind == Kind::Number && !document.text(id).iter().any(|b| matches!(b, b'.' | b'e')),
            Type::Double => kind == Kind::Number,
            Type::Datetime => kind == Kind::String && Time::parse_bytes(document.text(id)).is_some(),
            Type::Uuid => kind == Kind::String && uuid::parse(document.text(id)).is_some(),
            Type::Optional(_) | Type::List(_) | Type::Map(_) if kind == Kind::Null => true,
            Type::Optional(of) => return self.value(id, of, lift),
            Type::List(of) if kind == Kind::Array => {
                for (index, element) in document.elements(id).enumerate() {
                    self.value(element, of, lift).map_err(|fault| fault.at_index(index))?;
                }
                true
            }
            Type::Map(of) if kind == Kind::Object => {
                for (key, value) in document.members(id) {
                    self.value(value, of, lift).map_err(|fault| fault.at_key(document.text(key)))?;
                }
                true
            }
            Type::List(_) | Type::Map(_) => false,
            Type::Named(named) => return self.named(id, named, lift),
        };
        if fits { Ok(()) } else { Err(mismatch(ty, kind)) }
    }

    fn named(&mut self, id: Id, named: &'static Named, lift: Lift) -> Result<(), Fault> {
        let kind = self.document.kind(id);
        match named.shape {
            Shape::Alias(of) => self.value(id, of, lift),
            Shape::Enum(values) => {
                let is_known =
                    kind == Kind::String && values.iter().any(|value| value.as_bytes() == self.document.text(id));
                if is_known { Ok(()) } else { Err(invalid(format!("must be one of {}", values.join(", ")))) }
            }
            Shape::Struct(members) if kind == Kind::Object => self.members(id, named, members, lift),
            Shape::Union(variants) if kind == Kind::Object => self.variant(id, named, variants, lift),
            Shape::Struct(_) | Shape::Union(_) => Err(mismatch(&Type::Named(named), kind)),
        }
    }

    fn members(&mut self, id: Id, named: &Named, members: &'static [Member], lift: Lift) -> Result<(), Fault> {
        let document = self.document;
        let mut seen = 0u32;
        for (key, value) in document.members(id) {
            let name = document.text(key);
            let Some(index) = members.iter().position(|member| member.name.as_bytes() == name) else {
                return Err(undeclared_member(named, members).at_key(name));
            };
            let member = &members[index];
            self.value(value, &member.ty, member.lift(lift)).map_err(|fault| fault.at(member.name))?;
            seen |= 1 << index;
        }
        let is_absent = |(index, member): &(usize, &Member)| seen >> index & 1 == 0 && !member.ty.is_absent_allowed();
        match members.iter().enumerate().find(is_absent) {
            None => Ok(()),
            Some((_, member)) => {
                let message = format!("{} requires it; send a value of type {}", named.name, member.ty);
                Err(Fault::new(RefusalCode::MissingField, message).at(member.name))
            }
        }
    }

    fn variant(&mut self, id: Id, named: &Named, variants: &'static [Member], lift: Lift) -> Result<(), Fault> {
        let document = self.document;
        let mut tag = None;
        let mut held = None;
        for (key, value) in document.members(id) {
            let name = document.text(key);
            if name == b"type" {
                tag = Some(value);
                continue;
            }
            let Some(variant) = variants.iter().find(|variant| variant.name.as_bytes() == name) else {
                return Err(undeclared_member(named, variants).at_key(name));
            };
            if held.is_some() {
                let message = format!("{} holds one variant; send `type` and the member it names", named.name);
                return Err(Fault::new(RefusalCode::UndeclaredField, message).at(variant.name));
            }
            self.value(value, &variant.ty, variant.lift(lift)).map_err(|fault| fault.at(variant.name))?;
            held = Some(variant);
        }
        let names = |tag: Id, variant: &Member| {
            document.kind(tag) == Kind::String && document.text(tag) == variant.name.as_bytes()
        };
        match (tag, held) {
            (Some(tag), Some(variant)) if names(tag, variant) => Ok(()),
            (Some(_), Some(variant)) => {
                Err(invalid(format!("must be {:?}, the member beside it", variant.name)).at("type"))
            }
            (Some(_), None) => {
                let message = format!("no variant of {}; send one of {}", named.name, list_names(variants));
                Err(Fault::new(RefusalCode::MissingField, message))
            }
            (None, _) => {
                let message = format!("{} requires it; send one of {}", named.name, list_names(variants));
                Err(Fault::new(RefusalCode::MissingField, message).at("type"))
            }
        }
    }

    #[inline]
    fn lift(&mut self, id: Id, lift: Lift) {
        match lift {
            Lift::Nothing => {}
            Lift::Entities => self.lifted.entities.push(id),
            Lift::Users => self.lifted.users.push(id),
        }
    }

    /// Of a value whose type is unknown: the value itself if it is a string, or its member `rid`.
    fn lift_opaque(&mut self, id: Id, lift: Lift) {
        if lift == Lift::Nothing {
            return;
        }
        let named = match self.document.kind(id) {
            Kind::Object => self.document.member(id, "rid"),
            _ => Some(id),
        };
        if let Some(id) = named.filter(|&id| self.document.kind(id) == Kind::String) {
            self.lift(id, lift);
        }
    }

    #[cold]
    fn undeclared(&self, map: FieldMap, field: Option<&'static Field>) -> Fault {
        let message: Cow<'static, str> = match field {
            Some(field) if self.categories.contains(field.category) => {
                format!("category {} declares it in {}; move it there", field.category().name, field.map.name()).into()
            }
            Some(field) => format!(
                "it belongs to category {}, which the event does not have; add the category or leave the field out",
                field.category().name
            )
            .into(),
            None => {
                let declared: Vec<_> = self
                    .categories
                    .iter()
                    .flat_map(|category| if map == FieldMap::Request { category.request } else { category.result })
                    .map(|field| field.name)
                    .take(16)
                    .collect();
                if declared.is_empty() {
                    format!("the event's categories declare no {}; leave the field out", map.name()).into()
                } else {
                    format!("no category of the event declares it; send one of {}", declared.join(", ")).into()
                }
            }
        };
        Fault::new(RefusalCode::UndeclaredField, message)
    }
}

impl Member {
    /// How far a lift that reached the struct goes on into this member.
    #[inline]
    fn lift(&self, lift: Lift) -> Lift {
        match lift {
            Lift::Entities if self.entity => Lift::Entities,
            Lift::Users if self.user => Lift::Users,
            _ => Lift::Nothing,
        }
    }
}

#[cold]
fn absent(field: &'static Field) -> Fault {
    let when = if field.map == FieldMap::Result { " when result is SUCCESS" } else { "" };
    let message = format!("required{when}; send a value of type {}", field.ty);
    Fault::new(RefusalCode::MissingField, message)
        .at(field.name)
        .at(field.map.name())
        .of_category(field.category().name)
}

#[cold]
fn mismatch(ty: &Type, kind: Kind) -> Fault {
    let form = match ty {
        Type::Safelong => ": an integer within +-(2^53-1)",
        Type::Datetime => ": RFC 3339, such as 2025-11-13T23:20:24Z",
        Type::Uuid => ": 36 characters",
        Type::Named(Named { shape: Shape::Struct(_) | Shape::Union(_), .. }) | Type::Map(_) => ": an object",
        _ => "",
    };
    invalid(format!("must be of type {ty}{form}; this is {}", kind.describe()))
}

#[cold]
fn undeclared_member(named: &Named, members: &[Member]) -> Fault {
    let message = format!("{} has no such member; it has {}", named.name, list_names(members));
    Fault::new(RefusalCode::UndeclaredField, message)
}

fn list_names(members: &[Member]) -> String {
    members.iter().map(|member| member.name).collect::<Vec<_>>().join(", ")
}

#[cold]
pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new(RefusalCode::InvalidValue, message)
}

/// Reads `categories`.
pub(crate) fn categories(document: Document<'_>, list: Id) -> Result<CategorySet, Fault> {
    let mut set = CategorySet::default();
    if document.kind(list) != Kind::Array {
        return Err(invalid("must be a list of category names"));
    }
    for (index, element) in document.elements(list).enumerate() {
        let fault = match document.kind(element) {
            Kind::String => {
                let name = document.text(element);
                match catalogue::category_index(name) {
                    None => Fault::new(
                        RefusalCode::UnknownCategory,
                        format!(
                            "the catalogue has no category {:?}; take one of docs/reference/categories.md, names are case-sensitive",
                            quote(name)
                        ),
                    ),
                    Some(found) => {
                        let category = &catalogue::categories()[found];
                        if category.status == catalogue::Status::Audit2Only {
                            not_in_audit3(category)
                        } else if !set.insert(found) {
                            Fault::new(RefusalCode::RepeatedValue, "the category stands twice; send it once")
                                .of_category(category.name)
                        } else {
                            continue;
                        }
                    }
                }
            }
            kind => invalid(format!("must be a category name, not {}", kind.describe())),
        };
        return Err(fault.at_index(index));
    }
    Ok(set)
}

#[cold]
fn not_in_audit3(category: &'static Category) -> Fault {
    let message = format!("belongs to audit.2; use {} instead", category.replaced_by.join(", "));
    Fault::new(RefusalCode::CategoryNotInAudit3, message).of_category(category.name)
}
