//! What monitoring is told: counts and times of what was done, and how all is now.
//!
//! Numbers by CA, by kind and by reason; no label names a person, a role or a key. What was done is
//! counted where it is done; how all is, is looked up when somebody asks (`now`). They are handed out on
//! an address of their own (`door`), never on the public one.

mod door;
mod now;

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::problem::ProblemKind;
use crate::issue::{Step, Times};
use crate::login::LoginKind;
pub(super) use door::Door;

/// All that is counted.
pub struct Metrics {
    registry: Registry,
    issued: Family<Labels<1>, Counter>,
    refused: Family<Labels<1>, Counter>,
    logins: Family<Labels<2>, Counter>,
    waits: Latencies,
    reserve: Latencies,
    sign: Latencies,
    record: Latencies,
}

/// What is counted of one CA.
#[derive(Clone)]
pub(super) struct OfCa {
    issued: Counter,
    wait: Histogram,
}

/// A login that is being answered: refused, unless it is said that it succeeded.
pub(super) struct LoginTried<'a> {
    metrics: &'a Metrics,
    kind: LoginKind,
    result: &'static str,
}

/// Names and values.
type Labels<const N: usize> = [(&'static str, String); N];

/// Times by CA, in seconds.
type Latencies = Family<Labels<1>, Histogram, fn() -> Histogram>;

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("punchmark");
        let (issued, refused, logins) = (Family::default(), Family::default(), Family::default());
        let counts = &mut registry;
        counts.register(
            "certificates_issued",
            "Certificates that the ledger holds and a server gave out, by CA",
            Clone::clone(&issued),
        );
        counts.register(
            "refusals",
            "Answers that are a problem, by its kind",
            Clone::clone(&refused),
        );
        counts.register(
            "logins",
            "Logins that were answered, by the kind of their method and what came of it",
            Clone::clone(&logins),
        );
        let mut times = |name, help| {
            let family = Latencies::new_with_constructor(histogram);
            registry.register_with_unit(name, help, Unit::Seconds, family.clone());
            family
        };
        Self {
            waits: times("order", "From an order at the desk to its answer, by CA"),
            reserve: times("reserve", "A write to the ledger that takes serials, by CA"),
            sign: times("signature", "A signature by the CA's key, by CA"),
            record: times(
                "record",
                "A write to the ledger that records certificates, by CA",
            ),
            issued,
            refused,
            logins,
            registry,
        }
    }
}

impl Metrics {
    /// Who is told how long a CA's steps take.
    pub fn times(&self, ca: &str) -> Times {
        let of = |family: &Latencies| family.get_or_create_owned(&by_ca(ca));
        let (reserve, sign, record) = (of(&self.reserve), of(&self.sign), of(&self.record));
        Arc::new(move |step, took: Duration| {
            let histogram = match step {
                Step::Reserve => &reserve,
                Step::Sign => &sign,
                Step::Record => &record,
            };
            histogram.observe(took.as_secs_f64());
        })
    }

    /// What is counted of a CA.
    pub(super) fn of_ca(&self, ca: &str) -> OfCa {
        OfCa {
            issued: self.issued.get_or_create_owned(&by_ca(ca)),
            wait: self.waits.get_or_create_owned(&by_ca(ca)),
        }
    }

    /// Something was refused.
    pub(super) fn refused(&self, kind: ProblemKind) {
        let reason = [("reason", kind.name().to_owned())];
        self.refused.get_or_create(&reason).inc();
    }

    /// A login by this kind of method is being answered.
    pub(super) fn login(&self, kind: LoginKind) -> LoginTried<'_> {
        LoginTried {
            metrics: self,
            kind,
            result: "refused",
        }
    }

    /// What was shown opened nothing.
    pub(super) fn login_refused(&self, kind: LoginKind) {
        drop(self.login(kind));
    }

    /// What was counted, and `now` behind it, as text.
    fn text(&self, now: &Registry) -> Result<String, fmt::Error> {
        let mut told = String::new();
        text::encode_registry(&mut told, &self.registry)?;
        text::encode_registry(&mut told, now)?;
        told.write_str("# EOF\n")?;
        Ok(told)
    }
}

impl OfCa {
    /// An order was answered after so long.
    pub(super) fn answered(&self, waited: Duration, is_issued: bool) {
        self.wait.observe(waited.as_secs_f64());
        if is_issued {
            self.issued.inc();
        }
    }
}

impl LoginTried<'_> {
    /// It opened a session.
    pub(super) fn succeeded(mut self) {
        self.result = "opened";
    }
}

impl Drop for LoginTried<'_> {
    fn drop(&mut self) {
        let labels = [
            ("kind", self.kind.as_str().to_owned()),
            ("result", self.result.to_owned()),
        ];
        self.metrics.logins.get_or_create(&labels).inc();
    }
}

fn by_ca(ca: &str) -> Labels<1> {
    [("ca", ca.to_owned())]
}

/// From half a millisecond to a minute, twice as long each.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_counted_by_ca_kind_and_reason() {
        let metrics = Metrics::default();
        let ca = metrics.of_ca("users");
        ca.answered(Duration::from_millis(3), true);
        ca.answered(Duration::from_millis(5), false);
        metrics.times("users")(Step::Sign, Duration::from_millis(1));
        metrics.refused(ProblemKind::Login);
        metrics.login(LoginKind::Key).succeeded();
        drop(metrics.login(LoginKind::Password));
        let text = metrics.text(&Registry::default()).unwrap();
        for line in [
            "punchmark_certificates_issued_total{ca=\"users\"} 1",
            "punchmark_refusals_total{reason=\"login\"} 1",
            "punchmark_logins_total{kind=\"key\",result=\"opened\"} 1",
            "punchmark_logins_total{kind=\"password\",result=\"refused\"} 1",
            "punchmark_order_seconds_count{ca=\"users\"} 2",
            "punchmark_signature_seconds_bucket{le=\"0.001\",ca=\"users\"} 1",
            "punchmark_record_seconds_count{ca=\"users\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
