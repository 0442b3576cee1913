//! The paths of a server, each with the methods that it takes, and their names for whoever compares.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

/// Paths that were laid so far.
pub(super) struct Paths<S> {
    router: Router<S>,
    laid: Vec<(&'static str, &'static str)>,
}

impl<S: Clone + Send + Sync + 'static> Paths<S> {
    pub(super) fn new() -> Self {
        Self {
            router: Router::new(),
            laid: Vec::new(),
        }
    }

    pub(super) fn get<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.lay((MethodFilter::GET, "get"), path, handler)
    }

    pub(super) fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.lay((MethodFilter::POST, "post"), path, handler)
    }

    pub(super) fn delete<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.lay((MethodFilter::DELETE, "delete"), path, handler)
    }

    fn lay<H: Handler<T, S>, T: 'static>(
        mut self,
        (filter, method): (MethodFilter, &'static str),
        path: &'static str,
        handler: H,
    ) -> Self {
        self.laid.push((path, method));
        Self {
            router: self.router.route(path, on(filter, handler)),
            laid: self.laid,
        }
    }

    /// Each path with a method of it, in lower case.
    #[cfg(test)]
    pub(super) fn laid(&self) -> &[(&'static str, &'static str)] {
        &self.laid
    }

    pub(super) fn into_router(self) -> Router<S> {
        self.router
    }
}
