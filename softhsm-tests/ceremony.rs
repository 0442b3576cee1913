//! The ceremony: its plan, its paper, and the room.

mod between;
mod cards;
mod cards_later;
mod components;
mod compromise;
mod copies;
mod counters;
mod drawn_shares;
mod drill;
mod faults;
mod half_a_pair;
mod kills;
mod lost;
mod numbers;
mod pages;
mod people;
mod printer;
mod rehearse;
mod reshare;
mod restore;
mod retire;
mod rollover;
mod room;
mod run;
mod shares;
mod sign;
mod token_later;
mod token_secrets;
mod told;
mod unlock;
mod verify;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::module::Module;
use crate::harness::process::{bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::token::Token;
use crate::harness::write;
use room::Room;

fn sha256(path: &std::path::Path) -> String {
    sha256_of(&std::fs::read(path).unwrap())
}

fn sha256_of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_plan_names_the_program_and_the_module_as_sha256sum_does() {
    let room = Room::new("2");
    let text = room.text();
    for file in [BINARY.into(), Module::SoftHsm.path()] {
        let printed = run(bounded("sha256sum").arg(&file)).ok().stdout;
        let hash = printed.split(' ').next().unwrap();
        assert!(text.contains(hash), "{}: {text}", file.display());
    }
}

#[test]
fn a_plan_that_is_filled_in_is_a_table_and_its_name_in_words() {
    for people in ["2", "3", "4"] {
        let room = Room::new(people);
        let shown = room
            .account
            .run(&["ceremony", "check", "plan.toml"])
            .ok()
            .stdout;
        assert!(shown.contains(&sha256(&room.plan())), "{shown}");
        for step in ["people", "clocks", "key users", "ledger-key", "end"] {
            assert!(shown.contains(&format!("  {step} ")), "{step}: {shown}");
        }
        let object = room
            .account
            .run(&["ceremony", "check", "--json", "plan.toml"])
            .ok();
        let object: Value = serde_json::from_str(&object.stdout).unwrap();
        assert_eq!(object["words"].as_str().unwrap().split(' ').count(), 32);
        assert_eq!(object["sha256"], sha256(&room.plan()));
        assert!(shown.contains(object["words"].as_str().unwrap()), "{shown}");
        let rows = shown
            .lines()
            .filter(|line| line.starts_with([' ', '1', '2']))
            .count();
        assert_eq!(
            object["steps"].as_array().unwrap().len(),
            rows - 1,
            "{shown}"
        );
    }
}

#[test]
fn all_that_is_wrong_with_a_plan_is_told_at_once() {
    let room = Room::new("2");
    let text = room.text();
    let wrong = text
        .replace("\"Room 5\"", "\"?\"")
        .replace("bag          = \"B1\"", "bags         = \"B1\"")
        .replace("until = \"20", "until = \"+8h 20");
    write(&room.plan(), wrong, 0o600);
    for command in ["check", "script"] {
        let refused = room
            .account
            .run(&["ceremony", command, "plan.toml"])
            .exits(1);
        let refused = refused.says("place: is still to be filled in");
        let refused = refused.says("device 1, bag: is missing");
        refused
            .says("device 1, bags: is no key of a plan")
            .says("window, until");
    }
}

#[test]
fn the_paper_is_one_file_that_says_what_the_check_says() {
    let room = Room::new("3");
    let run = |arguments: &[&str]| room.account.run(arguments).ok().stdout;
    let object: Value =
        serde_json::from_str(&run(&["ceremony", "check", "--json", "plan.toml"])).unwrap();
    run(&[
        "ceremony",
        "script",
        "plan.toml",
        "--html",
        "--out",
        "paper.html",
    ]);
    let page = std::fs::read_to_string(room.account.path("paper.html")).unwrap();
    assert_eq!(page, run(&["ceremony", "script", "plan.toml"]));
    let text = run(&["ceremony", "script", "--markdown", "plan.toml"]);
    let plain = page.replace("&quot;", "\"");
    let plain = plain.replace("<code>", "`").replace("</code>", "`");
    for step in object["steps"].as_array().unwrap() {
        let say = step["say"].as_str().unwrap();
        assert!(plain.contains(say), "{say}");
        assert!(text.replace('\\', "").contains(say), "{say}: {text}");
        for ask in step["asks"].as_array().unwrap() {
            assert!(plain.contains(ask["question"].as_str().unwrap()), "{ask}");
        }
    }
    for foreign in ["http", "src=", "href=", "<script"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_plan_is_drawn_for_2_to_20_people_and_for_a_module_that_is_there() {
    let account = Punchmark::new(&Token::softhsm());
    for people in ["0", "1", "21"] {
        let refused = account.run(&["ceremony", "plan", "--people", people]);
        refused.exits(2).says("2 to 20 people");
    }
    let refused = account.run(&["ceremony", "plan", "--module", "nowhere.so"]);
    refused.exits(1).says("nowhere.so");
    account
        .run(&["ceremony", "plan", "--kind", "feast"])
        .exits(2);
}
