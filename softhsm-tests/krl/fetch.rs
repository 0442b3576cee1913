//! `punchmark krl fetch` from files and from an https server, by signatures that
//! `ssh-keygen -Y sign` made.

mod served;

use base64ct::Encoding;

use super::folder::Folder;
use super::server::{Answer, Server};
use crate::harness::process::{Ran, line};

/// A folder with the ledger key `ledger`, and version 10 of a list in `source`.
fn ready() -> Folder {
    let folder = Folder::new();
    folder.key("ledger", "ed25519");
    publish(&folder, "source", 10, "users", 20);
    folder
}

/// Makes a list that revokes so many serials, and its signature.
fn publish(folder: &Folder, file: &str, version: u64, name: &str, serials: u64) {
    let spec: String = (1..=serials)
        .map(|n| format!("serial: {}\n", 2 * n))
        .collect();
    folder.write("spec", spec);
    let version = version.to_string();
    let args = [
        "krl", "spec", "-f", file, "-s", "none", "-z", &version, "-C", name, "spec",
    ];
    folder.punchmark(&args).ok();
    sign(folder, "ledger", "krl@punchmark", file);
}

fn sign(folder: &Folder, key: &str, namespace: &str, file: &str) {
    let _ = std::fs::remove_file(folder.path().join(format!("{file}.sig")));
    folder.must(&["-q", "-Y", "sign", "-f", key, "-n", namespace, file]);
}

fn fetch(folder: &Folder, source: &str, more: &[&str]) -> Ran {
    let args = [
        "krl",
        "fetch",
        source,
        "--out",
        "revoked.krl",
        "--signer",
        "ledger.pub",
    ];
    folder.punchmark(&[&args[..], more].concat())
}

/// Whatever `source` holds now, it is not taken, and the list that is there stays.
#[track_caller]
fn refused(folder: &Folder, words: &str) {
    let before = folder.read("revoked.krl");
    let ran = fetch(folder, "source", &[]);
    line(&ran, 2, "CRITICAL: ", "");
    assert!(ran.stdout.contains(words), "{words:?} {ran}");
    assert_eq!(folder.read("revoked.krl"), before);
}

