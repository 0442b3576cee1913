//! What has to go on while somebody waits for an answer: the task of `ldap3`, and the relay behind it.
//!
//! Neither is a task of the runtime, so that there is no other than the one that waits; it turns them whenever it is turned.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};

use super::super::ask::AskError;
use super::super::bounds::Bounds;
use super::way::Stream;
use super::{frames, relay};

/// A client of LDAP and its way to a server.
pub(super) struct Line {
    client: Option<Turning<Result<(), LdapError>>>,
    relay: Option<Turning<Result<(), AskError>>>,
    /// Why it ended.
    ended: Option<AskError>,
}

type Turning<T> = Pin<Box<dyn Future<Output = T>>>;

impl Line {
    /// Puts the relay between a client that is made here and this server. A runtime must be there.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn between(
        server: Box<dyn Stream>,
        bounds: Bounds,
    ) -> Result<(Self, Ldap), AskError> {
        let lost = |error| frames::lost(&error);
        let (ours, clients) = std::os::unix::net::UnixStream::pair().map_err(lost)?;
        ours.set_nonblocking(true).map_err(lost)?;
        let ours = tokio::net::UnixStream::from_std(ours).map_err(lost)?;
        let options = LdapConnSettings::new().set_std_stream(StdStream::Unix(clients));
        let opened = LdapConnAsync::with_settings(options, "ldapi:///").await;
        let (client, ldap) = opened.map_err(|error| AskError::lost(error.to_string()))?;
        let line = Self {
            client: Some(Box::pin(client.drive())),
            relay: Some(Box::pin(relay::relay(ours, server, bounds))),
            ended: None,
        };
        Ok((line, ldap))
    }

    /// Awaits something that the client does.
    pub(super) async fn turn_for<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.turn(context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Turns until all that the client said is on its way, and the connection over.
    pub(super) async fn end(&mut self) {
        poll_fn(|context| {
            self.turn(context);
            if self.relay.is_none() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Why the client got no answer.
    pub(super) fn why(&mut self, error: &LdapError) -> AskError {
        let ended = self.ended.take();
        ended.unwrap_or_else(|| AskError::lost(error.to_string()))
    }

    fn turn(&mut self, context: &mut Context<'_>) {
        // The client still gets what was passed on before the relay ended.
        if let Err(why) = turn(&mut self.relay, context) {
            self.ended = Some(why);
        }
        if let Err(error) = turn(&mut self.client, context) {
            let why = || AskError::lost(error.to_string());
            self.ended.get_or_insert_with(why);
        }
    }
}

/// Lets a future go on, and forgets it when it is done.
fn turn<E>(
    turning: &mut Option<Turning<Result<(), E>>>,
    context: &mut Context<'_>,
) -> Result<(), E> {
    let Some(future) = turning else {
        return Ok(());
    };
    let Poll::Ready(ended) = future.as_mut().poll(context) else {
        return Ok(());
    };
    *turning = None;
    ended
}
