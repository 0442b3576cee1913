//! A certificate that is renewed as long as the session lives.

use std::thread;
use std::time::Duration;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::server::getting::Getting;
use crate::cli::base::server::{Unvisited, until};
use crate::cli::base::terminal::warn;
use crate::client::{Exchange, KeptSession, ServerFolder};
use crate::config;
use crate::request::RoleName;

/// Renews the certificate that was just got, until the session is over: nobody logs in again by this.
pub(super) fn watch(getting: &Getting, context: &Context) -> Result<Exit, Failure> {
    let folder = getting.server.folder()?;
    loop {
        let ends = newest(getting, &folder)?;
        let now = config::now();
        let renewal = now + share(ends.saturating_sub(now), random()?);
        wait_until(renewal, &folder)?;
        renew(getting, &folder, context)?;
    }
}

/// Asks again and again where the server is down, and once a minute at most.
fn renew(getting: &Getting, folder: &ServerFolder, context: &Context) -> Result<(), Failure> {
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match getting.renew(context) {
            Ok(()) => return Ok(()),
            Err(Unvisited::Failed(failure)) => return Err(failure),
            Err(Unvisited::Down(failure)) => failure,
        };
        warn(&format!("{}; asked again in {pause} s", failure.words()));
        wait_until(config::now() + pause, folder)?;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// When the certificate ends that was got last.
fn newest(getting: &Getting, folder: &ServerFolder) -> Result<u64, Failure> {
    let held = folder.held()?;
    let role = getting.role.as_ref().map(RoleName::as_str);
    let ends = held.of(role).filter(|held| getting.is_meant(held));
    let newest = ends.map(|held| held.valid_before).max();
    newest.ok_or_else(|| Failure::new("the certificate that was got is not noted any more"))
}

/// Sleeps in short pieces: a machine that slept wakes up late. The session is used meanwhile, since one that
/// nobody uses ends, and where it is over that is told.
fn wait_until(time: u64, folder: &ServerFolder) -> Result<(), Failure> {
    let mut used = config::now();
    loop {
        let now = config::now();
        let kept = folder.session()?;
        let kept = kept.filter(|kept| !kept.is_over(now)).ok_or_else(over)?;
        if now >= time {
            return Ok(());
        }
        if now >= used.saturating_add(kept.session.idle / 3) {
            use_it(folder, &kept)?;
            used = now;
        }
        let next = time.min(kept.session.until).saturating_sub(now);
        thread::sleep(Duration::from_secs(next.clamp(1, GLANCE)));
    }
}

/// A server that can't be asked may be there the next time.
fn use_it(folder: &ServerFolder, kept: &KeptSession) -> Result<(), Failure> {
    let (Some(trusted), Some(key)) = (folder.trusted()?, kept.key()) else {
        return Err(over());
    };
    let mut exchange = Exchange::new(&trusted.server, trusted.roots.as_deref())?;
    match exchange.look_at(kept, &key) {
        Err(error) if error.is_logged_out() => Err(Failure::new(format!(
            "the session, which would have lasted until {}, was ended at the server; nothing is renewed any more",
            until(kept.session.until)
        ))
        .hint("punchmark login")),
        _ => Ok(()),
    }
}

fn over() -> Failure {
    Failure::new("the session is over, and nothing is renewed any more").hint("punchmark login")
}

/// Two thirds of what is left, less up to a tenth of that by chance: machines that began together shall not ask
/// together for ever.
fn share(left: u64, chance: u8) -> u64 {
    let most = left.saturating_mul(2) / 3;
    most - (most / 10).saturating_mul(u64::from(chance)) / 255
}

fn random() -> Result<u8, Failure> {
    let mut byte = [0];
    let filled = getrandom::fill(&mut byte);
    filled.map_err(|error| Failure::new(format!("no random numbers: {error}")))?;
    Ok(byte[0])
}

/// In seconds.
const FIRST_PAUSE: u64 = 5;
const LAST_PAUSE: u64 = 60;
const GLANCE: u64 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_renewed_at_about_two_thirds_and_never_late() {
        for (left, chance, after) in [
            (3600, 0, 2400),
            (3600, 255, 2160),
            (9, 0, 6),
            (9, 255, 6),
            (0, 7, 0),
        ] {
            assert_eq!(share(left, chance), after);
        }
        assert!(share(u64::MAX, 255) <= u64::MAX / 3);
    }
}