#[test]
fn a_list_is_put_in_place_then_left_alone_then_replaced() {
    let folder = ready();
    let ran = fetch(&folder, "source", &[]);
    line(
        &ran,
        0,
        "OK: revoked.krl: version 10, made ",
        "revokes 20: replaced",
    );
    assert_eq!(folder.read("revoked.krl"), folder.read("source"));
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": unchanged");
    publish(&folder, "source", 11, "users", 21);
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
    assert_eq!(folder.read("revoked.krl"), folder.read("source"));
    let left: Vec<_> = folder
        .names()
        .into_iter()
        .filter(|name| name.contains(".punch"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_dry_run_judges_the_next_list_and_writes_nothing() {
    let folder = ready();
    let names = folder.names();
    let ran = fetch(&folder, "source", &["--dry-run"]);
    line(&ran, 0, "OK: revoked.krl: version 10", "(--dry-run)");
    assert!(ran.stdout.contains(": would be replaced; nothing"), "{ran}");
    assert_eq!(folder.names(), names);
    fetch(&folder, "source", &[]).ok();
    publish(&folder, "source", 9, "users", 50);
    let kept = || (folder.read("revoked.krl"), folder.read("revoked.krl.mark"));
    let before = kept();
    line(
        &fetch(&folder, "source", &["--dry-run"]),
        2,
        "CRITICAL: ",
        "(--dry-run)",
    );
    publish(&folder, "source", 11, "users", 50);
    let told = fetch(&folder, "source", &["--dry-run", "--json"])
        .ok()
        .stdout;
    assert!(
        told.contains("\"dry-run\":true") && told.contains("\"version\":11"),
        "{told}"
    );
    assert_eq!(kept(), before);
}

#[test]
fn what_is_not_the_signers_list_is_refused_and_nothing_changes() {
    let folder = ready();
    fetch(&folder, "source", &[]).ok();

    publish(&folder, "source", 9, "users", 50);
    refused(&folder, "version 9 is older than version 10");
    publish(&folder, "source", 10, "users", 50);
    refused(&folder, "another list than the one of the same version 10");
    publish(&folder, "source", 11, "hosts", 50);
    refused(&folder, "named \"hosts\", not \"users\"");

    publish(&folder, "source", 11, "users", 50);
    sign(&folder, "ledger", "file", "source");
    refused(&folder, "namespace \"file\"");
    folder.key("other", "ed25519");
    sign(&folder, "other", "krl@punchmark", "source");
    refused(&folder, "who is not the signer");

    sign(&folder, "ledger", "krl@punchmark", "source");
    let whole = folder.read("source");
    folder.write("source", &whole[..whole.len() - 1]);
    refused(&folder, "not the signature of this list");
    folder.write("source", "");
    refused(&folder, "not the signature of this list");
    sign(&folder, "ledger", "krl@punchmark", "source");
    refused(&folder, "signed, but no KRL");
    folder.write("source.sig", "-----BEGIN SSH SIGNATURE-----\n");
    refused(&folder, "no SSH signature");
}

#[test]
fn without_a_source_the_list_stays_and_only_its_age_counts() {
    let folder = ready();
    line(
        &fetch(&folder, "missing", &[]),
        2,
        "CRITICAL: revoked.krl: no list: kept, since ",
        "",
    );
    assert!(!folder.path().join("revoked.krl").exists());
    fetch(&folder, "source", &[]).ok();
    line(
        &fetch(&folder, "missing", &[]),
        1,
        "WARNING: revoked.krl: version 10",
        "No such file or directory (os error 2)",
    );
    // The date of the KRL lies behind magic, format and version; the signature must cover it.
    let mut old = folder.read("source");
    let generated = old[20..28].try_into().map(u64::from_be_bytes).unwrap();
    old[20..28].copy_from_slice(&(generated - 3 * 86_400).to_be_bytes());
    old[12..20].copy_from_slice(&11_u64.to_be_bytes());
    folder.write("source", old);
    sign(&folder, "ledger", "krl@punchmark", "source");
    line(
        &fetch(&folder, "source", &[]),
        1,
        "WARNING: ",
        "made 3 days ago, revokes 20: replaced",
    );
    line(
        &fetch(&folder, "source", &["--warn-after", "4d"]),
        0,
        "OK: ",
        ": unchanged",
    );
    let strict = fetch(&folder, "source", &["--critical-after", "1d"]);
    line(&strict, 2, "CRITICAL: ", ": unchanged");
    let json = fetch(&folder, "missing", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["state"], "warning", "{json}");
    assert_eq!(json["list"], "kept", "{json}");
    assert_eq!(json["version"], 11, "{json}");
}

#[test]
fn a_list_that_shrank_is_taken_and_warned_of() {
    let folder = ready();
    fetch(&folder, "source", &[]).ok();
    publish(&folder, "source", 11, "users", 2);
    let ran = fetch(&folder, "source", &[]);
    line(
        &ran,
        1,
        "WARNING: ",
        "replaced, and 18 of 20 revocations are gone",
    );
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": unchanged");
}

#[test]
fn a_damaged_or_empty_list_that_is_there_is_healed() {
    let folder = ready();
    for damaged in [&b""[..], b"SSHKRL\n\0 or so"] {
        folder.write("revoked.krl", damaged);
        line(
            &fetch(&folder, "missing", &[]),
            2,
            "CRITICAL: revoked.krl: no list",
            "",
        );
        line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
        assert_eq!(folder.read("revoked.krl"), folder.read("source"));
    }
}

#[test]
fn a_link_goes_on_pointing_and_a_device_is_refused() {
    let folder = ready();
    std::os::unix::fs::symlink("real.krl", folder.path().join("revoked.krl")).unwrap();
    folder.write("real.krl", "");
    fetch(&folder, "source", &[]).ok();
    let link = folder.path().join("revoked.krl");
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(folder.read("real.krl"), folder.read("source"));
    let args = [
        "krl",
        "fetch",
        "source",
        "--out",
        "/dev/null",
        "--signer",
        "ledger.pub",
    ];
    let ran = folder.punchmark(&args).exits(3);
    assert!(ran.stdout.starts_with("UNKNOWN: "), "{ran}");
    assert!(ran.stdout.contains("not a regular file"), "{ran}");
}

#[test]
fn one_of_two_signers_is_enough_while_the_key_changes() {
    let folder = ready();
    folder.key("next", "ecdsa");
    sign(&folder, "next", "krl@punchmark", "source");
    fetch(&folder, "source", &["--signer", "next.pub"]).ok();
    let private = fetch(&folder, "source", &["--signer", "ledger"]);
    let private = private.exits(3);
    assert!(private.stdout.starts_with("UNKNOWN: ledger: "), "{private}");
}

/// A list that carries a head of the CA's ledger, and its signature.
fn publish_with_head(folder: &Folder, version: u64, size: u64, root: u8) {
    let root = base64ct::Base64::encode_string(&[root; 32]);
    let name = format!("users [head punchmark.ledger/0123456789abcdef {size} {root}]");
    publish(folder, "source", version, &name, 20);
}

#[test]
fn an_older_list_is_refused_although_the_one_that_was_there_is_gone_or_damaged() {
    let folder = ready();
    fetch(&folder, "source", &[]).ok();
    publish(&folder, "source", 9, "users", 21);
    for damage in [None, Some(&b""[..]), Some(b"SSHKRL\n\0 and no more")] {
        let installed = folder.path().join("revoked.krl");
        match damage {
            Some(bytes) => folder.write("revoked.krl", bytes),
            None => std::fs::remove_file(&installed).unwrap(),
        }
        let ran = fetch(&folder, "source", &[]);
        line(&ran, 2, "CRITICAL: ", "");
        assert!(ran.stdout.contains("older than version 10"), "{ran}");
    }
    // The very list that was seen heals it.
    publish(&folder, "source", 11, "users", 20);
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
}

#[test]
fn a_mark_that_cannot_be_read_lets_nothing_in() {
    let folder = ready();
    fetch(&folder, "source", &[]).ok();
    folder.write("revoked.krl.mark", "version 1\n");
    publish(&folder, "source", 11, "users", 20);
    refused(&folder, "not a mark");
}

#[test]
fn root_heals_a_mark_that_cannot_be_read_by_naming_the_version() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let whole = {
        let folder = ready();
        fetch(&folder, "source", &[]).ok();
        folder.read("revoked.krl.mark")
    };
    let cut = whole.get(..40).unwrap();
    for damaged in [cut, b"", b"\xff\xfe", &[b'x'; 5000]] {
        let folder = ready();
        fetch(&folder, "source", &[]).ok();
        folder.write("revoked.krl.mark", damaged);
        let ran = fetch(&folder, "source", &[]).says("--accept-version");
        line(&ran, 2, "CRITICAL: ", "");
        // Another version than the one that is there opens no door.
        let other = fetch(&folder, "source", &["--accept-version", "9"]);
        line(&other, 2, "CRITICAL: ", "");
        assert_eq!(folder.read("revoked.krl.mark"), damaged);
        let healed = fetch(&folder, "source", &["--accept-version", "10"]);
        line(&healed, 0, "OK: ", ": unchanged");
        publish(&folder, "source", 9, "users", 20);
        refused(&folder, "older than version 10");
        publish(&folder, "source", 11, "users", 20);
        line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
    }
}

