//! The way out of each failure: the one place that advises flags and commands.

use rusqlite::ErrorCode;

use super::failure::Failure;
use super::krl::KrlFailure;
use crate::attestation::CardEvidenceError;
use crate::attestation::{ChainError, EvidenceError, EvidenceFormError, FidoError, PivError};
use crate::batch::BatchError;
use crate::ca::EstablishError;
use crate::certificate::key_line::KeyLineError;
use crate::certificate::{Kind, PrincipalError};
use crate::config::{ConfigError, EditError, SubjectFileError};
use crate::issue::{CaseError, IntakeError, IssueError, OpenError, RunEnd};
use crate::krl::KeyFileError;
use crate::krl::spec::Fault;
use crate::ledger::key::LedgerKeyError;
use crate::ledger::krl_signature::KrlSignatureError;
use crate::ledger::{ClockError, LedgerError, ProofError, ReserveError};
use crate::policy::least_proof::Shortfall;
use crate::policy::{self, Refusals};
use crate::request::{AdmissionError, SignRequestError};
use crate::secret::PinError;
use crate::server::fetch::{FetchError, Refusal};
use crate::signer::agent::AgentFault;
use crate::signer::file::KeyFileFault;
use crate::signer::yubikey::CardFault;
use crate::signer::{PinTries, SignerError};

/// What to do about a failure, where there is anything to say beyond the error.
pub(crate) fn hint(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Principal(error) => principal(error),
        Failure::SignRequest(SignRequestError::SshKeygen(_)) => {
            text("the private key must lie beside the public one, or be in the ssh-agent (ssh-add)")
        }
        Failure::CardEvidence(CardEvidenceError::NotAttested(_)) => {
            text("--generate makes a key in the slot, which the card attests")
        }
        Failure::PublicKeyThere(_) => text("choose another name with --out"),
        Failure::CardOfCa { .. } | Failure::WhichCard(_) => text(
            "plug the user's card in, and name it: --card SERIAL; `punchmark tokens` lists them",
        ),
        Failure::UnknownLocator { locator, .. } => Some(format!(
            "record it first: punchmark adopt NAME --key '{locator}'"
        )),
        Failure::NotInLedger(_) => text("is this the ledger that belongs to this config?"),
        Failure::OtherPublicKey { .. } => text("put the public key file back from a backup"),
        Failure::OtherPurpose { ca, .. } => Some(format!(
            "set `certificates` of [ca.{ca}] back in the config"
        )),
        Failure::Config(error) => config(error),
        Failure::Ledger(error) => ledger(error),
        Failure::Clock(error) => clock(error),
        Failure::Open(OpenError::Signer(error)) | Failure::Signer(error) => signer(error),
        Failure::Open(OpenError::OtherKey { .. }) => {
            text("is the right token plugged in? nothing was signed")
        }
        Failure::Open(OpenError::HashForOtherKey { .. }) => text("leave -t out"),
        Failure::Open(OpenError::Software { .. }) => {
            text("name the token or card in the config; what the ledger says of a key stays")
        }
        Failure::Establish(error) => establish(error),
        Failure::SetupStep {
            source: SignerError::NoToken { .. },
            ..
        } => text(SETUP_GOES_ON),
        Failure::SetupStep { source, .. } => signer(source).or_else(|| text(SETUP_GOES_ON)),
        Failure::NewSecret { .. } => {
            text("6 to 8 digits or letters in no order that anybody would guess; a PUK best has 8")
        }
        Failure::Extends(ProofError::Forked { .. } | ProofError::Shorter { .. })
        | Failure::Audit(_) => text(
            "keep this file as it is, and compare it with a backup: it was changed, cut short, \
             or an older copy was put back",
        ),
        Failure::OlderLedger(_) => text(
            "put the newest copy back; if it is lost, go on behind the highest serial that any \
             server or user ever saw: punchmark ledger resume --after SERIAL",
        ),
        Failure::NoPrivateKey { path } => Some(format!(
            "an older form is made a new one by: ssh-keygen -p -f {path}"
        )),
        Failure::LedgerKey(LedgerKeyError::Signer(error)) => signer(error),
        Failure::NoLedgerKey => text("name it with --key, or as `ledger-key` in the config"),
        Failure::LedgerKeyType { .. } | Failure::LedgerKey(LedgerKeyError::IsCa { .. }) => {
            text("make one: ssh-keygen -t ed25519 -C 'ledger key' -f ledger_key")
        }
        Failure::Pin(error) => pin(error),
        Failure::Krl(error) => krl(error),
        Failure::Evidence { source, .. } => evidence_form(source),
        Failure::Unproved { source, .. } => evidence(source),
        Failure::Fetch(FetchError::Refused { refusal, .. }) => refused_list(refusal),
        Failure::Run(RunEnd::Interrupted) => text("the same command with --resume goes on"),
        Failure::Run(RunEnd::Signer) => {
            text("when the token is back, the same command with --resume goes on")
        }
        Failure::Run(RunEnd::Ledger(error)) => ledger(error),
        _ => None,
    }
}

