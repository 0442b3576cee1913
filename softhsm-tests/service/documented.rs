//! Whether an answer is one that the server's document tells: its status, its media type and its body, for what
//! was asked.
//!
//! The schemas are read by code of our own, which knows the words that the document has, and stops the test at
//! any other.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::http::Answer;

/// Stops the test unless the document tells this answer.
#[track_caller]
pub(crate) fn holds(asked: &[u8], answer: &Answer) {
    let Some(asked) = Asked::read(asked) else {
        return;
    };
    if answer.header("request-id").is_none() {
        // What reads HTTP answered by itself, or it is the address of monitoring.
        let is_bare = answer.body.is_empty() || asked.path == "/metrics";
        assert!(is_bare, "{asked:?} {answer:?}");
        return;
    }
    let Some(methods) = methods(asked.path) else {
        return is_problem(answer, 404, "not-found");
    };
    let Some(operation) = methods.get(&asked.method) else {
        return is_problem(answer, 405, "method");
    };
    let told = &operation["responses"][answer.status.to_string()];
    let response = told.get("$ref").map_or(told, referred);
    assert!(
        response.is_object(),
        "no such status is told: {asked:?} {answer:?}"
    );
    if asked.is_head || answer.body.is_empty() {
        return;
    }
    let media = answer.header("content-type").unwrap_or_default();
    let told = &response["content"][media];
    assert!(
        told.is_object(),
        "{media:?} is not told: {asked:?} {answer:?}"
    );
    if media.ends_with("json") {
        let fits = fits(&told["schema"], &answer.json());
        fits.unwrap_or_else(|words| panic!("{words}: {asked:?} {answer:?}"));
    }
    if answer.status < 300 {
        was_told(operation, &asked);
    }
}

/// What was asked.
#[derive(Debug)]
struct Asked<'a> {
    /// In lower case, as the document has it.
    method: String,
    is_head: bool,
    path: &'a str,
    head: &'a str,
    body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// None if that is no request.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = bytes.split_at(end);
        let head = std::str::from_utf8(head).ok()?;
        let mut words = head.lines().next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let method = method.to_ascii_lowercase();
        let is_head = method == "head";
        Some(Self {
            method: if is_head { "get".to_owned() } else { method },
            is_head,
            path: target.split('?').next()?,
            head,
            body: body.get(4..)?,
        })
    }

    fn has(&self, header: &str) -> bool {
        let mut lines = self.head.lines().skip(1);
        lines.any(|line| {
            let name = line.split(':').next().unwrap_or_default();
            name.eq_ignore_ascii_case(header)
        })
    }
}

/// What is done was asked as the document says: with the body that it names, and what it wants to be shown.
#[track_caller]
fn was_told(operation: &Value, asked: &Asked<'_>) {
    let security = operation["security"][0].as_object();
    for scheme in security.into_iter().flat_map(Map::keys) {
        let header = if scheme == "session" {
            "authorization"
        } else {
            "dpop"
        };
        assert!(asked.has(header), "{scheme} was not wanted: {asked:?}");
    }
    let content = &operation["requestBody"]["content"]["application/json"];
    if content.is_object() {
        let body =
            serde_json::from_slice(asked.body).unwrap_or_else(|error| panic!("{error}: {asked:?}"));
        let fits = fits(&content["schema"], &body);
        fits.unwrap_or_else(|words| panic!("was taken all the same: {words}: {asked:?}"));
    }
}

#[track_caller]
fn is_problem(answer: &Answer, status: u16, kind: &str) {
    // A method that is none, or a body that is too long, is told before.
    let is_earlier = matches!(answer.status, 400 | 413 | 429);
    assert!(answer.status == status || is_earlier, "{answer:?}");
    if answer.body.is_empty() {
        return;
    }
    let problem = answer.json();
    let fits = fits(&DOCUMENT["components"]["schemas"]["Problem"], &problem);
    fits.unwrap_or_else(|words| panic!("{words}: {answer:?}"));
    let named = problem["type"].as_str().unwrap_or_default();
    assert!(
        is_earlier || named.ends_with(&format!("/problems/{kind}")),
        "{answer:?}"
    );
}

/// The methods of a path: of the one with fewest open parts that fits.
fn methods(path: &str) -> Option<&'static Map<String, Value>> {
    let all = DOCUMENT["paths"].as_object().unwrap().iter();
    let fitting = all.filter(|(template, _)| is_of(template, path));
    let best = fitting.min_by_key(|(template, _)| template.matches('{').count());
    best.and_then(|(_, methods)| methods.as_object())
}

fn is_of(template: &str, path: &str) -> bool {
    let (mut told, mut asked) = (template.split('/'), path.split('/'));
    loop {
        match (told.next(), asked.next()) {
            (None, None) => return true,
            (Some(told), Some(asked)) if told == asked => {}
            (Some(told), Some(asked)) if told.starts_with('{') && !asked.is_empty() => {}
            _ => return false,
        }
    }
}

