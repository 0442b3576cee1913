//! A ledger that an earlier version wrote, with its keys and heads, goes on as a file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use punchmark::ledger::checkpoint::{Checkpoint, origin};
use punchmark::ledger::file::{FileFrames, FileReader, Standing};
use punchmark::ledger::merkle::{Frontier, leaf_hash};
use punchmark::ledger::settings::FileSettings;
use punchmark::ledger::store::Frames as _;

use crate::harness::disk::{Dice, Disk, record};
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::{pty, write};

/// The account of an admin whose ledger a version before 0.2.0 wrote.
struct Before {
    admin: Punchmark,
    vectors: PathBuf,
}

impl Before {
    /// With the head that was kept of it.
    fn new(format: u8) -> Self {
        let before = Self::without_heads(format);
        let head = before.vector("signed-head");
        let kept: Vec<&str> = head.lines().take(3).collect();
        before.keep(&(kept.join("\n") + "\n"));
        before
    }

    /// As on another machine: no kept head came with the database.
    fn without_heads(format: u8) -> Self {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("softhsm-tests/vectors/ledger/format{format}"));
        let admin = Punchmark::at(("SOFTHSM2_CONF", PathBuf::from("/nowhere")), "74291536");
        let before = Self { admin, vectors };
        before.put_ledger();
        before.put_config();
        keygen::make(before.admin.home(), "new", ED25519);
        before
    }

    fn vector(&self, name: &str) -> String {
        std::fs::read_to_string(self.vectors.join(name)).unwrap()
    }

    fn ledger(&self) -> PathBuf {
        self.admin.path("config/punchmark/punchmark.ledger")
    }

    fn put_ledger(&self) {
        let database = rusqlite::Connection::open(self.ledger()).unwrap();
        database.execute_batch(&self.vector("ledger.sql")).unwrap();
        database.close().unwrap();
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.ledger(), mode).unwrap();
    }

    /// The config as it was, but for where key and heads are. Its last entry is years old
    /// when somebody runs this.
    fn put_config(&self) {
        let config = self.vector("punchmark.toml");
        let home = self.admin.home().display().to_string();
        // That of format 2 was in a token, which is not there any more.
        let config = match config.split_once("file:") {
            None => config,
            Some((_, key)) => {
                let (key, _) = key.split_once('"').unwrap();
                write(&self.admin.path("ca_key"), self.vector("ca_key"), 0o600);
                config.replace(key, &format!("{home}/ca_key"))
            }
        };
        let heads = format!("kept-heads-only = [\"{home}/heads\"]\nclock-leap-days = 40000\n");
        let folder = self.admin.path("config/punchmark");
        write(&folder.join("punchmark.toml"), heads + &config, 0o600);
        write(&folder.join("users.pub"), self.vector("users.pub"), 0o644);
        for name in ["signed-head", "ledger_key.pub", "proof-1"] {
            if !self.vectors.join(name).exists() {
                continue;
            }
            write(&self.admin.path(name), self.vector(name), 0o644);
        }
    }

    /// Puts a head where earlier versions kept it.
    fn keep(&self, head: &str) -> PathBuf {
        let id = head.lines().next().unwrap().rsplit('/').next().unwrap();
        let folder = self.admin.path(".local/state/punchmark");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{id}.head"));
        write(&path, head, 0o600);
        path
    }

    fn sign(&self) -> Ran {
        let sign = ["sign", "-s", "users", "-I", "new", "-n", "new", "new.pub"];
        self.admin.run(&sign)
    }

    /// Migrates until this call of the system, at which the run is killed, if it comes to it.
    fn is_killed_at(&self, call: &str, number: u32) -> bool {
        let mut strace = self.admin.prepare(bounded("strace"));
        strace.args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
        ]);
        strace.arg(format!("inject={call}:signal=KILL:when={number}"));
        strace.args([BINARY, "ledger", "migrate"]);
        run(&mut strace).code != Some(0)
    }

    fn migrate(&self, answer: &str) -> String {
        self.migrate_with(&[answer])
    }

    /// Migrates with an answer to each question.
    fn migrate_with(&self, answers: &[&str]) -> String {
        let mut command = self.admin.on_a_terminal();
        command.args(["ledger", "migrate"]);
        let mut terminal = pty::Pty::start(command);
        for answer in answers {
            terminal.expect("Type yes if that is right:");
            terminal.type_line(answer);
        }
        terminal.finish().0
    }
}

