//! What a ledger gives out of itself.

use super::*;

/// The export as objects, the last of which is the checkpoint.
fn export(admin: &Admin, flags: &[&str]) -> Vec<serde_json::Value> {
    let all = [&["ledger", "export"], flags].concat();
    let ran = admin.punchmark.run(&all).ok();
    let objects = ran.stdout.lines().map(serde_json::from_str);
    objects.collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_export_has_every_entry_and_goes_on_where_another_ended() {
    let admin = ready();
    let all = export(&admin, &[]);
    let kinds: Vec<_> = all
        .iter()
        .filter_map(|line| line["kind"].as_str())
        .collect();
    let two = ["reserved", "issued"];
    let expected = [
        &[
            "ca-added",
            "head-places",
            "suffixes-set",
            "bound",
            "policy-seen",
        ][..],
        &two,
        &two,
        &two,
    ]
    .concat();
    assert_eq!(kinds, expected);
    let content = &all[5]["reserved"]["content"];
    assert_eq!(content["principals"], serde_json::json!(["peter"]));
    assert_eq!(export(&admin, &["--from", "6"]), all[5..]);
    assert_eq!(export(&admin, &["--from", "99"]), all[11..]);
}

#[test]
fn a_redacted_export_tells_nothing_but_the_hashes_that_the_head_follows_from() {
    use punchmark::ledger::{checkpoint::Checkpoint, merkle::Frontier};
    use ssh_key::encoding::base64::{Base64, Encoding};

    let admin = ready();
    let (all, redacted) = (export(&admin, &[]), export(&admin, &["--redact"]));
    let mut tree = Frontier::default();
    for (line, whole) in redacted.iter().zip(&all).take(11) {
        assert_eq!(line.as_object().unwrap().len(), 3, "{line}");
        assert_eq!(
            (&line["position"], &line["leaf"]),
            (&whole["position"], &whole["leaf"])
        );
        let leaf = Base64::decode_vec(line["leaf"].as_str().unwrap()).unwrap();
        tree.push(leaf.try_into().unwrap(), |_, _| ());
    }
    let head = Checkpoint::parse(redacted[11]["checkpoint"].as_str().unwrap()).unwrap();
    assert_eq!((head.size, head.root), (11, tree.root()));
}
