//! The way from one CA to another: which stage comes next, what blocks it, and who would be locked out.
//!
//! SSH has no cross-signing, so whoever trusts must trust both for a while: servers, for a user CA, by a
//! file with both; clients, for a host CA, by a second `@cert-authority`. Here it is only looked at and
//! recorded; what is done at each stage other commands do.

use sha2::{Digest, Sha256};

use super::destroyed::left;
use super::retire::Retirement;
use crate::config::Config;
use crate::ledger::{Ca, Ledger, LedgerError, Purpose, Reached, Stage, StageReached, TrustEnded};
use crate::policy::role::Permit;
use crate::revocation::living;

/// What servers say of the two CAs, by their reports.
#[derive(Clone, Debug, Default)]
pub struct ServersSay {
    /// How many servers the list has; none if no list was given.
    pub listed: Option<usize>,
    /// The servers that do not take certificates of the new CA, as far as is known, and why.
    pub without_new: Vec<(String, String)>,
    /// The servers of which it is not known that they no longer trust the old CA, and why.
    pub with_old: Vec<(String, String)>,
    /// Whether the list that servers get, as far as it was shown, revokes the key of the old CA.
    pub list_revokes: Option<bool>,
}

/// What keeps a stage from being reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is, in words.
    pub why: String,
    /// Whether it is that somebody would be locked out, which a person can accept in full.
    pub locks_out: bool,
}

/// A rollover as it stands.
#[derive(Clone, Debug)]
pub struct Rollover {
    /// The CA that goes.
    pub old: Ca,
    /// The CA that comes.
    pub new: Ca,
    /// What was recorded.
    pub reached: Vec<Reached>,
    /// The next stage; none when all is done.
    pub next: Option<Stage>,
    /// What keeps it from being reached.
    pub blocks: Vec<Block>,
    /// What no file tells, whatever blocks.
    pub not_known: Vec<String>,
    /// What of the old CA is valid still.
    pub retirement: Retirement,
}

/// Why a stage was not reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RolloverError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The two can't follow each other.
    #[error("CA `{new}` can't take the place of CA `{old}`: {why}")]
    Unfit {
        /// The CA that goes.
        old: String,
        /// The CA that comes.
        new: String,
        /// Why.
        why: &'static str,
    },
    /// Nothing is left to do.
    #[error("CA `{new}` took the place of CA `{old}`: every stage was reached")]
    Done {
        /// The CA that went.
        old: String,
        /// The CA that came.
        new: String,
    },
    /// Something blocks it.
    #[error("stage `{stage}` is blocked: {}", words(blocks))]
    Blocked {
        /// The stage.
        stage: &'static str,
        /// What blocks it.
        blocks: Vec<Block>,
    },
}

impl Rollover {
    /// Looks how far it is, at this Unix second.
    ///
    /// # Errors
    /// [`RolloverError`] if the two CAs can't follow each other.
    pub fn of(
        config: &Config,
        ledger: &Ledger,
        (old, new): (&Ca, &Ca),
        servers: &ServersSay,
        now: u64,
    ) -> Result<Self, RolloverError> {
        let unfit = |why| RolloverError::Unfit {
            old: old.name().to_owned(),
            new: new.name().to_owned(),
            why,
        };
        if old == new {
            return Err(unfit("a CA can't take its own place"));
        }
        if old.added().purpose != new.added().purpose {
            return Err(unfit("they sign different kinds of certificates"));
        }
        let reached = ledger.stages(old)?;
        let last = reached.last().map(|(_, last)| (last.new, last.stage));
        if last.is_some_and(|(known, _)| known != new.position()) {
            return Err(unfit("another CA takes that place already"));
        }
        let next = last.map_or(Some(Stage::Made), |(_, stage)| stage.next());
        let mut rollover = Self {
            old: old.clone(),
            new: new.clone(),
            reached,
            next,
            blocks: Vec::new(),
            not_known: Vec::new(),
            retirement: Retirement::of(ledger, old, now)?,
        };
        let seen = Seen {
            config,
            ledger,
            servers,
            now,
        };
        rollover.look(&seen)?;
        Ok(rollover)
    }

