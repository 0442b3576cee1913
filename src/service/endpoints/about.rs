//! What the server says of itself, without a login.

use axum::http::StatusCode;
use axum::response::Response;
use ssh_key::PublicKey;

use super::{Outcome, json, kept};
use crate::api::about::{Ca, Method, Server};
use crate::certificate::subject::fingerprint;
use crate::ledger::Purpose;
use crate::service::asked::Asked;
use crate::service::document;
use crate::service::problem::Refused;
use crate::service::{ServedCa, Service};

/// Name, version, time, CAs and login methods.
pub(in crate::service) fn server(service: &Service) -> Outcome {
    Outcome::of(told(service))
}

/// What is answered to what, as OpenAPI.
pub(in crate::service) fn document(asked: &Asked) -> Outcome {
    let text = document::text().map_err(Refused::fault);
    let told = text.and_then(|text| {
        let media = "application/json";
        kept(asked, text.into_bytes(), media, "public, max-age=300")
    });
    Outcome::of(told)
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
        ledger_key: service
            .receipts
            .as_ref()
            .map(|by| by.ledger_key().to_owned()),
    };
    json(StatusCode::OK, &server)
}

fn key_of(service: &Service, name: &str, asked: &Asked) -> Result<Response, Refused> {
    let line = format!("{}\n", line(service.ca(name)?)?);
    let media = "text/plain; charset=utf-8";
    kept(asked, line.into_bytes(), media, "public, max-age=300")
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