/// What to do about one key of a run.
pub(crate) fn hint_of_key(error: &BatchError) -> Option<String> {
    match error {
        BatchError::Subject(SubjectFileError::PrivateKey { .. }) => {
            text("make the public key from it: ssh-keygen -y -f KEY > KEY.pub")
        }
        BatchError::Subject(SubjectFileError::Line(KeyLineError::Certificate)) => {
            text("name the key that the certificate is for, not the certificate")
        }
        BatchError::Case(CaseError::Refused(refusals)) => refused(refusals),
        BatchError::NotAsked => text("say what to sign for it with -I and -n, or with --role"),
        BatchError::Case(CaseError::Intake(error)) => intake(error),
        BatchError::Issue(IssueError::Reserve(ReserveError::RequestUsed(_))) => {
            text("--resume writes its certificate again; for another one, a new request is wanted")
        }
        BatchError::Issue(IssueError::Reserve(
            ReserveError::ChallengeUsed(_) | ReserveError::ChallengeExpired { .. },
        )) => text("make a new one with `punchmark challenge`, and have it answered"),
        BatchError::SerialForSeveral(serial) => Some(format!("-z +{serial} counts up from it")),
        BatchError::Issue(IssueError::Reserve(ReserveError::SerialTaken(_))) => {
            text("leave -z out, and the ledger takes the next free one")
        }
        BatchError::Issue(IssueError::TooLong { .. }) => {
            text("fewer principals or options make it shorter; a CA key of another type takes any")
        }
        BatchError::Issue(IssueError::Sign(error)) => signer(error),
        BatchError::Write { .. } => text("the same command with --resume writes it again"),
        _ => None,
    }
}

fn intake(error: &IntakeError) -> Option<String> {
    match error {
        IntakeError::Unknown { .. } => text(
            "enrol them: punchmark requester add NAME --card SERIAL (or --key FILE); or vouch for \
             this one request with --requester NAME",
        ),
        IntakeError::Admission(AdmissionError::Stale { .. }) => {
            text("ask for a new one; `request-age` in the config sets how old it may be")
        }
        IntakeError::Admission(AdmissionError::NotYet { .. }) => {
            text("is the clock of this machine right, and that of the requester?")
        }
        IntakeError::Admission(AdmissionError::OtherCa { .. }) => {
            text("name the CA that it is meant for with -s, or ask for one that is meant for this")
        }
        IntakeError::Evidence(_) => text(
            "`roots` and `private-roots` of [attestation] in the config name whose evidence counts; \
             `punchmark show` says what the request has",
        ),
        IntakeError::NoRole(_) => text("`punchmark role list` says which roles there are"),
        _ => None,
    }
}

/// The way out of the first refusal that has one.
pub(super) fn refused(refusals: &Refusals) -> Option<String> {
    let reasons = refusals.reasons().iter();
    reasons
        .map(|reason| way_out(reason, refusals.role()))
        .find_map(|hint| hint)
}

