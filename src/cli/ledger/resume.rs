//! `punchmark ledger resume`: an older ledger was put back, and goes on behind the gap.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::certificate::Serial;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::head::{Against, Kept, believed_by};
use crate::cli::base::heads_below;
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::published::Published;
use crate::cli::base::terminal::{ask, confirm_typed, say};
use crate::cli::base::words::number_of;
use crate::config::{self, Config};
use crate::ledger::heads::HeadsError;
use crate::ledger::{Ca, Ledger, ProofError, Recovery};

/// Go on with an older ledger that was put back, behind what the lost part may have done
///
/// Of one CA: all serials up to --after count as taken, and the next KRL revokes them, for good.
/// Of the whole ledger: what the last published KRL revokes is taken over, and with its .state
/// who was barred and whose enrolment was taken away; requests made before now, or in the next
/// ten minutes, are refused. Asks for a typed yes.
///
/// With --from, what a mirror has comes first: its entries up to a signed head are taken up as they are, and a
/// gap is only for what no mirror has.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Resume {
    /// The CA whose serials may have been given out
    #[arg(
        short = 's',
        long,
        value_name = "CA",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    ca: Option<String>,

    /// The highest serial of it that may have been given out
    #[arg(
        long,
        value_name = "SERIAL",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    after: Option<u64>,

    /// Take up what a mirror has, as far as the signed head of --against goes: nothing is lost then
    #[arg(long, value_name = "MIRROR", requires = "against", requires = "signer",
        conflicts_with_all = ["krl", "no_krl", "state"])]
    from: Option<PathBuf>,

    /// The last KRL that was published, with its signature in FILE.sig
    #[arg(long, value_name = "FILE")]
    krl: Option<PathBuf>,

    /// No KRL was ever published, or none can be had: what it revoked is lost
    #[arg(long, conflicts_with = "krl")]
    no_krl: bool,

    /// What was published beside the KRL, with its signature in FILE.sig [default: FILE.state]
    #[arg(long, value_name = "FILE", requires = "krl")]
    state: Option<PathBuf>,

    #[command(flatten)]
    against: Against,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Resume {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        if let Some(mirror) = &self.from {
            return self.take_up(mirror, &config, context);
        }
        let number = self.after.unwrap_or(0);
        let after = Serial::try_from(number);
        let after = after.at(format!("serial {:?}", number.to_string()))?;
        let looked = context.ledger_to_look(&config)?;
        let ca = ca_named(&looked.cas()?, self.ca.as_deref().unwrap_or_default())?;
        let gap = gap(&looked, &ca, after)?;
        let published = self.published(&looked)?;
        let lost = self.lost(&config, &looked, published.as_ref())?;
        let plan = self.words(&looked, &ca, gap, published.as_ref())?;
        let plan = format!("{}{plan}", lost_entries(lost));
        let next = next_behind(&looked, &ca, after)?;
        let safe = last_that_may_be_out(&looked, &ca, lost)?;
        drop(looked);
        if self.dry_run {
            context.tell_plan(&plan, json!({ "ca": ca.name(), "after": after.number() }))?;
            return Ok(Exit::Done);
        }
        confirm_typed(&plan)?;
        if after.number() < safe {
            confirm_reuse(next, safe)?;
        }
        self.go_on(context, &config, &ca, after, published)
    }

    fn go_on(
        &self,
        context: &Context,
        config: &Config,
        ca: &Ca,
        after: Serial,
        published: Option<Published>,
    ) -> Result<Exit, Failure> {
        let now = config::now();
        let mut ledger = config.ledger_place().open_unkept_confirmed()?.ledger;
        let recovery = Recovery {
            requests_from: now.saturating_add(TEN_MINUTES),
            krl_version: published.as_ref().map_or(0, Published::version),
            enrolments: published.as_ref().is_some_and(Published::has_state).into(),
            word: self.word(),
        };
        let over = match published {
            Some(published) => published.taken_over(&ledger)?,
            None => Default::default(),
        };
        let serves_on = recovery.enrolments != 0;
        let first = ledger.resume_with(ca, after, Some(recovery), over, config::keyboard(), now)?;
        let words = match first {
            Some(first) => format!("serials {first} to {after} of {} count as taken", ca.name()),
            None => format!("the serials of {} are beyond {after} already", ca.name()),
        };
        let object = json!({ "ca": ca.name(), "first": first, "last": after.number() });
        context.tell(&words, object)?;
        heads_below::warn_where_below(&mut ledger);
        if context.talks() {
            say("make a new KRL now: punchmark krl");
            if !serves_on && !ledger.requesters()?.is_empty() {
                say(CONFIRM_EACH);
            }
        }
        Ok(Exit::Done)
    }

    /// The first way back: what a mirror has is not lost.
    fn take_up(&self, mirror: &Path, config: &Config, context: &Context) -> Result<Exit, Failure> {
        let from = Ledger::open_to_read(mirror).in_file(mirror)?;
        let heads = believed_by(&from, self.against.read()?)?.into_iter();
        let signed = heads.filter(|kept| kept.signer.is_some());
        let head = signed.map(|kept| kept.head).max_by_key(|head| head.size);
        let head = head.ok_or_else(|| Failure::new("no head that is named is signed"))?;
        let own = Ledger::open_to_read(&config.ledger())?.size();
        let words = |size: u64| {
            let missing = number_of(size.saturating_sub(own), "entry");
            let mirror = mirror.display();
            format!("{missing} that this ledger lacks are taken up from {mirror}")
        };
        let object = |size: u64| json!({ "from": mirror.display().to_string(), "entries-before": own, "entries": size });
        if self.dry_run {
            context.tell_plan(&words(head.size), object(head.size))?;
            return Ok(Exit::Done);
        }
        context.confirm_or_go_on(&format!("{}.\nGo on?", words(head.size)))?;
        let taken = config
            .ledger_place()
            .take_up_from(&from, &head)
            .in_file(mirror)?;
        let kept = taken.older.display();
        let said = format!("{}; the older one stays as {kept}", words(taken.size));
        context.tell(&said, object(taken.size))?;
        match Ledger::contradicted(&config.ledger(), &config.ledger_settings())? {
            None => Ok(Exit::Done),
            Some(more) => Err(still_missing(config, more)?),
        }
    }

    fn published(&self, ledger: &Ledger) -> Result<Option<Published>, Failure> {
        let Some(krl) = &self.krl else {
            if self.no_krl {
                return Ok(None);
            }
            return Err(Failure::usage(
                "name the last KRL that was published with --krl FILE, or say --no-krl",
            ));
        };
        Published::read(krl, self.state.as_deref(), ledger).map(Some)
    }

    /// How many entries are known to be lost; 0 where nothing tells. A ledger that nobody
    /// misses anything of goes on as it is, and is refused here.
    fn lost(
        &self,
        config: &Config,
        looked: &Ledger,
        published: Option<&Published>,
    ) -> Result<u64, Failure> {
        let mut known = published.and_then(|published| published.lost_by(looked));
        for kept in believed_by(looked, self.against.read()?)? {
            known = known.max(missing(looked, &kept)?);
        }
        match config.ledger_place().open_unkept_confirmed()?.refusal {
            Some(HeadsError::Older { kept, found, .. }) => {
                Ok(known.unwrap_or(0).max(kept.saturating_sub(found)))
            }
            Some(_) => Ok(known.unwrap_or(0)),
            None => known.ok_or_else(|| {
                Failure::new(
                    "nothing is missing: the ledger is as long as every head that is kept of it",
                )
                .hint(
                    "if you know of a longer one, show its head with --against HEAD, or its KRL \
                     with --krl",
                )
            }),
        }
    }

    /// What it will do, for whoever answers.
    fn words(
        &self,
        ledger: &Ledger,
        ca: &Ca,
        gap: Option<(u64, u64)>,
        published: Option<&Published>,
    ) -> Result<String, Failure> {
        let mut words = match gap {
            Some((first, last)) => format!(
                "Serials {first} to {last} of CA {} ({} of them) count as taken for good, and \
                 every next KRL revokes them.",
                ca.name(),
                last - first + 1
            ),
            None => {
                let after = self.after.unwrap_or(0);
                format!("CA {} is beyond serial {after} already.", ca.name())
            }
        };
        words.push_str(match published {
            Some(_) => "",
            None => "\nNo KRL is taken over: what the lost part revoked may be certified again.",
        });
        if let Some(published) = published {
            words.push_str(&published.words(ledger)?);
        }
        if !published.is_some_and(Published::has_state) {
            for (_, added) in ledger.requesters()? {
                words.push_str(&format!("\n  must be enrolled again: {}", added.name));
            }
        }
        words.push_str("\nRequests made before ten minutes from now are refused.");
        Ok(words)
    }

    fn word(&self) -> String {
        if self.no_krl {
            return "no published KRL is taken over".to_owned();
        }
        String::new()
    }
}

