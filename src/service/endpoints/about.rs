//! What the server says of itself, without a login.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use ssh_key::PublicKey;

use super::{Outcome, json, text};
use crate::api::about::{Ca, Method, Server};
use crate::certificate::subject::fingerprint;
use crate::ledger::Purpose;
use crate::service::asked::Asked;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::{ServedCa, Service};

/// Name, version, time, CAs and login methods.
pub(in crate::service) fn server(service: &Service) -> Outcome {
    Outcome::of(told(service))
}

/// The line of a CA's public key, with a tag by which it need not be sent again.
pub(in crate::service) fn public_key(service: &Service, ca: &str, asked: &Asked) -> Outcome {
    Outcome::of(key_of(service, ca, asked))
}

fn told(service: &Service) -> Result<Response, Refused> {
    let cas = service.cas.iter().map(|ca| {
        Ok(Ca {
            name: ca.name.clone(),
            certificates: signs(ca.purpose).to_owned(),
            public_key: line(ca)?,
            fingerprint: fingerprint(&ca.public_key),
        })
    });
    let logins = service.serve.logins.iter().map(|method| Method {
        name: method.name.to_string(),
        kind: method.kind.as_str().to_owned(),
    });
    let server = Server {
        name: service.serve.url.host().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: service.serve.url.to_string(),
        time: service.now(),
        cas: cas.collect::<Result<_, Refused>>()?,
        logins: logins.collect(),
    };
    json(StatusCode::OK, &server)
}

fn key_of(service: &Service, name: &str, asked: &Asked) -> Result<Response, Refused> {
    let ca = service.cas.iter().find(|ca| ca.name == name);
    let ca = ca.ok_or_else(|| Refused::new(ProblemKind::NotFound, "there is no such CA"))?;
    let line = format!("{}\n", line(ca)?);
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(line.as_bytes()));
    let tag = format!("\"{digest}\"");
    let known = asked.headers.get_all(header::IF_NONE_MATCH).iter();
    let mut response = if known.into_iter().any(|known| known == tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text(line)
    };
    let tag = HeaderValue::from_str(&tag).map_err(Refused::fault)?;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    let cached = HeaderValue::from_static("public, max-age=300");
    headers.insert(header::CACHE_CONTROL, cached);
    Ok(response)
}

fn line(ca: &ServedCa) -> Result<String, Refused> {
    let mut key = PublicKey::from(ca.public_key.clone());
    key.set_comment(ca.name.as_str());
    key.to_openssh().map_err(Refused::fault)
}

fn signs(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Host => "host",
        Purpose::User | Purpose::Both => "user",
    }
}
