//! Which name somebody has here whom an identity provider, a directory or a client CA knows.

use super::Service;
use super::authorities::Authority;
use super::endpoints::Opener;
use super::problem::{ProblemKind, Refused};
use super::provider_logins::LoggedIn;
use super::sessions::AtProvider;
use crate::config::LoginMethod;
use crate::issue::lock;
use crate::ledger::{BindError, Binding, Ledger, LoginBound};
use crate::login::ldap::Person;
use crate::login::names::{Allowed, HeldBy, Holder, Known, NameRefusal, Named, Said, may_have};
use crate::login::{Login, LoginKind, LoginSubject, MethodName, tls};
use crate::policy::Role;
use crate::policy::role::Permit;
use crate::request::{LoginWay, RequesterName};
use crate::wire::chain;

impl Service {
    /// Gives somebody their name, who is bound to it if they come for the first time.
    ///
    /// # Errors
    /// [`Refused`], with what an admin could do.
    pub(super) fn named(&self, logged_in: LoggedIn) -> Result<Opener, Refused> {
        let LoggedIn {
            method,
            identity,
            by_code,
        } = logged_in;
        let known = self.method(method.as_str());
        let known = known.ok_or_else(|| refused(GONE.to_owned()))?;
        let allowed = self.has_name(known, &identity.subject, &identity.name)?;
        let session = identity.session.clone();
        let way = if by_code {
            LoginWay::Code
        } else {
            LoginWay::Browser
        };
        Ok(Opener::told(identity.login(&method, allowed), way, session))
    }

    /// The same of somebody whose password a directory took.
    ///
    /// # Errors
    /// [`Refused`], with what an admin could do.
    pub(super) fn named_by_directory(
        &self,
        method: &MethodName,
        person: Person,
    ) -> Result<Opener, Refused> {
        let known = self.method(method.as_str());
        let known = known.ok_or_else(|| refused(GONE.to_owned()))?;
        let allowed = self.has_name(known, person.subject(), person.name())?;
        let login = person.login(method, allowed, self.now());
        Ok(Opener::told(login, LoginWay::Password, None))
    }

    /// The same of somebody whose certificate a client CA signed; their session ends with it.
    ///
    /// # Errors
    /// [`Refused`], with what an admin could do.
    pub(super) fn named_by_certificate(
        &self,
        method: &MethodName,
        person: tls::Person,
    ) -> Result<Opener, Refused> {
        let known = self.method(method.as_str());
        let known = known.ok_or_else(|| refused(GONE.to_owned()))?;
        let allowed = self.has_name(known, person.subject(), person.name())?;
        let over_at = Some(person.over_at());
        let login = person.login(method, allowed, self.now());
        Ok(Opener {
            over_at,
            ..Opener::told(login, LoginWay::Certificate, None)
        })
    }

    /// Whose word binds people to names by a method, where somebody's does.
    pub(super) fn issuer_of<'s>(&'s self, method: &'s LoginMethod) -> Option<&'s str> {
        let of_ca = || self.authorities.of(&method.name).map(Authority::issuer);
        method.issuer().or_else(of_ca)
    }

    /// Lets somebody have a name, which they are bound to from then on.
    fn has_name(
        &self,
        method: &LoginMethod,
        subject: &LoginSubject,
        name: &RequesterName,
    ) -> Result<Allowed, Refused> {
        if self.issuer_of(method) != Some(subject.issuer.as_str()) {
            return Err(refused(GONE.to_owned()));
        }
        // Nobody becomes the holder of the name between the question and its answer.
        let mut ledger = lock(&self.ledger);
        let allowed = self.may_have(Named { subject, name }, method, &ledger)?;
        if allowed == Allowed::FirstLogin {
            self.bind(subject, name, &mut ledger)?;
        }
        Ok(allowed)
    }

