//! Which tree of commands reads which arguments.

use super::*;

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(Into::into).collect()
}

#[test]
fn sign_alone_reads_its_arguments_as_among_all_commands() {
    for line in [
        "punchmark sign -s users -I a -n b -V +1w a.pub b.pub",
        "punchmark -q --config c --pin-file p sign --role r --requester x -O clear a.pub",
        "punchmark --config sign sign --files-from - -0 --resume --json",
        "punchmark sign -hz +7 -O source-address=10.0.0.0/8 -- -I",
    ] {
        let alone = sign_alone(&words(line)).unwrap();
        let among = parse::<Command>(&mut tree::<Command>(), &words(line)).unwrap();
        assert_eq!(format!("{alone:?}"), format!("{among:?}"));
    }
}

#[test]
fn a_program_is_spoken_to_where_json_is_an_option() {
    for line in ["punchmark --json sign x", "punchmark sgin --json"] {
        assert!(is_for_programs(&words(line)), "{line}");
    }
    for line in ["punchmark sign x", "punchmark show -- --json"] {
        assert!(!is_for_programs(&words(line)), "{line}");
    }
}

#[test]
fn what_is_no_whole_sign_is_held_against_all_commands() {
    for line in [
        "punchmark --config sign ledger list",
        "punchmark sign --help",
        "punchmark sing",
        "punchmark sign -s",
    ] {
        assert!(sign_alone(&words(line)).is_none(), "{line}");
    }
}
