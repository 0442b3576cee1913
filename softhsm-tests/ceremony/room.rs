//! The room of a ceremony: a token, a plan for it, and people who answer at a terminal.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::lock;
use crate::harness::module::Module;
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::token::Token;
use crate::harness::write;

/// An account with a plan that `ceremony plan` wrote, filled in for a token of SoftHSM.
pub(super) struct Room {
    pub(super) account: Punchmark,
    pub(super) token: Token,
    pub(super) serial: String,
}

impl Room {
    /// An account with a token, and no plan yet.
    pub(super) fn without_plan() -> Self {
        let token = Token::softhsm();
        let account = Punchmark::new(&token);
        account.begin_config("ca/punchmark.toml");
        let serial = serial(&account);
        Self {
            account,
            token,
            serial,
        }
    }

    pub(super) fn new(people: &str) -> Self {
        let room = Self::without_plan();
        let (account, serial) = (&room.account, &room.serial);
        let module = Module::SoftHsm.path();
        let drawn = ["ceremony", "plan", "--people", people, "--module"];
        let mut drawn: Vec<_> = drawn.map(str::to_owned).to_vec();
        drawn.push(module.display().to_string());
        let mut plan = account.run(&drawn).ok().stdout;
        for word in ["user CA of example.org", "Room 5", "Anna", "Bob"] {
            plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
        for name in ["Cem", "Dora", "Erik", "Fay", "Gus"] {
            plan = plan.replacen("name  = \"?\"", &format!("name  = \"{name}\""), 1);
        }
        for word in ["live system 7", "Root CA", serial, "B1", "B2", "E1"] {
            plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
        room.write_plan(&with_window(&plan, "-1 day", "+1 day"));
        room
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.account.path("plan.toml")
    }

    pub(super) fn text(&self) -> String {
        std::fs::read_to_string(self.plan()).unwrap()
    }

    pub(super) fn write_plan(&self, text: &str) {
        write(&self.plan(), text, 0o600);
    }

    /// A file of the ceremony's folder.
    pub(super) fn output(&self, name: &str) -> PathBuf {
        self.account.path(&format!("ceremony/{name}"))
    }

    pub(super) fn transcript(&self) -> String {
        std::fs::read_to_string(self.output("transcript.jsonl")).unwrap()
    }

    /// What `ceremony check --json` says.
    pub(super) fn checked(&self) -> Value {
        let ran = self
            .account
            .run(&["ceremony", "check", "--json", "plan.toml"])
            .ok();
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// A run at a terminal, by a program that starts another one.
    pub(super) fn started_by(&self, program: &str, arguments: &[&str]) -> Pty {
        let mut command: Command = self.account.prepare(pty::command(program));
        command.args(arguments);
        Pty::start(command)
    }

    pub(super) fn start(&self) -> Pty {
        self.started_by(
            BINARY,
            &["--pin-file", "pin", "ceremony", "run", "plan.toml"],
        )
    }

    /// Answers whatever is asked, to the end; gives what was shown, and the exit code.
    pub(super) fn hold(&self, mut pty: Pty) -> (String, u8) {
        let words = self.checked()["words"].as_str().unwrap().to_owned();
        let mut shown = String::new();
        loop {
            match pty.expect_or_end("\n> ") {
                Ok(before) => {
                    let question = before.lines().last().unwrap().trim().to_owned();
                    shown += &before;
                    pty.type_line(&self.answer(&question, &words));
                }
                Err((rest, code)) => return (shown + &rest, code),
            }
        }
    }

    /// The right answer to a question.
    pub(super) fn answer(&self, question: &str, words: &str) -> String {
        let (who, asked) = question.split_once(": ").unwrap();
        let answers = [
            ("type your name", who),
            (
                "words of the plan",
                &words.split(' ').take(8).collect::<Vec<_>>().join(" "),
            ),
            ("type yes", "yes"),
            ("type end", "end"),
            ("the number of the bag of", "B1"),
            ("the number of the bag that", "B2"),
            ("the envelope", "E1"),
            ("serial number", &self.serial),
            ("words of the rehearsal", &self.rehearsed()),
            ("type \"make ledger key\"", "make ledger key"),
            ("type \"make users\"", "make users"),
            ("type \"make hosts\"", "make hosts"),
            ("the time in UTC", &date("now")),
            ("written on the medium", "stick 4"),
            ("words of `", &self.words_of_bundle(asked)),
            ("type \"sign ", asked.rsplit('"').nth(1).unwrap_or_default()),
        ];
        let answer = answers.iter().find(|(part, _)| asked.contains(part));
        answer.unwrap_or_else(|| panic!("{question}")).1.to_owned()
    }

    /// The first words of the bundle that a question is about, off the plan.
    pub(super) fn words_of_bundle(&self, asked: &str) -> String {
        let file = asked.split('`').nth(1).unwrap_or_default();
        let text = self.text();
        let of_file = text
            .split_once(&format!("file   = \"{file}\""))
            .unwrap_or_default();
        let words = of_file.1.split_once("words  = \"").unwrap_or_default().1;
        let words: Vec<_> = words.split(['"', ' ']).take(8).collect();
        words.join(" ")
    }

    /// The first words of the transcript of the rehearsal beside the plan; none where there is none.
    pub(super) fn rehearsed(&self) -> String {
        let checked = ["ceremony", "check", "--json", "plan.toml", "--rehearsal"];
        let ran = self.account.run(&[&checked[..], &["rehearsal"]].concat());
        let object: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let words = object["rehearsed"].as_str().unwrap_or_default().to_owned();
        words.split(' ').take(8).collect::<Vec<_>>().join(" ")
    }

    /// Answers what is asked in a rehearsal in this folder, to the end, and types the PIN that is shown.
    pub(super) fn hold_rehearsal(&self, mut pty: Pty, folder: &str) -> (String, u8) {
        let mut shown = String::new();
        loop {
            match pty.expect_any_or_end(&["\n> ", "PIN for token"]) {
                Ok((before, found)) if found == "\n> " => {
                    let question = before.lines().last().unwrap().trim().to_owned();
                    shown += &before;
                    pty.type_line(&self.rehearsed_answer(&question, folder));
                }
                Ok((before, _)) => {
                    shown += &before;
                    pty.expect(": ");
                    let pin = self.account.path(&format!("{folder}/pin"));
                    pty.type_line(std::fs::read_to_string(pin).unwrap().trim());
                }
                Err((rest, code)) => return (shown + &rest, code),
            }
        }
    }

    fn rehearsed_answer(&self, question: &str, folder: &str) -> String {
        let own = format!("{folder}/plan.toml");
        let plan = std::fs::read_to_string(self.account.path(&own)).unwrap();
        if question.contains("serial number") {
            let (_, rest) = plan.split_once("serial = \"").unwrap();
            return rest.split('"').next().unwrap().to_owned();
        }
        let checked = self
            .account
            .run(&["ceremony", "check", "--json", &own])
            .ok();
        let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
        let plain = question.replace("make rehearsal-users", "make users");
        let answer = self.answer(&plain, checked["words"].as_str().unwrap());
        match answer.as_str() {
            "make users" => "make rehearsal-users".to_owned(),
            seal @ ("B1" | "B2" | "E1") => format!("REHEARSAL {seal}"),
            _ => answer,
        }
    }

    /// Takes the terminal away, and waits until the program is gone from a transcript.
    pub(super) fn leave(&self, transcript: &str, pty: Pty) {
        drop(pty);
        let transcript = self.account.path(transcript);
        wait_until("nobody has the transcript", || !lock::is_held(&transcript));
    }

    /// The right answer, but for what is otherwise once: a name that is none, a PIN in a deviation and
    /// a deviation. What was said is noted.
    pub(super) fn answer_or(&self, question: &str, words: &str, said: &mut Vec<&str>) -> String {
        let mut once = |what: &'static str| {
            let is_new = !said.contains(&what);
            said.push(what);
            is_new.then(|| what.to_owned())
        };
        let pin = crate::harness::token::PIN;
        let other = if question.ends_with("what is otherwise?") {
            once("it is PIN")
                .map(|_| format!("the PIN is {pin}"))
                .or_else(|| once("the seal was torn"))
        } else if question.contains("Bob, witness, is here") {
            once("not my name")
        } else if question.contains("the envelope") {
            once("! 1").or_else(|| once("! 2")).map(|_| "!".to_owned())
        } else {
            None
        };
        other.unwrap_or_else(|| self.answer(question, words))
    }

    /// How many objects of this class have the label of a key.
    pub(super) fn objects(&self, class: &str, label: &str) -> usize {
        let mut tool = self.token.tool_logged_in();
        let listed = run(tool.args(["--list-objects", "--type", class]))
            .ok()
            .stdout;
        listed
            .lines()
            .filter(|line| line.trim() == format!("label:      {label}"))
            .count()
    }

    /// Takes a token out of the room.
    pub(super) fn hide(&self, label: &str) {
        let away = self.account.path("away");
        std::fs::create_dir_all(&away).unwrap();
        for token in std::fs::read_dir(self.token.store()).unwrap().flatten() {
            let object = std::fs::read(token.path().join("token.object")).unwrap();
            let mut parts = object.windows(label.len());
            if parts.any(|part| part == label.as_bytes()) {
                std::fs::rename(token.path(), away.join(token.file_name())).unwrap();
            }
        }
    }

    /// `ceremony verify` of all outputs, with these words.
    pub(super) fn verify(&self, words: &str, outputs: &[&str]) -> Ran {
        self.verify_with(words, outputs, &[])
    }

    /// The same with more arguments.
    pub(super) fn verify_with(&self, words: &str, outputs: &[&str], more: &[&str]) -> Ran {
        let mut arguments: Vec<_> = ["ceremony", "verify", "ceremony/transcript.jsonl", "--plan"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(["plan.toml", "--words", words].map(str::to_owned));
        arguments.extend(outputs.iter().map(|name| format!("ceremony/{name}")));
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        self.account.run(&arguments)
    }
}

/// A plan with another window.
pub(super) fn with_window(plan: &str, from: &str, until: &str) -> String {
    let line = |line: &str| {
        let (key, _) = line.split_once('=').unwrap_or_default();
        match key.trim() {
            "from" => format!("from  = \"{}\"\n", date(from)),
            "until" => format!("until = \"{}\"\n", date(until)),
            _ => format!("{line}\n"),
        }
    };
    plan.lines().map(line).collect()
}

/// A time as the plan writes it, in the words of `date`.
pub(super) fn date(words: &str) -> String {
    let mut date = bounded("date");
    date.args(["-u", "-d", words, "+%Y-%m-%dT%H:%MZ"]);
    run(&mut date).ok().stdout.trim().to_owned()
}

fn serial(account: &Punchmark) -> String {
    let module = Module::SoftHsm.path().display().to_string();
    let listed = account
        .run(&["tokens", "--json", "--module", &module])
        .ok()
        .stdout;
    let (_, rest) = listed
        .split_once("\"serial\":\"")
        .unwrap_or_else(|| panic!("{listed}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The words that a finished run shows, of the transcript and of the head.
pub(super) fn words_of(shown: &str) -> (String, String) {
    let mut words = shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix("words "));
    let mut next = || {
        words
            .next()
            .unwrap_or_else(|| panic!("{shown}"))
            .trim()
            .to_owned()
    };
    (next(), next())
}

/// Holds a ceremony by runs that are each killed at one of their writes, until one comes to its
/// end: the words of its transcript. At least `least` runs were killed, and one more.
pub(super) fn killed_at_every_write(
    least: usize,
    own: &[&str],
    hold: impl FnMut(&[&str]) -> (String, u8),
) -> String {
    killed_within(13, least, own, hold)
}

/// The same, where a step has so many writes that a run that goes on begins it anew.
pub(super) fn killed_within(
    writes: usize,
    least: usize,
    own: &[&str],
    mut hold: impl FnMut(&[&str]) -> (String, u8),
) -> String {
    let (mut kills, mut call) = (0, 2);
    loop {
        // Each run gets a little further than one step's questions.
        let traced = killed_at("fdatasync,fsync,rename", call);
        let arguments = [&texts(&traced), own].concat();
        let (shown, code) = hold(&arguments);
        if code == 0 {
            assert!(kills > least, "{kills} kills: {shown}");
            return words_of(&shown).0;
        }
        assert_eq!(code, 137, "{shown}");
        kills += 1;
        call = 2 + kills % writes;
        assert!(kills < 200, "{shown}");
    }
}

/// The arguments with which `strace` runs the program, which is killed at one of these calls of the system: the
/// first has number 1.
pub(super) fn killed_at(calls: &str, when: usize) -> [String; 9] {
    let trace = format!("trace={calls}");
    let inject = format!("inject={calls}:signal=SIGKILL:when={when}");
    [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
        BINARY,
    ]
    .map(str::to_owned)
}

/// Arguments as they are handed on.
pub(super) fn texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}