/// What stands behind the head of a mirror, and the ways on: a copy that has it, or a gap.
fn still_missing(config: &Config, more: HeadsError) -> Result<Failure, Failure> {
    let HeadsError::Older { kept, found, .. } = more else {
        return Ok(Failure::from(more));
    };
    let lost = kept.saturating_sub(found);
    let words = format!(
        "{} behind the head of the mirror {} still missing",
        number_of(lost, "entry"),
        if lost == 1 { "is" } else { "are" }
    );
    let failure = Failure::from(more).at(words).hint(A_COPY);
    let ledger = Ledger::open_to_read(&config.ledger())?;
    let mut failure = match lost {
        1 => failure.hint(ONE_OWN_ENTRY),
        _ => failure,
    };
    for ca in ledger.cas()? {
        let after = last_that_may_be_out(&ledger, &ca, lost)?;
        let way = format!(
            "else it is behind a gap: punchmark ledger resume --ca {} --after {after} --krl LIST, by the list that was \
             published last",
            ca.name()
        );
        failure = failure.hint(&way);
    }
    Ok(failure)
}

/// How many entries of this head the ledger lacks at the least; none if it goes on from it.
fn missing(looked: &Ledger, kept: &Kept) -> Result<Option<u64>, Failure> {
    match looked.extends(&kept.head) {
        Ok(()) => Ok(None),
        Err(ProofError::Shorter { has, had }) => Ok(Some(had.saturating_sub(has))),
        Err(ProofError::Forked { .. }) => Ok(Some(0)),
        Err(other) => Err(other).in_file(&kept.file),
    }
}

