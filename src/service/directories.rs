//! The directory services of the config, each with how it is asked.
//!
//! A login makes two connections: one searches, the other is bound to by the password of whoever logs in. Each has
//! its own limit of time, and few logins are at a directory at once, so that one that is slow holds up
//! those alone who log in by it.

use std::net::IpAddr;

use super::hashing::{Crowded, Hashing};
use crate::config::{DirectoryConfig, LoginMethod};
use crate::login::MethodName;
use crate::login::ldap::{Person, PersonError, Said};
use crate::secret::Pin;
use crate::server::directory::{
    AskError, Bind, Bounds, FindError, GroupsOf, How, IS_BUILT_IN, Settings, Tls, WantedPerson,
    connect, person, takes_password,
};

/// All of them.
pub(super) struct Directories(Vec<KnownDirectory>);

/// One of them.
pub(super) struct KnownDirectory {
    method: MethodName,
    config: DirectoryConfig,
    settings: Settings,
    places: Hashing,
}

/// Why a directory service can't be asked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoriesError {
    /// This build has no LDAP, or the directory gives no answer.
    #[error("[login.{method}.directory]")]
    Ask {
        /// The method.
        method: MethodName,
        /// Why.
        source: AskError,
    },
    /// Nobody would be found.
    #[error("[login.{method}.directory]: there is no entry {base:?}, or `bind-dn` may not see it")]
    NoBase {
        /// The method.
        method: MethodName,
        /// The entry below which people should be.
        base: String,
    },
}

/// Why nobody was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotFound {
    /// The name or the password is wrong.
    #[error("the directory knows no such name and password")]
    Wrong,
    /// So many are at the directory that one more waits.
    #[error("so many log in by the directory that one more waits")]
    Crowded,
    /// Nobody can be searched for.
    #[error(transparent)]
    Away(AskError),
    /// It gave no answer, or none that says who it is.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The password was right, and the entry is nobody here.
    #[error(transparent)]
    Person(#[from] PersonError),
}

impl Directories {
    /// Those that the methods name. Nothing is asked yet.
    ///
    /// # Errors
    /// [`DirectoriesError`] in a build without LDAP.
    pub(super) fn open(methods: &[LoginMethod]) -> Result<Self, DirectoriesError> {
        let with = methods.iter().filter_map(|method| {
            let config = method.directory.as_ref()?;
            Some(KnownDirectory::new(&method.name, config))
        });
        let all: Vec<_> = with.collect();
        match all.first() {
            Some(first) if !IS_BUILT_IN => Err(first.fault(AskError::LeftOut)),
            _ => Ok(Self(all)),
        }
    }

    /// The directory of a method.
    pub(super) fn of(&self, method: &MethodName) -> Option<&KnownDirectory> {
        self.0.iter().find(|directory| directory.method == *method)
    }

    /// Binds to each, and looks whether people could be there: who can be asked, in words, or why not.
    pub(super) fn ask(&self) -> impl Iterator<Item = Result<String, DirectoriesError>> {
        self.0.iter().map(KnownDirectory::ask)
    }
}

impl KnownDirectory {
    fn new(method: &MethodName, config: &DirectoryConfig) -> Self {
        let settings = Settings {
            server: config.server.clone(),
            tls: Some(Tls {
                ca_file: config.ca_file.clone(),
                client: None,
            }),
            bind: Bind::Password {
                dn: config.bind_dn.clone(),
                file: config.bind_password_file.clone(),
            },
            how: How::default(),
            base: Some(config.base.clone()),
            attribute: config.requester.clone(),
            page_size: PAGE,
            timeout: config.timeout,
            bounds: Bounds::OF_A_LOGIN,
        };
        Self {
            method: method.clone(),
            config: config.clone(),
            settings,
            places: Hashing::default(),
        }
    }

    /// Whose password it is.
    ///
    /// # Errors
    /// [`NotFound`].
    pub(super) fn person(
        &self,
        peer: IpAddr,
        name: &str,
        password: &Pin,
    ) -> Result<Person, NotFound> {
        let _place = self
            .places
            .turn(peer)
            .map_err(|Crowded| NotFound::Crowded)?;
        let mut takes = |dn: &str| {
            let password = Pin::new(password.expose().to_owned());
            takes_password(&self.settings, dn, password)
        };
        let mut directory = connect(&self.settings).map_err(NotFound::Away)?;
        let found = person(&mut *directory, &self.wanted(), name, &mut takes)?;
        let found = found.ok_or(NotFound::Wrong)?;
        let said = Said {
            issuer: &self.config.issuer,
            subject: &found.subject,
            name: &found.name,
            groups: &found.groups,
            group_base: self.config.groups.as_ref().map(|groups| &groups.below),
        };
        Ok(Person::of(name, &said)?)
    }

    fn wanted(&self) -> WantedPerson<'_> {
        let groups = self.config.groups.as_ref().map(|groups| {
            let (attribute, base) = (groups.attribute.as_str(), groups.base.as_str());
            match attribute {
                "memberOf" => GroupsOf::Own(attribute),
                "memberUid" => GroupsOf::MemberUid(base),
                _ => GroupsOf::Member(base, attribute),
            }
        });
        WantedPerson {
            base: &self.config.base,
            requester: &self.config.requester,
            filter: self.config.filter.as_deref(),
            subject: &self.config.subject,
            groups,
        }
    }

    fn ask(&self) -> Result<String, DirectoriesError> {
        let mut directory = connect(&self.settings).map_err(|source| self.fault(source))?;
        let base = self.config.base.as_str();
        let found = directory.read(&[base], &["objectClass"]);
        let found = found.map_err(|source| self.fault(source))?;
        if !matches!(found.as_slice(), [Some(_)]) {
            return Err(DirectoriesError::NoBase {
                method: self.method.clone(),
                base: base.to_owned(),
            });
        }
        Ok(format!(
            "logins by {} ask {} as {}",
            self.method, self.config.server, self.config.bind_dn
        ))
    }

    fn fault(&self, source: AskError) -> DirectoriesError {
        let method = self.method.clone();
        DirectoriesError::Ask { method, source }
    }
}

/// One entry is meant; more than a few are a fault already.
const PAGE: u16 = 100;
