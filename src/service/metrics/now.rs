//! How all is at this moment, by CA and for the whole server.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::{Labels, by_ca};
use crate::file::read_bytes;
use crate::issue::lock;
use crate::krl::{KRL_BYTES_MAX, Krl};
use crate::service::health::Health;
use crate::service::tls::Tls;
use crate::service::{ServedCa, Service, Whereabouts};
use crate::signer::{self, Locator, PinTries};

/// A number that may have a fraction.
type Number = Gauge<f64, AtomicU64>;

/// Gauges of what is there now. What can't be known now is left out, never told as zero.
pub(super) fn now(service: &Service, tls: Option<&Tls>) -> Registry {
    let mut registry = Registry::with_prefix("punchmark");
    of_cas(service, &mut registry);
    of_pins(service, &mut registry);
    of_ledger(service, &mut registry);
    let now = service.now();
    let sessions = Gauge::<i64>::default();
    sessions.set(number(service.sessions.count(now)));
    registry.register("sessions", "Sessions that still count", sessions);
    if let Some(age) = krl_age(service) {
        let help = "Since the KRL was made that is handed out";
        told(&mut registry, ("krl_age", help, Unit::Seconds), age);
    }
    if let Some(until) = tls.and_then(Tls::expires) {
        let left = seconds(until) - seconds(now);
        let help = "Until the certificate of TLS is over, below zero once it is";
        let days = Unit::Other("days".to_owned());
        told(&mut registry, ("tls_left", help, days), left / DAY);
    }
    registry
}

fn of_cas(service: &Service, registry: &mut Registry) {
    let waiting = Family::<Labels<1>, Gauge>::default();
    let state = Family::<Labels<2>, Gauge>::default();
    let sessions = Family::<Labels<2>, Gauge>::default();
    let signed = Family::<Labels<1>, Number>::default();
    for (ca, key) in service.cas.iter().zip(service.keys()) {
        waiting
            .get_or_create(&by_ca(&ca.name))
            .set(number(ca.busy.waiting()));
        for one in [Health::Up, Health::Degraded, Health::Down] {
            let is_it = i64::from(key.health == one);
            state
                .get_or_create(&of(ca, "state", one.as_str()))
                .set(is_it);
        }
        let Some(trial) = key.trial else {
            continue;
        };
        for (which, count) in [("able", trial.sessions.0), ("opened", trial.sessions.1)] {
            sessions
                .get_or_create(&of(ca, "state", which))
                .set(number(count));
        }
        if let Some(ago) = trial.signed {
            signed
                .get_or_create(&by_ca(&ca.name))
                .set(ago.as_secs_f64());
        }
    }
    registry.register("orders_waiting", "Orders without an answer, by CA", waiting);
    let help =
        "Whether the key of a CA is up, degraded (some of its devices are away) or down: 1 is so";
    registry.register("ca_state", help, state);
    let help = "Sessions at the devices of a CA's key, opened once and able to sign now";
    registry.register("ca_sessions", help, sessions);
    let help =
        "Since a signature of the CA's key was verified, of a certificate or of the self-test";
    registry.register_with_unit("ca_signed_age", help, Unit::Seconds, signed);
}

/// What PKCS#11 tokens say of their PIN; other devices say nothing while they are open.
fn of_pins(service: &Service, registry: &mut Registry) {
    let pins = Family::<Labels<3>, Gauge>::default();
    for ca in &service.cas {
        for (device, key) in (1_u32..).zip(ca.keys.iter()) {
            if !matches!(key, Locator::Pkcs11(_)) {
                continue;
            }
            let Ok(tries) = signer::pin_tries(key) else {
                continue;
            };
            for (says, is_it) in [
                ("low", tries == PinTries::Left),
                ("final", tries == PinTries::OneLeft),
                ("locked", tries == PinTries::NoneLeft),
            ] {
                let [ca, says] = of(ca, "says", says);
                let labels = [ca, ("device", device.to_string()), says];
                pins.get_or_create(&labels).set(i64::from(is_it));
            }
        }
    }
    let help = "What the token of a CA's key says of the tries that its PIN has: fewer than all, one, none; 1 is so";
    registry.register("ca_pin", help, pins);
}

/// Where a command has the ledger, nothing is told of it.
fn of_ledger(service: &Service, registry: &mut Registry) {
    let whereabouts = service.whereabouts();
    let is_here = Gauge::<i64>::default();
    is_here.set(i64::from(whereabouts == Whereabouts::Here));
    let help =
        "Whether the server has the ledger: 0 while a command does, or where it can't be had back";
    registry.register("ledger_here", help, is_here);
    if whereabouts != Whereabouts::Here {
        return;
    }
    let ledger = lock(&service.ledger);
    let (size, last) = (ledger.size(), ledger.last_time());
    drop(ledger);
    let entries = Gauge::<u64, AtomicU64>::default();
    entries.set(size);
    let help = "Entries of the ledger: the size of its last head";
    registry.register("ledger_entries", help, entries);
    if let Ok(Some(last)) = last {
        let help = "When the last entry of the ledger was written, in Unix time";
        told(
            registry,
            ("ledger_last_entry", help, Unit::Seconds),
            seconds(last),
        );
    }
}

fn krl_age(service: &Service) -> Option<f64> {
    let lists = service.serve.lists.as_ref()?;
    let bytes = read_bytes(&lists.krl(), KRL_BYTES_MAX).ok()?;
    let made = Krl::from_bytes(&bytes).ok()?.header().generated;
    Some(seconds(service.now()) - seconds(made))
}

fn told(registry: &mut Registry, (name, help, unit): (&str, &str, Unit), value: f64) {
    let gauge = Number::default();
    gauge.set(value);
    registry.register_with_unit(name, help, unit, gauge);
}

fn of(ca: &ServedCa, label: &'static str, value: &str) -> Labels<2> {
    [("ca", ca.name.clone()), (label, value.to_owned())]
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Exact for as long as time is counted in seconds.
fn seconds(count: u64) -> f64 {
    std::time::Duration::from_secs(count).as_secs_f64()
}

const DAY: f64 = 86_400.0;
