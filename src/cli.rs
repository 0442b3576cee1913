//! The command line: arguments to one library call, its result to words.
//!
//! stdout is the product, stderr is for people, `--json` for programs. Nothing else in
//! the crate prints. Each command stands in a file of its own name and knows no other
//! command; what they share stands in `base`.

#[cfg(feature = "access")]
mod access;
mod adopt;
mod attestation;
mod base;
#[cfg(feature = "two-sides")]
mod bundle;
mod ca;
#[cfg(feature = "two-sides")]
mod ceremony;
mod challenge;
#[cfg(feature = "daily")]
mod completion;
mod config;
mod doctor;
#[cfg(feature = "daily")]
mod enroll;
mod evidence;
#[cfg(feature = "login")]
mod get;
mod getopt;
#[cfg(feature = "hosts")]
mod host;
mod import;
mod init;
mod known;
mod krl;
mod ledger;
mod letters;
#[cfg(feature = "login")]
mod login;
#[cfg(feature = "man")]
mod man;
#[cfg(feature = "two-sides")]
mod mirror;
mod pin_options;
#[cfg(feature = "two-sides")]
mod qr;
#[cfg(feature = "daily")]
mod renew;
mod repeated;
mod request;
mod requester;
mod revoke;
mod role;
#[cfg(feature = "service")]
mod serve;
mod setup_card;
mod short_help;
mod show;
mod sign;
#[cfg(feature = "login")]
mod ssh;
#[cfg(feature = "login")]
mod ssh_config;
#[cfg(feature = "daily")]
mod sshd_config;
mod status;
mod tokens;
#[cfg(feature = "hosts")]
mod try_out;
mod usage;
#[cfg(feature = "service")]
mod user;
mod version;

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use base::context::Context;
use base::failure::{Exit, Failure, Kind};
use base::global::Global;
use base::monitoring;
use base::object;
use base::terminal;
#[cfg(feature = "two-sides")]
use base::within::Within;

/// An SSH certificate authority whose key never leaves the hardware
#[derive(Debug, Parser)]
#[command(
    name = "punchmark",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    after_help = EXAMPLES
)]
struct Cli<C: Subcommand> {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: C,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "hosts")]
    Try(try_out::Try),
    Tokens(tokens::Tokens),
    SetupCard(setup_card::SetupCard),
    Init(init::Init),
    Adopt(adopt::Adopt),
    Import(import::Import),
    Ca(ca::Ca),
    #[cfg(feature = "two-sides")]
    Ceremony(ceremony::Ceremony),
    #[cfg(feature = "two-sides")]
    Bundle(bundle::Bundle),
    Sign(sign::Sign),
    #[cfg(feature = "daily")]
    Renew(Box<renew::Renew>),
    Status(status::Status),
    #[cfg(feature = "login")]
    Login(Box<login::Login>),
    #[cfg(feature = "login")]
    Get(Box<get::Get>),
    #[cfg(feature = "login")]
    Ssh(ssh::Ssh),
    #[cfg(feature = "login")]
    SshConfig(ssh_config::SshConfig),
    Request(request::Request),
    #[cfg(feature = "daily")]
    Enroll(enroll::Enroll),
    Requester(requester::Requester),
    Challenge(challenge::Challenge),
    Role(role::Role),
    #[cfg(feature = "service")]
    Serve(serve::Serve),
    #[cfg(feature = "service")]
    User(user::User),
    Config(config::ConfigCommand),
    Show(show::Show),
    Krl(krl::Krl),
    Known(known::Known),
    Ledger(ledger::Ledger),
    #[cfg(feature = "two-sides")]
    Mirror(mirror::Mirror),
    #[cfg(feature = "two-sides")]
    Qr(qr::Qr),
    Revoke(revoke::Revoke),
    Attestation(attestation::Attestation),
    Evidence(evidence::EvidenceCommand),
    #[cfg(feature = "access")]
    Access(access::Access),
    #[cfg(feature = "daily")]
    SshdConfig(Box<sshd_config::SshdConfig>),
    Doctor(Box<doctor::Doctor>),
    #[cfg(feature = "hosts")]
    Host(Box<host::Host>),
    #[cfg(feature = "daily")]
    Completion(completion::Completion),
    #[cfg(feature = "man")]
    Man(man::ManPages),
}

/// `sign` alone. It is what programs call a thousand times, and the tree of all commands takes
/// longer to make than a signature.
#[derive(Debug, Subcommand)]
enum Signing {
    Sign(sign::Sign),
}

