//! What may be wrong with a `[login.NAME]`.

use crate::config::serve::directory::DirectoryConfigError;
use crate::login::jwt::ProgramError;
use crate::login::oidc::ProviderUrlError;
use crate::login::tls::CertificateNamesError;
use crate::login::{Group, MethodName};
use crate::request::RequesterName;

/// Why a `[login.NAME]` is no way to log in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginConfigError {
    /// All passwords stand in one file.
    #[error(
        "[login.{0}] and [login.{1}] are both of kind \"password\", and there is one file of users"
    )]
    Passwords(MethodName, MethodName),
    /// Tokens of one issuer are of one method.
    #[error("[login.{0}] and [login.{1}] have the same `issuer`")]
    Issuers(MethodName, MethodName),
    /// It can't be asked.
    #[error("[login.{method}] is of kind \"{kind}\" and has no `{key}`")]
    Lacks {
        /// The method.
        method: MethodName,
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// It would mean nothing.
    #[error("[login.{method}] has `{key}`, which is for kind {kinds} alone")]
    Foreign {
        /// The method.
        method: MethodName,
        /// The key.
        key: &'static str,
        /// What it is for.
        kinds: &'static str,
    },
    /// It is no platform whose programs log in.
    #[error("[login.{method}]")]
    Platform {
        /// The method.
        method: MethodName,
        /// Why.
        source: JwtConfigError,
    },
    /// It can't be asked.
    #[error("[login.{0}] is of kind \"ldap\" and has no [login.{0}.directory]")]
    NoDirectory(MethodName),
    /// It would mean nothing.
    #[error("[login.{0}] has a [login.{0}.directory], which is for kind \"ldap\" alone")]
    ForeignDirectory(MethodName),
    /// It can't be asked as it is written.
    #[error("[login.{method}.directory]")]
    Directory {
        /// The method.
        method: MethodName,
        /// Why.
        source: DirectoryConfigError,
    },
    /// Nobody would know whom a certificate means.
    #[error("[login.{method}]")]
    Tls {
        /// The method.
        method: MethodName,
        /// Why.
        source: TlsConfigError,
    },
    /// It is no address of a provider.
    #[error("[login.{method}]: `issuer` is no address of a provider: {source}")]
    Issuer {
        /// The method.
        method: MethodName,
        /// Why.
        source: ProviderUrlError,
    },
    /// It would be sent as something else.
    #[error(
        "[login.{method}]: {word:?} in `{key}` is empty, longer than 200 characters, or has one that is no printable ASCII or a space"
    )]
    Word {
        /// The method.
        method: MethodName,
        /// The key.
        key: &'static str,
        /// What stands there.
        word: String,
    },
    /// Nobody would be in it.
    #[error(
        "[serve] names group:{0}, which no login method tells: one of kind \"oidc\", or of \"ldap\" with `groups`"
    )]
    Group(Group),
    /// It is the same as none.
    #[error(
        "[login.{method}]: `same-as` names {other}, which is no other login method of the config"
    )]
    SameAs {
        /// The method.
        method: MethodName,
        /// What it names.
        other: MethodName,
    },
}

/// Why a table is no platform whose programs log in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtConfigError {
    /// Its keys are nowhere.
    #[error("`jwks-uri` is no address of keys")]
    Keys(#[from] ProviderUrlError),
    /// Nobody would log in.
    #[error("no program is listed: write [[login.NAME.is]] for each")]
    NoProgram,
    /// More than are looked through for each token.
    #[error("it lists more than {PROGRAMS_MAX} programs")]
    TooMany,
    /// Nobody is called so.
    #[error("program {place}: {requester:?} is no requester's name")]
    Name {
        /// Which entry, from 1.
        place: usize,
        /// What stands there.
        requester: String,
        /// Why.
        source: crate::certificate::PrincipalError,
    },
    /// Such a name could become a proved principal.
    #[error("program {place}: the name `{requester}` ends in `{suffix}`, which the CA alone adds")]
    Suffix {
        /// Which entry, from 1.
        place: usize,
        /// The name.
        requester: RequesterName,
        /// The suffix.
        suffix: String,
    },
    /// Its claims say of nobody who it is.
    #[error("program {place}, `{requester}`")]
    Program {
        /// Which entry, from 1.
        place: usize,
        /// The name.
        requester: String,
        /// Why.
        source: ProgramError,
    },
    /// Each token of the one would be about two.
    #[error("each token of `{one}` is one of `{other}`, too: their claims must tell them apart")]
    Same {
        /// The program that has no token of its own.
        one: RequesterName,
        /// The other.
        other: RequesterName,
    },
}

/// Why a table doesn't say whom a client certificate means.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// No such name is gone by.
    #[error("`requester` is {0:?}, and can be \"email\" or \"spiffe\"")]
    Requester(String),
    /// Which addresses count isn't said, or what belongs to ids is.
    #[error("`requester` = \"email\" goes with `domains`, and without `below`")]
    Email,
    /// Which ids count isn't said, or what belongs to addresses is.
    #[error("`requester` = \"spiffe\" goes with `below`, and without `domains`")]
    Spiffe,
    /// What stands around the name.
    #[error(transparent)]
    Names(#[from] CertificateNamesError),
}

/// More than any organisation writes down by hand; each token is held against all.
pub(super) const PROGRAMS_MAX: usize = 1000;
