//! `punchmark access publish`, `sign` and `sync`: from those who write a list to a server's sshd.

use std::os::unix::fs::{MetadataExt, chown};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::harness::agent::Agent;
use crate::harness::keygen::SK_DUMMY;
use crate::harness::process::{Ran, line, run};
use crate::harness::punchmark::BINARY;
use crate::harness::server::Server as Sshd;
use crate::krl::folder::Folder;
use crate::krl::server::{Answer, Server};

const LIST: &str = "@suffixes _physical _file\n\
    @ca users SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU\n\
    @group ops = anna_physical ole_physical\n\
    peter_physical www web*\nerik_physical www web*\n@ops root *\n";

/// A folder with the keys of three admins, and `signers`, who are `anna` and `ole`.
fn ready() -> Folder {
    let folder = Folder::new();
    for name in ["anna", "ole", "mallory"] {
        folder.key(name, "ed25519");
    }
    let line = |name: &str| {
        format!(
            "{name} {}",
            String::from_utf8(folder.read(&format!("{name}.pub"))).unwrap()
        )
    };
    folder.write("signers", line("anna") + &line("ole"));
    folder.write("access.list", LIST);
    folder
}

fn publish(folder: &Folder, more: &[&str]) -> Ran {
    let args = [
        "access",
        "publish",
        "access.list",
        "--out",
        "out.list",
        "--key",
        "anna",
    ];
    folder.punchmark(&[&args[..], more].concat())
}

fn second(folder: &Folder, key: &str) {
    folder
        .punchmark(&["access", "sign", "--key", key, "out.list"])
        .ok();
}

fn sync(folder: &Folder, more: &[&str]) -> Ran {
    let args = [
        "access",
        "sync",
        "out.list",
        "--out",
        "here.list",
        "--signers",
        "signers",
        "--at-least",
        "2",
    ];
    folder.punchmark(&[&args[..], more].concat())
}

/// A list as nobody could have published it, signed by hand by both.
fn by_hand(folder: &Folder, list: &str) {
    folder.write("out.list", list);
    let _ = std::fs::remove_file(folder.path().join("out.list.sig"));
    folder.must(&[
        "-q",
        "-Y",
        "sign",
        "-f",
        "anna",
        "-n",
        "access-list@punchmark",
        "out.list",
    ]);
    folder.write("both.sig", folder.read("out.list.sig"));
    std::fs::remove_file(folder.path().join("out.list.sig")).unwrap();
    folder.must(&[
        "-q",
        "-Y",
        "sign",
        "-f",
        "ole",
        "-n",
        "access-list@punchmark",
        "out.list",
    ]);
    let both = [folder.read("both.sig"), folder.read("out.list.sig")].concat();
    folder.write("out.list.sig", both);
}

/// Whatever the source holds now is not taken, and the list that is there stays.
#[track_caller]
fn refused(folder: &Folder, words: &str) {
    let before = folder.read("here.list");
    let ran = sync(folder, &[]);
    line(&ran, 2, "CRITICAL: ", "");
    assert!(ran.stdout.contains(words), "{words:?} {ran}");
    assert_eq!(folder.read("here.list"), before);
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn version(folder: &Folder, file: &str) -> u64 {
    let text = String::from_utf8(folder.read(file)).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("@version "));
    line.unwrap().parse().unwrap()
}

