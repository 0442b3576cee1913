//! Each route, with what it takes and answers.

use super::operation::{Content, Operation, Parameter};
use super::schemas::{says, takes};
use crate::api::about::{Readiness, Roles, Server};
use crate::api::issue::{ChallengeMade, Decision, Issued, RequestShown};
use crate::api::listing::Page;
use crate::api::login::{
    CertificateShown, KeyShown, LoginBegun, NewLogin, PasswordShown, ProviderShown, Session,
    SessionOpened, TokenShown,
};
use crate::api::path;
use crate::api::revoke::{RevocationAsked, RevocationMade};
use crate::ledger::ProofText;
use crate::service::problem::ProblemKind as Kind;

/// All of them, path by path.
pub(super) fn operations() -> Vec<Operation> {
    let groups = [
        about(),
        lists(),
        logins(),
        pages(),
        sessions(),
        certificates(),
        health(),
    ];
    groups.into_iter().flatten().collect()
}

fn about() -> Vec<Operation> {
    vec![
        get(path::SERVER, "server", "What the server says of itself").answers(
            200,
            "The server",
            Content::Json(says::<Server>),
        ),
        get(path::DOCUMENT, "document", "This document")
            .answers(
                200,
                "The document",
                Content::Json(|_| serde_json::json!({ "type": "object" })),
            )
            .cached(),
        get(
            "/problems/{name}",
            "problem",
            "What a kind of problem means",
        )
        .answers(200, "Its page", Content::Text)
        .refuses(&[Kind::NotFound]),
    ]
}

fn lists() -> Vec<Operation> {
    vec![
        get(
            "/v1/cas/{ca}/public-key",
            "publicKey",
            "The line of a CA's public key",
        )
        .answers(200, "The line", Content::Text)
        .cached()
        .refuses(&[Kind::NotFound]),
        get(
            "/v1/cas/{ca}/{list}",
            "list",
            "A list that servers with an sshd fetch, or what lies beside it",
        )
        .answers(200, "The list", Content::Bytes)
        .answers(200, "what lies beside it", Content::Text)
        .cached()
        .refuses(&[Kind::NotFound]),
        get(
            path::CHECKPOINT,
            "checkpoint",
            "The head of the ledger that was signed last",
        )
        .answers(200, "The signed head", Content::Text)
        .cached()
        .refuses(&[Kind::NotFound]),
    ]
}

fn logins() -> Vec<Operation> {
    vec![
        post(path::LOGINS, "begin", "Begins a login by a method")
            .takes(&[takes::<NewLogin>])
            .answers(
                201,
                "The login, which counts once",
                Content::Json(says::<LoginBegun>),
            )
            .refuses(&[Kind::Unfit, Kind::CodeOff]),
        post(
            "/v1/logins/{id}/token",
            "token",
            "Answers a login, for a session of the key that signed the proof",
        )
        .with_proof()
        .takes(&[
            takes::<KeyShown>,
            takes::<PasswordShown>,
            takes::<ProviderShown>,
            takes::<TokenShown>,
            takes::<CertificateShown>,
        ])
        .answers(
            200,
            "The session, with its token",
            Content::Json(says::<SessionOpened>),
        )
        .refuses(&[Kind::Login, Kind::Pending, Kind::LoginRefused]),
    ]
}

fn pages() -> Vec<Operation> {
    vec![
        post(
            "/logout/{method}",
            "logout",
            "A provider tells that somebody logged out there",
        )
        .takes_form("logout_token")
        .answers(200, "Their sessions are over", Content::Nothing)
        .refuses(&[Kind::NotFound]),
        get(
            "/login/callback",
            "callback",
            "What an identity provider sends a browser back to",
        )
        .query(&CALLBACK)
        .answers(
            303,
            "To the program, or to the page on which a code is typed",
            Content::Nothing,
        )
        .with(&["Location"])
        .answers(400, "It is no answer of a provider", Content::Page)
        .answers(403, "Nobody is logged in by it", Content::Page)
        .answers(404, "There is no such login", Content::Page),
        get(
            "/login/{id}",
            "open",
            "Sends a browser to the identity provider",
        )
        .answers(303, "To the provider", Content::Nothing)
        .with(&["Location", "Set-Cookie"])
        .answers(404, "There is no such login", Content::Page)
        .answers(502, "The provider can't be asked", Content::Page),
        get(
            "/login/{id}/code",
            "codePage",
            "The page on which a code is typed",
        )
        .answers(200, "The page", Content::Page)
        .answers(404, "There is no such login", Content::Page),
        post(
            "/login/{id}/code",
            "typed",
            "Types the code, from the server's own page",
        )
        .takes_form("code")
        .answers(200, "It was right, or may be typed again", Content::Page)
        .answers(400, "It is no form with a code", Content::Page)
        .answers(
            403,
            "It was sent from another page, or was wrong too often",
            Content::Page,
        )
        .answers(404, "There is no such login", Content::Page),
    ]
}

