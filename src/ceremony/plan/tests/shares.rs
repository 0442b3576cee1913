//! Plans that are drawn with shares.

use super::*;
use crate::secret::share::Quorum;

fn drawn(kind: Kind, people: usize, shares: (u8, u8), devices: DraftDevices) -> Draft {
    Draft {
        kind,
        people,
        program: [1; 32],
        devices,
        shares: Some(Quorum::new(shares.0, shares.1).unwrap()),
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: None,
        bundles: Vec::new(),
    }
}

/// A plan of kind `create` with two cards that 2 of 3 shares open, filled in.
fn filled_in(people: usize) -> String {
    let draft = drawn(Kind::Create, people, (2, 3), DraftDevices::YubiKeys(2));
    let names = ["Anna", "Bob", "Cem", "Dora", "Erik", "Fay"];
    let cards = (1..=2).flat_map(|number| {
        let words = ["1234567@", "5.7.1", "B1@", "B2@"];
        words.map(|word| word.replace('@', &number.to_string()))
    });
    let heads = ["user CA of example.org", "Room 5"];
    let words = heads.iter().chain(names.iter().take(people));
    let words = words
        .chain(&["live system 7"])
        .map(|word| (*word).to_owned());
    let text = words
        .chain(cards)
        .fold(draft.text().unwrap(), |text, word| {
            text.replacen("= \"?\"", &format!("= \"{word}\""), 1)
        });
    let holders: Vec<_> = custodians(&text)
        .into_iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    let open = "[\"?\", \"?\", \"?\"]";
    text.replacen(open, &format!("[{}]", holders.join(", ")), 1)
        .replacen(open, "[\"S1\", \"S2\", \"S3\"]", 1)
}

/// The custodians of a plan that lacks words elsewhere.
fn custodians(text: &str) -> Vec<String> {
    let tables = text.split("[[person]]").skip(1);
    let custodians = tables.filter(|table| {
        let roles = table.lines().find(|line| line.starts_with("roles"));
        roles.is_some_and(|line| line.contains("custodian"))
    });
    custodians
        .map(|table| table.split('"').nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn a_plan_of_any_kind_with_shares_wants_nothing_but_what_its_people_know() {
    for kind in Kind::ALL {
        for devices in [
            DraftDevices::Token(Some(("/usr/lib/a.so".to_owned(), [2; 32]))),
            DraftDevices::YubiKeys(1),
            DraftDevices::YubiKeys(2),
        ] {
            let text = drawn(kind, 5, (2, 3), devices).text().unwrap();
            let found = faults(&text);
            let filled_in = |fault: &String| fault.ends_with("is still to be filled in");
            assert!(found.iter().all(filled_in), "{kind:?} {found:?}");
            for fault in ["custody, custodians: 3", "custody, envelopes: 1"] {
                assert!(found.iter().any(|one| one.starts_with(fault)), "{found:?}");
            }
            assert!(text.contains("threshold  = 2\n"), "{text}");
            assert!(text.contains("custodians     = 3 "), "{text}");
        }
    }
}

#[test]
fn each_share_has_a_custodian_and_too_few_people_have_two_roles() {
    for (people, two_roles) in [(3, true), (4, true), (5, false), (6, false)] {
        let plan = Plan::parse(filled_in(people).as_bytes()).unwrap();
        assert_eq!(
            (plan.people.all.len(), plan.people.two_roles),
            (people, two_roles)
        );
        let custody = plan.custody.unwrap();
        assert_eq!(custody.quorum, Quorum::new(2, 3).unwrap());
        assert_eq!(custody.holders.len(), 3);
        assert!(plan.devices.iter().all(|one| one.pins == Pins::Shares));
    }
    let few = drawn(Kind::Create, 2, (2, 3), DraftDevices::YubiKeys(1));
    let (people, shares) = (2, 3);
    assert_eq!(few.text(), Err(DraftError::Holders { people, shares }));
}
