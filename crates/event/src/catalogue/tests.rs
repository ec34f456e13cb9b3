#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Map, Value, json};

use super::*;
use crate::{Intake, Limits, Refusal, RefusalCode, Scratch, admit};

/// A value of `ty`: with `full`, optional values and elements are there, otherwise not.
pub(crate) fn sample(ty: &Type, full: bool) -> Value {
    match ty {
        Type::Any => json!({"any": [1, null]}),
        Type::String => json!("text"),
        Type::Boolean => json!(true),
        Type::Safelong => json!(9_007_199_254_740_991i64),
        Type::Double => json!(0.5),
        Type::Datetime => json!("2025-11-13T23:20:24Z"),
        Type::Uuid => json!("00000000-0000-4000-8000-00000000000a"),
        Type::List(of) => Value::Array(full.then(|| sample(of, full)).into_iter().collect()),
        Type::Optional(of) => {
            if full {
                sample(of, full)
            } else {
                Value::Null
            }
        }
        Type::Map(of) => Value::Object(full.then(|| ("key".to_owned(), sample(of, full))).into_iter().collect()),
        Type::Named(named) => match named.shape {
            Shape::Alias(of) => sample(of, full),
            Shape::Enum(values) => json!(values[0]),
            Shape::Struct(members) => {
                let there = members.iter().filter(|member| full || !member.ty.is_absent_allowed());
                Value::Object(there.map(|member| (member.name.to_owned(), sample(&member.ty, full))).collect())
            }
            Shape::Union(variants) => union(&variants[0], full),
        },
    }
}

fn union(variant: &Member, full: bool) -> Value {
    json!({"type": variant.name, variant.name: sample(&variant.ty, full)})
}

/// An event of one category, with the fields `keep` chooses.
pub(crate) fn event_of(category: &Category, full: bool, keep: impl Fn(&Field) -> bool) -> Value {
    let map = |fields: &'static [Field]| -> Map<String, Value> {
        fields
            .iter()
            .filter(|field| keep(field))
            .map(|field| (field.name.to_owned(), sample(&field.ty, full)))
            .collect()
    };
    json!({
        "type": "audit.3",
        "time": "2025-11-13T23:20:24Z",
        "name": "SOME_ENDPOINT",
        "result": "SUCCESS",
        "categories": [category.name],
        "eventId": "00000000-0000-4000-8000-000000000001",
        "producerType": "SERVER",
        "product": "some-product",
        "productVersion": "1.0.0",
        "requestFields": map(category.request),
        "resultFields": map(category.result),
    })
}

fn try_event(event: &Value) -> Result<(), Refusal> {
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "test", adapter: None };
    let line = event.to_string();
    crate::fuzz::admit(line.as_bytes());
    admit(&mut Scratch::default(), line.as_bytes(), &Limits::default(), &intake, || [1; 16]).map(|_| ())
}

fn current() -> impl Iterator<Item = &'static Category> {
    categories().iter().filter(|category| category.status != Status::Audit2Only)
}

#[test]
fn every_name_is_found_and_no_other() {
    assert_eq!(categories().len(), 102);
    for listed in categories() {
        assert_eq!(category(listed.name).unwrap().name, listed.name);
        assert!(category(&listed.name[1..]).is_none() && category(&format!("{}x", listed.name)).is_none());
        for declared in listed.fields() {
            let found = field(declared.name).unwrap();
            assert!(std::ptr::eq(found, declared) && found.category().name == listed.name);
            assert!(field(&declared.name.to_ascii_uppercase()).is_none());
        }
    }
    for name in ["", "x", "internal ", "dataexport", "DATA_EXPORT"] {
        assert!(category(name).is_none() && field(name).is_none());
    }
}

#[test]
fn every_category_is_accepted_with_the_least_and_with_everything() {
    for category in current() {
        for (full, everything) in [(false, false), (false, true), (true, true)] {
            let event = event_of(category, full, |field| everything || field.is_demanded());
            try_event(&event).unwrap_or_else(|refusal| panic!("{}: {refusal}", category.name));
        }
    }
}

#[test]
fn every_category_is_refused_without_a_demanded_field() {
    let mut demanded = 0;
    for category in current() {
        for absent in category.fields().filter(|field| field.is_demanded()) {
            demanded += 1;
            let mut event = event_of(category, true, |field| field.name != absent.name);
            let refusal = try_event(&event).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::MissingField, "{}", absent.name);
            assert_eq!(refusal.field, Some(format!("{}.{}", absent.map().name(), absent.name)));
            assert_eq!(refusal.category, Some(category.name));
            // Result fields are not yet known when something went wrong or goes on.
            event["result"] = json!("PARTIAL");
            assert_eq!(try_event(&event).is_ok(), absent.map() == FieldMap::Result, "{}", absent.name);
        }
    }
    assert_eq!(demanded, 27);
}

