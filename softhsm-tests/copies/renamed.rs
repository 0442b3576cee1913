//! A copy whose objects got other labels or ids by the token's own tool is the key all the same.

use super::{copies, destroy, import, in_backup, with_two_tokens};
use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::process::{Ran, bounded, run};

/// `pkcs11-tool` on the second token.
fn tool(admin: &Admin, arguments: &[&str]) -> Ran {
    let mut tool = admin.token.tool_logged_in();
    tool.args(["--token-label", "Backup"]).args(arguments);
    run(&mut tool).ok()
}

fn private_keys(admin: &Admin) -> usize {
    let listed = tool(admin, &["--list-objects"]).stdout;
    listed.matches("Private Key Object").count()
}

/// The id of the copy's objects, as the ledger has it.
fn id(admin: &Admin) -> String {
    let device = copies(admin)[0]["device"].as_str().unwrap().to_owned();
    let id = device.split("id=").nth(1).unwrap();
    id.split(['?', ';']).next().unwrap().replace('%', "")
}

/// A key file in the form that pkcs11-tool reads.
fn in_pem(admin: &Admin, key: &str) -> String {
    let (from, to) = (admin.punchmark.path(key), admin.punchmark.path("in-pem"));
    std::fs::copy(from, &to).unwrap();
    let mut convert = bounded("ssh-keygen");
    convert.args(["-q", "-p", "-m", "PEM", "-N", "", "-P", "", "-f"]);
    run(convert.arg(&to)).ok();
    to.display().to_string()
}

#[test]
fn a_copy_under_another_id_is_found_by_its_key_and_destroyed() {
    for halves in [&["privkey"][..], &["privkey", "pubkey"]] {
        let admin = with_two_tokens();
        let spare = in_backup(&admin, "users");
        import(&admin, &["--spare", &spare]).ok();
        let id = id(&admin);
        for half in halves {
            tool(&admin, &["--set-id", "77", "--type", half, "--id", &id]);
        }
        let ran = destroy(&admin, &spare, &["--yes"]).ok();
        ran.says("also what lay there as key \"users\" (id 77)");
        assert_eq!(private_keys(&admin), 0);
        assert_eq!(copies(&admin)[0]["became"], "destroyed");
    }
}

#[test]
fn a_second_pair_of_the_same_key_goes_too_and_a_pair_of_another_stays() {
    let admin = with_two_tokens();
    admin.key("other", P256);
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    for (key, label, id) in [("ca", "copied", "99"), ("other", "other", "98")] {
        let pem = in_pem(&admin, key);
        let put = ["--write-object", &pem, "--type", "privkey", "--usage-sign"];
        tool(
            &admin,
            &[&put[..], &["--label", label, "--id", id]].concat(),
        );
    }
    assert_eq!(private_keys(&admin), 3);
    destroy(&admin, &spare, &["--yes"])
        .ok()
        .says("also what lay there as key \"copied\" (id 99)");
    let listed = tool(&admin, &["--list-objects", "--type", "privkey"]).stdout;
    assert!(!listed.contains("copied"), "{listed}");
    assert!(listed.contains("other"), "{listed}");
}

#[test]
fn another_copy_in_the_same_token_stays_as_long_as_it_is_one() {
    let admin = with_two_tokens();
    let (one, two) = (in_backup(&admin, "users"), in_backup(&admin, "more"));
    import(&admin, &["--spare", &one]).ok();
    import(&admin, &["--spare", &two]).ok();
    destroy(&admin, &two, &["--yes"]).ok();
    assert_eq!(private_keys(&admin), 1);
    destroy(&admin, &one, &["--yes"]).ok();
    assert_eq!(private_keys(&admin), 0);
}

#[test]
fn a_key_that_could_be_the_copy_and_tells_nothing_keeps_it_from_being_gone() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    let name = ["--label", "silent", "--id", "99"];
    let pair = ["--keypairgen", "--key-type", "EC:prime256v1"];
    let pair = [&pair[..], &["--sensitive", "--usage-sign", "--always-auth"]].concat();
    tool(&admin, &[&pair[..], &name].concat());
    tool(
        &admin,
        &["--delete-object", "--type", "pubkey", "--id", "99"],
    );
    let ran = destroy(&admin, &spare, &["--yes"]).exits(1);
    ran.says("whether key \"silent\" (id 99) is the same key can't be told");
    assert_eq!(private_keys(&admin), 2, "nothing was removed");
    assert_eq!(copies(&admin)[0]["became"], "made");
}
