//! `punchmark doctor` on the CA's machine: config, ledger, roots, modules, modes and clock,
//! and how old what is published is.

use std::ops::ControlFlow;

use clap::Args;
use serde_json::json;

use crate::ca::roles_of;
use crate::certificate::length;
use crate::cli::base::arguments::span;
use crate::cli::base::ca_standing::CaStanding;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::heads_below;
use crate::cli::base::monitoring::State;
use crate::cli::base::pending;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::config::{self, Config, ConfigError};
use crate::ledger::{Entry, Event, Ledger};

/// What is asked of the CA's own machine.
#[derive(Debug, Args)]
pub(super) struct DoctorCa {
    /// Warn of a KRL or a signed head that is older than this
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = span)]
    warn_after: u64,

    /// Call a KRL or a signed head that is older than this critical
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    critical_after: u64,
}

/// One thing that was looked at.
struct Point {
    name: &'static str,
    state: State,
    words: String,
    hints: Vec<String>,
}

impl Point {
    fn new(name: &'static str, state: State, words: impl Into<String>) -> Self {
        Self {
            name,
            state,
            words: words.into(),
            hints: Vec::new(),
        }
    }

    fn failed(name: &'static str, failure: &Failure) -> Self {
        Self {
            hints: failure.hints().to_vec(),
            ..Self::new(name, State::Critical, failure.words())
        }
    }

    fn hint(mut self, hint: &str) -> Self {
        self.hints.push(hint.to_owned());
        self
    }
}

impl DoctorCa {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let points = match context.config() {
            Err(failure) => vec![Point::failed("config", &failure)],
            Ok(config) => self.points(context, &config),
        };
        tell(context, &points)
    }

    fn points(&self, context: &Context, config: &Config) -> Vec<Point> {
        let ledger = ledger_of(config);
        let roots = roots(config, ledger.as_ref().ok());
        let mut points = vec![roles(config), roots, modes(config)];
        points.extend(
            ledger
                .as_ref()
                .ok()
                .and_then(|ledger| of_ended(config, ledger)),
        );
        match ledger {
            Err(failure) => points.push(Point::failed("ledger", &failure)),
            Ok(ledger) => {
                let words = format!(
                    "{}, its kept head fits, the clock too",
                    number_of(ledger.size(), "entry")
                );
                points.push(Point::new("ledger", State::Ok, words));
                points.extend(tail(&ledger));
                points.extend(below(config));
                points.extend(cas(context, config, &ledger));
                points.extend(standings(context, config, &ledger));
                points.extend(self.ages(config, &ledger));
                points.extend(self.pending(config, &ledger));
                points.extend(untold(config));
            }
        }
        points
    }

    fn ages(&self, config: &Config, ledger: &Ledger) -> Vec<Point> {
        match published(config, ledger) {
            Err(failure) => vec![Point::failed("ledger", &failure)],
            Ok((krl, head)) => vec![
                self.age("krl", "KRL", krl, "`punchmark krl --out FILE`, by a timer"),
                self.age("head", "signed head", head, way_to_a_head(ledger)),
            ],
        }
    }

    /// How old the oldest revocation is that the ledger has not taken.
    fn pending(&self, config: &Config, ledger: &Ledger) -> Option<Point> {
        let (open, oldest) = match pending::oldest(config, ledger) {
            Ok(oldest) => oldest?,
            Err(failure) => return Some(Point::failed("pending", &failure)),
        };
        let age = config::now().saturating_sub(oldest);
        let words = pending::in_words(open, age);
        let state = match age {
            age if age > self.critical_after => State::Critical,
            age if age > self.warn_after => State::Warning,
            _ => State::Ok,
        };
        Some(Point::new("pending", state, words).hint(pending::CARRY))
    }

    fn age(&self, name: &'static str, what: &str, made: Option<u64>, way: &str) -> Point {
        let Some(made) = made else {
            let words = format!("no {what} was ever made");
            return Point::new(name, State::Warning, words).hint(way);
        };
        let age = config::now().saturating_sub(made);
        let words = format!("the last {what} was made {} ago", length(age));
        let state = match age {
            age if age > self.critical_after => State::Critical,
            age if age > self.warn_after => State::Warning,
            _ => return Point::new(name, State::Ok, words),
        };
        Point::new(name, state, words).hint(way)
    }
}