#[test]
fn a_list_that_two_persons_signed_is_put_in_place_with_its_index() {
    let folder = ready();
    publish(&folder, &[]).ok();
    assert!(folder.read("out.list").starts_with(LIST.as_bytes()));
    line(
        &sync(&folder, &[]),
        2,
        "CRITICAL: here.list: no list: kept, since ",
        "signed by anna, and 2 of the allowed signers must have signed",
    );
    second(&folder, "mallory");
    line(&sync(&folder, &[]), 2, "CRITICAL: ", "must have signed");
    // The key of the public half is in an agent.
    let agent = Agent::start();
    agent.add(&folder.path().join("ole"), &[]);
    let mut sign = folder.command(
        BINARY,
        &["access", "sign", "--key", "only/ole.pub", "out.list"],
    );
    std::fs::create_dir(folder.path().join("only")).unwrap();
    folder.write("only/ole.pub", folder.read("ole.pub"));
    run(sign.env("SSH_AUTH_SOCK", agent.socket())).ok();
    line(
        &sync(&folder, &[]),
        0,
        "OK: here.list: version ",
        ": replaced, signed by anna, ole",
    );
    assert_eq!(folder.read("here.list"), folder.read("out.list"));
    assert_eq!(
        folder.path().join("here.list").metadata().unwrap().mode() & 0o777,
        0o640
    );
    assert!(folder.names().contains(&"here.list.idx".to_owned()));
    line(&sync(&folder, &[]), 0, "OK: ", ": unchanged");
    // ssh-keygen says the same of a signature.
    let (verified, _) = {
        let _ = std::fs::remove_file(folder.path().join("out.list.sig"));
        publish(&folder, &[]).ok();
        let list = std::fs::File::open(folder.path().join("out.list")).unwrap();
        let mut verify = folder.command(
            "ssh-keygen",
            &[
                "-Y",
                "verify",
                "-f",
                "signers",
                "-I",
                "anna",
                "-n",
                "access-list@punchmark",
                "-s",
                "out.list.sig",
            ],
        );
        let output = verify.stdin(list).output().unwrap();
        (output.status.success(), output.stdout)
    };
    assert!(verified);
}

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
fn a_list_comes_out_of_a_folder_a_command_and_a_server_and_what_is_there_is_not_asked_for() {
    let folder = ready();
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    std::fs::create_dir(folder.path().join("source")).unwrap();
    for ending in ["", ".sig"] {
        folder.write(
            &format!("source/here.list{ending}"),
            folder.read(&format!("out.list{ending}")),
        );
    }
    let from = |args: &[&str]| {
        for left in ["here.list", "here.list.mark"] {
            let _ = std::fs::remove_file(folder.path().join(left));
        }
        let rest = [
            "--out",
            "here.list",
            "--signers",
            "signers",
            "--at-least",
            "2",
        ];
        let ran = folder.punchmark(&[&["access", "sync"], args, &rest].concat());
        line(&ran, 0, "OK: ", "replaced, signed by anna, ole");
    };
    from(&["source"]);
    from(&["--command", "cat source/here.list"]);
    let server = Server::start(&folder);
    for ending in ["", ".sig"] {
        server.answer(
            &format!("/l{ending}"),
            Answer::File(folder.read(&format!("out.list{ending}"))),
        );
    }
    from(&[&server.url("/l"), "--ca-file", "roots.pem"]);
    assert_eq!(server.asked(), ["/l.sig", "/l"]);
    let again = [
        "access",
        "sync",
        &server.url("/l"),
        "--ca-file",
        "roots.pem",
        "--out",
        "here.list",
        "--signers",
        "signers",
    ];
    line(&folder.punchmark(&again), 0, "OK: ", ": unchanged");
    assert_eq!(server.asked(), ["/l.sig"]);
    server.answer("/l.sig", Answer::Status(503));
    line(&folder.punchmark(&again), 1, "WARNING: ", "");
    server.answer("/l.sig", Answer::Endless);
    line(&folder.punchmark(&again), 1, "WARNING: ", "");
}

