//! Where monitoring comes in: one path, on an address of its own, for one look at a time.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

use super::now::now;
use crate::service::current::Current;
use crate::service::tls::Tls;

/// What a look is taken with.
#[derive(Clone)]
pub(in crate::service) struct Door {
    current: Arc<Current>,
    tls: Option<Arc<Tls>>,
    /// A device that hangs holds up one look, and no thread more.
    looks: Arc<Semaphore>,
}

impl Door {
    pub(in crate::service) fn new(current: Arc<Current>, tls: Option<Arc<Tls>>) -> Self {
        let looks = Arc::new(Semaphore::new(1));
        Self {
            current,
            tls,
            looks,
        }
    }

    /// Its one path.
    pub(in crate::service) fn router(self) -> Router {
        Router::new().route("/metrics", get(look)).with_state(self)
    }
}

async fn look(State(door): State<Door>) -> Response {
    let Ok(place) = Arc::clone(&door.looks).try_acquire_owned() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "another look is being taken\n",
        )
            .into_response();
    };
    let told = tokio::task::spawn_blocking(move || {
        let _until_it_is_over = place;
        let service = door.current.service();
        service.metrics.text(&now(&service, door.tls.as_deref()))
    });
    let Ok(Ok(text)) = told.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = text.into_response();
    let media = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