fn way_out(refusal: &policy::Refusal, role: &str) -> Option<String> {
    match refusal {
        policy::Refusal::WrongKind { kind, .. } => text(match kind {
            Kind::Host => "leave -h out, or sign with a host CA",
            Kind::User => "add -h for a host certificate, or sign with a user CA",
        }),
        policy::Refusal::ReservedSuffix { principal, suffix } => {
            let base = principal.len().saturating_sub(suffix.len());
            let base = principal.get(..base).filter(|base| !base.is_empty())?;
            Some(format!(
                "write -n {base}; the suffix comes with proof, or with --witnessed STATEMENT \
                 for what you saw yourself"
            ))
        }
        policy::Refusal::DirectOff => text("ask by a role: sign --role ROLE --requester NAME"),
        policy::Refusal::NoReason => text("say why with --reason WORDS"),
        policy::Refusal::Lifetime { allowed, .. } => {
            Some(format!("ask for less with -V +{allowed}s"))
        }
        policy::Refusal::Proof { shortfall, .. } => Some(more_proof(shortfall)),
        policy::Refusal::NoTouch(_) => {
            text("leave no-touch-required out, of the request or the role")
        }
        policy::Refusal::NoClass(_) => text("[suffixes] of the config names the classes"),
        _ if role != "operator" => {
            Some(format!("`punchmark role show {role}` says what it allows"))
        }
        _ => None,
    }
}

fn more_proof(shortfall: &Shortfall) -> String {
    let way = match shortfall {
        Shortfall::Pin(..) => {
            "make the key with --pin-policy, a security key's with ssh-keygen -O verify-required"
        }
        Shortfall::Touch(..) => {
            "make the key with --touch-policy, a security key's without no-touch-required"
        }
        Shortfall::Kind(_) => "`proof` of the role or of the class names the kinds that count",
        Shortfall::Firmware(..) => "a device's firmware stays as it is: take another one",
    };
    way.to_owned()
}

fn principal(error: &PrincipalError) -> Option<String> {
    match error {
        PrincipalError::Empty { .. } => {
            text("an empty principal can match any user on old servers; write -n peter,erik")
        }
        _ => None,
    }
}

fn config(error: &ConfigError) -> Option<String> {
    match error {
        ConfigError::Missing(_) => {
            text("make a CA with `punchmark init`, or name another config with --config FILE")
        }
        ConfigError::WritableByAll { path, .. } => Some(format!("chmod o-w {}", path.display())),
        ConfigError::NoCa { .. } => {
            text("make it with `punchmark init`, or name one that is there")
        }
        ConfigError::NoRole { .. } => {
            text("`punchmark role list` names them; add a table [role.NAME] for another")
        }
        _ => None,
    }
}

fn ledger(error: &LedgerError) -> Option<String> {
    match error {
        LedgerError::Missing(_) => {
            text("put it back from a backup: without it, serials would be given out twice")
        }
        LedgerError::Locked { .. } => text("wait for the other run to end, then try again"),
        LedgerError::OlderFormat { .. } => {
            text("any run that writes brings it up to date: `punchmark krl --out FILE`, say")
        }
        LedgerError::NewerFormat { .. } => text("use the version of punchmark that wrote it"),
        LedgerError::Head => text("`punchmark ledger verify` says where it begins to be wrong"),
        LedgerError::CaKnown { .. } => text("a key is CA only once; use it by that name"),
        LedgerError::Store(error) => store(error),
        _ => None,
    }
}

fn store(error: &rusqlite::Error) -> Option<String> {
    text(match error.sqlite_error_code()? {
        ErrorCode::DiskFull => {
            "make room; nothing was released that the ledger does not hold, and --resume goes on"
        }
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            "see that you may write to the ledger, to its -wal and -shm beside it, and to its folder"
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program has the ledger open; close it there"
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            "keep this file as it is, and put the ledger back from a backup"
        }
        _ => return None,
    })
}

