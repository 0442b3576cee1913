//! Plans for the night in which a key was stolen.

use super::retire::{assert_draft_lacks_words_alone, filled_about_users};
use super::*;

const ANNA: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4D0uMP1Zy8HkEm3SVwEyBdbzD1yBHJ2I4/V+VkG6OD anna";

/// A plan for three people that makes `users2`, lets anna in, and shuts `users` out, filled in.
pub(in crate::ceremony) fn filled_after_a_theft() -> String {
    let own = [
        "the token was stolen",
        "anna",
        ANNA,
        "emergency",
        "anna, emergency",
    ];
    let text = filled_about_users(Kind::Compromise, &own);
    let text = text.replacen("[\"?\"]", "[\"web1\", \"web2\"]", 1);
    text.replacen("[\"?\"]", "[\"root\"]", 1)
}

#[test]
fn a_plan_after_a_theft_wants_nothing_but_what_its_people_know() {
    assert_draft_lacks_words_alone(Kind::Compromise);
    let plan = Plan::parse(filled_after_a_theft().as_bytes()).unwrap();
    let theft = plan.compromise().unwrap();
    assert_eq!(theft.servers, ["web1", "web2"]);
    assert_eq!(theft.emergencies.len(), 1);
    assert_eq!(plan.old_ca().unwrap().device, None);
    assert_eq!(plan.cas()[0].name.as_str(), "users2");
    assert!(plan.copies_that_end().is_empty());
}

#[test]
fn each_rule_of_such_a_plan_is_held_to() {
    let first = format!("name       = \"anna\"\nkey        = \"{ANNA}\"");
    let twice = format!(
        "{first}\nrole = \"emergency\"\nkey-id = \"x\"\noptions = []\nprincipals = [\"root\"]\nfrom = \"2026-12-01T08:00Z\"\n\
         until = \"2026-12-01T09:00Z\"\n\n[[emergency]]\n{first}"
    );
    let text = filled_after_a_theft();
    let (_, emergency) = text.split_once("[[emergency]]").unwrap();
    let valid = emergency.split_once("from").unwrap().1;
    let valid = format!("from{}", valid.trim_end());
    let valid = valid.as_str();
    let cases = [
        (
            "[\"web1\", \"web2\"]",
            "[]",
            "compromise, servers: names no server",
        ),
        (
            "\"web2\"",
            "\"web1\"",
            "compromise, servers: names a server twice",
        ),
        (
            "certificates = \"user\"",
            "certificates = \"host\"",
            "whose clients can't be asked",
        ),
        ("[\"root\"]", "[]", "emergency 1, principals: "),
        (
            "[\"permit-pty\"]",
            "[\"permit-ptz\"]",
            "emergency 1, options: \"permit-ptz\" is no certificate option",
        ),
        (
            "options    = [\"permit-pty\"]",
            "",
            "emergency 1, options: is missing",
        ),
        (
            "key-id     = \"anna, emergency\"",
            "",
            "emergency 1, key-id: is missing",
        ),
        ("[\"root\"]", "[\"ro*t\"]", "emergency 1, principals: "),
        (
            "key        = \"ssh-ed25519",
            "key        = \"ssh-dead",
            "emergency 1, key: is no public key",
        ),
        (
            "from       = \"2026-12-01T08:00Z\"",
            "from       = \"2026-12-02T08:00Z\"",
            "emergency 1, until: ",
        ),
        (
            "from       = \"2026-12-01T08:00Z\"",
            "from       = \"+4h\"",
            "emergency 1, from: ",
        ),
        (
            valid,
            "from = \"2026-11-30T08:00Z\"\nuntil = \"2026-12-01T08:00Z\"",
            "emergency 1, until: is before the window begins",
        ),
        (
            valid,
            "from = \"2026-12-01T18:00Z\"\nuntil = \"2026-12-02T08:00Z\"",
            "emergency 1, from: is behind the end of the window",
        ),
        (
            first.as_str(),
            twice.as_str(),
            "emergency 2, key: is that of another",
        ),
        (
            first.as_str(),
            twice.as_str(),
            "emergency 2, name: is that of another",
        ),
        (
            "[[emergency]]",
            "[[emergencies]]",
            "emergency: nobody gets in",
        ),
    ];
    assert_each_rule(&filled_after_a_theft(), &cases);
}

/// The same, in which the wrapped key of `users` may be with the thief.
pub(in crate::ceremony) fn filled_after_a_theft_of_a_wrapped_key() -> String {
    let lost = format!(
        "\n[[lost]]\nca = \"users\"\nlocator = \"blob:{}\"\nmissing = \"not in the safe\"\n",
        "08".repeat(32)
    );
    filled_after_a_theft() + &lost
}

#[test]
fn what_a_thief_may_have_is_a_place_of_the_old_key() {
    let text = filled_after_a_theft_of_a_wrapped_key();
    let plan = Plan::parse(text.as_bytes()).unwrap();
    assert_eq!(plan.copies_that_end().len(), 1);
    let digits = "08".repeat(32);
    for (from, to, fault) in [
        ("blob:", "blobs:", "lost 1, locator: is no locator of a key"),
        (&digits, "08", "lost 1, locator: is no `blob:…`"),
        (
            "ca = \"users\"",
            "ca = \"hosts\"",
            "lost 1, ca: is no [[known-ca]]",
        ),
    ] {
        let (before, lost) = text.rsplit_once("[[lost]]").unwrap();
        let changed = format!("{before}[[lost]]{}", lost.replacen(from, to, 1));
        let faults = faults(&changed);
        let is_it = |told: &String| told.starts_with(fault);
        assert!(faults.iter().any(is_it), "{fault}: {faults:?}");
    }
    for other in ["components:", "pkcs11:token=T;object="] {
        let changed = {
            let (before, lost) = text.rsplit_once("[[lost]]").unwrap();
            format!("{before}[[lost]]{}", lost.replacen("blob:", other, 1))
        };
        Plan::parse(changed.as_bytes()).unwrap();
    }
}
