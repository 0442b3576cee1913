use super::*;
use crate::ceremony::plan::Pins;
use crate::ceremony::plan::tests::{filled_for_cards, filled_for_shares};
use crate::secret::share::{Quorum, SharedSecret};

fn plan(text: &str) -> Plan {
    Plan::parse(text.as_bytes()).unwrap()
}

fn share_words() -> Pin {
    let shares = SharedSecret::random().unwrap();
    let shares = shares.split(Quorum::new(2, 3).unwrap()).unwrap();
    Pin::new(shares[1].words().to_string())
}

#[test]
fn a_sheet_of_a_share_says_whose_it_is_and_holds_every_word() {
    let plan = plan(&filled_for_shares());
    let words = share_words();
    let custody = plan.custody.clone().unwrap();
    let text = Sheet::share(&plan, &custody, 1, &words)
        .postscript()
        .unwrap();
    assert!(text.starts_with("%!PS-Adobe-3.0\n%%LanguageLevel: 2\n"));
    for part in [
        "(Share 2 of 3) t",
        "(Erik alone) t",
        "(S2) t",
        "(Number on the seal) t",
    ] {
        assert!(text.contains(part), "{part}");
    }
    for word in words.expose().split(' ') {
        assert!(text.contains(&format!("({word}) t")), "{word}");
    }
    assert!(text.contains(&hex(&plan.sha256)));
    assert!(!text.contains("REHEARSAL"));
    // What grows leaves copies behind.
    assert!(text.len() < 200_000, "{}", text.len());
    assert!(text.is_ascii());
}

#[test]
fn a_sheet_of_a_pin_says_which_device_it_opens() {
    let plan = plan(&filled_for_cards(2));
    let device = &plan.devices[1];
    assert_eq!(device.pins, Pins::Random);
    for (kind, envelope) in [(SecretKind::Pin, "E12"), (SecretKind::Puk, "E22")] {
        let secret = Pin::new("73028516".to_owned());
        let sheet = Sheet::secret(&plan, (device, kind), "Anna", &secret);
        let text = sheet.postscript().unwrap();
        for part in [kind.to_string(), envelope.to_owned(), "73028516".to_owned()] {
            assert!(text.contains(&format!("({part}) t")), "{part}");
        }
        assert!(
            text.contains("root2: YubiKey 12345672"),
            "{}",
            text.as_str()
        );
    }
}

#[test]
fn no_text_of_a_plan_is_a_program() {
    let text = filled_for_shares().replace("Room 5", "R\u{f6}m (5) \\\\ ) showpage \u{141} %");
    let plan = plan(&text);
    let words = share_words();
    let custody = plan.custody.clone().unwrap();
    let text = Sheet::share(&plan, &custody, 0, &words)
        .postscript()
        .unwrap();
    let wanted = "(R\\366m \\(5\\) \\\\ \\) showpage ? %) t";
    assert!(text.contains(wanted), "{}", text.as_str());
}

#[test]
fn letters_that_no_sheet_shows_are_known_before() {
    let text = filled_for_shares().replace("Room 5", "R\u{f6}m 5, \u{17b}");
    assert_eq!(not_in_print(&plan(&text)), Vec::<&str>::new());
    let printer = "[machine]\nprint = [\"/usr/bin/lp\"]\nprint-sha256 = \"";
    let printed = text.replace("[machine]", &format!("{printer}{}\"", "07".repeat(32)));
    let found = plan(&printed);
    assert_eq!(not_in_print(&found), ["R\u{f6}m 5, \u{17b}"]);
}

#[test]
fn a_sheet_of_a_rehearsal_says_so_across() {
    let text = filled_for_shares().replace(
        "requires-rehearsal = false",
        &format!(
            "rehearsal-of = \"{}\"\nrequires-rehearsal = false",
            "07".repeat(32)
        ),
    );
    let plan = plan(&text);
    let words = share_words();
    let custody = plan.custody.clone().unwrap();
    let text = Sheet::share(&plan, &custody, 0, &words)
        .postscript()
        .unwrap();
    assert!(text.contains("(REHEARSAL) show"));
}
