//! A stock sshd on a loopback port, for as long as the trial lasts.
//!
//! The daemon ends with its parent however that ends: [`serve`] asks the kernel for a signal at
//! the parent's end (prctl(2), `PR_SET_PDEATHSIG`), and becomes sshd, which keeps that. It lets
//! in the calling user alone, by the certificates of the trial, to one command that says so.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, getppid, getuid, set_parent_process_death_signal};

use super::folder::Folder;
use super::steps::Steps;
use crate::cli::base::failure::{At, Failure};

/// A daemon that was started; ended on drop.
pub(super) struct Server {
    child: Child,
    /// The folder that sshd of root wants, if it was made for this run.
    made: Option<PathBuf>,
}

/// What a login needs on this machine.
pub(super) struct Parts {
    sshd: PathBuf,
    user: String,
}

impl Parts {
    /// What is there; else why nobody can log in here.
    pub(super) fn find() -> Result<Self, String> {
        let sshd = DAEMONS
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file());
        let sshd = sshd.ok_or("there is no sshd")?;
        if !on_path("ssh") {
            return Err("there is no ssh".to_owned());
        }
        let user = Account::own().ok_or("this account has no name in /etc/passwd")?;
        user.require_able()?;
        Ok(Self {
            sshd,
            user: user.name,
        })
    }
}

/// An account of /etc/passwd (passwd(5)).
struct Account {
    name: String,
    shell: String,
}

impl Account {
    fn own() -> Option<Self> {
        let uid = getuid().as_raw().to_string();
        let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
        passwd.lines().find_map(|line| {
            let fields: Vec<_> = line.split(':').collect();
            match fields.as_slice() {
                [name, _, own, _, _, _, shell] if *own == uid => Some(Self {
                    name: (*name).to_owned(),
                    shell: (*shell).to_owned(),
                }),
                _ => None,
            }
        })
    }

    /// Refuses accounts that sshd lets in to nothing.
    fn require_able(&self) -> Result<(), String> {
        if self.shell.ends_with("/nologin") || self.shell.ends_with("/false") {
            return Err(format!("{} has no shell to log in with", self.name));
        }
        // Only root's sshd reads this file, and only root can here.
        let shadow = std::fs::read_to_string("/etc/shadow").unwrap_or_default();
        let locked = format!("{}:!", self.name);
        if shadow.lines().any(|line| line.starts_with(&locked)) {
            return Err(format!(
                "{} is locked, which sshd without PAM refuses",
                self.name
            ));
        }
        Ok(())
    }
}

impl Server {
    /// Writes all that the daemon and `ssh` read, starts it, and waits until it answers.
    pub(super) fn start(
        parts: &Parts,
        folder: &Folder,
        steps: &Steps<'_>,
    ) -> Result<Self, Failure> {
        let host = folder.make_key("host", "host of the trial")?;
        let host = host.public_key().to_openssh()?;
        folder.write("known_hosts", &format!("trial {host}\n"))?;
        folder.write("principals", "peter_physical\n")?;
        let made = make_run_folder();
        for _ in 0..PORTS {
            let port = free_port()?;
            configure(folder, parts, port)?;
            let mut child = spawn(steps.own(), parts, folder)?;
            if answers(&mut child, port) {
                let server = Self { child, made };
                if lets_peter_in(folder) {
                    return Ok(server);
                }
                return Err(last_words(folder).at("sshd lets nobody in here"));
            }
        }
        Err(last_words(folder).at("sshd does not come up"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        if let Some(made) = &self.made {
            // Not if another sshd came to use it.
            let _in_use = std::fs::remove_dir(made);
        }
    }
}

/// Becomes sshd, for as long as the process `parent` lives.
pub(super) fn serve(parent: u32, sshd: &Path, folder: &Path) -> Result<(), Failure> {
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(std::io::Error::from)?;
    let parent = i32::try_from(parent).ok().and_then(Pid::from_raw);
    // It may have ended before the line above.
    if parent.is_none() || getppid() != parent {
        return Err(Failure::new("whoever wanted the server is gone"));
    }
    let mut command = Command::new(sshd);
    command.arg("-D").arg("-f").arg(folder.join("sshd_config"));
    command.arg("-E").arg(folder.join("sshd.log"));
    Err(command.exec()).in_file(sshd)
}

fn spawn(own: &Path, parts: &Parts, folder: &Folder) -> Result<Child, Failure> {
    let mut command = folder.command(own);
    command.args(["try", "--serve-for"]);
    command.arg(getpid().as_raw_nonzero().to_string());
    command.arg("--program").arg(&parts.sshd).arg(folder.here());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().at("sshd")
}

/// Whether sshd can do here what the story tells: in a container it may lack the powers.
fn lets_peter_in(folder: &Folder) -> bool {
    let mut ssh = folder.command("ssh");
    ssh.args(["-F", "ssh_config", "-i", "peter", "trial"]);
    let quiet = ssh.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// What sshd said last.
fn last_words(folder: &Folder) -> Failure {
    let log = std::fs::read_to_string(folder.path("sshd.log")).unwrap_or_default();
    Failure::new(log.lines().last().unwrap_or("it said nothing"))
}

/// Whether the daemon takes connections within five seconds.
fn answers(child: &mut Child, port: u16) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _gone = child.kill();
    let _gone = child.wait();
    false
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).at("no port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// The folder that Debian's sshd of root wants, which its service makes at boot.
fn make_run_folder() -> Option<PathBuf> {
    let folder = PathBuf::from("/run/sshd");
    let made = getuid().is_root() && std::fs::create_dir(&folder).is_ok();
    made.then_some(folder)
}

fn configure(folder: &Folder, parts: &Parts, port: u16) -> Result<(), Failure> {
    let here = folder.here().display();
    let user = &parts.user;
    let replace =
        |name: &str, text: String| crate::output::write(&folder.path(name), text.as_bytes(), 0o600);
    replace(
        "sshd_config",
        format!(
            "TrustedUserCAKeys \"{here}/users.pub\"
AuthorizedPrincipalsFile \"{here}/principals\"
RevokedKeys \"{here}/revoked.krl\"
AllowUsers \"{user}\"
ForceCommand echo Welcome.
ListenAddress 127.0.0.1:{port}
HostKey \"{here}/host\"
PidFile none
SetEnv \"HOME={here}\" SHLVL=2
{CONFIG}"
        ),
    )?;
    replace(
        "ssh_config",
        format!(
            "Host trial
HostName 127.0.0.1
Port {port}
User \"{user}\"
HostKeyAlias trial
UserKnownHostsFile \"{here}/known_hosts\"
{CLIENT}"
        ),
    )?;
    Ok(())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

const DAEMONS: &[&str] = &["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
/// Another process may take a free port first.
const PORTS: usize = 5;

/// A shell that sshd starts reads files of the user's home unless these two variables above
/// say that it is no login and that home is elsewhere; nothing else of the user's is used.
const CONFIG: &str = "AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
DisableForwarding yes
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
StrictModes no
UsePAM no
LoginGraceTime 10
LogLevel VERBOSE
";
const CLIENT: &str = "BatchMode yes
IdentitiesOnly yes
IdentityAgent none
RequestTTY no
GlobalKnownHostsFile none
StrictHostKeyChecking yes
PreferredAuthentications publickey
LogLevel ERROR
";
