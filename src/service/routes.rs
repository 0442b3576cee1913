//! Where a request goes, and what stands around each of them: its id, its time, its line in the log.
//!
//! Here the two worlds meet. Reading and answering is asynchronous; an endpoint runs on a thread that may
//! wait, for a lock or a disk, and is over before a device is asked for anything.

mod headers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, MatchedPath, Path, State};
use axum::http::Request;
use axum::middleware::{self, Next};
use axum::response::Response;

use super::asked::{Asked, peer_of};
use super::authenticate::InSession;
use super::current::Current;
use super::endpoints::{self, Left, Outcome};
use super::log::Answered;
use super::order::{Placed, Requested};
use super::paths::Paths;
use super::problem::{ProblemKind, Refused};
use super::query::is_text;
use super::{Line, Log, Service, trace};
use crate::api::path;
use crate::issue::{IssueError, Issued};
use headers::{finish, request_id};

/// What a server's paths share.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) current: Arc<Current>,
    pub(super) log: Log,
}

/// What handlers share: each of them what was current when its request came.
#[derive(Clone)]
pub(super) struct Shared {
    service: Arc<Service>,
    log: Log,
}

impl FromRef<Root> for Shared {
    fn from_ref(root: &Root) -> Self {
        Self {
            service: root.current.service(),
            log: Arc::clone(&root.log),
        }
    }
}

/// What of an outcome the log tells, on its way through the answer.
#[derive(Clone, Default)]
struct Told {
    requester: Option<String>,
    note: Option<String>,
}

/// All paths.
pub(super) fn router(root: Root) -> Router {
    let around = middleware::from_fn_with_state(root.clone(), around);
    paths()
        .into_router()
        .fallback(nothing)
        .method_not_allowed_fallback(other_method)
        .layer(around)
        .with_state(root)
}

/// Each path, with what answers there.
pub(super) fn paths() -> Paths<Root> {
    Paths::new()
        .get(path::SERVER, server)
        .get(path::DOCUMENT, document)
        .get("/v1/cas/{ca}/public-key", public_key)
        .get("/v1/cas/{ca}/{list}", list)
        .get(path::CHECKPOINT, checkpoint)
        .post(path::LOGINS, begin)
        .post("/v1/logins/{id}/token", token)
        .post("/logout/{method}", logout)
        .get("/login/callback", callback)
        .get("/login/{id}", open)
        .get("/login/{id}/code", code_page)
        .post("/login/{id}/code", typed)
        .get(path::SESSION, session)
        .delete(path::SESSION, end)
        .get(path::ROLES, roles)
        .post(path::CHALLENGES, challenges)
        .post(path::DECISIONS, decisions)
        .post(path::CERTIFICATES, orders)
        .get(path::CERTIFICATES, certificates)
        .get("/v1/certificates/{ca}/{serial}", certificate)
        .get("/v1/certificates/{ca}/{serial}/proof", proof)
        .post(path::REVOCATIONS, revoke)
        .get("/problems/{name}", problem_page)
        .get("/healthz/live", live)
        .get("/healthz/ready", ready)
}

/// An id, a limit of time, the headers of every answer, and a line.
async fn around(State(shared): State<Shared>, request: Request<Body>, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id();
    let (parts, body) = request.into_parts();
    let route = parts.extensions.get::<MatchedPath>();
    let mut answered = Answered {
        id: id.clone(),
        peer: peer_of(&parts, &shared.service).to_string(),
        method: parts.method.to_string(),
        route: route.map_or("-", MatchedPath::as_str).to_owned(),
        trace: trace::of(&parts.headers),
        ..Answered::default()
    };
    let is_text = is_text(parts.uri.path());
    let request = Request::from_parts(parts, body);
    let answer = async {
        if is_text {
            return next.run(request).await;
        }
        let refused = Refused::new(ProblemKind::Malformed, "the path is no text");
        said(Outcome::of(Err(refused)), &shared.service)
    };
    let answer = tokio::time::timeout(LONGEST, answer).await;
    let mut response = answer.unwrap_or_else(|_late| {
        let refused = Refused::new(ProblemKind::Busy, LATE).retry_after(1);
        refused.into_response(&shared.service)
    });
    finish(&mut response, &id, &shared.service);
    let told = response
        .extensions_mut()
        .remove::<Told>()
        .unwrap_or_default();
    answered.status = response.status().as_u16();
    answered.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    answered.requester = told.requester;
    answered.note = told.note;
    (shared.log)(&Line::Request(answered));
    response
}

