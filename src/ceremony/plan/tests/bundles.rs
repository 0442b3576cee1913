//! Plans that sign what bundles ask for.

use super::*;

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
        shares: None,
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: Some(DraftLedger {
            last: LastCeremony::Value(long_hash()),
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
        shares: None,
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
    assert_each_rule(&filled_for_bundles(), &cases);
    // What belongs to bundles alone is no key of another kind.
    let text = filled_for_bundles().replace("kind    = \"sign\"", "kind    = \"create\"");
    let found = faults(&text).join("\n");
    assert!(found.contains("bundle: is no key of a plan"), "{found}");
}
