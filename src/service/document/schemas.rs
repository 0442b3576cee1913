//! Schemas, out of types: of answers as they are written, of requests as they are read.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Collects the schemas of all types that are named, and answers that many routes share.
pub(super) struct Schemas {
    pub(super) shared: Map<String, Value>,
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

/// What names a type, and gives a reference to its schema.
pub(super) type Named = fn(&mut Schemas) -> Value;

/// What the server says.
pub(super) fn says<T: JsonSchema>(schemas: &mut Schemas) -> Value {
    schemas.answers.subschema_for::<T>().to_value()
}

/// What the server takes.
pub(super) fn takes<T: JsonSchema>(schemas: &mut Schemas) -> Value {
    schemas.requests.subschema_for::<T>().to_value()
}

impl Schemas {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self {
            shared: Map::new(),
            answers: settings.clone().for_serialize().into_generator(),
            requests: settings.for_deserialize().into_generator(),
        }
    }

    /// The schemas by the names of their types, and the answers that are shared.
    pub(super) fn into_components(mut self) -> (Map<String, Value>, Map<String, Value>) {
        let mut all = self.requests.take_definitions(true);
        let mut answers = self.answers.take_definitions(true);
        answers.values_mut().for_each(written);
        all.extend(answers);
        (all, self.shared)
    }
}

/// What the server writes has no more members than are named, and leaves out what it has not.
fn written(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let required = object.get("required").cloned().unwrap_or_default();
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            let is_required = required
                .as_array()
                .is_some_and(|all| all.contains(&json!(name)));
            if !is_required {
                never_null(property);
            }
        }
        let closed = object.entry("additionalProperties");
        closed.or_insert(Value::Bool(false));
    }
}

fn never_null(property: &mut Value) {
    let null = json!("null");
    if let Some(types) = property.get_mut("type").filter(|types| types.is_array()) {
        let left = types
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| **one != null);
        let left: Vec<_> = left.cloned().collect();
        if let [one] = left.as_slice() {
            *types = one.clone();
        }
    }
    let either = property.get("anyOf").and_then(Value::as_array).cloned();
    if let Some([reference, none]) = either.as_deref()
        && none.get("type") == Some(&null)
        && let (Some(property), Some(target)) = (property.as_object_mut(), reference.get("$ref"))
    {
        property.remove("anyOf");
        property.insert("$ref".to_owned(), target.clone());
    }
}
