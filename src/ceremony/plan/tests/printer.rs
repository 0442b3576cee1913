//! Plans that name what prints sheets of secrets.

use super::*;
use crate::ceremony::steps::{Act, steps};

/// A plan whose shares come from a printer.
fn filled_to_print() -> String {
    with_printer(&filled_for_shares())
}

fn with_printer(text: &str) -> String {
    let print = format!(
        "[machine]\nprint = [\"/usr/bin/lp\", \"-d\", \"the safe\"]\nprint-sha256 = \"{}\"",
        "09".repeat(32)
    );
    text.replacen("[machine]", &print, 1)
}

#[test]
fn what_prints_is_a_program_with_arguments_and_its_hash() {
    let plan = Plan::parse(filled_to_print().as_bytes()).unwrap();
    let printer = plan.printer.clone().unwrap();
    assert_eq!(printer.program, "/usr/bin/lp");
    assert_eq!(printer.arguments, ["-d", "the safe"]);
    assert_eq!(printer.sha256, [9; 32]);
    let machine = steps(&plan)
        .into_iter()
        .find(|step| step.act == Act::Machine);
    assert!(machine.unwrap().say.contains("what prints"));
    for step in steps(&plan).iter().filter(|step| step.act == Act::Shares) {
        assert!(step.say.contains("from the printer"), "{step:?}");
    }
    let hash = format!("print-sha256 = \"{}\"\n", "09".repeat(32));
    let cases = [
        (
            "[\"/usr/bin/lp\", ",
            "[\"lp\", ",
            "machine, print: \"lp\" is no absolute path",
        ),
        (
            "[\"/usr/bin/lp\", \"-d\", \"the safe\"]",
            "\"/usr/bin/lp\"",
            "machine, print: is no list",
        ),
        ("\"the safe\"", "\"\"", "machine, print: 3 is empty"),
        (
            "\"the safe\"",
            "\"?\"",
            "machine, print: 3 is still to be filled in",
        ),
        (hash.as_str(), "\n", "machine, print-sha256: is missing"),
        ("print = ", "printed = ", "machine, print: is missing"),
    ];
    let with_line = filled_to_print().replace("boot-medium", "\nboot-medium");
    let text = with_line.replacen(
        &format!("print-sha256 = \"{}\"", "09".repeat(32)),
        hash.trim(),
        1,
    );
    assert_each_rule(&text, &cases);
    let empty = text.replacen("[\"/usr/bin/lp\", \"-d\", \"the safe\"]", "[]", 1);
    let found = faults(&empty).join("\n");
    assert!(
        found.contains("machine, print: names no program"),
        "{found}"
    );
}

#[test]
fn what_prints_has_something_to_print() {
    for text in [
        filled(3),
        filled_to_drill(),
        filled_to_retire(),
        filled_for_bundles(),
    ] {
        let found = faults(&with_printer(&text)).join("\n");
        assert!(found.contains("machine, print: prints nothing"), "{found}");
    }
    Plan::parse(with_printer(&filled_for_cards(1)).as_bytes()).unwrap();
}

#[test]
fn a_draft_that_shows_secrets_tells_of_printers() {
    assert!(filled_for_cards(1).contains("# print        = ["));
    assert!(!filled(3).contains("print"), "{}", filled(3));
}
