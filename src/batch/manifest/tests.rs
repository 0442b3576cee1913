//! Manifests as people write them, and all that can be wrong with one.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Cell, Column, Form, Line, ManifestError, Setting};
use crate::certificate::{Kind, OptionsAsked};
use crate::policy::{Policy, Role, Suffixes};
use crate::request::{Ask, RoleName};

const ONE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti one";
const TWO: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJO+rvDSymMUkn4vZi9drcTmNMzg7QyNLHZVzlIHOIqP two";

fn policy() -> Policy {
    let operator = RoleName::operator();
    let role: RoleName = "engineer".parse().unwrap();
    let suffixes = Suffixes::default();
    let table = toml::from_str(
        "ca = \"users\"\nrequesters = [\"peter\"]\nprincipals = [\"{requester}\"]\nstorage = \"ignore\"\nlifetime = { default = \"1h\", maximum = \"1h\" }\n",
    );
    let role = Role::new(role, table.unwrap(), &suffixes).unwrap();
    let policy = Policy::new(suffixes, [role]);
    assert!(policy.role(&operator).is_some());
    policy
}

fn ask(kind: Kind) -> Ask {
    Ask {
        role: RoleName::operator(),
        kind,
        key_id: None,
        principals: None,
        validity: None,
        validity_as_asked: "always:forever".to_owned(),
        options: OptionsAsked::default(),
        reason: None,
        serial: None,
    }
}

fn read_as(form: Form, text: &str, kind: Kind) -> Result<Vec<Line>, ManifestError> {
    let (policy, ask) = (policy(), ask(kind));
    let setting = Setting {
        ask: &ask,
        policy: &policy,
        folder: Path::new("/nowhere"),
        out_dir: Some(Path::new("/out")),
        now: 1_800_000_000,
        zone: &|| TimeZone::UTC,
    };
    Line::read_all(form, text.as_bytes(), &setting)
}

/// Each fault as `line: words`.
fn faults(form: Form, text: &str, kind: Kind) -> Vec<String> {
    let Err(ManifestError::Lines(faults)) = read_as(form, text, kind) else {
        panic!("nothing wrong is found");
    };
    let words = |fault: &super::ManifestFault| {
        let first: &dyn std::error::Error = &fault.fault;
        let causes = std::iter::successors(Some(first), |error| error.source());
        let words: Vec<_> = causes.map(ToString::to_string).collect();
        format!("{}: {}", fault.line, words.join(": "))
    };
    faults.iter().map(words).collect()
}

#[test]
fn a_line_of_a_table_says_all_that_is_asked_for_its_key() {
    let table = format!(
        "key,requester,role,principals,key-id,validity,options,reason\n\
         {ONE},peter,engineer,\"peter,root\",\"peter, laptop\",+8h,no-pty; no-user-rc,on call\n\
         \n\
         {TWO},,,erik,erik,,\"clear;source-address=10.0.0.0/8,192.168.0.0/16\",\n"
    );
    let lines = read_as(Form::Csv, &table, Kind::User).unwrap();
    let [one, two] = lines.as_slice() else {
        panic!("two lines");
    };
    assert_eq!((one.number, two.number), (2, 4));
    assert_eq!(one.comment, "one");
    assert_eq!(one.output, Path::new("/out/peter-cert.pub"));
    assert_eq!(two.output, Path::new("/out/erik-cert.pub"));
    let name = one.requester.as_ref().map(ToString::to_string);
    assert_eq!(name.as_deref(), Some("peter"));
    assert_eq!(one.ask.role.as_str(), "engineer");
    assert_eq!(
        one.ask.principals.as_ref().unwrap().to_string(),
        "peter,root"
    );
    assert_eq!(one.ask.key_id.as_ref().unwrap().as_str(), "peter, laptop");
    assert_eq!(one.ask.validity_as_asked, "+8h");
    assert_eq!(one.ask.options.left_out(), "permit-pty,permit-user-rc");
    assert_eq!(one.ask.reason.as_ref().unwrap().as_str(), "on call");
    assert!(two.ask.role.is_operator() && two.requester.is_none());
    assert_eq!(two.ask.validity_as_asked, "always:forever");
    let networks = two.ask.options.critical().get("source-address");
    assert_eq!(networks.unwrap(), "10.0.0.0/8,192.168.0.0/16");
}