impl Cli<Command> {
    fn run(self) -> Result<Exit, Failure> {
        self.run_in(|context| context)
    }

    /// Runs the command with what else its context is to know.
    fn run_in(self, more: impl FnOnce(Context) -> Context) -> Result<Exit, Failure> {
        let context = more(Context::new(self.global)?);
        match self.command {
            #[cfg(feature = "hosts")]
            Command::Try(command) => command.run(&context),
            Command::Tokens(command) => command.run(&context),
            Command::SetupCard(command) => command.run(&context),
            Command::Init(command) => command.run(&context),
            Command::Adopt(command) => command.run(&context),
            Command::Import(command) => command.run(&context),
            Command::Ca(command) => command.run(&context),
            #[cfg(feature = "two-sides")]
            Command::Ceremony(command) => command.run(&context, &WITHIN),
            #[cfg(feature = "two-sides")]
            Command::Bundle(command) => command.run(&context),
            Command::Sign(command) => command.run(&context),
            #[cfg(feature = "daily")]
            Command::Renew(command) => command.run(&context),
            #[cfg(feature = "service")]
            Command::Serve(command) => command.run(&context),
            #[cfg(feature = "service")]
            Command::User(command) => command.run(&context),
            Command::Status(command) => command.run(&context),
            #[cfg(feature = "login")]
            Command::Login(command) => command.run(&context),
            #[cfg(feature = "login")]
            Command::Get(command) => command.run(&context),
            #[cfg(feature = "login")]
            Command::Ssh(command) => command.run(&context),
            #[cfg(feature = "login")]
            Command::SshConfig(command) => command.run(&context),
            Command::Request(command) => command.run(&context),
            #[cfg(feature = "daily")]
            Command::Enroll(command) => command.run(&context),
            Command::Requester(command) => command.run(&context),
            Command::Challenge(command) => command.run(&context),
            Command::Role(command) => command.run(&context),
            Command::Config(command) => command.run(&context),
            Command::Show(command) => command.run(&context),
            Command::Krl(command) => command.run(&context),
            Command::Known(command) => command.run(&context),
            Command::Ledger(command) => command.run(&context),
            #[cfg(feature = "two-sides")]
            Command::Mirror(command) => command.run(&context),
            #[cfg(feature = "two-sides")]
            Command::Qr(command) => command.run(&context),
            Command::Revoke(command) => command.run(&context),
            Command::Attestation(command) => command.run(&context),
            Command::Evidence(command) => command.run(&context),
            #[cfg(feature = "access")]
            Command::Access(command) => command.run(&context),
            #[cfg(feature = "daily")]
            Command::SshdConfig(command) => command.run(&context),
            Command::Doctor(command) => command.run(&context),
            #[cfg(feature = "hosts")]
            Command::Host(command) => command.run(&context),
            #[cfg(feature = "daily")]
            Command::Completion(command) => command.run(&context, whole_tree()),
            #[cfg(feature = "man")]
            Command::Man(command) => command.run(whole_tree()),
        }
    }
}

/// Runs the program with these arguments, the first of which is its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    crate::secret::keep_memory_private();
    let arguments: Vec<_> = arguments.into_iter().collect();
    if is_for_programs(&arguments) {
        object::speak_to_programs();
    }
    monitoring::note(&arguments);
    let ended = if version::is_asked_for(&arguments) {
        version::print()
    } else {
        let arguments: Vec<_> = getopt::split_attached(getopt::gather_globals(arguments)).collect();
        if let Some(sign) = sign_alone(&arguments) {
            sign.run()
        } else {
            let mut command = short_help::in_two_columns(whole_tree());
            match parse::<Command>(&mut command, &arguments) {
                Ok(cli) => cli.run(),
                Err(error) => {
                    let exit = usage::tell(&error, &arguments, &command);
                    return monitoring::exit(exit).code();
                }
            }
        }
    };
    let ended = ended.and_then(|exit| match exit {
        Exit::Done => terminal::end_product().map(|()| exit),
        _ => Ok(exit),
    });
    match ended {
        Ok(exit) => exit.code(),
        Err(failure) => told(&failure).code(),
    }
}