#[test]
fn what_goes_back_is_broken_or_signed_for_something_else_leaves_the_list_that_is_there() {
    let folder = ready();
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    sync(&folder, &[]).ok();
    let first = version(&folder, "here.list");
    let stamped = |version: u64, more: &str| format!("{LIST}{more}@version {version}\n");
    by_hand(&folder, &stamped(first - 1, ""));
    refused(&folder, "is older than version");
    by_hand(&folder, &stamped(first, "# another\n"));
    refused(&folder, "another list than the one of the same version");
    by_hand(&folder, &stamped(first + 2 * 86_400, ""));
    refused(&folder, "ahead of this machine's clock");
    by_hand(&folder, LIST);
    refused(&folder, "never published");
    by_hand(&folder, &stamped(first + 1, "erik www\n"));
    refused(&folder, "signed, but no access list: line 7, column");
    by_hand(&folder, &stamped(first + 1, ""));
    folder.write("out.list", stamped(first + 2, ""));
    refused(&folder, "no signature beside it is of this list");
    folder.write("out.list.sig", "<html>");
    refused(&folder, "no SSH signature");
    // Also where the list is gone, and only root's word for a version heals it.
    std::fs::remove_file(folder.path().join("here.list")).unwrap();
    by_hand(&folder, &stamped(first - 1, ""));
    line(
        &sync(&folder, &[]),
        2,
        "CRITICAL: here.list: no list: kept",
        "",
    );
    if rustix::process::geteuid().is_root() {
        let accept = (first - 1).to_string();
        line(
            &sync(&folder, &["--accept-version", &accept]),
            0,
            "OK: ",
            "",
        );
        folder.write("here.list.mark", "half");
        refused(&folder, "not a mark");
        line(
            &sync(&folder, &["--accept-version", &accept]),
            0,
            "OK: ",
            "",
        );
    }
    // What somebody made of the list in its place is healed.
    by_hand(&folder, &stamped(first + 1, ""));
    sync(&folder, &[]).ok();
    folder.write("here.list", "peter www");
    let ran = sync(&folder, &[]);
    line(&ran, 0, "OK: ", "");
    assert_eq!(folder.read("here.list"), folder.read("out.list"));
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
fn canaries_take_a_list_first_and_the_others_wait_without_alarm() {
    let folder = ready();
    publish(&folder, &[]).ok();
    second(&folder, "ole");
    sync(&folder, &["--host", "web1"]).ok();
    publish(&folder, &["--canary", "+canary,web9", "--for", "1h"]).ok();
    second(&folder, "ole");
    let ran = sync(&folder, &["--host", "web1+production"]);
    line(&ran, 0, "OK: ", "s more");
    assert!(ran.stdout.contains("waits for its canaries"), "{ran}");
    assert_ne!(folder.read("here.list"), folder.read("out.list"));
    line(
        &sync(&folder, &["--host", "web1+canary"]),
        0,
        "OK: ",
        "replaced, signed by anna, ole",
    );
    // A list that was published an hour ago waits for nobody.
    publish(&folder, &["--canary", "+canary", "--for", "1h"]).ok();
    let stamp = format!("@version {}", version(&folder, "out.list"));
    let text = String::from_utf8(folder.read("out.list")).unwrap();
    let _ = std::fs::remove_file(folder.path().join("here.list.mark"));
    let _ = std::fs::remove_file(folder.path().join("here.list"));
    by_hand(
        &folder,
        &text.replace(&stamp, &format!("@version {}", now() - 3_600)),
    );
    line(
        &sync(&folder, &["--host", "web1"]),
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

#[test]
fn logins_go_by_the_list_that_was_fetched_and_a_word_that_it_is_fresh_prolongs_it() {
    let Some(server) = Sshd::start() else {
        return;
    };
    // What answers sshd is of that group, as every account of these tests is.
    let place = server.path("access");
    chown(&place, None, Some(NOGROUP)).unwrap();
    let folder = ready();
    folder.key("fresh", "ed25519");
    let (www, out) = (server.www.name(), server.list().display().to_string());
    let print = crate::harness::keygen::fingerprint(&folder.path().join("fresh.pub"));
    let list = format!(
        "@ca users {}\n@fresh {print}\n@stale 30m anna\npeter,anna {www} *\n@version {}\n",
        server.fingerprint("users"),
        now() - 3_600
    );
    by_hand(&folder, &list);
    let sync = |more: &[&str]| {
        let args = [
            "access",
            "sync",
            "out.list",
            "--out",
            &out,
            "--signers",
            "signers",
            "--at-least",
            "2",
        ];
        folder.punchmark(&[&args[..], more].concat())
    };
    line(&sync(&[]), 2, "CRITICAL: ", "replaced, signed by anna, ole");
    let (peter, anna) = (
        server.certify("peter", "peter"),
        server.certify("anna", "anna"),
    );
    server.refuses(www, &peter);
    server.lets_in(www, &anna);
    let refresh = |key: &str| {
        folder.punchmark(&[
            "access",
            "publish",
            "--refresh",
            "--out",
            "out.list",
            "--key",
            key,
        ])
    };
    refresh("anna").fails().says("not the key of `@fresh`");
    refresh("fresh").ok();
    line(&sync(&[]), 0, "OK: ", ": unchanged");
    server.lets_in(www, &peter);
    server.explain(www, &peter).ok();
    // A word by another key, or of another list, prolongs nothing.
    let good = String::from_utf8(folder.read("out.list.fresh")).unwrap();
    let time = good.lines().find(|line| line.starts_with("time ")).unwrap();
    folder.write(
        "out.list.fresh",
        good.replace(time, &format!("time {}", now() + 60)),
    );
    let ran = sync(&[]);
    line(&ran, 1, "WARNING: ", "");
    assert!(ran.stdout.contains("not prolonged"), "{ran}");
    let json: Value = serde_json::from_str(&sync(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&json["state"], &json["stale"]),
        (&"warning".into(), &Value::Null),
        "{json}"
    );
    server.lets_in(www, &peter);
    let newer = list.replace(
        &format!("@version {}", version(&folder, "out.list")),
        &format!("@version {}", now() - 3_000),
    );
    by_hand(&folder, &newer);
    folder.write("out.list.fresh", good);
    line(&sync(&[]), 2, "CRITICAL: ", "replaced, signed by anna, ole");
    server.refuses(www, &peter);
}

/// The group of the accounts that tests make.
const NOGROUP: u32 = 65_534;
