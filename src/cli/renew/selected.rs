//! Which certificates the flags of `renew` mean.

use super::Renew;
use crate::batch::Selection;
use crate::cli::base::arguments::instant;
use crate::cli::base::base_name;
use crate::cli::base::failure::Failure;
use crate::config::{self, Config};

impl Renew {
    /// Reads the flags. What is over counts only as far back as --expired-within says: people who
    /// left long ago are not meant by their role.
    pub(super) fn selection(&self, config: &Config) -> Result<Selection, Failure> {
        let now = config::now();
        let over_since = match self.expired_within {
            Some(span) => now.saturating_sub(span),
            None => now.saturating_add(1),
        };
        let ends_before = self.expires_before.as_deref().map(instant).transpose()?;
        if !self.files.is_empty() {
            return Ok(Selection {
                ends_before,
                ..Selection::default()
            });
        }
        if let Some(name) = &self.ca {
            config.ca(name)?;
        }
        if let Some(role) = &self.role {
            config.role(role)?;
        }
        Ok(Selection {
            ca: self.ca.clone(),
            role: self.role.as_ref().map(ToString::to_string),
            requester: self.requester.clone(),
            principals: self.principals(config),
            key: self.key,
            ends_before,
            over_since,
        })
    }

    fn principals(&self, config: &Config) -> Vec<String> {
        let suffixes = config.policy().suffixes().iter();
        let suffixes = suffixes
            .map(|(_, class)| class.suffix().to_string())
            .collect();
        let names = self.principal.iter();
        names
            .flat_map(|name| base_name::names(name, &suffixes))
            .collect()
    }
}
