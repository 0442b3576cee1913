//! A route as the document tells it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::{Named, Schemas, says};
use crate::api::problem::{MEDIA_TYPE, Problem};
use crate::service::problem::ProblemKind;

/// A method of a path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    /// In lower case.
    pub(super) method: &'static str,
    id: &'static str,
    summary: &'static str,
    access: Access,
    query: &'static [Parameter],
    is_cached: bool,
    body: Option<Body>,
    answers: Vec<Answer>,
    problems: Vec<ProblemKind>,
}

/// What a request has to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Nothing,
    Proof,
    Session,
}

/// A name of a query: what it is called, of what type it is, and what it says.
pub(super) type Parameter = (&'static str, &'static str, &'static str);

/// The body of a request.
enum Body {
    /// JSON of one of these types.
    Json(&'static [Named]),
    /// A form of a browser, with this one field.
    Form(&'static str),
}

/// An answer that is no problem.
struct Answer {
    status: u16,
    words: &'static str,
    content: Content,
    headers: &'static [&'static str],
}

/// What stands in an answer.
pub(super) enum Content {
    Nothing,
    Json(Named),
    Text,
    Page,
    Bytes,
}

impl Operation {
    pub(super) fn new(
        (method, path): (&'static str, &'static str),
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            path,
            method,
            id,
            summary,
            access: Access::Nothing,
            query: &[],
            is_cached: false,
            body: None,
            answers: Vec::new(),
            problems: EACH.to_vec(),
        }
    }

    /// Which is asked in a session.
    pub(super) fn in_session(mut self) -> Self {
        self.access = Access::Session;
        self.refuses(&[
            ProblemKind::NoSession,
            ProblemKind::Proof,
            ProblemKind::Nonce,
        ])
    }

    /// Which is asked with a proof of a key that has no session so far.
    pub(super) fn with_proof(mut self) -> Self {
        self.access = Access::Proof;
        self.refuses(&[ProblemKind::Proof, ProblemKind::Nonce])
    }

    pub(super) fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    pub(super) fn takes(mut self, types: &'static [Named]) -> Self {
        self.body = Some(Body::Json(types));
        self
    }

    pub(super) fn takes_form(mut self, field: &'static str) -> Self {
        self.body = Some(Body::Form(field));
        self
    }

    pub(super) fn answers(mut self, status: u16, words: &'static str, content: Content) -> Self {
        self.answers.push(Answer {
            status,
            words,
            content,
            headers: &[],
        });
        self
    }

    /// The same, with these headers beside it.
    pub(super) fn with(mut self, headers: &'static [&'static str]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers = headers;
        }
        self
    }

    /// What was answered last has a tag, by which it need not be sent again.
    pub(super) fn cached(mut self) -> Self {
        self.is_cached = true;
        self.with(&["ETag"])
            .answers(304, "It is what the tag names", Content::Nothing)
            .with(&["ETag"])
    }

    pub(super) fn refuses(mut self, kinds: &[ProblemKind]) -> Self {
        self.problems.extend_from_slice(kinds);
        self
    }

    /// What never asks, reads or waits for anything.
    pub(super) fn refuses_nothing(mut self) -> Self {
        self.problems.clear();
        self
    }

    /// The object of the document.
    pub(super) fn to_json(&self, schemas: &mut Schemas) -> Value {
        let security = match self.access {
            Access::Nothing => json!([]),
            Access::Proof => json!([{ "proof": [] }]),
            Access::Session => json!([{ "session": [], "proof": [] }]),
        };
        let mut told = Map::new();
        let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        tell("operationId", self.id.into());
        tell("summary", self.summary.into());
        tell("security", security);
        tell("responses", self.responses(schemas));
        let parameters = self.parameters();
        if !parameters.is_empty() {
            tell("parameters", parameters.into());
        }
        if let Some(body) = &self.body {
            tell("requestBody", body.to_json(schemas));
        }
        told.into()
    }

    fn parameters(&self) -> Vec<Value> {
        let names = self.path.split('/');
        let names = names.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let of_path = names.map(|name| {
            let (schema, words) = part_of_path(name);
            json!({ "name": name, "in": "path", "required": true, "description": words, "schema": schema })
        });
        let of_query = self.query.iter().map(|(name, kind, words)| {
            json!({ "name": name, "in": "query", "description": words, "schema": { "type": kind } })
        });
        let tag = json!({ "name": "If-None-Match", "in": "header", "schema": { "type": "string" },
            "description": "Tags of what whoever asks has" });
        let tag = self.is_cached.then_some(tag);
        of_path.chain(of_query).chain(tag).collect()
    }

    fn responses(&self, schemas: &mut Schemas) -> Value {
        let mut all: BTreeMap<u16, Told> = BTreeMap::new();
        for answer in &self.answers {
            let told = all.entry(answer.status).or_default();
            told.words.push(answer.words.to_owned());
            told.content.extend(answer.content.to_json(schemas));
            told.headers.extend(answer.headers);
        }
        let mut told = Map::new();
        for (status, kinds) in by_status(&self.problems) {
            match all.get_mut(&status) {
                Some(answer) => answer.add_problem(schemas, (status, &kinds)),
                None => drop(told.insert(status.to_string(), shared(schemas, (status, &kinds)))),
            }
        }
        told.extend(
            all.into_iter()
                .map(|(status, answer)| (status.to_string(), answer.into_json())),
        );
        told.into()
    }
}

