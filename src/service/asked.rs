//! A request that was read whole, within its limits.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::{ProblemKind, Refused};
use super::tls::ShownCertificates;
use super::{Service, framing, peer};

/// What a body says where nothing is to be said.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A request, of which nothing is believed yet.
pub(super) struct Asked {
    pub(super) method: Method,
    /// The path alone.
    pub(super) path: String,
    /// What stands behind its `?`.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    /// The address that it came from.
    pub(super) peer: IpAddr,
    /// The certificates that were shown on its connection, of which nothing but possession was checked: a login looks
    /// at them, and nothing else may.
    pub(super) shown: Option<ShownCertificates>,
    body: Vec<u8>,
}

impl Asked {
    /// Reads the body to its end.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) async fn read(request: Request<Body>, service: &Service) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        framing::check(&parts.headers, parts.version)?;
        let peer = peer_of(&parts, service);
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            service.pays(peer)?;
        }
        if length_of(&parts.headers).is_some_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let body = axum::body::to_bytes(body, LARGEST);
        let late = |_elapsed| Refused::new(ProblemKind::Late, LATE);
        let body = tokio::time::timeout(LONGEST, body).await.map_err(late)?;
        let body = body.map_err(|error| not_read(&error))?;
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            peer,
            shown: parts.extensions.get().cloned(),
            body: body.to_vec(),
        })
    }

    /// The JSON of the body, of exactly this form.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn json<T: DeserializeOwned + Serialize>(&self) -> Result<T, Refused> {
        let mut types = self.headers.get_all(header::CONTENT_TYPE).iter();
        let media = types.next().and_then(|value| value.to_str().ok());
        if !media.is_some_and(is_json) || types.next().is_some() {
            let detail = "Content-Type: application/json is wanted";
            return Err(Refused::new(ProblemKind::MediaType, detail));
        }
        let malformed = |error: serde_json::Error| {
            Refused::new(ProblemKind::Malformed, format!("the body: {error}"))
        };
        let read = serde_json::from_slice(&self.body).map_err(malformed)?;
        // Without a list there is none in an object's place.
        if self.body.contains(&b'[') {
            let shown = serde_json::from_slice(&self.body).map_err(malformed)?;
            let meant = serde_json::to_value(&read).map_err(malformed)?;
            if !is_of_form(&shown, &meant) {
                let detail = "the body: a list stands in the place of an object";
                return Err(Refused::new(ProblemKind::Malformed, detail));
            }
        }
        Ok(read)
    }

    /// Refuses a body that says anything; an empty object is none.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn says_nothing(&self) -> Result<(), Refused> {
        if self.body.is_empty() {
            return Ok(());
        }
        self.json::<Nothing>().map(drop)
    }

    /// The value of a header that has to be there once.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn header(&self, name: &'static str) -> Result<&str, Refused> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().and_then(|value| value.to_str().ok());
        match (value, values.next()) {
            (Some(value), None) => Ok(value),
            _ => {
                let detail = format!("the header {name} is wanted, once");
                Err(Refused::new(ProblemKind::Malformed, detail))
            }
        }
    }

    /// Whether whoever asks has what has this tag (RFC 9110, 13.1.2).
    pub(super) fn knows(&self, tag: &str) -> bool {
        let known = self.headers.get_all(header::IF_NONE_MATCH).iter();
        let mut tags = known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim);
        tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    }

    /// The cookies that a browser has of this server.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        let headers = self.headers.get_all(header::COOKIE).iter();
        let texts = headers.filter_map(|value| value.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        owned.take(COOKIES_MAX).collect()
    }

    /// The text of a form that a browser sent; none where it is something else.
    pub(super) fn form(&self) -> Option<&str> {
        let media = self.header("content-type").ok()?;
        let media = media.split(';').next().unwrap_or(media).trim();
        let is_form = media.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        std::str::from_utf8(&self.body).ok().filter(|_| is_form)
    }

    /// Whether a header is there at all.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.headers.contains_key(name)
    }
}

/// The address of whoever asks, as the connection and a proxy have it.
pub(super) fn peer_of(parts: &Parts, service: &Service) -> IpAddr {
    let connection = parts.extensions.get::<SocketAddr>();
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    let connection = *connection.unwrap_or(&unknown);
    peer::of(connection, &parts.headers, &service.serve.tls)
}

/// What a body says of its own length before it comes.
fn length_of(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    length.parse().ok()
}

fn too_large() -> Refused {
    let detail = format!("a request has at most {LARGEST} bytes");
    Refused::new(ProblemKind::TooLarge, detail)
}

fn not_read(error: &axum::Error) -> Refused {
    let source = std::error::Error::source(error);
    if source.is_some_and(|source| source.to_string().contains("length limit")) {
        return too_large();
    }
    Refused::new(ProblemKind::Malformed, "the body broke off")
}

/// `serde` takes a list of values for an object's members, in their order; the API tells of objects alone.
fn is_of_form(shown: &Value, meant: &Value) -> bool {
    match (shown, meant) {
        (Value::Array(_), Value::Object(_)) => false,
        (Value::Array(shown), Value::Array(meant)) => {
            let mut pairs = shown.iter().zip(meant);
            pairs.all(|(shown, meant)| is_of_form(shown, meant))
        }
        (Value::Object(shown), Value::Object(meant)) => shown.iter().all(|(name, shown)| {
            let meant = meant.get(name);
            meant.is_none_or(|meant| is_of_form(shown, meant))
        }),
        _ => true,
    }
}

fn is_json(media: &str) -> bool {
    let (name, parameter) = media.split_once(';').unwrap_or((media, ""));
    let parameter = parameter.trim();
    name.trim().eq_ignore_ascii_case("application/json")
        && (parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
}

/// For the body, behind the head's own limit.
const LONGEST: Duration = Duration::from_secs(20);
const LATE: &str = "the body did not come in time, and nothing of the request was done";
/// In bytes.
const LARGEST: usize = 64 * 1024;
/// More than a browser has of one server.
const COOKIES_MAX: usize = 100;
