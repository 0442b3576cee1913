mod bundles;
mod cards;
mod components;
mod compromise;
mod printer;
mod retire;
mod shares;

use super::*;

pub(in crate::ceremony) use bundles::filled_for_bundles;
pub(in crate::ceremony) use cards::{filled_for_cards, filled_for_shares};
pub(in crate::ceremony) use components::{
    filled_for_components, filled_to_drill_blob, filled_to_restore_from_blob,
};
pub(in crate::ceremony) use compromise::{
    filled_after_a_theft, filled_after_a_theft_of_a_wrapped_key,
};
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
        shares: None,
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

/// What stands first in every plan.
const FILLED: [&str; 4] = ["user CA of example.org", "Room 5", "Anna", "Bob"];

fn faults(text: &str) -> Vec<String> {
    let faults = Plan::parse(text.as_bytes()).unwrap_err();
    let told = faults.all().iter().map(|fault| {
        let told = fault.to_string();
        match fault.line {
            Some(line) => told.replacen(&format!("line {line}, "), "", 1),
            None => told,
        }
    });
    told.collect()
}

/// Each text of the plan that gives way to another one makes the fault that is named.
fn assert_each_rule(plan: &str, cases: &[(&str, &str, &str)]) {
    for (from, to, fault) in cases {
        let text = plan.replacen(from, to, 1);
        assert_ne!(text, plan, "{from}");
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{from} {to}: {found}");
    }
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
            shares: None,
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
fn faults_are_told_in_the_order_of_their_lines() {
    let text = filled(3)
        .replace("certificates = \"user\"", "certificates = \"both\"")
        .replace("\"Anna\"", "\"!\"")
        .replace("purpose = \"user CA of example.org\"", "purpose = \" \"");
    let faults = Plan::parse(text.as_bytes()).unwrap_err();
    let lines: Vec<_> = faults.all().iter().map(|fault| fault.line).collect();
    assert!(lines.len() > 2 && lines.is_sorted(), "{lines:?}");
}

#[test]
fn a_name_is_one_that_is_typed_and_read() {
    let names = [
        ("missing", "is what is typed"),
        ("Missing", "is what is typed"),
        ("!", "is what is typed"),
        ("!Bob", "begins with a letter"),
        ("Kru\u{308}ger", "an accent"),
        ("../x", "begins with a letter"),
        ("Bob ", "ends without a blank"),
        (" ", "is empty"),
        ("\u{412}ob", "two scripts"),
    ];
    for (name, fault) in names {
        let text = filled(3).replacen("\"Bob\"", &format!("\"{name}\""), 1);
        let found = faults(&text).join("\n");
        assert!(found.contains(fault), "{name}: {found}");
    }
    for name in [
        "\u{412}\u{43e}\u{432}\u{430}",
        "\u{141}ukasz \u{17b}",
        "Kr\u{fc}ger",
        "\u{1ecd}\u{301}la",
        "O'Neil",
        "Anna 2",
    ] {
        let text = filled(3).replacen("\"Bob\"", &format!("\"{name}\""), 1);
        Plan::parse(text.as_bytes()).unwrap();
    }
}

#[test]
fn a_number_is_none_that_means_something_else_where_it_is_typed() {
    for key in ["bag", "new-bag", "pin-envelope", "boot-medium"] {
        for number in ["!", "missing", "MISSING"] {
            let text = filled(3);
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            let text = text.replacen(line, &format!("{key} = \"{number}\""), 1);
            let found = faults(&text).join("\n");
            let told = format!("{key}: is what is typed for what is otherwise");
            assert!(found.contains(&told), "{key} {number}: {found}");
        }
    }
}

#[test]
fn the_folder_of_the_ca_is_no_folder_of_a_ceremony() {
    for folder in ["ca", "./ca", "ca/"] {
        let text = filled(3).replace("folder  = \"ceremony\"", &format!("folder = \"{folder}\""));
        let found = faults(&text).join("\n");
        assert!(found.contains("folder: is that of the config"), "{found}");
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
            "name         = \"users\"",
            "name         = \"Rehearsal-users\"",
            "ca 1, name: \"Rehearsal-users\" begins as the names of a rehearsal do",
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
    assert_each_rule(&filled(3), &cases);
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
    }
    // Who brings no key has no such file.
    let keyless = filled(3).replace("\"Bob\"", &format!("{long:?}"));
    Plan::parse(keyless.as_bytes()).unwrap();
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