fn sessions() -> Vec<Operation> {
    vec![
        get(path::SESSION, "session", "The session that is shown")
            .in_session()
            .answers(200, "The session", Content::Json(says::<Session>)),
        Operation::new(("delete", path::SESSION), "end", "Ends the session")
            .in_session()
            .answers(204, "It is over", Content::Nothing),
        get(
            path::ROLES,
            "roles",
            "The roles that the requester may ask for",
        )
        .in_session()
        .answers(200, "The roles", Content::Json(says::<Roles>)),
        post(
            path::CHALLENGES,
            "challenge",
            "A challenge for one request of the session",
        )
        .in_session()
        .answers(201, "The challenge", Content::Json(says::<ChallengeMade>)),
    ]
}

fn certificates() -> Vec<Operation> {
    vec![
        post(
            path::DECISIONS,
            "decide",
            "Says what would be decided about a request, and reserves nothing",
        )
        .in_session()
        .takes(&[takes::<RequestShown>])
        .answers(200, "It would be signed", Content::Json(says::<Decision>))
        .refuses(&[Kind::Refused, Kind::Used, Kind::Unfit]),
        post(
            path::CERTIFICATES,
            "order",
            "Asks for a certificate; the same request again is the same certificate",
        )
        .in_session()
        .takes(&[takes::<RequestShown>])
        .answers(200, "It was issued before", Content::Json(says::<Issued>))
        .answers(201, "It was issued", Content::Json(says::<Issued>))
        .refuses(&[Kind::Refused, Kind::Used, Kind::Unfit]),
        get(
            path::CERTIFICATES,
            "certificates",
            "One's own certificates, the newest first; all for auditors",
        )
        .in_session()
        .query(&FILTERS)
        .answers(200, "A page", Content::Json(says::<Page>))
        .refuses(&[Kind::Refused, Kind::Unfit]),
        get(
            "/v1/certificates/{ca}/{serial}",
            "certificate",
            "A certificate, as it was answered",
        )
        .in_session()
        .answers(200, "The certificate", Content::Json(says::<Issued>))
        .refuses(&[Kind::NotFound]),
        get(
            "/v1/certificates/{ca}/{serial}/proof",
            "proof",
            "That the ledger holds it, by a head that was signed",
        )
        .in_session()
        .answers(200, "The proof", Content::Json(says::<ProofText>))
        .refuses(&[Kind::NotFound]),
        post(
            path::REVOCATIONS,
            "revoke",
            "Revokes one's own certificates; for admins whatever was given out",
        )
        .in_session()
        .takes(&[takes::<RevocationAsked>])
        .answers(
            200,
            "All of it was revoked before, or it is a dry run",
            Content::Json(says::<RevocationMade>),
        )
        .answers(201, "It is revoked", Content::Json(says::<RevocationMade>))
        .refuses(&[Kind::Refused, Kind::NotFound, Kind::Unfit]),
    ]
}

fn health() -> Vec<Operation> {
    vec![
        get("/healthz/live", "live", "Whether the server answers")
            .answers(200, "It does", Content::Text)
            .refuses_nothing(),
        get("/healthz/ready", "ready", "How the server is")
            .answers(200, "Up or degraded", Content::Json(says::<Readiness>))
            .answers(503, "Down", Content::Json(says::<Readiness>)),
    ]
}

fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(("get", path), id, summary)
}

fn post(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(("post", path), id, summary)
}

const CALLBACK: [Parameter; 4] = [
    ("state", "string", "The state of the question (RFC 6749)"),
    ("code", "string", "The provider's code"),
    ("iss", "string", "The provider (RFC 9207)"),
    ("error", "string", "Why there is none"),
];

/// What certificates are looked for by.
pub(super) const FILTERS: [Parameter; 14] = [
    ("ca", "string", "The CA's name"),
    ("principal", "string", "A principal, to the letter"),
    ("key-id", "string", "The key ID"),
    ("serial", "integer", "The serial"),
    (
        "key",
        "string",
        "The fingerprint of the certified key, SHA256:…",
    ),
    (
        "card",
        "integer",
        "The serial of the card that the key is in",
    ),
    ("requester", "string", "Who asked"),
    ("role", "string", "The role that allowed it"),
    ("state", "string", "reserved, issued, failed or revoked"),
    (
        "since",
        "integer",
        "Reserved at this time or later, in Unix seconds",
    ),
    ("until", "integer", "Reserved before it"),
    (
        "expires-before",
        "integer",
        "Good now, and over by this time",
    ),
    (
        "limit",
        "integer",
        "How many a page has at most: 50 without it, 500 at most",
    ),
    ("cursor", "string", "The `next` of the page before"),
];
