//! Everything that a CA key can be in, set up for the tests that must hold on all of it.

use std::cell::Cell;
use std::time::Duration;

use virtual_yubikey::link::Link;
use virtual_yubikey::pcscd::Pcscd;

use super::admin::Admin;
use super::agent::Agent;
use super::keygen::{self, ED25519, P256, P384, P521, RSA_3072, RSA_4096, Subject};
use super::module::Module;
use super::process::Ran;
use super::punchmark::Punchmark;
use super::token::{PIN, Token};
use super::yubikey::{PLAIN, Wanted, pull};

/// What a CA key is in, and the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    SoftHsm,
    Kryoptic,
    /// An emulated card, straight over PC/SC. This firmware can't tell an empty slot from an
    /// imported key: its keys are made by the maker's tool.
    YubiKey4_3,
    YubiKey5_4,
    YubiKey5_7,
    /// An emulated card behind a PKCS#11 module, its keys made by the maker's tool.
    OpenSc,
    Ykcs11,
    /// A key in an ssh-agent, and one in a file whose passphrase is the PIN.
    Agent,
    File,
}

/// A device that was set up.
pub(crate) struct Held {
    device: Device,
    parts: Parts,
    slots_used: Cell<usize>,
}

enum Parts {
    Token(Token),
    Card(Pcscd),
    Agent(Agent),
    Files,
}

/// Runs each test, a function of a [`Device`], on each device, as `test::device`.
macro_rules! on_devices {
    ($devices:tt, [$($test:ident),+ $(,)?]) => {
        $(on_devices!(@test $test $devices);)+
    };
    (@test $test:ident [$($device:ident),+ $(,)?]) => {
        mod $test {
            $(#[test] fn $device() {
                super::$test(crate::harness::device::by_name(stringify!($device)));
            })+
        }
    };
}
pub(crate) use on_devices;

/// The device that a test is named for.
pub(crate) fn by_name(name: &str) -> Device {
    match name {
        "softhsm" => Device::SoftHsm,
        "kryoptic" => Device::Kryoptic,
        "yubikey_4_3" => Device::YubiKey4_3,
        "yubikey_5_4" => Device::YubiKey5_4,
        "yubikey_5_7" => Device::YubiKey5_7,
        "opensc" => Device::OpenSc,
        "ykcs11" => Device::Ykcs11,
        "agent" => Device::Agent,
        "file" => Device::File,
        other => panic!("no device is called {other}"),
    }
}

impl Held {
    /// The one card.
    pub(crate) fn card(&self) -> &Link {
        match &self.parts {
            Parts::Card(pcscd) => pcscd.link(0).unwrap(),
            _ => panic!("{:?} has no card", self.device),
        }
    }
}

impl Held {
    /// Pulls the one card, and waits until its reader knows.
    pub(crate) fn pull_card(&self) {
        match &self.parts {
            Parts::Card(pcscd) => pull(pcscd, 0),
            _ => panic!("{:?} has no card", self.device),
        }
    }
}

impl Device {
    /// What a CA key in it may be, as `--algorithm` and as ssh-keygen's name of a signature.
    pub(crate) fn algorithms(self) -> Vec<(&'static str, &'static str)> {
        let algorithms: &[&str] = match self {
            Self::SoftHsm | Self::Agent | Self::File => {
                &["p256", "p384", "p521", "ed25519", "rsa3072", "rsa4096"]
            }
            Self::Kryoptic => &["p256", "p384", "p521", "rsa3072"],
            Self::YubiKey5_7 => &["p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"],
            _ => &["p256", "p384", "rsa2048"],
        };
        algorithms
            .iter()
            .map(|name| (*name, signature(name)))
            .collect()
    }