    /// Records the next stage, unless something blocks it. Where it is only that somebody would be
    /// locked out, and that was accepted, the ledger keeps who.
    ///
    /// # Errors
    /// [`RolloverError`], and then nothing was recorded.
    pub fn go_on(
        &self,
        ledger: &mut Ledger,
        accept_lock_out: bool,
        keyboard: &str,
        time: u64,
    ) -> Result<Stage, RolloverError> {
        let Some(stage) = self.next else {
            return Err(RolloverError::Done {
                old: self.old.name().to_owned(),
                new: self.new.name().to_owned(),
            });
        };
        let blocks = self.blocks.iter();
        let blocks: Vec<_> = blocks
            .filter(|block| !(block.locks_out && accept_lock_out))
            .cloned()
            .collect();
        if !blocks.is_empty() {
            return Err(RolloverError::Blocked {
                stage: stage.as_str(),
                blocks,
            });
        }
        let accepted = match self.blocks.as_slice() {
            [] => String::new(),
            blocks => format!("accepted: {}", words(blocks)),
        };
        ledger.reach_stage(
            StageReached {
                old: self.old.position(),
                new: self.new.position(),
                stage,
                word: accepted,
                keyboard: keyboard.to_owned(),
            },
            time,
        )?;
        Ok(stage)
    }

    /// Whether hosts are signed: then clients have to trust, who can't be asked.
    #[must_use]
    pub fn is_for_hosts(&self) -> bool {
        self.old.added().purpose == Purpose::Host
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), LedgerError> {
        match self.next {
            Some(Stage::Made) => self.made(seen)?,
            Some(Stage::Trusted) if self.is_for_hosts() => self.known_to_clients(),
            Some(Stage::Trusted) => self.trusted(seen.servers),
            Some(Stage::Switched) => self.switched(seen)?,
            Some(Stage::Ended) => self.ended(),
            Some(Stage::Revoked) => self.revoked(seen)?,
            Some(Stage::Destroyed) => self.destroyed(seen)?,
            None => {}
        }
        Ok(())
    }

    fn made(&mut self, seen: &Seen<'_>) -> Result<(), LedgerError> {
        let new = Retirement::of(seen.ledger, &self.new, seen.now)?;
        if new.retired.is_some() || new.is_revoked {
            self.block(format!("CA {} is retired or revoked", self.new.name()));
        }
        Ok(())
    }

    fn trusted(&mut self, servers: &ServersSay) {
        if servers.listed.is_none_or(|listed| listed == 0) {
            self.lock_out(
                "no list of servers was given, so whoever doesn't trust the new CA is not known"
                    .to_owned(),
            );
        }
        for (server, why) in &servers.without_new {
            self.lock_out(format!("{server}: {why}"));
        }
    }

    fn known_to_clients(&mut self) {
        self.lock_out(format!(
            "clients can't be asked whether they know the `@cert-authority` of {}: whoever doesn't is \
             asked about an unknown host key, or gets nowhere",
            self.new.name()
        ));
    }

    fn switched(&mut self, seen: &Seen<'_>) -> Result<(), LedgerError> {
        for role in roles_of(seen.config, self.old.name()) {
            self.block(format!(
                "role {role} of the config still signs by {}",
                self.old.name()
            ));
        }
        if !self.is_for_hosts() {
            return Ok(());
        }
        let new = living(seen.ledger, &self.new, seen.now)?;
        let old = self.retirement.living.who.keys();
        let left: Vec<_> = old
            .filter(|host| !new.who.contains_key(*host))
            .cloned()
            .collect();
        for host in left {
            self.lock_out(format!(
                "host {host} has a certificate of {} and none of {}",
                self.old.name(),
                self.new.name()
            ));
        }
        self.not_known.push(
            "whether each host shows its new certificate: `punchmark host status` there".to_owned(),
        );
        Ok(())
    }