    fn may_have(
        &self,
        named: Named<'_>,
        method: &LoginMethod,
        ledger: &Ledger,
    ) -> Result<Allowed, Refused> {
        let Named { subject, name } = named;
        let known = ledger.known_of_name(subject, name, self.now());
        let mut known = known.map_err(Refused::fault)?;
        self.add_users(name, &mut known)?;
        let methods = self.serve.logins.iter();
        let same: Vec<_> = methods
            .filter(|one| method.same_as().contains(&one.name))
            .collect();
        let issuers: Vec<_> = same
            .iter()
            .filter_map(|method| self.issuer_of(method))
            .collect();
        let suffix = self.policy.suffixes().reserved_end(name.as_str());
        let said = Said {
            reserved_end: suffix.map(|suffix| suffix.as_str()),
            is_spelled_out: self.spells_out(name),
            same_as_keys: same.iter().any(|method| method.kind == LoginKind::Key),
            same_as: method.same_as(),
            same_as_issuers: &issuers,
        };
        may_have(named, &known, &said).map_err(|refusal| refused(in_words(&refusal, name, subject)))
    }

    /// The users who have a password may be other people.
    fn add_users(&self, name: &RequesterName, known: &mut Known) -> Result<(), Refused> {
        let mut methods = self.serve.logins.iter();
        let Some(method) = methods.find(|method| method.kind == LoginKind::Password) else {
            return Ok(());
        };
        let users = self.users.users().map_err(Refused::fault)?;
        let alike = users
            .names()
            .filter(|user| user.eq_ignore_ascii_case(name.as_str()));
        known.holders.extend(alike.map(|user| Holder {
            name: user.to_owned(),
            by: HeldBy::Method(MethodName::clone(&method.name)),
        }));
        Ok(())
    }

    /// Whether more hangs on the name than a login, by the config's word.
    fn spells_out(&self, name: &RequesterName) -> bool {
        let is_it = |text: &str| text.eq_ignore_ascii_case(name.as_str());
        let in_role = |role: &Role| match role.requesters() {
            Permit::Only(patterns) => patterns.iter().any(|pattern| is_it(&pattern.to_string())),
            Permit::Anything | Permit::Nothing => false,
        };
        let mut people = self.serve.admins.names().chain(self.serve.auditors.names());
        let methods = self.serve.logins.iter();
        let mut programs = methods
            .filter_map(|method| method.platform.as_ref())
            .flat_map(|platform| platform.programs.iter());
        people.any(|one| is_it(one.as_str()))
            || programs.any(|program| is_it(program.requester().as_str()))
            || self.policy.roles().any(in_role)
    }

    fn bind(
        &self,
        subject: &LoginSubject,
        name: &RequesterName,
        ledger: &mut Ledger,
    ) -> Result<(), Refused> {
        let bound = LoginBound {
            name: name.to_string(),
            issuer: subject.issuer.clone(),
            subject: subject.subject.clone(),
            became: Binding::FirstLogin,
            keyboard: self.keyboard.clone(),
        };
        ledger
            .bind_login(bound, self.now())
            .map_err(|error| match error {
                BindError::Ledger(error) => Refused::fault(error),
                error => refused(chain(&error)),
            })
    }
}

impl Opener {
    /// What opens a session by the word of whoever knows the person.
    fn told(login: Login, way: LoginWay, session: Option<String>) -> Self {
        let at_provider = login.subject().map(|subject| AtProvider {
            subject: subject.clone(),
            session,
            way,
            authenticated_at: login.authenticated_at(),
            amr: login.amr().to_vec(),
            acr: login.acr().map(str::to_owned),
            groups: login.groups().to_vec(),
        });
        Self {
            login,
            key: Vec::new(),
            user: None,
            at_provider,
            program: None,
            over_at: None,
        }
    }
}

/// What an admin would type.
fn in_words(refusal: &NameRefusal, name: &RequesterName, subject: &LoginSubject) -> String {
    let LoginSubject { issuer, subject } = subject;
    // A subject may have characters that a shell obeys; both are printable ASCII.
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let which = format!("--issuer {} --subject {}", quoted(issuer), quoted(subject));
    let way_out = match refusal {
        NameRefusal::SpelledOut(_) | NameRefusal::Open(_) => {
            format!(": punchmark requester bind {name} {which}")
        }
        NameRefusal::Renamed { bound, .. } => {
            format!(": punchmark requester remove {bound} {which}")
        }
        _ => String::new(),
    };
    format!("{refusal}{way_out}")
}

fn refused(detail: String) -> Refused {
    Refused::new(ProblemKind::LoginRefused, detail)
}

const GONE: &str = "the login method is not in the server's config any more";