#[test]
fn a_mark_that_somebody_else_can_have_written_is_not_believed() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let folder = ready();
    fetch(&folder, "source", &[]).ok();
    publish(&folder, "source", 11, "users", 20);
    let mark = folder.path().join("revoked.krl.mark");
    let mode = |bits| std::fs::set_permissions(&mark, PermissionsExt::from_mode(bits)).unwrap();
    mode(0o666);
    refused(&folder, "can be changed by everybody");
    fetch(&folder, "source", &[]).says("chmod o-w ");
    mode(0o644);
    if rustix::process::geteuid().is_root() {
        chown(&mark, Some(4321), None).unwrap();
        refused(&folder, "belongs to 4321");
        fetch(&folder, "source", &["--accept-version", "11"]).says("chown root ");
        chown(&mark, Some(0), None).unwrap();
    }
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
}

#[test]
fn a_version_that_no_right_clock_gives_is_refused_until_root_takes_it() {
    let folder = ready();
    fetch(&folder, "source", &[]).ok();
    let far = 4_000_000_000;
    publish(&folder, "source", far, "users", 20);
    refused(&folder, "days ahead of this machine's clock");
    if rustix::process::geteuid().is_root() {
        let other = fetch(&folder, "source", &["--accept-version", "11"]);
        line(&other, 2, "CRITICAL: ", "");
        let accepted = fetch(&folder, "source", &["--accept-version", "4000000000"]);
        line(&accepted, 0, "OK: ", ": replaced");
        // And back, once the CA's clock is right again.
        publish(&folder, "source", 12, "users", 20);
        refused(&folder, "is older than version 4000000000");
        let healed = fetch(&folder, "source", &["--accept-version", "12"]);
        line(&healed, 0, "OK: ", ": replaced");
        publish(&folder, "source", 13, "users", 20);
        line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
    }
}

#[test]
fn a_server_is_a_witness_of_the_ledger_that_its_lists_were_made_from() {
    let folder = ready();
    publish_with_head(&folder, 11, 40, 1);
    fetch(&folder, "source", &[]).ok();
    publish_with_head(&folder, 12, 39, 2);
    refused(&folder, "ledger of 39 entries, and one of 40 was seen");
    publish_with_head(&folder, 12, 40, 2);
    refused(&folder, "another ledger of 40 entries");
    publish(&folder, "source", 12, "users", 20);
    refused(&folder, "one of 40 was seen");
    publish_with_head(&folder, 12, 41, 2);
    line(&fetch(&folder, "source", &[]), 0, "OK: ", ": replaced");
    // OpenSSH passes the head over.
    folder.must(&["-Q", "-l", "-f", "revoked.krl"]);
}