fn clock(error: &ClockError) -> Option<String> {
    match error {
        ClockError::LeapAhead { .. } => text(
            "if the clock is right, run this on a terminal and confirm it; \
             `clock-leap-days` in the config sets the span",
        ),
        ClockError::BehindLedger { .. } => text(
            "set the clock of this machine, then try again; if it is right and the entry is \
             wrong: punchmark ledger correct-clock",
        ),
        ClockError::BeforeBuild => text("set the clock of this machine, then try again"),
    }
}

fn establish(error: &EstablishError) -> Option<String> {
    match error {
        EstablishError::Config(error) => config(error),
        EstablishError::Ledger(error) => ledger(error),
        EstablishError::Edit(EditError::Taken(_)) => text("choose another name"),
        EstablishError::Signer(SignerError::LabelTaken { .. } | SignerError::IdTaken { .. }) => {
            text("choose another label, or record the key that is there with `punchmark adopt`")
        }
        EstablishError::Signer(SignerError::SlotTaken { .. }) => text(
            "choose another slot, record the key that is there with `punchmark adopt`, or \
                 overwrite it for good with --replace and its fingerprint",
        ),
        EstablishError::Signer(SignerError::NoKey { .. }) => text(
            "`punchmark tokens` lists what is there; a key that an old YubiKey doesn't tell of \
             is adopted with its public key file: --public-key FILE",
        ),
        EstablishError::Signer(error) => signer(error),
        EstablishError::SelfTest(_) => text("when it can sign, record it with `punchmark adopt`"),
        EstablishError::PublicKeyFileTaken(_) => {
            text("move that file away, or choose another name")
        }
        _ => None,
    }
}

fn signer(error: &SignerError) -> Option<String> {
    match error {
        SignerError::ModuleMissing { .. } | SignerError::NotAModule { .. } => text(
            "name the module's file in the locator: ?module-path=/usr/lib/softhsm/libsofthsm2.so",
        ),
        SignerError::SlotUntold { slot, .. } => Some(format!(
            "if slot {slot} holds nothing that anybody wants, add --replace none and give the \
             card's serial"
        )),
        SignerError::NoToken { .. } => {
            text("plug it in, or look what is there, each key with its locator: `punchmark tokens`")
        }
        SignerError::NoKey { .. } => {
            text("`punchmark tokens` lists what is there, each key with its locator")
        }
        SignerError::SeveralTokens { .. } => text("add serial=… to the locator"),
        SignerError::SeveralKeys { .. } => text("add id=… to the locator"),
        SignerError::Pin(error) => pin(error),
        SignerError::PinLocked { .. }
        | SignerError::WrongPin {
            tries: PinTries::NoneLeft,
            ..
        } => text("unlock it with the token's own tool and its SO PIN or PUK"),
        SignerError::WrongPin { .. } => {
            text("it is not tried again by itself, since tokens lock; look up the PIN first")
        }
        SignerError::Card {
            source: CardFault::NoDaemon,
            ..
        } => text("install and start pcscd: systemctl enable --now pcscd.socket"),
        SignerError::Card {
            source: CardFault::Busy | CardFault::Silent { .. },
            ..
        } => text("is another program using the card? end it, or plug the card in again"),
        SignerError::TouchTimeout { .. } => {
            text("touch the metal contact while it blinks; --resume then goes on")
        }
        SignerError::MessageLength { .. } => text("fewer principals or options make it shorter"),
        SignerError::ManagementKeyMissing { .. } | SignerError::ManagementKeyRefused { .. } => {
            text("give the card's management key with --management-key-file FILE")
        }
        SignerError::WrongPuk { .. } => text(
            "it is not tried again by itself, since the card locks; `punchmark setup-card` \
             changes the factory's PUK only",
        ),
        SignerError::CardCannotImport { .. } => text(
            "a YubiKey takes P-256, P-384 and RSA 2048, from firmware 5.7 RSA 3072, RSA 4096 \
             and Ed25519 too; or make a new key in it with `punchmark init`",
        ),
        SignerError::MadeElsewhere => text(
            "make it with ssh-keygen, and record it with `punchmark adopt --allow-software-key`",
        ),
        SignerError::Software { .. } => text(
            "init and import put a key into hardware; to take it as it is, which the ledger \
             keeps for good, add --allow-software-key",
        ),
        SignerError::Agent { source, .. } => agent(source),
        SignerError::KeyFile { source, .. } => key_file(source),
        SignerError::DeviceGone { .. } => {
            text("plug the token in or start its daemon; --resume then goes on")
        }
        _ => None,
    }
}