#[test]
fn toml_says_the_same_as_a_table() {
    let table =
        format!("key,principals,key-id,options\n{ONE},\"peter,root\",peter,no-pty;no-user-rc\n");
    let toml = format!(
        "# people\n[[subject]]\nkey = \"{ONE}\"\nprincipals = [\"peter\", \"root\"]\n\
         key-id = \"peter\"\noptions = [\"no-pty\", \"no-user-rc\"]\n"
    );
    let (table, toml) = (
        read_as(Form::Csv, &table, Kind::User).unwrap(),
        read_as(Form::Toml, &toml, Kind::User).unwrap(),
    );
    let asked = |lines: &[Line]| {
        format!(
            "{:?}",
            lines
                .iter()
                .map(|line| (&line.key, &line.ask))
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(asked(&table), asked(&toml));
    assert_eq!((table[0].number, toml[0].number), (2, 2));
}

#[test]
fn an_option_of_toml_keeps_what_stands_in_it() {
    let (rows, faults) = Form::Toml
        .rows(b"[[subject]]\nkey = \"a.pub\"\noptions = \"force-command=cd /; ls\"\n")
        .unwrap();
    assert!(faults.is_empty());
    let options = Cell::List(vec!["force-command=cd /; ls".to_owned()]);
    assert_eq!(rows[0].cells.get(&Column::Options), Some(&options));
}

#[test]
fn all_that_is_wrong_with_a_table_is_said_at_once_by_the_number_of_the_line() {
    let table = format!(
        "key,principals,key-id,validity,colour\n\
         {ONE},peter,peter,+8h,\n\
         {TWO},\"peter,,erik\",x,8h,\n\
         {ONE},erik,erik,,\n\
         {TWO},erik\n\
         missing.pub,a,b,,\n\
         ,,,,\n"
    );
    let found = faults(Form::Csv, &table, Kind::User);
    let begin = [
        "1: there is no column `colour`",
        "3: principal 2 of 3 is empty",
        "3: \"8h\"",
        "4: its key is that of line 2",
        "5: has 2 cells below 5 columns",
        "6: key /nowhere/missing.pub: cannot be read",
        "7: there is no key",
        "7: there is no key ID",
        "7: there are no principals",
    ];
    assert_eq!(found.len(), begin.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begin) {
        assert!(found.starts_with(begin), "{found} is not {begin}");
    }
}

#[test]
fn a_first_line_without_keys_is_the_only_fault() {
    let table = format!("KEY,principals,key-id\n{ONE},peter,x\n{TWO},erik,y\n");
    let found = faults(Form::Csv, &table, Kind::User);
    assert!(
        found.iter().all(|fault| fault.starts_with("1: ")),
        "{found:#?}"
    );
    let table = format!("key;principals;key-id\n{ONE};peter;x\n");
    let found = faults(Form::Csv, &table, Kind::User);
    assert!(found[0].contains("semicolons"), "{found:#?}");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn all_that_is_wrong_with_toml_is_said_at_once_by_the_number_of_the_line() {
    let toml = format!(
        "title = \"x\"\n\n[[subject]]\nkey = \"{ONE}\"\nprincipals = 5\nkey-id = \"\"\ncolour = \"red\"\n\n\
         [[subject]]\nkey = [\"{TWO}\"]\nprincipals = []\nkey-id = \"b\"\n"
    );
    let found = faults(Form::Toml, &toml, Kind::User);
    for wanted in [
        "1: `title` is no table of a manifest, which has [[subject]] alone",
        "5: `principals` must be a text or a list of texts",
        "6: `key-id` is empty; leave it out",
        "7: there is no column `colour`",
        "10: `key` must be a text",
        "11: `principals` is empty; leave it out",
    ] {
        assert!(
            found.iter().any(|found| found == wanted),
            "{wanted}: {found:#?}"
        );
    }
    let broken = "[[subject]]\nkey = \"a\n[[subject]]\nkey = = \"b\"\n";
    let found = faults(Form::Toml, broken, Kind::User);
    assert!(
        found[0].starts_with("2: ") && found.iter().any(|it| it.starts_with("4: ")),
        "{found:#?}"
    );
}

#[test]
fn nobody_and_no_host_has_two_lines() {
    let people = format!("key,requester,role\n{ONE},peter,engineer\n{TWO},peter,engineer\n");
    let found = faults(Form::Csv, &people, Kind::User);
    assert_eq!(found[0], "3: requester `peter` has a line already, 2");
    let ids = format!("key,principals,key-id\n{ONE},dev,peter\n{TWO},dev,peter\n");
    let found = faults(Form::Csv, &ids, Kind::User);
    assert_eq!(found[0], "3: key ID `peter` has a line already, 2");
    let hosts = format!("key,principals,key-id\n{ONE},\"a,b\",one\n{TWO},\"b,a\",two\n");
    let found = faults(Form::Csv, &hosts, Kind::Host);
    assert_eq!(found, ["3: host `a,b` has a line already, 2"]);
    let shared = format!("key,principals,key-id\n{ONE},dev,peter\n{TWO},dev,erik\n");
    assert!(read_as(Form::Csv, &shared, Kind::User).is_ok());
}

#[test]
fn two_lines_have_no_one_place_for_their_certificates() {
    let table = format!("key,principals,key-id\n{ONE},a,peter laptop\n{TWO},b,peter_laptop\n");
    let found = faults(Form::Csv, &table, Kind::User);
    assert!(found[0].starts_with("3: its certificate would take the place of that of line 2"));
}

#[test]
fn a_role_is_for_somebody_and_must_be_there() {
    let table = format!("key,requester,role\n{ONE},,engineer\n{TWO},erik,nobody\n");
    let found = faults(Form::Csv, &table, Kind::User);
    assert_eq!(
        found,
        [
            "2: role `engineer` is for somebody, and no requester is named",
            "3: there is no role `nobody`"
        ]
    );
}

#[test]
fn an_open_quote_swallows_no_line() {
    let of = |cell: &str| {
        let table = format!("key,principals,key-id\n{ONE},a,{cell}\n{TWO},b,y\n");
        faults(Form::Csv, &table, Kind::User)
    };
    let open = "2: a quote is opened and never closed; is the end of the file missing?";
    assert_eq!(of("\"x"), [open]);
    assert_eq!(
        of("\"x\ny\"")[0],
        "2: `key-id` holds a line break; is a quote left open?"
    );
    let within = of("\"x\"y");
    assert!(
        within[0].starts_with("2: a quote within a cell"),
        "{within:?}"
    );
}

#[test]
fn bytes_that_are_no_text_are_a_fault_of_their_line() {
    let (_, faults) = Form::Csv.rows(b"key,key-id\na.pub,\xff\xfe\n").unwrap();
    assert_eq!(faults[0].line, 2);
    assert_eq!(faults[0].fault.to_string(), "`key-id` is no UTF-8");
    assert!(matches!(
        Form::Toml.rows(b"\xff"),
        Err(ManifestError::NotText)
    ));
}

#[test]
fn a_table_may_begin_with_the_mark_that_spreadsheets_write() {
    let table = format!("\u{feff}key,principals,key-id\r\n{ONE},a,b\r\n");
    assert_eq!(read_as(Form::Csv, &table, Kind::User).unwrap().len(), 1);
}

#[test]
fn a_manifest_without_subjects_is_none() {
    for (form, text) in [(Form::Csv, "key\n"), (Form::Toml, "")] {
        let error = read_as(form, text, Kind::User).unwrap_err();
        assert!(matches!(error, ManifestError::Empty), "{error:?}");
    }
    assert_eq!(
        faults(Form::Csv, "\"\"\n", Kind::User)[0],
        "1: there is no column ``"
    );
}

#[test]
fn what_has_no_extension_shows_by_its_first_letter() {
    let form = |name: &str, text: &str| Form::of(Path::new(name), text.as_bytes());
    assert_eq!(form("-", "\n [[subject]]"), Form::Toml);
    assert_eq!(form("-", "# people\n"), Form::Toml);
    assert_eq!(form("-", "key,principals\n"), Form::Csv);
    assert_eq!(form("a.csv", "[[subject]]"), Form::Csv);
    assert_eq!(form("a.toml", ""), Form::Toml);
}