fn lost_entries(lost: u64) -> String {
    match lost {
        0 => String::new(),
        1 => "1 entry is lost, which may have given out a serial.\n".to_owned(),
        lost => format!("{lost} entries are lost, each of which may have given out a serial.\n"),
    }
}

/// The serial that is given out next, once all up to `after` count as taken.
fn next_behind(ledger: &Ledger, ca: &Ca, after: Serial) -> Result<u64, Failure> {
    let next = ledger.next_serial(ca)?.map_or(u64::MAX, Serial::number);
    Ok(next.max(after.number().saturating_add(1)))
}

/// The highest serial that so many lost entries can have given out: each takes one at most.
fn last_that_may_be_out(ledger: &Ledger, ca: &Ca, lost: u64) -> Result<u64, Failure> {
    let next = ledger.next_serial(ca)?.map_or(u64::MAX, Serial::number);
    Ok(next.saturating_sub(1).saturating_add(lost))
}

/// A serial twice is what a ledger is there to prevent: a yes is not enough.
fn confirm_reuse(next: u64, safe: u64) -> Result<(), Failure> {
    let question = format!(
        "Serial {next} comes next. If a lost entry gave it out, it stands in two certificates; \
         --after {safe} rules that out.\nType {next} if you know that it is free: "
    );
    if ask(&question)?.as_deref() == Some(&next.to_string()) {
        return Ok(());
    }
    Err(Failure::new("stopped, since the serial was not typed"))
}

/// The serials that will count as taken; none if the CA is beyond them.
fn gap(ledger: &Ledger, ca: &Ca, after: Serial) -> Result<Option<(u64, u64)>, Failure> {
    let Some(next) = ledger.next_serial(ca)? else {
        return Ok(None);
    };
    let (first, last) = (next.number(), after.number());
    let length = last.saturating_sub(first);
    if length >= LARGEST_GAP {
        return Err(Failure::new(format!(
            "the next serial of {} is {first}, and {last} is more than a million beyond it",
            ca.name()
        ))
        .hint(
            "a server's newest certificate shows the highest serial; go on in steps if it is so",
        ));
    }
    Ok((first <= last).then_some((first, last)))
}

const TEN_MINUTES: u64 = 600;
const A_COPY: &str = "if there is a copy of the ledger that has it, take that up first: punchmark ledger resume --from \
    COPY; each ceremony carries one out, as punchmark.ledger";
const ONE_OWN_ENTRY: &str = "the room writes one entry behind each head that it signs, which says who signed it and takes \
    no serial: if nothing else was done there, --after may be the last serial that was given out";
/// A slip of the finger must not end a CA: what is revoked here stays revoked.
const LARGEST_GAP: u64 = 1_000_000;
const CONFIRM_EACH: &str = "each enrolment serves again once it was confirmed: see `punchmark \
    requester list`, and add each again with `punchmark requester add`";

const EXAMPLES: &str = "\
Examples:
  punchmark ledger resume --ca users --after 1500 --krl /backup/users.krl
  punchmark ledger resume --ca users --after 1500 --krl users.krl --dry-run
  punchmark ledger resume --ca hosts --after 40 --no-krl
  punchmark ledger resume --from mirror.ledger --against head.txt --signer ledger_key.pub";