    fn ended(&mut self) {
        let name = self.old.name().to_owned();
        if self.retirement.retired.is_none() {
            self.block(format!(
                "CA {name} still gives out serials: punchmark ca retire {name}"
            ));
        }
        let who: Vec<_> = self.retirement.living.who.keys().cloned().collect();
        for who in who {
            self.lock_out(format!("{who} has a valid certificate of {name}"));
        }
    }

    fn revoked(&mut self, seen: &Seen<'_>) -> Result<(), LedgerError> {
        let name = self.old.name().to_owned();
        if !self.retirement.is_revoked {
            self.block(format!(
                "the key of CA {name} is not revoked: punchmark ca retire {name}"
            ));
            return Ok(());
        }
        if self.is_for_hosts() {
            self.not_known.push(format!(
                "whether clients have the line `@revoked *` of {name}: punchmark ca export {name} --format known-hosts"
            ));
            return Ok(());
        }
        match seen.servers.list_revokes {
            Some(true) => {}
            Some(false) => self.block(format!("the list that was shown does not revoke {name}")),
            // What the room lists itself is published nowhere where there is a mirror.
            None if seen.ledger.has_mirror()? => self.block(
                "no list of the mirror was shown, where servers get theirs: --krl FILE".to_owned(),
            ),
            None if is_in_a_list(seen.ledger, &self.old)? => {}
            None => self.block(format!(
                "no KRL was made since: punchmark krl --ca {name} --out revoked.krl"
            )),
        }
        if seen.servers.listed.is_none_or(|listed| listed == 0) {
            self.block(
                "no list of servers was given, so who still trusts it is not known".to_owned(),
            );
        }
        for (server, why) in &seen.servers.with_old {
            self.block(format!("{server}: {why}"));
        }
        Ok(())
    }

    fn destroyed(&mut self, seen: &Seen<'_>) -> Result<(), LedgerError> {
        let left = left(seen.config, seen.ledger, &self.old)?;
        left.there.into_iter().for_each(|why| self.block(why));
        self.not_known.extend(left.missing);
        Ok(())
    }

    fn block(&mut self, why: String) {
        self.blocks.push(Block {
            why,
            locks_out: false,
        });
    }

    fn lock_out(&mut self, why: String) {
        self.blocks.push(Block {
            why,
            locks_out: true,
        });
    }
}

/// What a stage is held against.
struct Seen<'a> {
    config: &'a Config,
    ledger: &'a Ledger,
    servers: &'a ServersSay,
    now: u64,
}

/// The roles of a config that name a CA.
#[must_use]
pub fn roles_of(config: &Config, name: &str) -> Vec<String> {
    let roles = config.policy().roles();
    let named = roles.filter(|role| matches!(role.ca(), Permit::Only(ca) if ca == name));
    named.map(|role| role.name().to_string()).collect()
}

/// Whether a list was made behind the entry that revoked the key of a CA.
fn is_in_a_list(ledger: &Ledger, ca: &Ca) -> Result<bool, LedgerError> {
    let lists = ledger.krls()?;
    let key: [u8; 32] = Sha256::digest(&ca.added().public_key).into();
    let names = |end: &TrustEnded| match end {
        TrustEnded::Revoked(revoked) => revoked.key_hashes().any(|hash| hash == key),
        _ => false,
    };
    let ends = ledger.ends_of_trust()?;
    let revoked = ends.iter().find(|end| names(&end.what));
    Ok(revoked.is_some_and(|end| lists.iter().any(|(position, ..)| *position > end.position)))
}

fn words(blocks: &[Block]) -> String {
    let each: Vec<_> = blocks.iter().map(|block| block.why.as_str()).collect();
    each.join("; ")
}
