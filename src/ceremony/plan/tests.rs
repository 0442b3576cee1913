mod retire;

use super::*;

mod compromise;

pub(in crate::ceremony) use compromise::filled_after_a_theft;
pub(in crate::ceremony) use retire::{
    filled_to_drill, filled_to_restore, filled_to_retire, filled_to_roll_over,
};

fn draft(people: usize) -> String {
    let draft = Draft {
        kind: Kind::Create,
        people,
        program: [1; 32],
        devices: DraftDevices::Token(Some((
            "/usr/lib/softhsm/libsofthsm2.so".to_owned(),
            [2; 32],
        ))),
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: None,
        bundles: Vec::new(),
    };
    draft.text().unwrap()
}

/// A plan for so many people, filled in.
pub(in crate::ceremony) fn filled(people: usize) -> String {
    let mut text = draft(people);
    for (number, word) in (1..).zip(FILLED) {
        assert!(text.contains("= \"?\""), "{number}");
        text = text.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    let mut names = ["Cem", "Dora", "Erik", "Fay", "Gus"].into_iter();
    while text.contains("name  = \"?\"") {
        text = text.replacen("= \"?\"", &format!("= \"{}\"", names.next().unwrap()), 1);
    }
    for word in ["live system 7", "Root CA", "fe12", "B1", "B2", "E1"] {
        text = text.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    text
}

/// A plan for two people and so many YubiKeys, filled in.
pub(in crate::ceremony) fn filled_for_cards(count: usize) -> String {
    let draft = Draft {
        kind: Kind::Create,
        people: 2,
        program: [1; 32],
        devices: DraftDevices::YubiKeys(count),
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: None,
        bundles: Vec::new(),
    };
    let mut text = draft.text().unwrap();
    for word in FILLED {
        text = text.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    text = text.replacen("= \"?\"", "= \"live system 7\"", 1);
    for number in 1..=count {
        for word in ["1234567@", "5.7.1", "B1@", "B2@", "E1@", "E2@"] {
            let word = word.replace('@', &number.to_string());
            text = text.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
    }
    text
}

/// A plan for six people and a YubiKey that shares open, filled in.
pub(in crate::ceremony) fn filled_for_shares() -> String {
    let text = filled(7);
    let head = text.split("[[module]]").next().unwrap();
    let cards = filled_for_cards(1);
    let tables = cards.split_once("[[device]]").unwrap().1;
    let tables = tables
        .replace("pins         = \"random\"", "pins         = \"shares\"")
        .lines()
        .filter(|line| !line.contains("-envelope"))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    format!(
        "{head}[custody]\nthreshold = 2\ncustodians = [\"Cem\", \"Erik\", \"Gus\"]\n\
         envelopes = [\"S1\", \"S2\", \"S3\"]\n\n[[device]]{tables}"
    )
}

/// What stands first in every plan.
const FILLED: [&str; 4] = ["user CA of example.org", "Room 5", "Anna", "Bob"];

fn faults(text: &str) -> Vec<String> {
    let faults = Plan::parse(text.as_bytes()).unwrap_err();
    faults.all().iter().map(ToString::to_string).collect()
}

#[test]
fn a_draft_wants_nothing_but_what_its_people_know() {
    for people in 2..=7 {
        let missing = faults(&draft(people));
        let filled_in = |fault: &String| fault.ends_with("is still to be filled in");
        assert!(missing.iter().all(filled_in), "{missing:?}");
        let plan = Plan::parse(filled(people).as_bytes()).unwrap();
        assert_eq!(plan.people.all.len(), people);
        assert_eq!(plan.people.two_roles, people == 2);
        assert_eq!(plan.window.0.to_string(), "2026-12-01T08:00Z");
    }
    for people in [0, 1, 21] {
        let draft = Draft {
            kind: Kind::Create,
            people,
            program: [1; 32],
            devices: DraftDevices::Token(None),
            day: Instant::of(0),
            before: None,
            bundles: Vec::new(),
        };
        assert_eq!(draft.text(), Err(DraftError::People(people)));
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = filled(3)
        .replace("until = \"2026-12-01T18:00Z\"", "until = \"+8h\"")
        .replace("certificates = \"user\"", "certificates = \"both\"")
        .replace("place   =", "placed  =")
        .replace("program     = \"01", "program     = \"XY");
    let found = faults(&text).join("\n");
    for fault in [
        "place: is missing",
        "placed: is no key of a plan",
        "window, until: \"+8h\": a time is absolute",
        "machine, program: \"XY",
        "ca 1, certificates: \"both\": not one of user, host",
    ] {
        assert!(found.contains(fault), "{fault}: {found}");
    }
}

#[test]
fn each_rule_of_a_plan_is_held_to() {
    let cases = [
        ("format  = 1", "format  = 2", "format: 2 is none"),
        (
            "kind    = \"create\"",
            "kind    = \"fest\"",
            "kind: \"fest\": not one of create, sign, retire, rollover, restore, drill",
        ),
        (
            "last    = \"none\"",
            "last    = \"music customer\"",
            "last: neither",
        ),
        ("18:00Z", "07:00Z", "window: ends before it begins"),
        ("Bob", "anna", "person: anna is there twice"),
        (
            "\"administrator\"]",
            "\"administrator\", \"witness\"]",
            "can't witness what Anna types",
        ),
        (
            "\"administrator\"]",
            "\"administrator\", \"custodian\"]",
            "Anna has two roles",
        ),
        (
            "\"administrator\"]",
            "\"king\"]",
            "person 1, roles: \"king\" is no role",
        ),
        (
            "\"administrator\"]",
            "\"custodian\"]",
            "0 with role administrator",
        ),
        (
            "\"witness\"]",
            "\"witness\"]\nkey = \"ssh-rsa x\"",
            "person 2, key: is no public key",
        ),
        (
            "witnesses      = 1",
            "witnesses      = 2",
            "1 with role witness, at least 2",
        ),
        (
            "witnesses      = 1",
            "witnesses      = 21",
            "people, witnesses: 21 is no number",
        ),
        (
            "two-roles      = false",
            "two-roles      = 0",
            "people, two-roles: 0 is neither",
        ),
        (
            "path   = \"/usr",
            "path   = \"usr",
            "module 1, path: is not absolute",
        ),
        ("\"B2\"", "\"B1\"", "device 1, new-bag: is the bag"),
        (
            "device       = \"root\"",
            "device       = \"toor\"",
            "ca 1, device: \"toor\" is no",
        ),
        (
            "\"ledger\"",
            "\"users\"",
            "ledger-key, label: \"users\" is that of another key",
        ),
        (
            "copies       = \"none\"",
            "copies       = \"two\"",
            "ca 1, copies: \"two\": not one of none, wrapped",
        ),
        (
            "algorithm = \"p256\"",
            "algorithm = \"p384\"",
            "ledger-key, algorithm: \"p384\": not",
        ),
        ("\"Room 5\"", "\"Room\\u200b5\"", "place: holds a character"),
        ("\"Room 5\"", "\"\"", "place: is empty"),
        ("\"Room 5\"", "5", "place: is no text"),
        (
            "label        =",
            "pin = \"1\"\nlabel        =",
            "ca 1, pin: is no key of a plan",
        ),
        ("[window]", "[[window]]", "window: is no table"),
        (
            "label        =",
            "\"a\\npunchmark: all is well\" = 1\nlabel        =",
            "ca 1, a\\npunchmark",
        ),
        (
            "name         = \"users\"",
            "name         = \"ledger\"",
            "ca 1, name: \"ledger\" is what the files of the ledger key",
        ),
        (
            "[ledger-key]",
            "[[ca]]\nname = \"users-trusted\"\ncertificates = \"user\"\nalgorithm = \"p256\"\n\
             device = \"root\"\nlabel = \"other\"\ncopies = \"none\"\n[ledger-key]",
            "ca 2, name: \"users-trusted\" is what the file of all that are trusted with `users`",
        ),
        (
            "\"witness\"]",
            "\"wit\\u001bness\"]",
            "person 2, roles: 1 holds a character",
        ),
        ("[[device]]", "[device]", "device: are no tables"),
        (
            "format  = 1",
            "format = 1\nformat = 1",
            "line 6: duplicate key",
        ),
    ];
    for (from, to, fault) in cases {
        let text = filled(3).replacen(from, to, 1);
        assert_ne!(text, filled(3), "{from}");
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{from} {to}: {found}");
    }
    let large = "#".repeat(PLAN_BYTES_MAX + 1);
    assert!(faults(&large).join("\n").contains("more than 262144 bytes"));
    assert!(!faults(&large[1..]).join("\n").contains("more than"));
}

/// A hash whose words are longer than any other text of a plan.
fn long_hash() -> [u8; 32] {
    Sha256::digest("a ceremony").into()
}

#[test]
fn the_words_of_the_ceremony_before_are_read() {
    let with =
        |last: &str| filled(2).replace("\"none\"               # the", &format!("{last:?} #"));
    // Whatever its hash was: the first and the last word of every byte, and of all lengths.
    for byte in 0..=255 {
        let hash = [byte; 32];
        let plan = Plan::parse(with(&words(&hash)).as_bytes()).unwrap();
        assert_eq!(plan.last, Some(hash));
    }
    let many = "adviser ".repeat(65);
    assert_eq!(faults(&with(&many)), ["last: is longer than 512 bytes"]);
    let seven = words(&[7; 32]);
    let hidden = with(&seven).replace(&seven, &seven.replacen(' ', "\u{200b}", 1));
    let hidden = faults(&hidden);
    assert!(hidden.join("").starts_with("last: neither"), "{hidden:?}");
}

#[test]
fn whoever_signs_has_a_name_for_a_file_and_a_key_of_their_own() {
    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
    let with_key = |text: &str, role: &str| {
        let role = format!("roles = [\"{role}\"]\n");
        text.replacen(&role, &format!("{role}key = \"{KEY}\"\n"), 1)
    };
    let text = with_key(&filled(3), "witness");
    Plan::parse(text.as_bytes()).unwrap();
    let long = "B".repeat(201);
    for name in ["../Bob", "/", long.as_str()] {
        let found = faults(&text.replace("\"Bob\"", &format!("{name:?}")));
        assert!(
            found
                .join("")
                .contains("name: names the file of a signature"),
            "{found:?}"
        );
        // Who brings no key has no such file.
        Plan::parse(
            filled(3)
                .replace("\"Bob\"", &format!("{name:?}"))
                .as_bytes(),
        )
        .unwrap();
    }
    let found = faults(&with_key(&text, "administrator"));
    assert_eq!(found, ["person: Bob has the key of Anna"]);
}

#[test]
fn no_step_has_the_name_of_another() {
    let text = filled_for_shares().replace("\"root\"", "\"shares\"");
    assert_eq!(
        faults(&text),
        ["device 1, name: is what the paper calls the shares"]
    );
}

#[test]
fn a_plan_of_cards_wants_nothing_but_what_its_people_know() {
    for count in 1..=4 {
        let plan = Plan::parse(filled_for_cards(count).as_bytes()).unwrap();
        assert_eq!((plan.devices.len(), plan.cas().len()), (count, count));
        let beside = plan.cas().iter().filter(|ca| ca.beside.is_some()).count();
        assert_eq!(beside, count - 1);
    }
    for count in [0, 5] {
        let draft = Draft {
            kind: Kind::Create,
            people: 2,
            program: [1; 32],
            devices: DraftDevices::YubiKeys(count),
            day: Instant::of(0),
            before: None,
            bundles: Vec::new(),
        };
        assert_eq!(draft.text(), Err(DraftError::YubiKeys(count)));
    }
}

#[test]
fn each_rule_of_a_card_is_held_to() {
    let cases = [
        (
            "\"12345671\"",
            "\"012345671\"",
            "yubikey: \"012345671\": is not a serial",
        ),
        (
            "\"12345672\"",
            "\"12345671\"",
            "device 2, name: name or serial",
        ),
        (
            "\"5.7.1\"",
            "\"5.7\"",
            "firmware: \"5.7\": a firmware version reads",
        ),
        ("\"5.7.1\"", "\"5.2.7\"", "firmware before 5.3.0"),
        (
            "\"random\"",
            "\"factory\"",
            "device 1, pins: \"factory\": not one of",
        ),
        (
            "\"random\"",
            "\"are-set\"",
            "puk-envelope: is no key of a plan",
        ),
        (
            "puk-envelope = \"E21\"\n",
            "",
            "device 1, puk-envelope: is missing",
        ),
        ("\"9c\"", "\"9b\"", "ca 1, slot: \"9b\":"),
        (
            "\"9d\"",
            "\"9c\"",
            "ledger-key, slot: \"9c\" is that of another key",
        ),
        (
            "\"once\"",
            "\"never\"",
            "ca 1, pin-policy: \"never\": not one of once, always",
        ),
        ("\"p256\"", "\"p521\"", "makes no key for p521"),
        (
            "device       = \"root2\"",
            "device       = \"root\"",
            "in the same device",
        ),
        (
            "beside       = \"users\"",
            "beside       = \"users3\"",
            "no CA that stands before",
        ),
        (
            "slot         = \"9c\"",
            "label = \"users\"",
            "ca 1, slot: is missing",
        ),
    ];
    for (from, to, fault) in cases {
        let text = filled_for_cards(2).replacen(from, to, 1);
        assert_ne!(text, filled_for_cards(2), "{from}");
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{from} {to}: {found}");
    }
    let old = filled_for_cards(1).replace("5.7.1", "5.4.3");
    let old = old.replacen("\"p256\"", "\"ed25519\"", 1);
    let found = faults(&old).join("\n");
    assert!(
        found.contains("firmware 5.4.3 makes no key for ed25519"),
        "{found}"
    );
}

#[test]
fn shares_are_for_custodians_and_one_of_them_may_be_lost() {
    let plan = Plan::parse(filled_for_shares().as_bytes()).unwrap();
    let custody = plan.custody.unwrap();
    assert_eq!(
        (custody.quorum.threshold(), custody.quorum.shares()),
        (2, 3)
    );
    assert_eq!(custody.holders[1].name, "Erik");
    let cases = [
        (
            "threshold = 2",
            "threshold = 3",
            "3 of 3: one share more than are needed",
        ),
        (
            "threshold = 2",
            "threshold = 1",
            "1 of 3: at least two shares",
        ),
        (
            "\"Erik\", ",
            "\"Bob\", ",
            "\"Bob\" is no person of the plan with role custodian",
        ),
        ("\"Erik\", ", "\"Cem\", ", "\"Cem\" is there twice"),
        ("\"S1\", ", "", "envelopes: are not as many"),
        ("\"S1\"", "\"?\"", "envelopes: 1 is still to be filled in"),
        ("\"S2\"", "\"\"", "envelopes: 2 is empty"),
        ("\"S2\"", "\"a\\nb\"", "envelopes: 2 holds a character"),
        ("\"S3\"", "\"S1\"", "envelopes: \"S1\" is there twice"),
        ("\"shares\"", "\"are-set\"", "custody: opens no device"),
        ("[custody]", "[custodie]", "custody: is missing"),
    ];
    for (from, to, fault) in cases {
        let text = filled_for_shares().replacen(from, to, 1);
        assert_ne!(text, filled_for_shares(), "{from}");
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{from} {to}: {found}");
    }
    // 8 of 16 would be 12,870 sets to try.
    let names: Vec<_> = (1..=16).map(|number| format!("\"C{number}\"")).collect();
    let names = names.join(", ");
    let many = filled_for_shares()
        .replace("threshold = 2", "threshold = 8")
        .replace("[\"Cem\", \"Erik\", \"Gus\"]", &format!("[{names}]"));
    let found = faults(&many).join("\n");
    assert!(
        found.contains("12870 sets of shares to try, and at most 2000"),
        "{found}"
    );
}

/// A plan for two people that signs two bundles, filled in.
pub(in crate::ceremony) fn filled_for_bundles() -> String {
    let bundle = |number: u8, file: &str| PlannedBundle {
        file: file.to_owned(),
        bytes: 1000,
        sha256: [number; 32],
        id: [number; 16],
        header: [number; 32],
        items: 3,
    };
    let key: ssh_key::PublicKey =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk"
            .parse()
            .unwrap();
    let draft = Draft {
        kind: Kind::Sign,
        people: 2,
        program: [1; 32],
        devices: DraftDevices::Token(Some(("/usr/lib/m.so".to_owned(), [2; 32]))),
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: Some(DraftLedger {
            last: Some(long_hash()),
            head: crate::ledger::checkpoint::Checkpoint {
                origin: "punchmark.ledger/00".to_owned(),
                size: 7,
                root: [3; 32],
            },
            cas: vec![(
                "users".to_owned(),
                key.fingerprint(ssh_key::HashAlg::Sha256),
            )],
        }),
        bundles: vec![bundle(1, "one.bundle"), bundle(2, "two.bundle")],
    };
    let mut text = draft.text().unwrap();
    for word in FILLED
        .into_iter()
        .chain(["live system 7", "Root CA", "fe12", "B1", "B2", "E1"])
    {
        text = text.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    text.replacen("= \"?\"", "= \"stick 4\"", 1)
}

#[test]
fn a_plan_of_bundles_wants_nothing_but_what_its_people_know() {
    let plan = Plan::parse(filled_for_bundles().as_bytes()).unwrap();
    assert_eq!(plan.last, Some(long_hash()));
    let sign = plan.signing().unwrap();
    assert_eq!(sign.bundles.len(), 2);
    assert_eq!(
        (sign.bundles[1].header, sign.bundles[1].items),
        ([2; 32], 3)
    );
    assert_eq!(plan.ledger.unwrap().cas[0].device.as_deref(), Some("root"));
    let open = Draft {
        kind: Kind::Sign,
        people: 2,
        program: [1; 32],
        devices: DraftDevices::YubiKeys(1),
        day: Instant::of(0),
        before: None,
        bundles: Vec::new(),
    };
    let missing = faults(&open.text().unwrap());
    let filled_in = |fault: &String| fault.ends_with("is still to be filled in");
    assert!(missing.iter().all(filled_in), "{missing:?}");
}

#[test]
fn each_rule_of_a_bundle_is_held_to() {
    let cases = [
        (
            "\"one.bundle\"",
            "\"two.bundle\"",
            "bundle 2, file: is that of another",
        ),
        (
            "\"one.bundle\"",
            "\"../one.bundle\"",
            "bundle 1, file: \"../one.bundle\": is no name",
        ),
        ("\"one.bundle\"", "\"head.txt\"", "is no name of letters"),
        (
            "\"01010101010101010101010101010101\"",
            "\"02020202020202020202020202020202\"",
            "bundle 2, id: is that of another",
        ),
        (
            "\"01010101010101010101010101010101\"",
            "\"01\"",
            "bundle 1, id: \"01\": no id",
        ),
        (
            "bytes  = 1000",
            "bytes  = 99999999999",
            "bundle 1, bytes: are more than any",
        ),
        (
            "items  = 3",
            "items  = 100001",
            "bundle 1, items: are more than any",
        ),
        (
            "items  = 3",
            "items  = -1",
            "bundle 1, items: -1 is no number",
        ),
        (
            "requires-rehearsal = false",
            "requires-rehearsal = true",
            "has no rehearsal",
        ),
        ("[medium]", "[media]", "medium, label: is missing"),
        ("[ledger]", "[ledgers]", "ledger, name: is missing"),
        (
            "size = 7",
            "size = \"7\"",
            "ledger, size: \"7\" is no number",
        ),
        (
            "device      = \"root\"\n",
            "",
            "CA `users` has no `device`, and can't sign",
        ),
        (
            "device      = \"root\"\n",
            "device = \"toor\"\n",
            "\"toor\" is no [[device]]",
        ),
        (
            "fingerprint = \"SHA256:",
            "fingerprint = \"MD5:",
            "known-ca 1, fingerprint",
        ),
        ("[[known-ca]]", "[[ca]]", "known-ca: no CA is named"),
    ];
    for (from, to, fault) in cases {
        let text = filled_for_bundles().replacen(from, to, 1);
        assert_ne!(text, filled_for_bundles(), "{from}");
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{from} {to}: {found}");
    }
    // What belongs to bundles alone is no key of another kind.
    let text = filled_for_bundles().replace("kind    = \"sign\"", "kind    = \"create\"");
    let found = faults(&text).join("\n");
    assert!(found.contains("bundle: is no key of a plan"), "{found}");
}
