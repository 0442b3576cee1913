//! What requests are served by from now on. A request keeps what it began with to its end, whatever the config
//! becomes meanwhile.

use std::sync::{Arc, PoisonError, RwLock};

use super::Service;

/// The service by the config that was read last.
pub(super) struct Current(RwLock<Arc<Service>>);

impl Current {
    pub(super) fn new(service: Service) -> Self {
        Self(RwLock::new(Arc::new(service)))
    }

    /// What whoever comes now is served by.
    pub(super) fn service(&self) -> Arc<Service> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves by another config from now on.
    pub(super) fn becomes(&self, service: Service) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(service);
    }
}