fn agent(fault: &AgentFault) -> Option<String> {
    match fault {
        AgentFault::NoSocket | AgentFault::Connection { .. } => {
            text("start one (`eval $(ssh-agent)`), or name its socket: agent:SHA256:…?socket=/path")
        }
        AgentFault::Refused => text("is the agent locked (`ssh-add -X`), or was it not confirmed?"),
        _ => None,
    }
}

fn key_file(fault: &KeyFileFault) -> Option<String> {
    match fault {
        KeyFileFault::OpenToOthers { .. } => text("chmod 600 it, as ssh wants it too"),
        KeyFileFault::Form => text("an older form is made a new one by: ssh-keygen -p -f FILE"),
        _ => None,
    }
}

fn krl(error: &KrlFailure) -> Option<String> {
    match error {
        KrlFailure::Key {
            source: KeyFileError::Pem,
            ..
        } => text("name the public key; it is made by: ssh-keygen -y -f KEY > KEY.pub"),
        KrlFailure::Spec { source, .. } if source.fault == Fault::CaMissing => text(
            "name the CA whose certificates are meant with -s CA.pub, or every CA with -s none",
        ),
        KrlFailure::CaIsCertificate { .. } => {
            text("name the CA's own key; a KRL for its certificate would revoke nothing")
        }
        KrlFailure::NothingToUpdate { .. } => text("leave -u out to make it"),
        _ => None,
    }
}

fn evidence_form(error: &EvidenceFormError) -> Option<String> {
    match error {
        EvidenceFormError::OneCertificate => text(
            "put slot f9's certificate behind it: yubico-piv-tool -a read-certificate -s f9 >> FILE",
        ),
        EvidenceFormError::Form(_) => {
            text("the file of ssh-keygen -O write-attestation= wants --challenge FILE")
        }
        _ => None,
    }
}

fn evidence(error: &EvidenceError) -> Option<String> {
    match error {
        EvidenceError::Piv(PivError::Chain(ChainError::UnknownIssuer { .. }))
        | EvidenceError::Fido(FidoError::Chain(ChainError::UnknownIssuer { .. })) => text(
            "give the maker's certificates with --roots FILE, or `roots` of [attestation] in \
             the config",
        ),
        EvidenceError::Fido(FidoError::V00) => text("make the key again with OpenSSH 8.4 or newer"),
        EvidenceError::Fido(FidoError::OtherApplication(_)) => {
            text("name its public key with --key KEY.pub")
        }
        _ => None,
    }
}

fn refused_list(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Signature(KrlSignatureError::Signer(_)) => {
            text("if the ledger key was changed, name the new one with --signer")
        }
        Refusal::Signature(KrlSignatureError::Signature(_)) => text(
            "list and signature are not of one run: on the CA's machine, make both again with \
             `punchmark krl --out`",
        ),
        Refusal::Older { .. } | Refusal::SameVersion(_) => text(
            "the source has an older list again; make a new one there: its version moves forward",
        ),
        Refusal::Name { .. } => text("if it was renamed on purpose, say so with --name WORDS"),
        _ => None,
    }
}

fn pin(error: &PinError) -> Option<String> {
    match error {
        PinError::NobodyToAsk { .. } | PinError::Pinentry { .. } => {
            text("give it with --pin-file FILE or --pin-fd FD")
        }
        PinError::LastTry { .. } => text("run it at a terminal when you are sure of the PIN"),
        PinError::FileReadableByOthers { path, .. } => Some(format!("chmod 600 {path}")),
        _ => None,
    }
}

fn text(words: &str) -> Option<String> {
    Some(words.to_owned())
}

const SETUP_GOES_ON: &str = "the same command again goes on where this one stopped";