/// Whether a value fits a schema; if not, where and why.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let Some(schema) = schema.as_object() else {
        return match schema {
            Value::Bool(true) => Ok(()),
            _ => Err(format!("no schema: {schema}")),
        };
    };
    schema.iter().try_for_each(|(word, told)| {
        let held = match word.as_str() {
            "$ref" => fits(referred(told), value),
            "type" => is_type(told, value),
            "const" => told_by(told == value, told, value),
            "enum" => told_by(list(told).contains(value), told, value),
            "minimum" => told_by(
                is_no_number(value) || value.as_u64() >= told.as_u64(),
                told,
                value,
            ),
            "maximum" => told_by(
                is_no_number(value) || value.as_u64() <= told.as_u64(),
                told,
                value,
            ),
            "format" => is_format(told, value),
            "required" => has_all(told, value),
            "properties" => members(told, value),
            "additionalProperties" => others(schema, told, value),
            "items" => each(told, value),
            "allOf" => list(told).iter().try_for_each(|one| fits(one, value)),
            "anyOf" => any(told, value),
            "description" | "default" => Ok(()),
            other => panic!("the document has {other:?}, which is not known here"),
        };
        held.map_err(|words| format!("{word}: {words}"))
    })
}

fn referred(to: &Value) -> &'static Value {
    let pointer = to.as_str().and_then(|to| to.strip_prefix('#'));
    let found = pointer.and_then(|pointer| DOCUMENT.pointer(pointer));
    found.unwrap_or_else(|| panic!("{to} leads nowhere"))
}

fn told_by(holds: bool, told: &Value, value: &Value) -> Result<(), String> {
    holds
        .then_some(())
        .ok_or_else(|| format!("{value} is not {told}"))
}

fn is_type(told: &Value, value: &Value) -> Result<(), String> {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("integer") => value.is_u64() || value.is_i64(),
        other => panic!("the document has the type {other:?}, which is not known here"),
    };
    let one_of = told
        .as_array()
        .map_or_else(|| is(told), |all| all.iter().any(is));
    told_by(one_of, told, value)
}

/// Which has no bounds, then.
fn is_no_number(value: &Value) -> bool {
    !value.is_number()
}

fn is_format(told: &Value, value: &Value) -> Result<(), String> {
    let largest = match told.as_str() {
        Some("uint64") => u64::MAX,
        Some("uint16") => u64::from(u16::MAX),
        Some("password") => return Ok(()),
        other => panic!("the document has the format {other:?}, which is not known here"),
    };
    let holds = value.is_null() || value.as_u64().is_some_and(|number| number <= largest);
    told_by(holds, told, value)
}

fn has_all(told: &Value, value: &Value) -> Result<(), String> {
    let lacks = |name: &&Value| name.as_str().is_none_or(|name| value.get(name).is_none());
    match list(told).iter().find(lacks) {
        Some(name) => Err(format!("{name} is missing in {value}")),
        None => Ok(()),
    }
}

fn members(told: &Value, value: &Value) -> Result<(), String> {
    let told = told.as_object().into_iter().flatten();
    told.filter_map(|(name, schema)| Some((name, schema, value.get(name)?)))
        .try_for_each(|(name, schema, value)| {
            fits(schema, value).map_err(|words| format!("{name}: {words}"))
        })
}

/// The members that `properties` doesn't name.
fn others(schema: &Map<String, Value>, told: &Value, value: &Value) -> Result<(), String> {
    let named = schema.get("properties").and_then(Value::as_object);
    let is_named = |name: &String| named.is_some_and(|named| named.contains_key(name));
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| !is_named(name))
        .try_for_each(|(name, value)| match told {
            Value::Bool(false) => Err(format!("{name} is not told")),
            schema => fits(schema, value),
        })
}

fn each(told: &Value, value: &Value) -> Result<(), String> {
    list(value).iter().try_for_each(|one| fits(told, one))
}

fn any(told: &Value, value: &Value) -> Result<(), String> {
    let failed: Result<Vec<_>, ()> = list(told)
        .iter()
        .map(|one| fits(one, value).err().ok_or(()))
        .collect();
    failed.map_or(Ok(()), |words| Err(words.join("; ")))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The document, as it stands in the docs.
pub(crate) fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api/openapi.json");
    std::fs::read_to_string(path).unwrap()
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&text()).unwrap());

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(name: &str) -> &'static Value {
        &DOCUMENT["components"]["schemas"][name]
    }

    #[test]
    fn what_the_document_does_not_tell_does_not_fit() {
        let begun = json!({ "login": "a", "kind": "key", "expires": 1 });
        assert_eq!(fits(schema("LoginBegun"), &begun), Ok(()));
        for (member, value, words) in [
            ("later", json!(1), "later is not told"),
            ("expires", json!("1"), "is not"),
            ("expires", json!(-1), "is not"),
            ("code", json!(null), "is not"),
        ] {
            let mut other = begun.clone();
            other[member] = value;
            let error = fits(schema("LoginBegun"), &other).unwrap_err();
            assert!(error.contains(words), "{member}: {error}");
        }
        let less = fits(schema("LoginBegun"), &json!({ "login": "a" })).unwrap_err();
        assert!(less.contains("is missing"), "{less}");
        let more = json!({ "method": "keys", "more": 1 });
        let more = fits(schema("NewLogin"), &more).unwrap_err();
        assert!(more.contains("more is not told"), "{more}");
    }

    #[test]
    fn a_path_is_that_of_the_fewest_open_parts() {
        let of = |path| {
            methods(path).map(|methods| methods.values().next().unwrap()["operationId"].clone())
        };
        assert_eq!(of("/login/callback"), Some(json!("callback")));
        assert_eq!(of("/login/abc"), Some(json!("open")));
        assert_eq!(of("/v1/cas/users/public-key"), Some(json!("publicKey")));
        assert_eq!(of("/v1/cas/users/krl"), Some(json!("list")));
        for none in ["/v1/cas/users", "/login/", "/v1/server/", "/nothing"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