/// Reads a request, and has an endpoint answer it on a thread that may wait.
async fn run(
    shared: &Shared,
    request: Request<Body>,
    endpoint: impl FnOnce(&Service, &Asked) -> Outcome + Send + 'static,
) -> Response {
    let asked = match Asked::read(request, &shared.service).await {
        Ok(asked) => asked,
        Err(refused) => return said(Outcome::of(Err(refused)), &shared.service),
    };
    let service = Arc::clone(&shared.service);
    let outcome = tokio::task::spawn_blocking(move || endpoint(&service, &asked)).await;
    let broken = |panic: tokio::task::JoinError| Outcome::of(Err(Refused::fault(panic)));
    said(outcome.unwrap_or_else(broken), &shared.service)
}

fn said(outcome: Outcome, service: &Service) -> Response {
    let Outcome {
        answer,
        requester,
        mut note,
    } = outcome;
    let mut response = answer.unwrap_or_else(|refused| {
        note.get_or_insert_with(|| refused.note().to_owned());
        refused.into_response(service)
    });
    response.extensions_mut().insert(Told { requester, note });
    response
}

async fn server(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, |service, _| endpoints::server(service)).await
}

async fn document(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, |_, asked| endpoints::document(asked)).await
}

async fn public_key(
    State(shared): State<Shared>,
    Path(ca): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::public_key(service, &ca, asked)
    })
    .await
}

async fn list(
    State(shared): State<Shared>,
    Path((ca, list)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::list(service, (&ca, &list), asked)
    })
    .await
}

async fn checkpoint(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::checkpoint).await
}

async fn begin(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::begin).await
}

async fn token(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::token(service, &id, asked)
    })
    .await
}

async fn logout(
    State(shared): State<Shared>,
    Path(method): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::logout(service, &method, asked)
    })
    .await
}

async fn open(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, _| {
        endpoints::open(service, &id)
    })
    .await
}

async fn callback(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::callback).await
}

async fn code_page(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::code_page(service, &id, asked)
    })
    .await
}

async fn typed(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::typed(service, &id, asked)
    })
    .await
}

async fn session(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::session).await
}

async fn end(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::end).await
}

async fn roles(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::roles).await
}

async fn challenges(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::challenges).await
}

async fn decisions(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::decisions).await
}

/// An order is left on a thread that may wait; its answer is waited for on none.
async fn orders(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let service = &shared.service;
    let asked = match Asked::read(request, service).await {
        Ok(asked) => asked,
        Err(refused) => return said(Outcome::of(Err(refused)), service),
    };
    let of_thread = Arc::clone(service);
    let left = tokio::task::spawn_blocking(move || endpoints::orders(&of_thread, &asked)).await;
    let outcome = match left {
        Ok(Left::Waits(placed)) => {
            let Placed {
                waiting,
                request,
                by,
            } = *placed;
            let answer = waiting.await.unwrap_or(Err(IssueError::Panicked));
            answered(service, (by, request), answer).await
        }
        Ok(Left::Answered(outcome)) => outcome,
        Err(panic) => Outcome::of(Err(Refused::fault(panic))),
    };
    said(outcome, service)
}

/// A receipt wants the ledger and a key, which a thread may wait for; so may what came before.
async fn answered(
    service: &Arc<Service>,
    (by, request): (InSession, Requested),
    answer: Result<Issued, IssueError>,
) -> Outcome {
    if service.receipts.is_none() && answer.is_ok() {
        return endpoints::answered(service, (&by, &request), answer);
    }
    let service = Arc::clone(service);
    let told = move || endpoints::answered(&service, (&by, &request), answer);
    let told = tokio::task::spawn_blocking(told).await;
    told.unwrap_or_else(|panic| Outcome::of(Err(Refused::fault(panic))))
}

async fn certificate(
    State(shared): State<Shared>,
    Path((ca, serial)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::certificate(service, (&ca, &serial), asked)
    })
    .await
}

async fn proof(
    State(shared): State<Shared>,
    Path((ca, serial)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |service, asked| {
        endpoints::proof(service, (&ca, &serial), asked)
    })
    .await
}

async fn certificates(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::certificates).await
}

async fn revoke(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, endpoints::revoke).await
}

async fn problem_page(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    request: Request<Body>,
) -> Response {
    run(&shared, request, move |_, _| endpoints::problem_page(&name)).await
}

async fn live() -> &'static str {
    "live\n"
}

async fn ready(State(shared): State<Shared>, request: Request<Body>) -> Response {
    run(&shared, request, |service, _| endpoints::ready(service)).await
}

async fn nothing(State(shared): State<Shared>) -> Response {
    let refused = Refused::new(ProblemKind::NotFound, "there is nothing at this path");
    said(Outcome::of(Err(refused)), &shared.service)
}

async fn other_method(State(shared): State<Shared>) -> Response {
    let refused = Refused::new(ProblemKind::Method, "this path takes another method");
    said(Outcome::of(Err(refused)), &shared.service)
}

/// A whole request, from its first header to its answer.
const LONGEST: Duration = Duration::from_secs(30);
const LATE: &str =
    "the answer did not come in time; what was begun goes on, and the same request finds it";