#[test]
fn every_category_is_accepted_without_what_may_be_absent() {
    for category in current() {
        for absent in category.fields().filter(|field| !field.is_demanded()) {
            let event = event_of(category, true, |field| field.name != absent.name);
            try_event(&event).unwrap_or_else(|refusal| panic!("without {}: {refusal}", absent.name));
        }
    }
}

#[test]
fn every_field_is_refused_with_a_value_of_another_type() {
    for category in current() {
        for field in category.fields().filter(|field| !matches!(field.ty, Type::Any)) {
            let mut event = event_of(category, true, |_| true);
            let is_boolean = matches!(field.ty, Type::Boolean | Type::Optional(Type::Boolean));
            event[field.map().name()][field.name] = if is_boolean { json!(1) } else { json!(true) };
            let refusal = try_event(&event).unwrap_err();
            assert_eq!((refusal.code, refusal.category), (RefusalCode::InvalidValue, Some(category.name)));
            assert!(refusal.field.unwrap().starts_with(&format!("{}.{}", field.map().name(), field.name)));
        }
    }
}

#[test]
fn every_field_is_refused_in_the_other_map_and_in_another_category() {
    for category in current() {
        for field in category.fields() {
            let other = if field.map() == FieldMap::Request { "resultFields" } else { "requestFields" };
            let mut event = event_of(category, true, |_| true);
            event[other][field.name] = sample(&field.ty, true);
            let refusal = try_event(&event).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::UndeclaredField);
            assert!(refusal.message.contains(category.name), "{refusal}");
        }
        let mut event = event_of(category, true, |_| true);
        let foreign = if category.name == "dataLoad" { "deletedResources" } else { "loadedResources" };
        event["requestFields"][foreign] = json!([]);
        let refusal = try_event(&event).unwrap_err();
        assert_eq!(refusal.field, Some(format!("requestFields.{foreign}")));
        assert!(refusal.message.contains("add the category"), "{refusal}");
    }
}

#[test]
fn every_variant_of_every_union_is_accepted() {
    fn check(named: &'static Named, wrap: &dyn Fn(Value) -> Value) {
        if let Shape::Union(variants) = named.shape {
            for variant in variants {
                try_event(&wrap(union(variant, true))).unwrap_or_else(|refusal| panic!("{refusal}"));
                let mut wrong = union(variant, true);
                wrong["type"] = json!("x");
                assert_eq!(try_event(&wrap(wrong)).unwrap_err().code, RefusalCode::InvalidValue);
                assert_eq!(
                    try_event(&wrap(json!({"type": variant.name}))).unwrap_err().code,
                    RefusalCode::MissingField
                );
                assert_eq!(
                    try_event(&wrap(json!({variant.name: sample(&variant.ty, true)}))).unwrap_err().code,
                    RefusalCode::MissingField
                );
                let mut extra = union(variant, true);
                extra["extra"] = json!(1);
                assert_eq!(try_event(&wrap(extra)).unwrap_err().code, RefusalCode::UndeclaredField);
            }
        }
    }
    for category in current() {
        for field in category.fields() {
            let (named, is_list) = match field.ty {
                Type::Named(named) => (named, false),
                Type::List(Type::Named(named)) => (*named, true),
                Type::Optional(Type::Named(named)) => (*named, false),
                _ => continue,
            };
            check(named, &|value| {
                let mut event = event_of(category, true, |_| true);
                event[field.map().name()][field.name] = if is_list { json!([value]) } else { value };
                event
            });
        }
    }
}

#[test]
fn typed_structs_and_validation_agree() {
    use typed::TypedCategory;

    fn check<C: TypedCategory>() {
        let category = category(C::NAME).unwrap();
        for full in [true, false] {
            let event = event_of(category, full, |field| full || field.is_demanded());
            let request: C::Request = serde_json::from_value(event["requestFields"].clone()).expect(C::NAME);
            let result: C::Result = serde_json::from_value(event["resultFields"].clone()).expect(C::NAME);
            let written = (serde_json::to_value(request).unwrap(), serde_json::to_value(result).unwrap());
            assert_eq!(written, (event["requestFields"].clone(), event["resultFields"].clone()), "{}", C::NAME);
        }
    }
    check::<typed::DataExport>();
    check::<typed::AuditDataRedact>();
    check::<typed::BulkDataImport>();
    check::<typed::OntologyDataLoad>();
    check::<typed::OntologyDataSearch>();
    check::<typed::TokenGeneration>();
    check::<typed::PassThrough>();
    check::<typed::SecretCreate>();
    check::<typed::LlmRoute>();
    check::<typed::RequestCreate>();
    check::<typed::UpgradeInfra>();
    check::<typed::AssetFileLoadV2>();
    check::<typed::UserLogin>();

    let dataset =
        typed::DataResource { id: typed::Identifier::Rid("ri.foundry.main.dataset.a".into()), context: Vec::new() };
    let request = typed::DataExportRequest::new(vec![dataset]);
    assert_eq!(
        serde_json::to_value(request).unwrap(),
        json!({"downloadedResources": [{"id": {"type": "rid", "rid": "ri.foundry.main.dataset.a"}}]})
    );
}
