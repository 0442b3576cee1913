//! Plans that wrap keys by a key which people hold in components, and that open what was wrapped.

use super::retire::filled_to_restore;
use super::*;

const COMPONENTS: &str = "\n[components]\nthreshold = 2\ncustodians = [\"Cem\", \"Erik\", \"Gus\"]\n\
    envelopes = [\"K1\", \"K2\", \"K3\"]\nmedium = \"stick 7\"\nfolder = \"stick\"\nnew-bag = \"M2\"\n";

/// A plan for seven people whose key is wrapped onto a medium.
pub(in crate::ceremony) fn filled_for_components() -> String {
    let text = filled(7);
    let wrapped = "copies       = \"components\"";
    text.replacen("copies       = \"none\"", wrapped, 1) + COMPONENTS
}

/// This plan about `users`, whose wrapped key comes onto the token.
fn of_blob(plan: &str) -> String {
    let people = ["Erik", "Gus"]
        .map(|name| format!("[[person]]\nname = \"{name}\"\nroles = [\"custodian\"]\n\n"));
    let opens = COMPONENTS.replace("new-bag", "bag = \"M1\"\nnew-bag");
    let blob = format!(
        "\n[[blob]]\nca = \"users\"\nfile = \"users.wrapped\"\nsha256 = \"{}\"\nonto = \"root\"\nlabel = \"users\"\n",
        "08".repeat(32)
    );
    plan.replacen("[machine]", &format!("{}[machine]", people.concat()), 1)
        .replacen("device      = \"root\"\n", "", 1)
        + &opens
        + &blob
}

/// A plan that restores `users` out of its wrapped key.
pub(in crate::ceremony) fn filled_to_restore_from_blob() -> String {
    of_blob(&filled_to_restore())
}

/// A plan that tries the wrapped key of `users`.
pub(in crate::ceremony) fn filled_to_drill_blob() -> String {
    of_blob(&filled_to_drill())
}

#[test]
fn each_rule_of_components_is_held_to() {
    let plan = filled_for_components();
    let read = Plan::parse(plan.as_bytes()).unwrap();
    assert_eq!(read.wrapped().count(), 1);
    let components = read.components.unwrap();
    assert_eq!(components.words(), "2 of 3 components");
    assert_eq!(
        components.kept("a.wrapped"),
        "medium \"stick 7\", a.wrapped"
    );
    let cases = [
        (
            COMPONENTS,
            "",
            "components: is missing, and a CA has copies",
        ),
        (
            "copies       = \"components\"",
            "copies       = \"none\"",
            "components: wrap no key",
        ),
        (
            "threshold = 2",
            "threshold = 3",
            "components, threshold: 3 of 3",
        ),
        (
            "\"Gus\"]",
            "\"Bob\"]",
            "components, custodians: \"Bob\" is no person",
        ),
        (
            "\"K3\"]",
            "\"K2\"]",
            "components, envelopes: \"K2\" is there twice",
        ),
        ("\nmedium =", "\nmedia =", "components, medium: is missing"),
        ("new-bag = \"M2\"", "", "components, new-bag: is missing"),
        (
            "new-bag = \"M2\"",
            "new-bag = \"M2\"\nbag = \"M1\"",
            "components, bag: is no key of a plan",
        ),
    ];
    assert_each_rule(&plan, &cases);
}

#[test]
fn each_rule_of_wrapped_keys_is_held_to() {
    for plan in [filled_to_restore_from_blob(), filled_to_drill_blob()] {
        let read = Plan::parse(plan.as_bytes()).unwrap();
        let ca = &read.ledger.as_ref().unwrap().cas[0];
        assert_eq!(read.device_with(ca), Some("root"));
        let (_, blob) = plan.split_once("\n[[blob]]").unwrap();
        let blob = format!("\n[[blob]]{blob}");
        let twice = format!("{blob}{blob}");
        let cases = [
            (blob.as_str(), "", "components: open nothing"),
            (
                blob.as_str(),
                twice.as_str(),
                "blob 2, ca: or its file is that",
            ),
            (
                "ca = \"users\"\nfile",
                "ca = \"hosts\"\nfile",
                "blob 1, ca: is no [[known-ca]]",
            ),
            (
                "onto = \"root\"",
                "onto = \"toor\"",
                "blob 1, onto: \"toor\" is no",
            ),
            (
                "file = \"users.wrapped\"",
                "file = \"../users.wrapped\"",
                "blob 1, file: ",
            ),
            (
                "file = \"users.wrapped\"",
                "file = \"users.pub\"",
                "blob 1, file: ",
            ),
            ("sha256 = \"0808", "sha256 = \"XX08", "blob 1, sha256: "),
            ("\nbag = \"M1\"", "", "components, bag: is missing"),
            (
                "\nbag = \"M1\"",
                "\nbag = \"M2\"",
                "components, new-bag: is the bag",
            ),
            (
                "[[known-ca]]",
                "[[known-ca]]\ndevice = \"root\"",
                "blob 1, ca: has a `device` in [[known-ca]] too",
            ),
        ];
        assert_each_rule(&plan, &cases);
        let (before, after) = plan.split_once("\n[components]").unwrap();
        let (_, blob) = after.split_once("\n[[blob]]").unwrap();
        let without = faults(&format!("{before}\n[[blob]]{blob}")).join("\n");
        assert!(
            without.contains("components: is missing, and there is a [[blob]]"),
            "{without}"
        );
    }
}

#[test]
fn each_rule_of_the_end_of_a_wrapped_key_is_held_to() {
    let name = "0a".repeat(32);
    let ends = format!(
        "\n[[copy]]\nca = \"users\"\nlocator = \"blob:{name}\"\nfile = \"stick/users.wrapped\"\n\n[[copy]]\n\
         ca = \"users\"\nlocator = \"components:{name}\"\nby-hand = \"shredded\"\n"
    );
    let plan = filled_to_retire() + &ends;
    let read = Plan::parse(plan.as_bytes()).unwrap();
    assert_eq!(read.copies_that_end().len(), 3);
    let cases = [
        (
            "\"blob:0a",
            "\"blob:0A",
            "is none of what such an end is for",
        ),
        (
            "\"blob:0a",
            "\"components:0a",
            "is none of what such an end is for",
        ),
        (
            "\"components:0a",
            "\"pkcs11:0a",
            "is none of what such an end is for",
        ),
        (
            "file = ",
            "missing = \"x\"\nfile = ",
            "copy 2, file: is no key of a plan",
        ),
        ("\nby-hand", "\nby-hands", "copy 3, device: is missing"),
    ];
    assert_each_rule(&plan, &cases);
}
