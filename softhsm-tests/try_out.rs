//! `punchmark try`: the whole story from the installed program, wherever it is run.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::process::{Ran, bounded, detached, run, wait_until};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::{scratch, write};

/// An account with an empty home, and the folder of its trial.
struct Account {
    home: TempDir,
}

impl Account {
    fn new() -> Self {
        Self { home: scratch() }
    }

    fn trial(&self) -> PathBuf {
        self.home.path().join("the trial")
    }

    /// A command of this account, with the programs in these folders.
    fn prepare(&self, mut command: Command, path: &str) -> Command {
        command.env_clear().env("PATH", path).env("TERM", "xterm");
        command.env("HOME", self.home.path());
        command.current_dir(self.home.path());
        command
    }

    fn run_in(&self, path: &str) -> Ran {
        let mut command = self.prepare(bounded(BINARY), path);
        run(command.arg("try").arg(self.trial()))
    }

    /// Runs the trial with all that it says in one stream, as a person sees it.
    fn tell(&self) -> Ran {
        let mut shell = self.prepare(bounded("sh"), PATH);
        shell.arg("-c").arg("exec \"$0\" try \"$1\" 2>&1");
        run(shell.arg(BINARY).arg(self.trial()))
    }

    /// Runs the trial in the background until its server answers; gives the server's id too.
    fn until_it_serves(&self) -> (Child, u32) {
        let mut command = self.prepare(detached(BINARY), PATH);
        command.arg("try").arg(self.trial()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut server = None;
        wait_until("the trial's sshd listens", || {
            server = sshd_of(&self.trial());
            server.is_some()
        });
        (child, server.unwrap())
    }
}

/// The id of the sshd whose config lies in this folder.
fn sshd_of(folder: &Path) -> Option<u32> {
    let config = folder.join("sshd_config");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.into_iter().find(|id: &u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        // Once it listens, it shows its arguments in one string.
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.starts_with("sshd:") && line.contains(config.to_str().unwrap())
    })
}

/// What stands in the story where an sshd is there.
#[track_caller]
fn assert_whole(story: &str) {
    let at = |words: &str| match story.find(words) {
        Some(place) => place,
        None => panic!("not in the story: {words}\n{story}"),
    };
    let order = [
        "HIS YUBIKEY IS NONE",
        "private root: CN=Throw-away root",
        "principals peter_physical",
        "principals erik_file",
        "Welcome.",
        "Permission denied (publickey)",
        "does not contain an authorized principal",
        "punchmark revoke --key peter.pub",
        "revoked by file",
        "punchmark ledger verify",
        "Your turn",
    ];
    assert!(order.map(at).is_sorted(), "{story}");
    assert_eq!(story.matches("Welcome.").count(), 2, "{story}");
}

