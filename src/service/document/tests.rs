//! The document is that of the routes, and the one in the docs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operations::FILTERS;
use super::{document, text};
use crate::service::endpoints::LISTING_NAMES;
use crate::service::routes;

#[test]
fn each_route_is_told_and_nothing_else_is() {
    let laid: BTreeSet<_> = routes::paths().laid().iter().copied().collect();
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let told = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| (path.as_str(), method.as_str()))
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), laid);
}

#[test]
fn the_document_in_the_docs_is_the_one_that_is_handed_out() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api/openapi.json");
    let text = text().unwrap();
    if std::env::var_os("OPENAPI").is_some_and(|value| value == "write") {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept == text,
        "{path} is another one: OPENAPI=write cargo test --lib service::document writes it"
    );
}

#[test]
fn queries_are_told_by_the_names_that_are_read() {
    let told: Vec<_> = FILTERS.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(told, LISTING_NAMES);
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    let document = document();
    let mut ids = BTreeMap::new();
    let mut references = BTreeSet::new();
    each(&document, &mut |name, value| match (name, value) {
        ("operationId", Value::String(id)) => *ids.entry(id.clone()).or_insert(0) += 1,
        ("$ref", Value::String(to)) => drop(references.insert(to.clone())),
        _ => {}
    });
    assert!(ids.values().all(|count| *count == 1), "{ids:?}");
    assert!(references.len() > 10, "{references:?}");
    for to in references {
        let pointer = to.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{to}");
    }
}

/// What the server reads and what it writes take no member beside those that are named.
#[test]
fn every_schema_of_ours_is_closed() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert_eq!(
            schema["additionalProperties"],
            Value::Bool(false),
            "{name}: {schema}"
        );
    }
}

fn each(value: &Value, told: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                told(name, value);
                each(value, told);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| each(value, told)),
        _ => {}
    }
}
