//! Plans of YubiKeys, and of devices that shares open.

use super::*;

/// A plan for two people and so many YubiKeys, filled in.
pub(in crate::ceremony) fn filled_for_cards(count: usize) -> String {
    let draft = Draft {
        kind: Kind::Create,
        people: 2,
        program: [1; 32],
        devices: DraftDevices::YubiKeys(count),
        shares: None,
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
            shares: None,
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
    assert_each_rule(&filled_for_cards(2), &cases);
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
    assert_each_rule(&filled_for_shares(), &cases);
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
