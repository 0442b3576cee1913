//! When a certificate is valid: what was asked for, within the role's lifetime.

use super::super::Refusal;
use super::super::lifetime::Lifetime;
use super::super::role::Permit;
use super::Case;
use crate::certificate::Validity;
use crate::request::ValidityAsked;

impl Case<'_> {
    pub(super) fn validity(&mut self) -> Option<Validity> {
        let asked = self.request.ask.validity;
        let lifetime = match self.rules.role.lifetime() {
            Permit::Anything => return self.unlimited(asked),
            Permit::Nothing => {
                self.refuse(Refusal::NoLifetime);
                return None;
            }
            Permit::Only(lifetime) => lifetime,
        };
        let validity = match asked {
            Some(ValidityAsked::Interval(interval)) => Some(interval),
            Some(ValidityAsked::Until(interval)) => self.until(interval.valid_before(), lifetime),
            Some(ValidityAsked::Length { seconds, .. }) => self.lasting(seconds, lifetime),
            None => match &lifetime.default {
                Some(default) => self.lasting(default.seconds(), lifetime),
                None => {
                    self.refuse(Refusal::LifetimeNotNamed);
                    None
                }
            },
        };
        self.check_validity(validity?, lifetime);
        validity
    }

    /// What was asked for, as it is written; by who asks for nothing, the default where there is
    /// one.
    fn unlimited(&mut self, asked: Option<ValidityAsked>) -> Option<Validity> {
        match (asked, self.rules.role.unasked_lifetime()) {
            (None, Some(lifetime)) => {
                let seconds = lifetime.default.as_ref()?.seconds();
                self.lasting(seconds, lifetime)
            }
            (asked, _) => Some(as_written(asked)),
        }
    }

    fn until(&mut self, end: u64, lifetime: &Lifetime) -> Option<Validity> {
        let begin = self.now.saturating_sub(lifetime.back());
        self.note(Validity::new(begin, end))
    }

    fn lasting(&mut self, seconds: u64, lifetime: &Lifetime) -> Option<Validity> {
        let begin = self.now.saturating_sub(lifetime.back());
        let Some(end) = self.now.checked_add(seconds) else {
            self.refuse(Refusal::Lifetime {
                asked: None,
                allowed: lifetime.longest(),
            });
            return None;
        };
        self.note(Validity::new(begin, end))
    }

    /// The end is held against now, not against the begin: what begins later ends no later.
    fn check_validity(&mut self, validity: Validity, lifetime: &Lifetime) {
        let (now, allowed) = (self.now, lifetime.longest());
        let (ahead, over) = (
            validity.valid_before().saturating_sub(now),
            now.saturating_sub(validity.valid_before()),
        );
        if ahead == 0 {
            self.refuse(Refusal::Over(over));
        }
        if ahead > allowed {
            let asked = (!validity.is_forever()).then_some(ahead);
            self.refuse(Refusal::Lifetime { asked, allowed });
        }
        let asked = now.saturating_sub(validity.valid_after());
        if asked > lifetime.back() {
            let allowed = lifetime.back();
            self.refuse(Refusal::BackDate { asked, allowed });
        }
    }
}

/// Takes the validity as it was written, as ssh-keygen does.
fn as_written(asked: Option<ValidityAsked>) -> Validity {
    asked.map_or_else(Validity::always, |asked| asked.interval())
}