/// Says what went wrong, and how the run ends then. Monitoring reads a line on stdout, and that nothing
/// could be looked at, where the failure itself isn't what it looks for.
fn told(failure: &Failure) -> Exit {
    let is_unknown = monitoring::reads() && failure.kind() == Kind::Failed;
    if is_unknown && !object::is_for_programs() {
        // Where stdout is gone nobody reads more than the exit code.
        let _unread = terminal::product(&format!("UNKNOWN: {}", failure.words()));
        failure
            .hints()
            .iter()
            .for_each(|words| terminal::hint(words));
    } else {
        terminal::print_failure(failure);
    }
    if is_unknown {
        return Exit::Unknown;
    }
    monitoring::exit(failure.kind().exit())
}

/// Ends the process with this code, by whatever thread.
///
/// Nothing is left to be put in order by then: keys, sessions and files were let go of when
/// the command returned. So what PKCS#11 modules and OpenSSL would do at the end is left out:
/// it takes as long as a signature, and breaks where a module that nobody came to need is
/// still being loaded (`signer::load_ahead`).
pub fn leave(code: u8) -> ! {
    let _nobody_reads_on = std::io::stdout().flush();
    signal_hook::low_level::exit(code.into())
}

/// Whether `--json` is among the arguments. Mistakes in the others are told to a program too, so
/// that this is looked at before clap reads them.
fn is_for_programs(arguments: &[OsString]) -> bool {
    let options = arguments.iter().take_while(|argument| *argument != "--");
    options.into_iter().any(|argument| argument == "--json")
}

/// What runs a command within a session of `ceremony unlock`.
#[cfg(feature = "two-sides")]
const WITHIN: Within = Within {
    check: |arguments| within(arguments).map(drop),
    run: |arguments, pins| {
        let cli = within(arguments)?;
        cli.run_in(|context| context.knowing(pins))
    },
};

/// A command that may run within another one: no ceremony.
#[cfg(feature = "two-sides")]
fn within(arguments: &[OsString]) -> Result<Cli<Command>, Failure> {
    let program = [OsString::from("punchmark")].into_iter();
    let whole = program.chain(arguments.iter().cloned());
    let whole: Vec<_> = getopt::split_attached(getopt::gather_globals(whole)).collect();
    let cli = parse::<Command>(&mut whole_tree(), &whole).map_err(|error| {
        let words = error.render().to_string();
        let first = words.lines().next().unwrap_or_default();
        Failure::usage(first.trim_start_matches("error: "))
    })?;
    if matches!(cli.command, Command::Ceremony(_)) {
        return Err(Failure::usage("a session holds no ceremony"));
    }
    Ok(cli)
}

/// The tree of these commands, as clap has it.
fn tree<C: Subcommand>() -> clap::Command {
    letters::with_help_and_version(repeated::allowed_where_harmless(Cli::<C>::command()))
}

/// The tree of all commands, as people are told of it.
fn whole_tree() -> clap::Command {
    pin_options::hidden_where_no_pin_is_asked(tree::<Command>())
}

/// A whole `sign`; none of anything else, also a `sign` that is at fault or asks for help: the
/// words of an error are about all commands.
fn sign_alone(arguments: &[OsString]) -> Option<Cli<Command>> {
    if !arguments.iter().any(|argument| argument == "sign") {
        return None;
    }
    let cli = parse(&mut tree::<Signing>(), arguments).ok()?;
    let Signing::Sign(sign) = cli.command;
    Some(Cli {
        global: cli.global,
        command: Command::Sign(sign),
    })
}

fn parse<C: Subcommand>(
    command: &mut clap::Command,
    arguments: &[OsString],
) -> Result<Cli<C>, clap::Error> {
    let matches = command.try_get_matches_from_mut(arguments)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(command))?;
    // clap sees this conflict only where both stand on one side of the subcommand.
    if !cli.global.pin_file.is_empty() && cli.global.pin_fd.is_some() {
        return Err(command.error(ErrorKind::ArgumentConflict, TWO_PINS));
    }
    Ok(cli)
}

const TWO_PINS: &str = "--pin-file and --pin-fd cannot be used together";

const EXAMPLES: &str = "\
Examples:
  punchmark tokens --module /usr/lib/softhsm/libsofthsm2.so
  punchmark init users --key 'pkcs11:token=Root%20CA;object=users' --algorithm p256
  punchmark sign -s users -I 'peter, laptop' -n peter -V +8h peter.pub
  punchmark show peter-cert.pub
  punchmark ledger list

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 refused by policy. `krl fetch`, `access sync`,
`host status`, `doctor` and `status --line` end as monitoring expects it: 0 OK, 1 WARNING, 2 CRITICAL,
3 UNKNOWN.";

#[cfg(test)]
mod tests;
