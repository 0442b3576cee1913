//! An admin with emulated YubiKeys on a private PC/SC daemon.

use std::process::Command;

use base64ct::{Base64, Encoding};
use virtual_yubikey::card::{Card, Manufacturer, Model};
use virtual_yubikey::link::Link;
use virtual_yubikey::pcscd::Pcscd;

use super::admin::Admin;
use super::process::{Ran, bounded, run, wait_until};
use super::punchmark::Punchmark;
use super::write;

/// The PIN of every new card.
pub(crate) const PIN: &str = "123456";

/// The serial of the first card.
pub(crate) const SERIAL: u32 = 12_345_678;

/// How a CA's key in a card is made.
pub(crate) struct Wanted {
    pub(crate) slot: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) touch: &'static str,
}

/// A key that wants its PIN once and no touch.
pub(crate) const PLAIN: Wanted = Wanted {
    slot: "9c",
    algorithm: "p256",
    pin: "once",
    touch: "never",
};

impl Admin<Pcscd> {
    /// An admin with a new card of each firmware, whose serials count up from [`SERIAL`].
    pub(crate) fn with_cards(firmwares: &[&str]) -> Self {
        Self::with_cards_of(&Manufacturer::new().unwrap(), firmwares)
    }

    /// The same, of a maker whose certificates the test needs.
    pub(crate) fn with_cards_of(manufacturer: &Manufacturer, firmwares: &[&str]) -> Self {
        let card = |(firmware, serial): (&&str, u32)| {
            let firmware = firmware.parse().unwrap();
            Card::new(Model { firmware, serial }, manufacturer).unwrap()
        };
        let cards = firmwares.iter().zip(SERIAL..).map(card).collect();
        let token = Pcscd::start(cards).unwrap();
        let punchmark = Punchmark::at(token.environment(), PIN);
        write(&punchmark.path("management"), FACTORY, 0o600);
        write(&punchmark.path("roots.pem"), roots(manufacturer), 0o644);
        Self { token, punchmark }
    }

    /// An admin with one card and a CA `users` in it.
    pub(crate) fn with_ca_in_card(wanted: &Wanted) -> Self {
        let admin = Self::with_cards(&["5.7.1"]);
        admin.init_in_card("users", wanted).ok();
        admin
    }

    /// Makes a CA in the one card.
    pub(crate) fn init_in_card(&self, name: &str, wanted: &Wanted) -> Ran {
        let key = format!("yubikey:slot-id={}", wanted.slot);
        let mut arguments = vec!["init", name, "--key", &key];
        arguments.extend(["--algorithm", wanted.algorithm]);
        arguments.extend(["--pin-policy", wanted.pin, "--touch-policy", wanted.touch]);
        arguments.extend(["--management-key-file", "management"]);
        self.punchmark.pinned(&arguments)
    }

    /// Runs a test of this binary again, as a client of these cards: libpcsclite reads once a
    /// process where its daemon is. Whether the client succeeded.
    pub(crate) fn run_client(&self, test: &str, task: &str) -> bool {
        let (name, value) = self.token.environment();
        let mut client = Command::new(std::env::current_exe().unwrap());
        client.args([test, "--exact"]).env(name, value);
        client.current_dir(self.punchmark.home());
        client.env(TASK, task).output().unwrap().status.success()
    }

    /// Runs a program that sees these cards; it must succeed. What it printed.
    #[track_caller]
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> String {
        run(self.punchmark.prepare(bounded(program)).args(arguments))
            .ok()
            .stdout
    }

    /// Puts a pulled card back, and waits until its reader knows.
    pub(crate) fn put_back(&self, card: &Link) {
        card.put_back();
        wait_until_noticed(card);
    }

    /// The first card.
    pub(crate) fn card(&self) -> &Link {
        self.token.link(0).unwrap()
    }
}

/// Pulls the n-th card, and waits until its reader knows.
pub(crate) fn pull(cards: &Pcscd, number: usize) {
    cards.link(number).unwrap().pull();
    wait_until("the reader misses the card", || cards.misses(number));
}

/// Waits until the reader knows of a card that is put back, now or soon.
pub(crate) fn wait_until_noticed(card: &Link) {
    wait_until("the reader has the card again", || card.is_noticed());
}

/// The manufacturer's certificates above a card, of every firmware, in PEM.
fn roots(manufacturer: &Manufacturer) -> String {
    let model = Model {
        firmware: "5.7.4".parse().unwrap(),
        serial: SERIAL,
    };
    let pem = |der: Vec<u8>| {
        let base64 = Base64::encode_string(&der);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    manufacturer.chain(&model).into_iter().map(pem).collect()
}

/// What this process is to do, if it is a client.
pub(crate) fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

const TASK: &str = "PUNCHMARK_TEST_TASK";

const FACTORY: &str = "010203040506070801020304050607080102030405060708";