#[test]
fn a_ledger_of_an_earlier_version_is_migrated_once_and_goes_on() {
    let before = Before::new(3);
    before.sign().exits(1).says("punchmark ledger migrate");
    let dry = before.admin.run(&["ledger", "migrate", "--dry-run"]).ok();
    assert!(dry.stderr.contains("format 3, 19 entries"), "{dry}");
    assert!(dry.stderr.contains("reserves _physical"), "{dry}");
    before.admin.run(&["ledger", "migrate"]).exits(1);
    before.migrate("no");
    before.sign().exits(1).says("punchmark ledger migrate");
    let said = before.migrate("yes");
    assert!(said.contains("is a file of 20 entries now"), "{said}");
    let heads = before.admin.path(".local/state/punchmark");
    assert_eq!(std::fs::read_dir(heads).unwrap().count(), 0);
    let signed = before.sign().ok();
    assert!(signed.stderr.contains("serial 6 of users"), "{signed}");
    let verify = [
        "ledger",
        "verify",
        "--signatures",
        "--against",
        "signed-head",
    ];
    let signer = ["--signer", "ledger_key.pub"];
    before.admin.run(&[&verify[..], &signer].concat()).ok();
    before
        .admin
        .run(&["ledger", "migrate"])
        .exits(1)
        .says("has format 4 already");
}

#[test]
fn a_ledger_without_any_kept_head_is_migrated_on_a_persons_word_only() {
    // Format 1 reserves no suffix, so that its one question is that of the newest copy.
    for (format, answers) in [(1, &["yes"][..]), (3, &["yes", "yes"])] {
        let before = Before::without_heads(format);
        let dry = before.admin.run(&["ledger", "migrate", "--dry-run"]).ok();
        assert!(dry.stderr.contains("no kept head was found"), "{dry}");
        assert!(!dry.stderr.contains("goes on from"), "{dry}");
        before.admin.run(&["ledger", "migrate"]).exits(1);
        before.migrate("no");
        before.sign().exits(1).says("punchmark ledger migrate");
        let said = before.migrate_with(answers);
        assert!(said.contains("entries now"), "{said}");
        let export = before.admin.run(&["ledger", "export"]).ok();
        assert!(
            export.stdout.contains("is the newest copy that there is"),
            "{export}"
        );
        before.admin.run(&["ledger", "verify"]).ok();
    }
}