#[test]
fn the_whole_story_is_told_in_a_folder_and_touches_nothing_else() {
    let account = Account::new();
    let start = Instant::now();
    let ran = account.tell().ok();
    let took = start.elapsed();
    assert_whole(&ran.stdout);
    assert!(took < Duration::from_secs(60), "took {took:?}");
    let left: Vec<_> = std::fs::read_dir(account.home.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(account.trial().metadata().unwrap().mode() & 0o777, 0o700);
    assert_eq!(sshd_of(&account.trial()), None);
}

#[test]
fn the_folder_can_be_gone_on_in() {
    let account = Account::new();
    account.run_in(PATH).ok();
    let script = format!(
        "cd '{}' && . ./env && cp erik.pub mine.pub && \
         '{BINARY}' sign -s users -I 'me, laptop' -n me -V +5m --pin-file pin mine.pub",
        account.trial().display()
    );
    let mut shell = account.prepare(bounded("sh"), PATH);
    let ran = run(shell.arg("-c").arg(&script)).ok();
    assert!(ran.stderr.contains("principals me_file"), "{ran}");
    let show = format!(
        "cd '{}' && . ./env && '{BINARY}' show peter-cert.pub",
        account.trial().display()
    );
    let mut shell = account.prepare(bounded("sh"), PATH);
    let shown = run(shell.arg("-c").arg(&show)).exits(1);
    let root = "proved by the private root CN=Throw-away root";
    assert!(shown.stdout.contains(root), "{shown}");
    assert!(shown.stdout.contains("it was revoked"), "{shown}");
    let again = account.run_in(PATH);
    assert_eq!(again.code, Some(1), "{again}");
    assert!(again.stderr.contains("the folder is not empty"), "{again}");
}

#[test]
fn certificates_live_ten_minutes_and_no_longer() {
    let account = Account::new();
    account.run_in(PATH).ok();
    for name in ["peter", "erik"] {
        let file = account.trial().join(format!("{name}-cert.pub"));
        let ran = run(bounded("ssh-keygen").arg("-L").arg("-f").arg(file)).ok();
        let line = ran
            .stdout
            .lines()
            .find(|line| line.contains("Valid:"))
            .unwrap();
        let times = line
            .split_whitespace()
            .filter_map(|word| word.parse::<jiff::civil::DateTime>().ok());
        let [from, to] = times.collect::<Vec<_>>()[..] else {
            panic!("{ran}")
        };
        assert_eq!(to.duration_since(from).as_secs(), 600, "{ran}");
    }
}

#[test]
fn without_any_program_of_openssh_the_rest_is_told() {
    let account = Account::new();
    let programs = scratch();
    for name in ["cat", "head", "grep", "id", "setsid", "timeout"] {
        let real = run(bounded("sh").arg("-c").arg(format!("command -v {name}"))).ok();
        std::os::unix::fs::symlink(real.stdout.trim(), programs.path().join(name)).unwrap();
    }
    let ran = account.run_in(programs.path().to_str().unwrap()).ok();
    assert!(ran.stdout.contains("Nobody can log in here"), "{ran}");
    assert!(ran.stderr.contains("principals peter_physical"), "{ran}");
    assert!(ran.stdout.contains("REVOKED"), "{ran}");
}

/// In a mount namespace, where the module's folders are empty; needs root.
#[test]
fn without_softhsm_the_ca_key_is_software_and_called_so() {
    if !rustix::process::getuid().is_root() {
        eprintln!("left out: only root can hide a folder");
        return;
    }
    let account = Account::new();
    let script = "for folder in /usr/lib/softhsm /usr/lib/*/softhsm; do
        if [ -d \"$folder\" ]; then mount -t tmpfs none \"$folder\" || exit; fi
    done
    exec \"$0\" try \"$1\" 2>&1";
    let mut shell = account.prepare(bounded("unshare"), PATH);
    shell.args(["-m", "sh", "-c", script]).arg(BINARY);
    let ran = run(shell.arg(account.trial())).ok();
    assert_whole(&ran.stdout);
    assert!(ran.stdout.contains("# A CA key. SOFTWARE"), "{ran}");
    assert!(ran.stdout.contains("--allow-software-key"), "{ran}");
}

/// A user namespace of one account, where sshd lacks the powers to let anybody in.
#[test]
fn where_sshd_cannot_let_anybody_in_the_rest_is_told() {
    if run(bounded("unshare").args(["-r", "true"])).code != Some(0) {
        eprintln!("left out: this system allows no user namespace");
        return;
    }
    let account = Account::new();
    let mut command = account.prepare(bounded("unshare"), PATH);
    command.args(["-r", BINARY, "try"]).arg(account.trial());
    let ran = run(&mut command).ok();
    assert!(ran.stdout.contains("sshd lets nobody in here"), "{ran}");
    assert!(ran.stdout.contains("REVOKED"), "{ran}");
}

#[test]
fn no_other_config_takes_the_root_of_a_trial() {
    let account = Account::new();
    account.run_in(PATH).ok();
    let root = account.trial().join("throw-away-root.pem");
    let other = account.home.path().join("punchmark.toml");
    write(&other, "", 0o600);
    let punchmark = |arguments: &[&str]| {
        let mut command = account.prepare(bounded(BINARY), PATH);
        run(command.arg("--config").arg(&other).args(arguments))
    };
    let add = punchmark(&["attestation", "roots", "add", root.to_str().unwrap()]);
    assert_eq!(add.code, Some(1), "{add}");
    assert!(
        add.stderr
            .contains("is the root of a trial in another place"),
        "{add}"
    );
    let line = format!("[attestation]\nprivate-roots = [\"{}\"]\n", root.display());
    write(&other, line, 0o600);
    let list = punchmark(&["attestation", "roots", "list"]);
    assert!(
        list.stderr
            .contains("is the root of a trial in another place"),
        "{list}"
    );
}

#[test]
fn the_server_ends_with_its_parent_when_that_is_killed() {
    let account = Account::new();
    let mut terminal = account.prepare(pty::command(BINARY), PATH);
    terminal.arg("try").arg(account.trial());
    let mut terminal = Pty::start(terminal);
    // At a terminal it waits for Enter, with its server up.
    while sshd_of(&account.trial()).is_none() {
        terminal.expect("[Enter] ");
        terminal.type_line("");
        std::thread::sleep(Duration::from_millis(300));
    }
    let server = sshd_of(&account.trial()).unwrap();
    let parent = parent_of(server);
    run(bounded("kill").arg("-KILL").arg(parent.to_string())).ok();
    wait_until("the server is gone", || {
        !Path::new(&format!("/proc/{server}")).exists()
    });
    let (_, code) = terminal.finish();
    assert_eq!(code, 137);
}

#[test]
fn nobody_else_is_let_in_and_nothing_but_the_command_is_run() {
    let account = Account::new();
    let (mut child, server) = account.until_it_serves();
    let config = std::fs::read_to_string(account.trial().join("sshd_config")).unwrap();
    for line in [
        "ForceCommand echo Welcome.",
        "AuthorizedKeysFile none",
        "ListenAddress 127.0.0.1:",
    ] {
        assert!(config.contains(line), "{config}");
    }
    let own = run(bounded("id").arg("-un")).ok().stdout;
    assert!(
        config.contains(&format!("AllowUsers \"{}\"\n", own.trim())),
        "{config}"
    );
    assert!(child.wait().unwrap().success());
    wait_until("the server is gone", || {
        !Path::new(&format!("/proc/{server}")).exists()
    });
}

/// Needs root, to make an account.
#[test]
fn an_ordinary_user_is_told_the_whole_story() {
    if !rustix::process::getuid().is_root() {
        eprintln!("left out: only root can make another account");
        return;
    }
    let user = User::new();
    let program = user.home.path().join("punchmark");
    std::fs::copy(BINARY, &program).unwrap();
    let mut command = bounded("runuser");
    command.args(["-u", &user.name, "--", "sh", "-c"]);
    command.arg("exec \"$0\" try \"$1\" 2>&1").arg(&program);
    command
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", user.home.path());
    command.current_dir(user.home.path());
    let ran = run(command.arg(user.home.path().join("trial"))).ok();
    assert_whole(&ran.stdout);
}

/// An account of the system, which goes away with the test.
struct User {
    name: String,
    home: TempDir,
}

impl User {
    fn new() -> Self {
        let home = tempfile::Builder::new().prefix("pm").tempdir().unwrap();
        let name = format!("pm-try-{}", std::process::id());
        let home_path = home.path().to_str().unwrap();
        let mut useradd = bounded("useradd");
        useradd.args([
            "--no-create-home",
            "--shell",
            "/bin/sh",
            "--home-dir",
            home_path,
        ]);
        run(useradd.arg(&name)).ok();
        let id = |which: &str| -> u32 {
            let ran = run(bounded("id").args([which, &name])).ok();
            ran.stdout.trim().parse().unwrap()
        };
        chown(home.path(), Some(id("-u")), Some(id("-g"))).unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { name, home }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _gone = bounded("userdel").arg("-f").arg(&self.name).output();
    }
}

fn parent_of(process: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap().trim().parse().unwrap()
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
