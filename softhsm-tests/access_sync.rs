//! `punchmark access publish`, `sign` and `sync`: from those who write a list to a server's sshd.

mod logins;
mod published;

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
    let names = folder.names();
    line(
        &sync(&folder, &["--dry-run"]),
        2,
        "CRITICAL: here.list: no list: would be replaced, signed by anna, ole",
        "; nothing was done (--dry-run)",
    );
    assert_eq!(folder.names(), names);
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
