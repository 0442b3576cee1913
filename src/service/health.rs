//! How the key of each CA is: it signed within the last minute, or it was made to.
//!
//! A key that wants no finger signs the self-test's message where nothing else was signed of late, once a
//! minute at most. Of one that wants a finger it is told whether its devices are there.

use std::time::Duration;

use super::{ServedCa, Service};
use crate::issue::{Desk, Trial};
use crate::signer::yubikey::TouchPolicy;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// All of it works.
    Up,
    /// It works, and not all of it.
    Degraded,
    /// It doesn't work.
    Down,
}

/// How the key of a CA is.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyHealth {
    pub(super) health: Health,
    /// None once its desk is closed.
    pub(super) trial: Option<Trial>,
    /// Whether a signature wants a finger, so that none is asked for.
    pub(super) wants_finger: bool,
}

impl Health {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl Service {
    /// How the key of each CA is, in their order. Waits for a key that has to sign, and some seconds at most
    /// behind each time that it was asked to: whoever looks again meanwhile costs no thread.
    pub(super) fn keys(&self) -> Vec<KeyHealth> {
        self.cas.iter().for_each(|ca| ca.try_key());
        self.cas.iter().map(|ca| ca.key()).collect()
    }
}

impl ServedCa {
    /// Has the key sign where that is wanted.
    fn try_key(&self) {
        let at_desk = self.at_desk(&|desk: &Desk| {
            if !wants_finger(desk) && !signed_of_late(&desk.trial()) {
                desk.try_key(MINUTE);
            }
        });
        // A closed desk has nothing to try.
        let _open = at_desk;
    }

    fn key(&self) -> KeyHealth {
        loop {
            let seen = |desk: &Desk| (desk.is_open(), desk.trial(), wants_finger(desk));
            let Some((is_open, trial, wants_finger)) = self.at_desk(&seen) else {
                return KeyHealth {
                    health: Health::Down,
                    trial: None,
                    wants_finger: false,
                };
            };
            let works = is_open && (wants_finger || signed_of_late(&trial));
            let may_come = is_open && trial.asked.is_some_and(|ago| ago < PATIENCE);
            if works || !may_come {
                return KeyHealth {
                    health: health(works, &trial),
                    trial: Some(trial),
                    wants_finger,
                };
            }
            std::thread::sleep(GLANCE);
        }
    }
}

fn health(works: bool, trial: &Trial) -> Health {
    let (able, opened) = trial.sessions;
    if !works || able == 0 {
        Health::Down
    } else if able < opened {
        Health::Degraded
    } else {
        Health::Up
    }
}

fn wants_finger(desk: &Desk) -> bool {
    matches!(
        desk.touch(),
        Some(TouchPolicy::Always | TouchPolicy::Cached)
    )
}

fn signed_of_late(trial: &Trial) -> bool {
    trial.signed.is_some_and(|ago| ago < MINUTE)
}

const MINUTE: Duration = Duration::from_secs(60);
/// For a key that has to sign behind all that waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_degraded_where_some_of_its_sessions_are_away_and_down_where_none_signs() {
        for (works, sessions, expected) in [
            (true, (4, 4), Health::Up),
            (true, (3, 4), Health::Degraded),
            (true, (0, 4), Health::Down),
            (false, (4, 4), Health::Down),
        ] {
            let trial = Trial {
                sessions,
                signed: None,
                asked: None,
            };
            assert_eq!(health(works, &trial), expected);
        }
    }

    #[test]
    fn a_signature_counts_for_a_minute() {
        let of_late = |signed: Option<u64>| {
            signed_of_late(&Trial {
                sessions: (1, 1),
                signed: signed.map(Duration::from_secs),
                asked: None,
            })
        };
        assert!(of_late(Some(59)) && !of_late(Some(60)) && !of_late(None));
    }
}
