//! From what a program writes in short to the types of the catalogue.
//!
//! A program says `"bucket-1"` or `{"value": "bucket-1", "description": "bucketName"}` and the field's type decides what
//! becomes of it: an `Identifier`, a `DataResource` around one, a list of them. Whatever already has the form of the
//! catalogue stays as it is.

use std::collections::BTreeSet;

use indelible_event::Organization;
use indelible_event::catalogue::{Member, Named, Shape, Type};
use vrl::value::{KeyString, ObjectMap, Value};

use crate::time::Clock;

/// Brings values into the form of the catalogue and remembers the ids it met.
pub(crate) struct Lifter<'a> {
    /// Stands where a type wants a product or a description and the program gave none.
    pub(crate) product: &'a str,
    /// Reads times for fields that hold one.
    pub(crate) clock: &'a Clock,
    /// Every id in a lifted value.
    pub(crate) entities: BTreeSet<String>,
}

impl Lifter<'_> {
    /// `value` in the form of `ty`; nothing if there is nothing to say. The server judges what fits no form.
    pub(crate) fn lift(&mut self, ty: &Type, value: Value) -> Option<Value> {
        if is_nothing(&value) {
            return None;
        }
        match ty {
            Type::List(of) => {
                let items = match value {
                    Value::Array(items) => items,
                    value => vec![value],
                };
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    if let Some(item) = self.lift(of, item).filter(|item| !list.contains(item)) {
                        list.push(item);
                    }
                }
                (!list.is_empty()).then_some(Value::Array(list))
            }
            Type::Optional(of) => self.lift(of, value),
            Type::Datetime => Some(self.clock.instant(&value)?.to_string().into()),
            Type::String | Type::Uuid => match value {
                Value::Object(mut named) if named.contains_key("value") => self.lift(ty, named.remove("value")?),
                value => text(value).map(Value::from),
            },
            Type::Named(named) => self.named(named, value),
            Type::Any | Type::Boolean | Type::Safelong | Type::Double | Type::Map(_) => Some(value),
        }
    }

    fn named(&mut self, named: &Named, value: Value) -> Option<Value> {
        match named.shape {
            Shape::Alias(of) => self.lift(of, value),
            Shape::Enum(names) => {
                let name = text(value)?.to_ascii_uppercase();
                names.contains(&name.as_str()).then(|| name.into())
            }
            Shape::Union(variants) => self.union(named, variants, value),
            Shape::Struct(members) => {
                let value = self.structure(members, value)?;
                if named.name == "OtherIdentifier" {
                    let id = value.get(vrl::path!("value")).and_then(Value::to_str);
                    self.entities.extend(id.map(str::to_owned));
                }
                Some(value)
            }
        }
    }

    fn union(&mut self, named: &Named, variants: &[Member], value: Value) -> Option<Value> {
        let variant = |name: &str| variants.iter().find(|variant| variant.name == name);
        let (name, value) = match value {
            Value::Object(mut object) if object.contains_key("type") => {
                let name = text(object.remove("type")?)?;
                let value = object.remove(name.as_str())?;
                (name, value)
            }
            Value::Array(items) if named.name == "Identifier" && items.len() > 1 => {
                ("others".to_owned(), Value::Array(items))
            }
            Value::Array(items) => return self.lift_first(named, items),
            value if named.name == "Identifier" => {
                let is_rid = value.to_str().is_some_and(Organization::is_valid);
                let name = if is_rid { "rid" } else { "other" };
                (name.to_owned(), value)
            }
            value => {
                let foreign = ["external", "resourceId"].into_iter();
                (foreign.filter(|name| variant(name).is_some()).map(str::to_owned).next()?, value)
            }
        };
        match &value {
            Value::Array(rids) if name == "rids" => {
                self.entities.extend(rids.iter().filter_map(Value::to_str).map(str::to_owned));
            }
            rid if name == "rid" => self.entities.extend(rid.to_str().map(str::to_owned)),
            _ => {}
        }
        let value = self.lift(&variant(&name)?.ty, value)?;
        Some(Value::Object(ObjectMap::from([(KeyString::from(name.as_str()), value), ("type".into(), name.into())])))
    }

    fn lift_first(&mut self, named: &Named, items: Vec<Value>) -> Option<Value> {
        items.into_iter().find_map(|item| self.named(named, item))
    }

    fn structure(&mut self, members: &[Member], value: Value) -> Option<Value> {
        let own = |object: &ObjectMap| {
            let mut names = members.iter().filter(|member| object.contains_key(member.name));
            names.any(|member| member.name != "description" && member.name != "context")
        };
        let given = match value {
            Value::Object(object) if own(&object) => object,
            Value::Array(items) => {
                let first = items.into_iter().find(|item| !is_nothing(item))?;
                return self.structure(members, first);
            }
            value => short_form(members, value)?,
        };
        let mut object = ObjectMap::new();
        let mut given = given;
        for member in members {
            let value = given.remove(member.name).unwrap_or(Value::Null);
            let value = match self.lift(&member.ty, value) {
                Some(value) => value,
                None if member.ty.is_absent_allowed() => continue,
                None => match member.name {
                    "product" | "description" => self.product.into(),
                    "type" => "UNKNOWN".into(),
                    _ => return None,
                },
            };
            object.insert(member.name.into(), value);
        }
        Some(Value::Object(object))
    }
}

/// A struct from one value: it goes to the member that names the thing; a `description` or `context` beside it stays.
fn short_form(members: &[Member], value: Value) -> Option<ObjectMap> {
    let naming = ["id", "externalSystemId", "value", "filename", "modelId"];
    let member = naming.into_iter().find(|name| members.iter().any(|member| member.name == *name))?;
    let mut object = ObjectMap::new();
    let value = match value {
        Value::Object(mut given) => {
            if members.iter().any(|member| member.name == "context")
                && let Some(context) = given.remove("context")
            {
                object.insert("context".into(), context);
            }
            if let Some(description) = given.get("description") {
                object.insert("description".into(), description.clone());
            }
            Value::Object(given)
        }
        value => value,
    };
    object.insert(member.into(), value);
    Some(object)
}

/// Null and the empty text, list and map say nothing.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        value => value.to_str().is_some_and(str::is_empty),
    }
}

/// The text of a value; of a list or map its JSON.
pub(crate) fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Object(_) | Value::Array(_) => {
            let mut out = String::new();
            crate::json::write(&mut out, &value);
            Some(out)
        }
        value => Some(value.to_string_lossy().into_owned()),
    }
}