    /// The first of them that is RSA.
    pub(crate) fn an_rsa_algorithm(self) -> &'static str {
        let algorithms = self.algorithms().into_iter().map(|(name, _)| name);
        let mut rsa = algorithms.filter(|name| name.starts_with("rsa"));
        rsa.next().expect("every device has RSA")
    }

    /// An admin without any CA yet.
    pub(crate) fn admin(self) -> Admin<Held> {
        match self {
            Self::SoftHsm => self.with_token(Module::SoftHsm),
            Self::Kryoptic => self.with_token(Module::Kryoptic),
            Self::YubiKey4_3 => self.with_card("4.3.7"),
            Self::YubiKey5_4 | Self::OpenSc | Self::Ykcs11 => self.with_card("5.4.3"),
            Self::YubiKey5_7 => self.with_card("5.7.1"),
            Self::Agent => {
                let agent = Agent::start();
                let device = ("SSH_AUTH_SOCK", agent.socket());
                let punchmark = Punchmark::at(device, PIN);
                let token = self.holding(Parts::Agent(agent));
                Admin { token, punchmark }
            }
            Self::File => {
                let punchmark = Punchmark::at(("SSH_AUTH_SOCK", "/nowhere".into()), PIN);
                let token = self.holding(Parts::Files);
                Admin { token, punchmark }
            }
        }
    }

    /// An admin with a CA `users`.
    pub(crate) fn with_users_ca(self, algorithm: &str) -> Admin<Held> {
        let admin = self.admin();
        admin.init("users", algorithm, "user").ok();
        admin
    }

    /// An admin with a CA `users` that takes some milliseconds for each signature, so that a
    /// batch lasts long enough to be disturbed.
    pub(crate) fn with_slow_ca(self) -> Admin<Held> {
        match self {
            // These sign in several sessions.
            Self::SoftHsm | Self::Kryoptic => self.with_users_ca("rsa4096"),
            Self::Agent | Self::File => self.with_users_ca("rsa3072"),
            _ => {
                let admin = self.with_users_ca("p256");
                let time = Duration::from_millis(5);
                admin.token.card().set_signature_time(time);
                admin
            }
        }
    }

    fn with_token(self, module: Module) -> Admin<Held> {
        let Admin { token, punchmark } = Admin::new(Token::new(module));
        let token = self.holding(Parts::Token(token));
        Admin { token, punchmark }
    }

    fn with_card(self, firmware: &str) -> Admin<Held> {
        let Admin { token, punchmark } = Admin::with_cards(&[firmware]);
        let token = self.holding(Parts::Card(token));
        Admin { token, punchmark }
    }

    fn holding(self, parts: Parts) -> Held {
        Held {
            device: self,
            parts,
            slots_used: Cell::new(0),
        }
    }

    /// The locator of the key in a slot, by its place in [`SLOTS`].
    pub(crate) fn slot(self, slot: (&str, &str)) -> String {
        let through = |module: &str| format!("pkcs11:id=%{}?module-path={module}", slot.1);
        match self {
            Self::OpenSc => through("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"),
            Self::Ykcs11 => through("/usr/lib/x86_64-linux-gnu/libykcs11.so"),
            _ => format!("yubikey:slot-id={}", slot.0),
        }
    }
}

impl Admin<Held> {
    /// Makes a CA with a key of its own, in the way of the device.
    pub(crate) fn init(&self, name: &str, algorithm: &str, purpose: &str) -> Ran {
        match (self.token.device, &self.token.parts) {
            (_, Parts::Token(token)) => {
                self.init_at(name, &token.locator(name), algorithm, purpose)
            }
            (_, Parts::Agent(_) | Parts::Files) => self.adopt_software(name, algorithm, purpose),
            (Device::YubiKey5_4 | Device::YubiKey5_7, Parts::Card(_)) => {
                let slot = self.next_slot();
                let locator = self.token.device.slot(slot);
                self.init_in_slot(name, &locator, algorithm, purpose)
            }
            (device, Parts::Card(_)) => {
                let slot = self.next_slot();
                self.generate(slot.0, algorithm, &[]);
                self.adopt_for(name, &device.slot(slot), purpose)
            }
        }
    }

