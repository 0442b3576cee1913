//! Registrars and revokers: what somebody may do beside asking, as the ledger has it.

use serde_json::{Value, json};

use crate::harness::admin::Admin;
use crate::harness::process::Ran;

fn requester(admin: &Admin, arguments: &[&str]) -> Ran {
    admin.punchmark.run(&[&["requester"], arguments].concat())
}

fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_duty_is_given_with_a_key_shown_and_taken_away() {
    let admin = Admin::ready()
        .and_config(ROLES)
        .and_key("ole")
        .and_key("anna");
    let add = [
        "add",
        "ole",
        "--key",
        "ole.pub",
        "--registrar",
        "engineer,server",
    ];
    requester(&admin, &add)
        .ok()
        .says("ole is registrar for engineer, server from now on");
    requester(&admin, &["add", "anna", "--key", "anna.pub", "--revoker"]).ok();
    requester(&admin, &["add", "ole", "--registrar", "server"]).ok();
    requester(&admin, &["add", "ole", "--revoker"])
        .ok()
        .says("ole is registrar for server; revoker");
    let listed = requester(&admin, &["list", "--json"]).ok();
    let duties: Vec<_> = objects(&listed)
        .into_iter()
        .filter(|object| object["state"] == "set")
        .map(|object| {
            (
                object["requester"].clone(),
                object["registrar"].clone(),
                object["revoker"].clone(),
            )
        })
        .collect();
    let expected = [
        (json!("anna"), json!([]), json!(true)),
        (json!("ole"), json!(["server"]), json!(true)),
    ];
    assert_eq!(duties, expected, "{listed}");
    requester(&admin, &["remove", "ole", "--registrar", "--dry-run"])
        .ok()
        .says("ole would be revoker");
    requester(&admin, &["remove", "ole", "--registrar"]).ok();
    requester(&admin, &["remove", "ole", "--registrar"])
        .exits(1)
        .says("ole is no registrar");
    let words = requester(&admin, &["list"]).ok();
    assert!(
        words.stdout.contains("ole                 revoker\n"),
        "{words}"
    );
    admin.punchmark.run(&["ledger", "verify"]).ok();
    let exported = admin.punchmark.run(&["ledger", "export"]).ok();
    assert!(exported.stdout.contains("\"duties-set\""), "{exported}");
}

#[test]
fn a_duty_is_for_roles_that_are_there_and_for_whoever_has_a_key() {
    let admin = Admin::ready().and_config(ROLES).and_key("ole");
    let before = std::fs::read(admin.ledger_file()).unwrap();
    requester(&admin, &["add", "ole", "--registrar", "engineer"])
        .exits(1)
        .says("no key is enrolled for requester `ole`");
    requester(
        &admin,
        &["add", "ole", "--key", "ole.pub", "--registrar", "operator"],
    )
    .exits(2)
    .says("nobody can be a registrar for role `operator`");
    requester(
        &admin,
        &["add", "ole", "--key", "ole.pub", "--registrar", "boss"],
    )
    .exits(2)
    .says("no role `boss`");
    requester(&admin, &["add", "ole"]).exits(2);
    requester(&admin, &["remove", "ole"]).exits(2);
    assert_eq!(std::fs::read(admin.ledger_file()).unwrap(), before);
}

const ROLES: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"8h\" }

[role.server]
ca         = \"users\"
requesters = [\"peter\", \"erik\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"1h\" }
";
