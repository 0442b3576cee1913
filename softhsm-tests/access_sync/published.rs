//! What happens where a list is published, before a server sees it.

use super::*;

/// A key that OpenSSH's own stand-in for a security key holds.
#[test]
fn a_security_key_publishes_a_list_and_adds_a_signature() {
    let folder = ready();
    let make = ["-q", "-t", "ed25519-sk", "-w", SK_DUMMY, "-N", "", "-f"];
    folder.must(&[&make[..], &["touched"]].concat());
    let signers = String::from_utf8(folder.read("signers")).unwrap();
    let anna = signers.lines().next().unwrap();
    let touched = String::from_utf8(folder.read("touched.pub")).unwrap();
    folder.write("signers", format!("{anna}\nole {touched}"));
    let with_the_key = |arguments: &[&str]| {
        let mut command = folder.command(BINARY, arguments);
        run(command.env("SSH_SK_PROVIDER", SK_DUMMY)).ok();
    };
    publish(&folder, &[]).ok();
    with_the_key(&["access", "sign", "--key", "touched", "out.list"]);
    let both = ": replaced, signed by anna, ole";
    line(&sync(&folder, &[]), 0, "OK: ", both);
    let publish = ["access", "publish", "access.list", "--out", "out.list"];
    with_the_key(&[&publish[..], &["--key", "touched.pub"]].concat());
    line(&sync(&folder, &[]), 2, "CRITICAL: ", "must have signed");
    second(&folder, "anna");
    line(&sync(&folder, &[]), 0, "OK: ", both);
}

#[test]
fn a_list_that_shrank_wants_a_word_where_it_is_published_and_the_stamp_lasts() {
    let folder = ready();
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    sync(&folder, &[]).ok();
    let first = version(&folder, "out.list");
    let cut = LIST
        .replace("erik_physical www web*\n@ops root *\n", "")
        .replace("@group ops = anna_physical ole_physical\n", "");
    folder.write("access.list", &cut);
    let ran = publish(&folder, &[]).fails().says("2 of 3 lines are gone");
    let ran = ran
        .says("group `@ops` is gone or empty")
        .says("nobody gets into root");
    ran.says("--shrinks");
    by_hand(&folder, &format!("{cut}@version {}\n", first + 1));
    refused(&folder, "2 of 3 lines are gone");
    // Published on purpose, and once more without any loss: a server that missed the first one takes the second.
    folder.write("out.list", folder.read("here.list"));
    publish(&folder, &["--shrinks"]).ok();
    folder.write("access.list", format!("{cut}hans_physical www web1\n"));
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    let text = String::from_utf8(folder.read("out.list")).unwrap();
    assert!(text.contains(&format!("@shrinks {first}\n")), "{text}");
    line(
        &sync(&folder, &[]),
        0,
        "OK: ",
        "replaced, signed by anna, ole",
    );
}

#[test]
fn new_signers_come_with_a_list_that_enough_of_the_old_ones_signed() {
    let folder = ready();
    let key = |name: &str| {
        let text = String::from_utf8(folder.read(&format!("{name}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    let one = format!("{LIST}@signer mallory {}\n", key("mallory"));
    folder.write("access.list", &one);
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    line(
        &sync(&folder, &[]),
        2,
        "CRITICAL: ",
        "persons who may sign the next list: 1, and 2 must",
    );
    folder.write(
        "access.list",
        format!("{one}@signer anna {}\n", key("anna")),
    );
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    line(
        &sync(&folder, &[]),
        0,
        "OK: ",
        "replaced, signed by anna, ole",
    );
    // The list that is there was signed by those of before.
    line(&sync(&folder, &[]), 0, "OK: ", ": unchanged");
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    line(
        &sync(&folder, &[]),
        2,
        "CRITICAL: ",
        "signed by anna, and 2 of the allowed signers must have signed",
    );
    second(&folder, "mallory");
    line(
        &sync(&folder, &[]),
        0,
        "OK: ",
        "replaced, signed by anna, mallory",
    );
}

#[test]
fn publishing_stops_at_findings_and_never_gives_a_version_twice() {
    let folder = ready();
    folder.write("access.list", "peter www *\n");
    publish(&folder, &[])
        .fails()
        .says("no `@ca`")
        .says("--despite-findings");
    assert!(!folder.names().contains(&"out.list".to_owned()));
    publish(&folder, &["--despite-findings"]).ok();
    let first = version(&folder, "out.list");
    publish(&folder, &["--despite-findings"]).ok();
    assert!(version(&folder, "out.list") > first);
    folder
        .punchmark(&["access", "sign", "--key", "ole", "access.list"])
        .fails()
        .says("never published");
    folder.write("out.list", "peter www *\n@version 5\n");
    folder
        .punchmark(&["access", "sign", "--key", "ole", "out.list"])
        .fails()
        .says("no signature beside it");
    folder.write(
        "access.list",
        "@group g = directory \"cn=g\" suffix _file\n@g www *\n",
    );
    publish(&folder, &["--despite-findings"])
        .fails()
        .says("not resolved");
}
