//! `punchmark ledger verify`: every entry, held against all before it.

use clap::Args;
use serde_json::{Value, json};

use super::source::{Source, behind};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::head::{Against, CHANGED, Kept};
use crate::cli::base::terminal::{hint, product, product_object};
use crate::cli::base::words;
use crate::ledger::replay::{Finding, Grade, HeadError, Replayed};
use crate::ledger::{Audit, Signatures};

/// What to hold the ledger against.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    against: Against,

    /// Check the CA's signature of every certificate, too
    #[arg(long)]
    signatures: bool,

    /// Exit with 1 also for what an older version did by a known fault, and for what is odd
    #[arg(long)]
    strict: bool,
}

/// All that was found, and all that was not looked at.
struct Verdict<'v> {
    audit: &'v Audit,
    heads: Vec<(&'v Kept, Result<(), HeadError>)>,
    not_checked: Vec<NotChecked>,
    strict: bool,
}

/// What would have to be checked before the ledger is believed.
#[derive(Clone, Copy, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum NotChecked {
    /// The signatures of the CAs.
    Signatures,
    /// That nothing is missing at the end.
    Heads,
    /// Who signed a head.
    Signer,
    /// Who wrote a head that has no signature.
    Unsigned,
    /// Whether RSA moduli are primes, or have a factor that takes long to find.
    Moduli,
    /// Whether evidence proves what was read out of it.
    Evidence,
    /// Whether the rules allow what was decided.
    Decisions,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let claimed = self.against.read()?;
        let ledger = self.source.to_audit(context)?;
        let audit = ledger.audit(if self.signatures {
            Signatures::Check
        } else {
            Signatures::Skip
        })?;
        let revoked = audit.replayed.revoked_ledger_keys();
        let kept = claimed.into_iter().map(|head| head.believed(revoked));
        let kept = kept.collect::<Result<Vec<_>, _>>()?;
        let verdict = Verdict {
            heads: kept
                .iter()
                .map(|kept| (kept, audit.replayed.extends(&kept.head)))
                .collect(),
            not_checked: self.not_checked(&kept, &audit.replayed),
            audit: &audit,
            strict: self.strict,
        };
        if context.json() {
            product_object(verdict.json())?
        } else {
            verdict.print()?
        }
        Ok(verdict.exit())
    }

    fn not_checked(&self, kept: &[Kept], replayed: &Replayed) -> Vec<NotChecked> {
        let signatures = (!self.signatures).then_some(NotChecked::Signatures);
        let heads = kept.is_empty().then_some(NotChecked::Heads);
        let unsigned = kept.iter().any(|kept| !kept.is_signed);
        let unsigned = unsigned.then_some(NotChecked::Unsigned);
        let signer = kept
            .iter()
            .any(|kept| kept.is_signed && kept.signer.is_none());
        let signer = signer.then_some(NotChecked::Signer);
        let evidence = (replayed.evidence > 0).then_some(NotChecked::Evidence);
        let decisions = (replayed.reserved > 0).then_some(NotChecked::Decisions);
        let moduli = (replayed.moduli_left > 0).then_some(NotChecked::Moduli);
        [
            signatures, moduli, heads, signer, unsigned, evidence, decisions,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Verdict<'_> {
    /// Without a head from elsewhere, nothing can say that the ledger is complete.
    fn print(&self) -> Result<(), Failure> {
        let found = &self.audit.replayed;
        for finding in &found.findings {
            product(&line(finding))?;
        }
        if found.more > 0 {
            product(&format!(
                "and {} more",
                words::number_of(found.more, "finding")
            ))?;
        }
        if let Some(tail) = &self.audit.tail {
            product(&behind(tail))?;
        }
        if let Some(differs) = &self.audit.index {
            product(&format!("the index: {}", words::chain(differs)))?;
        }
        for (kept, extends) in &self.heads {
            if let Err(error) = extends {
                product(&format!("{}: {error}", kept.words()))?;
            }
        }
        product(self.consistent_in_words())?;
        product(&format!(
            "  {}: {} taken, {} issued, {} given up",
            words::number_of(found.size(), "entry"),
            words::number_of(found.reserved, "serial"),
            words::number_of(found.issued, "certificate"),
            found.failed
        ))?;
        for (kept, extends) in &self.heads {
            if extends.is_ok() {
                product(&format!("  extends {}", kept.words()))?;
            }
        }
        for not_checked in &self.not_checked {
            product(&format!("  not checked: {}", not_checked.as_str()))?;
        }
        if !self.is_consistent() || self.heads.iter().any(|(_, extends)| extends.is_err()) {
            hint(CHANGED);
        }
        Ok(())
    }

    fn consistent_in_words(&self) -> &'static str {
        match (self.is_consistent(), self.count(is_unchecked) > 0) {
            (true, _) if self.audit.replayed.size() == 0 => {
                "empty: no entry was ever written to it"
            }
            (false, _) => "NOT consistent with itself",
            (true, true) => "consistent with itself, as far as this version can check it",
            (true, false) => "consistent with itself",
        }
    }

    fn json(&self) -> Value {
        let found = &self.audit.replayed;
        let heads = self.heads.iter().map(|(kept, extends)| {
            json!({
                "file": words::path(&kept.file),
                "entries": kept.head.size,
                "signer": kept.signer,
                "extends": extends.is_ok(),
                "why": extends.as_ref().err().map(ToString::to_string),
            })
        });
        json!({
            "consistent": self.is_consistent(),
            "entries": found.size(),
            "cas": found.cas,
            "reserved": found.reserved,
            "issued": found.issued,
            "failed": found.failed,
            "evidence": found.evidence,
            "findings": found.findings,
            "more-findings": found.more,
            "behind": self.audit.tail.as_ref().map(behind),
            "index": self.audit.index.as_ref().map(|differs| words::chain(differs)),
            "heads": heads.collect::<Vec<_>>(),
            "not-checked": self.not_checked,
        })
    }

    fn exit(&self) -> Exit {
        let is_wrong = !self.is_consistent()
            || self.count(is_unchecked) > 0
            || self.heads.iter().any(|(_, extends)| extends.is_err())
            || (self.strict && self.count(|_| true) > 0);
        if is_wrong { Exit::Failed } else { Exit::Done }
    }

    fn is_consistent(&self) -> bool {
        // Among findings beyond those that are kept, any may be grave.
        self.count(is_broken) == 0
            && self.audit.replayed.more == 0
            && self.audit.index.is_none()
            && self.audit.tail.is_none()
    }

    fn count(&self, counts: impl Fn(&Finding) -> bool) -> usize {
        let findings = self.audit.replayed.findings.iter();
        findings.filter(|finding| counts(finding)).count()
    }
}

