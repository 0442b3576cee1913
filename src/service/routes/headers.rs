//! The headers of every answer.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::service::Service;
use crate::wire::hex;

/// Adds what each answer has: its id, a nonce for the next proof, and that nobody keeps it unless it says so.
pub(super) fn finish(response: &mut Response, id: &str, service: &Service) {
    let headers = response.headers_mut();
    let nonce = HeaderValue::from_str(&service.nonces.current(service.now()));
    let id = HeaderValue::from_str(id);
    for (name, value) in [(NONCE, nonce), (ID, id)] {
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let no_sniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, no_sniff);
}

/// Random, to find a line by; nothing rests on it.
pub(super) fn request_id() -> String {
    let mut id = [0; 8];
    let _zeros_will_do = getrandom::fill(&mut id);
    hex(&id)
}

const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const ID: HeaderName = HeaderName::from_static("request-id");
