//! Where monitoring asks: an address that nobody else is served on.

use std::net::SocketAddr;

use super::{ServeConfigError, ServeTable};
use crate::config::Config;

impl Config {
    /// What is odd about `[serve]`, in words.
    pub fn serve_oddities(&self) -> Vec<String> {
        let table = self.file.serve.as_ref();
        let open = table
            .and_then(|table| table.metrics)
            .filter(|at| !at.ip().to_canonical().is_loopback());
        let words = |at| {
            format!(
                "`metrics` is {at}, which is not this machine alone: whoever reaches it reads them, without TLS \
                 and without a login"
            )
        };
        open.map(words)
            .into_iter()
            .chain(self.idle_programs())
            .collect()
    }
}

/// Nothing that others reach is behind one address with what monitoring reaches.
pub(super) fn own_address(table: &ServeTable) -> Result<Option<SocketAddr>, ServeConfigError> {
    let Some(at) = table.metrics else {
        return Ok(None);
    };
    let mut listen = table.listen.iter();
    match listen.find(|public| is_same_place(public, &at)) {
        Some(public) => Err(ServeConfigError::MetricsInPublic(*public, at)),
        None => Ok(Some(at)),
    }
}

/// Whether two can't both be listened on, or are one for whoever asks: an address that is any covers all.
fn is_same_place(one: &SocketAddr, other: &SocketAddr) -> bool {
    let (first, second) = (one.ip().to_canonical(), other.ip().to_canonical());
    let is_any = first.is_unspecified() || second.is_unspecified();
    one.port() == other.port() && (first == second || is_any)
}