#[test]
fn a_ledger_key_that_is_known_by_its_fingerprint_is_published_and_recorded_once_it_shows() {
    let before = Before::new(3);
    before.migrate("yes");
    let state = || -> serde_json::Value {
        let krl = ["krl", "--out", "made.krl", "--unsigned"];
        before.admin.run(&krl).ok();
        let text = std::fs::read(before.admin.path("made.krl.state")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let print = keygen::fingerprint(&before.admin.path("ledger_key.pub"));
    assert_eq!(state()["ledger-key-prints"], serde_json::json!([print]));
    let config = before.admin.path("config/punchmark/punchmark.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    write(
        &config,
        format!("ledger-key = \"../../ledger_key\"\n{text}"),
        0o600,
    );
    let state = state();
    assert_eq!(state["ledger-key-prints"], serde_json::json!([]));
    assert_eq!(state["ledger-keys"].as_array().unwrap().len(), 1, "{state}");
    before.admin.run(&["ledger", "verify"]).ok();
}

#[test]
fn what_was_reserved_before_stays_reserved() {
    let before = Before::new(3);
    before.migrate("yes");
    let config = before.admin.path("config/punchmark/punchmark.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let (start, rest) = text.split_once("[suffixes]").unwrap();
    let (_, roles) = rest.split_once("[role").unwrap();
    write(&config, format!("{start}[role{roles}"), 0o600);
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        "x",
        "-n",
        "anna_physical",
        "new.pub",
    ];
    let ran = before.admin.run(&sign);
    assert_ne!(ran.code, Some(0), "{ran}");
}

#[test]
fn a_proof_that_was_given_out_before_still_leads_to_a_head_of_today() {
    for format in [2, 3] {
        let before = Before::new(format);
        let check = [
            "ledger",
            "check-proof",
            "proof-1",
            "--against",
            "proofs-head",
        ];
        // The proof leads to the head that it names, and that head begins the new file.
        let proof: serde_json::Value = serde_json::from_str(&before.vector("proof-1")).unwrap();
        let size = proof["size"].as_u64().unwrap();
        match format {
            3 => assert!(before.migrate("yes").contains("is a file")),
            // It reserves no suffix, so that there is nothing to ask.
            _ => drop(before.admin.run(&["ledger", "migrate"]).ok()),
        }
        let head = head_at(&before.ledger(), size);
        write(&before.admin.path("proofs-head"), head, 0o644);
        before.admin.run(&check).ok();
    }
}

/// The head of the first `size` entries, as a checkpoint.
fn head_at(ledger: &Path, size: u64) -> String {
    let reader = FileReader::open(ledger, None).unwrap();
    let (mut place, mut entries) = (reader.start(), Vec::new());
    while let Some(frame) = reader.read(place).unwrap() {
        entries.extend(frame.entries);
        place = frame.next;
    }
    let mut tree = Frontier::default();
    let first = entries.iter().take(usize::try_from(size).unwrap());
    first.for_each(|entry| tree.push(leaf_hash(entry), |_, _| ()));
    let checkpoint = Checkpoint {
        origin: origin(&leaf_hash(&entries[0])),
        size,
        root: tree.root(),
    };
    checkpoint.to_string()
}

#[test]
fn a_migration_that_is_killed_at_any_step_is_done_again() {
    let mut kills = 0;
    for call in [
        "pwrite64",
        "fdatasync",
        "fsync",
        "link",
        "linkat",
        "rename",
        "renameat",
        "unlink",
    ] {
        for number in 1.. {
            let before = Before::new(2);
            if !before.is_killed_at(call, number) {
                break;
            }
            kills += 1;
            let again = before.admin.run(&["ledger", "migrate"]);
            if again.code != Some(0) {
                again.exits(1).says("has format 4 already");
            }
            before.admin.run(&["ledger", "verify"]).ok();
            let heads = FileSettings {
                kept_heads_only: Some(vec![before.admin.path("heads")]),
                ..FileSettings::default()
            };
            let ledger = FileFrames::open(&before.ledger(), heads).unwrap();
            assert!(
                matches!(ledger.standing(), Standing::Kept),
                "{call} {number}"
            );
            assert_eq!(ledger.end().0.size, 9);
        }
    }
    assert!(kills > 5, "{kills}");
}

#[test]
fn whatever_a_power_cut_takes_of_a_migration_it_is_done_again() {
    let before = Before::new(2);
    let home = before.admin.home().to_owned();
    let mut disk = Disk::of(&home);
    let mut migrate = before.admin.prepare(bounded(BINARY));
    migrate.args(["ledger", "migrate"]);
    let (ran, steps) = record(&home, &migrate);
    ran.ok();
    assert!(steps.len() > 15, "{}", steps.len());
    let mut dice = Dice(0x5eed);
    for step in &steps {
        disk.apply(step);
        for _ in 0..2 {
            Disk::put_back(&home, &disk.after_power_loss(&mut dice));
            let again = before.admin.run(&["ledger", "migrate"]);
            if again.code != Some(0) {
                again.exits(1).says("has format 4 already");
            }
            before.admin.run(&["ledger", "verify"]).ok();
            let heads = FileSettings {
                kept_heads_only: Some(vec![before.admin.path("heads")]),
                ..FileSettings::default()
            };
            let ledger = FileFrames::open(&before.ledger(), heads).unwrap();
            assert!(matches!(ledger.standing(), Standing::Kept), "{step:?}");
            assert_eq!(ledger.end().0.size, 9, "{step:?}");
        }
    }
}