impl NotChecked {
    fn as_str(self) -> &'static str {
        match self {
            Self::Signatures => "the CAs' signatures (--signatures)",
            Self::Heads => "that nothing is missing (--against a head that was kept elsewhere)",
            Self::Signer => "who signed a head (--signer KEY.pub)",
            Self::Unsigned => "who wrote a head that has no signature, as a server's mark",
            Self::Moduli => "whether RSA moduli are primes or have larger factors (--signatures)",
            Self::Evidence => {
                "the evidence itself (ledger evidence CA SERIAL | punchmark evidence verify -)"
            }
            Self::Decisions => "whether policies and roles allow what was decided by them",
        }
    }
}

fn is_broken(finding: &Finding) -> bool {
    finding.grade == Grade::Broken
}

fn is_unchecked(finding: &Finding) -> bool {
    finding.grade == Grade::NotChecked
}

fn line(finding: &Finding) -> String {
    let grade = match &finding.grade {
        Grade::Broken => "broken".to_owned(),
        Grade::OlderVersion { version } => format!("a known fault of {version}"),
        Grade::Odd => "odd".to_owned(),
        Grade::NotChecked => "not checked".to_owned(),
    };
    format!("entry {}: {grade}: {}", finding.position, finding.fault)
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger verify --signatures
  punchmark ledger verify --against head-of-november.txt --signer ledger_key.pub
  punchmark ledger verify --ledger copy.ledger --against head.txt --signer ledger.pub";
