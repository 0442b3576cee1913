//! What the server answers to what: an OpenAPI 3.1 document of its routes.
//!
//! Bodies come from the types of `api`, problems from their kinds; what a route takes and answers beside that
//! stands in `operations`, one entry a route. A route without an entry fails a test, as does an entry without a
//! route; and each answer that the tests of the server get is held against the document.

mod operation;
mod operations;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use operations::operations;
use schemas::Schemas;

/// The document.
pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations() {
        let at = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = at.as_object_mut() {
            let told = operation.to_json(&mut schemas);
            methods.insert(operation.method.to_owned(), told);
        }
    }
    let (schemas, responses) = schemas.into_components();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Punchmark",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "session": { "type": "http", "scheme": "DPoP", "description": SESSION },
                "proof": { "type": "apiKey", "in": "header", "name": "DPoP", "description": PROOF },
            },
        },
    })
}

/// Its text, as it is handed out.
///
/// # Errors
/// What the encoder says.
pub(super) fn text() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&document())? + "\n")
}

const ABOUT: &str = "SSH certificates on demand. Each answer has a `Request-Id`, which the server's log has too, and a \
    `DPoP-Nonce` for the next proof. Any other path answers 404 (`not-found`), any other method 405 (`method`), each as \
    a problem (RFC 9457). A request has at most 64 KiB and isn't compressed; members and names that are unknown are refused.";
const SESSION: &str =
    "The token of a session, as `Authorization: DPoP TOKEN` (RFC 9449, section 7.1).";
const PROOF: &str = "A proof of the session's key (RFC 9449, section 4.2): EdDSA, with the server's newest `DPoP-Nonce`, for \
    this method and this path below the server's URL, once.";