    /// A key of ssh-keygen's, added to the agent or shut by the passphrase.
    fn adopt_software(&self, name: &str, algorithm: &str, purpose: &str) -> Ran {
        let key = self.key(&format!("ca-{name}"), subject(algorithm));
        let locator = match &self.token.parts {
            Parts::Agent(agent) => {
                agent.add(&key, &[]);
                format!("agent:{}", keygen::fingerprint(&keygen::public(&key)))
            }
            _ => {
                keygen::encrypt(&key, PIN);
                format!("file:{}", key.display())
            }
        };
        let what = ["adopt", name, "--key", &locator, "--next-serial", "1"];
        let how = ["--for", purpose, "--allow-software-key"];
        self.punchmark.pinned(&[&what[..], &how].concat())
    }

    fn init_at(&self, name: &str, locator: &str, algorithm: &str, purpose: &str) -> Ran {
        let what = ["init", name, "--key", locator, "--algorithm", algorithm];
        self.punchmark
            .pinned(&[&what[..], &["--for", purpose]].concat())
    }

    fn init_in_slot(&self, name: &str, locator: &str, algorithm: &str, purpose: &str) -> Ran {
        let Wanted { pin, touch, .. } = PLAIN;
        let what = ["init", name, "--key", locator, "--algorithm", algorithm];
        let how = [
            "--for",
            purpose,
            "--pin-policy",
            pin,
            "--touch-policy",
            touch,
        ];
        let management = ["--management-key-file", "management"];
        self.punchmark
            .pinned(&[&what[..], &how, &management].concat())
    }

    fn adopt_for(&self, name: &str, locator: &str, purpose: &str) -> Ran {
        let what = ["adopt", name, "--key", locator, "--next-serial", "1"];
        self.punchmark
            .pinned(&[&what[..], &["--for", purpose]].concat())
    }

    /// A key of the maker's tool, with its attestation as certificate: the modules show no
    /// slot without one.
    pub(crate) fn generate(&self, slot: &str, algorithm: &str, policies: &[&str]) {
        let algorithm = match algorithm {
            "p256" => "ECCP256",
            "p384" => "ECCP384",
            "rsa2048" => "RSA2048",
            other => panic!("the tool doesn't know {other}"),
        };
        let tool = |arguments: &[&str]| self.tool("yubico-piv-tool", arguments);
        let generate = [
            "-a", "generate", "-s", slot, "-A", algorithm, "-o", "key.pem",
        ];
        tool(&[&generate[..], policies].concat());
        tool(&["-a", "attest", "-s", slot, "-o", "leaf.pem"]);
        tool(&["-a", "import-certificate", "-s", slot, "-i", "leaf.pem"]);
    }

    fn next_slot(&self) -> (&'static str, &'static str) {
        let number = self.token.slots_used.get();
        self.token.slots_used.set(number + 1);
        *SLOTS.get(number).expect("the card has a slot left")
    }
}

/// As ssh-keygen makes it.
fn subject(algorithm: &str) -> Subject {
    match algorithm {
        "p256" => P256,
        "p384" => P384,
        "p521" => P521,
        "ed25519" => ED25519,
        "rsa3072" => RSA_3072,
        "rsa4096" => RSA_4096,
        other => panic!("ssh-keygen doesn't know {other}"),
    }
}

fn signature(algorithm: &str) -> &'static str {
    match algorithm {
        "p256" => "ecdsa-sha2-nistp256",
        "p384" => "ecdsa-sha2-nistp384",
        "p521" => "ecdsa-sha2-nistp521",
        "ed25519" => "ssh-ed25519",
        _ => "rsa-sha2-512",
    }
}

/// Slots of a card that OpenSC takes for signatures, each with its CKA_ID; then others.
const SLOTS: [(&str, &str); 8] = [
    ("9c", "02"),
    ("9a", "01"),
    ("9e", "04"),
    ("9d", "03"),
    ("82", "05"),
    ("83", "06"),
    ("84", "07"),
    ("85", "08"),
];