fn way_to_a_head(ledger: &Ledger) -> &'static str {
    if ledger.is_mirror() {
        "the answer to the next bundle brings one: `punchmark bundle make`"
    } else {
        "`punchmark ledger checkpoint`, kept elsewhere"
    }
}

/// What was revoked behind the newest list.
fn untold(config: &Config) -> Option<Point> {
    match pending::untold_of(config) {
        Ok(untold) => Some(Point::new("krl", State::Warning, untold?).hint(pending::MAKE_LIST)),
        Err(failure) => Some(Point::failed("krl", &failure)),
    }
}

/// The ledger, if its clock and every kept head let it be written to. No lock is taken: a run
/// that signs is not held up.
fn ledger_of(config: &Config) -> Result<Ledger, Failure> {
    let contradicted = Ledger::contradicted(&config.ledger(), &config.ledger_settings())?;
    if let Some(contradicts) = contradicted {
        let is_mirror =
            Ledger::open_to_read(&config.ledger()).is_ok_and(|ledger| ledger.is_mirror());
        return Err(if is_mirror {
            pending::not_newest(contradicts)
        } else {
            contradicts.into()
        });
    }
    // Nobody is there to be asked about a leap of the clock.
    Ok(config.ledger_place().read(&mut |_leap| false)?)
}

fn roles(config: &Config) -> Point {
    match config.oddities().len() {
        0 => Point::new(
            "config",
            State::Ok,
            format!("{}, roles in order", number_of(config.cas().count(), "CA")),
        ),
        odd => Point::new(
            "config",
            State::Warning,
            format!("{} in the roles", number_of(odd, "odd thing")),
        )
        .hint("`punchmark role lint` names them"),
    }
}

/// A role of a CA that is retired signs nobody.
fn of_ended(config: &Config, ledger: &Ledger) -> Option<Point> {
    let ended = ledger.cas().ok()?.into_iter();
    let ended = ended.filter(|ca| matches!(ledger.retired(ca), Ok(Some(_))));
    let roles: Vec<_> = ended
        .flat_map(|ca| roles_of(config, ca.name()))
        .map(|role| format!("`{role}`"))
        .collect();
    (!roles.is_empty()).then(|| {
        let words = format!(
            "of a CA that is retired, and signs nobody: {}",
            roles.join(", ")
        );
        let way = "name the CA that took its place as `ca` of the role";
        Point::new("roles", State::Warning, words).hint(way)
    })
}

fn roots(config: &Config, ledger: Option<&Ledger>) -> Point {
    let counted = || -> Result<_, Failure> {
        let named = config.attestation_roots()?;
        let believed = match ledger {
            Some(ledger) => ledger.believed(&named)?,
            None => named.clone(),
        };
        Ok((named.listed().count(), believed.listed().count()))
    };
    match counted() {
        Ok((0, _)) => Point::new(
            "roots",
            State::Ok,
            "no maker is trusted: no evidence is believed",
        ),
        Ok((named, believed)) => {
            let mut words = format!("{} of attestation", number_of(believed, "root"));
            let distrusted = named.saturating_sub(believed);
            if distrusted > 0 {
                words.push_str(&format!(", and {distrusted} that the ledger distrusts"));
            }
            Point::new("roots", State::Ok, words)
        }
        Err(failure) => Point::failed("roots", &failure),
    }
}

/// The config itself is held to the same when it is read.
fn modes(config: &Config) -> Point {
    let ledger = [config.ledger()].into_iter().filter(|file| file.exists());
    let public_keys = config.cas().map(|(_, ca)| config.resolve(&ca.public_key));
    let modules = config.modules().iter().cloned();
    let files: Vec<_> = ledger.chain(public_keys).chain(modules).collect();
    let checked = config
        .writers()
        .and_then(|writers| files.iter().try_for_each(|file| writers.check(file)));
    match checked {
        Ok(()) => {
            let words = format!(
                "{} (modules too) that nobody else can write",
                number_of(files.len(), "file")
            );
            Point::new("modes", State::Ok, words)
        }
        Err(untrusted) => {
            let mend = untrusted.mend();
            let failure = Failure::from(ConfigError::from(untrusted));
            let point = Point::failed("modes", &failure);
            match mend {
                Some(mend) if point.hints.is_empty() => point.hint(&mend),
                _ => point,
            }
        }
    }
}

fn tail(ledger: &Ledger) -> Option<Point> {
    let tail = ledger.tail()?;
    let words = format!(
        "{} behind its last whole frame",
        number_of(tail.length, "byte")
    );
    let point = Point::new("ledger", State::Warning, words);
    Some(point.hint("`punchmark ledger verify` checks the rest"))
}