/// A problem of these kinds and nothing else, which stands in the document once.
fn shared(schemas: &mut Schemas, (status, kinds): (u16, &[ProblemKind])) -> Value {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let name = names.join("_or_");
    let mut told = Told::default();
    told.add_problem(schemas, (status, kinds));
    schemas.shared.insert(name.clone(), told.into_json());
    json!({ "$ref": format!("#/components/responses/{name}") })
}

/// What is told of a status.
#[derive(Default)]
struct Told {
    words: Vec<String>,
    content: Map<String, Value>,
    headers: Vec<&'static str>,
}

impl Told {
    fn add_problem(&mut self, schemas: &mut Schemas, (status, kinds): (u16, &[ProblemKind])) {
        let words = kinds.iter();
        let words = words.map(|kind| format!("`{}`: {}", kind.name(), kind.title()));
        self.words.extend(words);
        let schema = problem(schemas, status, kinds);
        self.content.insert(MEDIA_TYPE.to_owned(), schema);
        if kinds.iter().any(|kind| kind.authenticate().is_some()) {
            self.headers.push("WWW-Authenticate");
        }
        if kinds.iter().any(|kind| kind.is_for_later()) {
            self.headers.push("Retry-After");
        }
    }

    fn into_json(self) -> Value {
        let mut told = Map::new();
        told.insert("description".to_owned(), self.words.join("; ").into());
        if !self.content.is_empty() {
            told.insert("content".to_owned(), self.content.into());
        }
        let headers = self.headers.iter();
        let headers = headers.map(|name| {
            (
                (*name).to_owned(),
                json!({ "schema": { "type": "string" } }),
            )
        });
        let headers: Map<_, _> = headers.collect();
        if !headers.is_empty() {
            told.insert("headers".to_owned(), headers.into());
        }
        told.into()
    }
}

impl Body {
    fn to_json(&self, schemas: &mut Schemas) -> Value {
        let (media, schema) = match self {
            Self::Json([one]) => ("application/json", one(schemas)),
            Self::Json(types) => {
                let each: Vec<_> = types.iter().map(|one| one(schemas)).collect();
                ("application/json", json!({ "anyOf": each }))
            }
            Self::Form(field) => {
                let fields = json!({ "type": "object", "properties": { *field: { "type": "string" } }, "required": [field] });
                ("application/x-www-form-urlencoded", fields)
            }
        };
        json!({ "required": true, "content": { media: { "schema": schema } } })
    }
}

impl Content {
    fn to_json(&self, schemas: &mut Schemas) -> Option<(String, Value)> {
        let (media, schema) = match self {
            Self::Nothing => return None,
            Self::Json(named) => ("application/json", named(schemas)),
            Self::Text => ("text/plain; charset=utf-8", json!({ "type": "string" })),
            Self::Page => ("text/html; charset=utf-8", json!({ "type": "string" })),
            // Whatever it is: OpenAPI 3.1 describes bytes by their media type alone.
            Self::Bytes => ("application/octet-stream", json!({})),
        };
        Some((media.to_owned(), json!({ "schema": schema })))
    }
}

fn by_status(kinds: &[ProblemKind]) -> BTreeMap<u16, Vec<ProblemKind>> {
    let mut all: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        let of_status = all.entry(kind.status()).or_default();
        if !of_status.contains(kind) {
            of_status.push(*kind);
        }
    }
    all
}

/// A problem of these kinds, which their titles tell apart.
fn problem(schemas: &mut Schemas, status: u16, kinds: &[ProblemKind]) -> Value {
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title()).collect();
    let narrowed = json!({ "status": { "const": status }, "title": { "enum": titles } });
    json!({ "schema": { "allOf": [says::<Problem>(schemas)], "properties": narrowed } })
}

fn part_of_path(name: &str) -> (Value, &'static str) {
    let text = json!({ "type": "string" });
    match name {
        "ca" => (text, "The CA's name in the server's config"),
        "list" => (
            json!({ "enum": ["krl", "krl.sig", "krl.keys", "known", "known.sig", "known.keys"] }),
            "A list, its signature, or what leads to a newer key that signs it",
        ),
        "serial" => (json!({ "type": "integer", "minimum": 1 }), "The serial"),
        "method" => (text, "The login method's name in the server's config"),
        "name" => (text, "The kind's name"),
        _ => (text, "The login's id"),
    }
}

/// What any request can be refused for, whatever it asks.
const EACH: [ProblemKind; 8] = [
    ProblemKind::Malformed,
    ProblemKind::Ambiguous,
    ProblemKind::Late,
    ProblemKind::TooLarge,
    ProblemKind::MediaType,
    ProblemKind::TooMany,
    ProblemKind::Fault,
    ProblemKind::Busy,
];
