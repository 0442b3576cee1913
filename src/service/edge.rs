//! Where connections come in: so many at most, and so many of one household; TLS within its time, then
//! HTTP/1.1.

mod one_length;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::middleware::map_request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};

use one_length::OneLength;

use super::peer::network;
use super::tls::{ShownCertificates, Tls};

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Edge {
    router: Router,
    tls: Option<Arc<Tls>>,
    /// Turns true when the server ends.
    ending: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    households: Arc<Households>,
}

/// How many connections each household has.
#[derive(Default)]
struct Households(Mutex<HashMap<IpAddr, usize>>);

/// A place of a household, given up when it is dropped.
struct Seat {
    households: Arc<Households>,
    network: IpAddr,
}

impl Edge {
    pub(super) fn new(
        router: Router,
        tls: Option<Arc<Tls>>,
        ending: watch::Receiver<bool>,
    ) -> Self {
        Self {
            router,
            tls,
            ending,
            places: Arc::new(Semaphore::new(MOST)),
            households: Arc::default(),
        }
    }

    /// Takes connections until the server ends; those that it took go on.
    pub(super) async fn take(self, listener: TcpListener) {
        let mut ending = self.ending.clone();
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = ended(&mut ending) => return,
            };
            let Ok((stream, from)) = accepted else {
                // Out of descriptors, or gone before it was taken: neither ends by haste.
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let edge = self.clone();
            tokio::spawn(async move {
                edge.serve(stream, from).await;
                drop(place);
            });
        }
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        MOST.saturating_sub(self.places.available_permits())
    }

    async fn serve(self, stream: TcpStream, from: SocketAddr) {
        // A proxy's connections are of everybody.
        let counted = self.tls.is_some().then(|| self.households.sit(from.ip()));
        if matches!(counted, Some(None)) {
            return;
        }
        let _nodelay_or_not = stream.set_nodelay(true);
        match self.tls.as_ref().map(|tls| tls.acceptor()) {
            None => self.speak(stream, (from, None)).await,
            Some(tls) => {
                let shaken = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = shaken {
                    let shown = ShownCertificates::on(stream.get_ref().1);
                    self.speak(stream, (from, shown)).await;
                }
            }
        }
    }

    async fn speak(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        (from, shown): (SocketAddr, Option<ShownCertificates>),
    ) {
        let came = Arc::new(Came::default());
        let first = Arc::clone(&came);
        let router = self
            .router
            .layer(map_request(move |mut request: Request<Body>| {
                first.came();
                request.extensions_mut().insert(from);
                if let Some(shown) = &shown {
                    request.extensions_mut().insert(shown.clone());
                }
                std::future::ready(request)
            }));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(BUFFER)
            .max_headers(HEADERS_MOST)
            .serve_connection(
                TokioIo::new(OneLength::of(stream)),
                TowerToHyperService::new(router),
            );
        let mut connection = std::pin::pin!(connection);
        // How a connection ends is the other side's business.
        tokio::select! {
            _ended = connection.as_mut() => {}
            // Whoever connected before the end has sent something, or is about to: a connection that is closed
            // before it was read would be lost.
            () = async { ended(&mut self.ending).await; came.wait().await } => {
                connection.as_mut().graceful_shutdown();
                let _ended = connection.await;
            }
        }
    }
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // Without a sender, it has ended.
    let _either = ending.wait_for(|ending| *ending).await;
}

/// Whether a request came on a connection.
#[derive(Default)]
struct Came {
    is_there: AtomicBool,
    told: Notify,
}

impl Came {
    fn came(&self) {
        self.is_there.store(true, Ordering::Release);
        self.told.notify_one();
    }

    /// Waits for the first; one that never comes is up to the time limit of headers.
    async fn wait(&self) {
        while !self.is_there.load(Ordering::Acquire) {
            self.told.notified().await;
        }
    }
}

impl Households {
    fn sit(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let network = network(address);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seats = all.entry(network).or_default();
        if *seats >= MOST_OF_ONE {
            return None;
        }
        *seats += 1;
        Some(Seat {
            households: Arc::clone(self),
            network,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let all = &self.households.0;
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seats) = all.get_mut(&self.network) else {
            return;
        };
        *seats -= 1;
        if *seats == 0 {
            all.remove(&self.network);
        }
    }
}

/// Connections at a time.
const MOST: usize = 512;
/// Connections of one household.
const MOST_OF_ONE: usize = 64;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(10);
const HEADERS_MOST: usize = 64;
/// What is read of a connection before it is looked at, in bytes.
const BUFFER: usize = 32 * 1024;
const PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_household_has_so_many_places_and_gives_them_back() {
        let households = Arc::new(Households::default());
        let sit = |address: &str| households.sit(address.parse().unwrap());
        let mut seats: Vec<_> = (0..MOST_OF_ONE)
            .map(|_| sit("192.0.2.1").unwrap())
            .collect();
        assert!(sit("192.0.2.1").is_none());
        let _other = sit("192.0.2.2").unwrap();
        seats.pop();
        assert!(sit("192.0.2.1").is_some());
        drop(seats);
        assert_eq!(households.0.lock().unwrap().len(), 1);
    }
}