fn below(config: &Config) -> Option<Point> {
    match heads_below::warning(config) {
        Ok(below) => {
            let point = Point::new("heads", State::Warning, below?);
            Some(point.hint(heads_below::ONE_MORE))
        }
        Err(error) => Some(Point::failed("heads", &error.into())),
    }
}

/// Config, public key file, purpose and suffixes, as the ledger has them.
fn cas(context: &Context, config: &Config, ledger: &Ledger) -> Vec<Point> {
    let all = config.cas().map(
        |(name, _)| match context.known_ca(config, ledger, name.as_str()) {
            Ok(_) => Point::new(
                "ca",
                State::Ok,
                format!("{name}: config, key file and ledger agree"),
            ),
            Err(failure) => Point::failed("ca", &failure.at(name.to_string())),
        },
    );
    all.collect()
}

/// How each CA stands: whether it ended, and when its next drill is due.
fn standings(context: &Context, config: &Config, ledger: &Ledger) -> Vec<Point> {
    let now = config::now();
    let one = |name: &str| -> Result<Vec<Point>, Failure> {
        let known = context.known_ca(config, ledger, name)?;
        let standing = CaStanding::of(ledger, known.ca())?;
        let findings = standing.findings(name, now).into_iter();
        let mut points: Vec<_> = findings
            .map(|one| Point::new("ca", one.state, one.words).hint(&one.way))
            .collect();
        // One that is overdue is among them.
        if points.iter().all(|point| point.state != State::Warning)
            && let Some(due) = standing.drill_in_words(now)
        {
            let words = format!("{name}: the next drill is {due}");
            points.push(Point::new("drill", State::Ok, words));
        }
        Ok(points)
    };
    // What keeps a CA from being known is told above.
    let all = config.cas().filter_map(|(name, _)| one(name.as_str()).ok());
    all.flatten().collect()
}

/// When the last KRL and the last signed head were made. Servers have those of a mirror, which stand beside
/// it: what its ledger made is none of them.
fn published(config: &Config, ledger: &Ledger) -> Result<(Option<u64>, Option<u64>), Failure> {
    let (mut krl, mut head) = (None, None);
    let mut unread = None;
    ledger.each_entry(1, &mut |position, bytes| {
        match Entry::from_bytes(bytes) {
            Ok(entry) => match entry.event {
                Event::KrlMade(_) => krl = Some(entry.time),
                Event::CheckpointSigned(_) => head = Some(entry.time),
                _ => {}
            },
            Err(error) => {
                unread = Some(format!("entry {position}: {error}"));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    match unread {
        Some(words) => Err(Failure::new(words)),
        None if ledger.is_mirror() => {
            let made = pending::newest_list(config, ledger)?;
            Ok((made.map(|made| made.version), head))
        }
        None => Ok((krl, head)),
    }
}

fn tell(context: &Context, points: &[Point]) -> Result<Exit, Failure> {
    let worst = points.iter().map(|point| point.state).max();
    let state = worst.unwrap_or(State::Unknown);
    if context.json() {
        let points = points.iter().map(|point| {
            json!({
                "name": point.name, "state": point.state.word().to_lowercase(),
                "words": point.words, "hints": point.hints,
            })
        });
        let value = json!({
            "punchmark-doctor": 1, "state": state.word().to_lowercase(),
            "points": points.collect::<Vec<_>>(), "not-checked": NOT_CHECKED,
        });
        product_object(value)?;
        return Ok(state.exit());
    }
    let first = points.iter().find(|point| point.state == state);
    let summary = match (state, first) {
        (State::Ok, _) | (_, None) => format!("{} things looked at", points.len()),
        (_, Some(point)) => format!("{}: {}", point.name, point.words),
    };
    product(&format!("{}: {summary}", state.word()).replace('\n', " "))?;
    for point in points {
        product(&format!(
            "  {:9}{}: {}",
            point.state.word(),
            point.name,
            point.words
        ))?;
        for hint in &point.hints {
            product(&format!("           hint: {hint}"))?;
        }
    }
    product(&format!("  not checked: {NOT_CHECKED}"))?;
    Ok(state.exit())
}

const NOT_CHECKED: &str = "that each token is there and signs, and every entry of the ledger \
    (`punchmark ledger verify`)";
