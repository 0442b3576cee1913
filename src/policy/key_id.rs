//! How a role names its certificates.

use serde::{Deserialize, Serialize};

use crate::certificate::{KeyId, KeyIdError};

/// A key ID with places to fill in: `{requester}`, `{role}`, `{proof}`, `{reason}`, and
/// `{asked}` for the key ID that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyIdTemplate(String);

/// A text that cannot become a key ID.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No key ID, whatever is filled in.
    #[error(transparent)]
    KeyId(#[from] KeyIdError),
    /// A brace that no place of ours begins or ends with.
    #[error(
        "{0:?} has another place to fill in than {{requester}}, {{role}}, {{proof}}, {{reason}} or {{asked}}"
    )]
    Place(String),
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling<'a> {
    pub(super) requester: &'a str,
    pub(super) role: &'a str,
    pub(super) proof: &'a str,
    pub(super) reason: &'a str,
    pub(super) asked: &'a str,
}

impl KeyIdTemplate {
    /// The key ID of a role that says nothing: `peter, engineer`.
    pub fn plain() -> Self {
        Self("{requester}, {role}".to_owned())
    }

    /// Whether the requester has a say in it.
    pub fn takes_asked(&self) -> bool {
        self.0.contains("{asked}")
    }

    /// What was asked for in a key ID that this template was filled in to; nothing where the
    /// requester has no say in it, or it was another template.
    pub fn asked_in<'k>(
        &self,
        key_id: &'k str,
        requester: &str,
        role: &str,
        proof: &str,
    ) -> Option<&'k str> {
        let (before, behind) = self.0.split_once("{asked}")?;
        let filling = Filling {
            requester,
            role,
            proof,
            reason: "",
            asked: "",
        };
        let [before, behind] = [before, behind].map(|text| Self(text.to_owned()).fill(&filling));
        key_id.strip_prefix(&before)?.strip_suffix(&behind)
    }

    /// Each place is filled once, from left to right: what is filled in has no places.
    pub(super) fn fill(&self, filling: &Filling<'_>) -> String {
        let mut filled = String::with_capacity(self.0.len() + 64);
        let mut rest = self.0.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            filled.push_str(before);
            let (place, after) = behind.split_once('}').unwrap_or((behind, ""));
            filled.push_str(filling.at(place).unwrap_or_default());
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

impl<'a> Filling<'a> {
    fn at(&self, place: &str) -> Option<&'a str> {
        Some(match place {
            "requester" => self.requester,
            "role" => self.role,
            "proof" => self.proof,
            "reason" => self.reason,
            "asked" => self.asked,
            _ => return None,
        })
    }
}

impl TryFrom<String> for KeyIdTemplate {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        KeyId::parse(&text)?;
        let fault = || TemplateError::Place(text.clone());
        let empty = Filling {
            requester: "",
            role: "",
            proof: "",
            reason: "",
            asked: "",
        };
        let mut pieces = text.split('{');
        let outside = pieces.next().unwrap_or_default();
        if outside.contains('}') {
            return Err(fault());
        }
        for piece in pieces {
            let (place, after) = piece.split_once('}').ok_or_else(fault)?;
            empty.at(place).ok_or_else(fault)?;
            if after.contains('}') {
                return Err(fault());
            }
        }
        Ok(Self(text))
    }
}

impl From<KeyIdTemplate> for String {
    fn from(template: KeyIdTemplate) -> Self {
        template.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<KeyIdTemplate, TemplateError> {
        text.to_owned().try_into()
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let filling = Filling {
            requester: "peter",
            role: "dev",
            proof: "piv",
            reason: "",
            asked: "{role}",
        };
        let filled = template("{requester}: {asked} ({proof})")
            .unwrap()
            .fill(&filling);
        assert_eq!(filled, "peter: {role} (piv)");
    }

    #[test]
    fn what_was_asked_for_is_found_again_in_what_was_filled_in() {
        let asked = |text: &str, key_id| {
            let template = template(text).unwrap();
            let asked = template.asked_in(key_id, "peter", "dev", "piv");
            asked.map(str::to_owned)
        };
        let text = "{requester}: {asked} ({proof})";
        let found = asked(text, "peter: the laptop (piv)");
        assert_eq!(found.as_deref(), Some("the laptop"));
        assert_eq!(asked(text, "erik: the laptop (piv)"), None);
        assert_eq!(asked("{requester}, {role}", "peter, dev"), None);
    }

    #[test]
    fn refuses_a_place_that_is_not_ours() {
        for text in ["{serial}", "{requester", "a}", "{role}}", "{}"] {
            assert_eq!(template(text), Err(TemplateError::Place(text.to_owned())));
        }
        assert_eq!(template(""), Err(TemplateError::KeyId(KeyIdError::Empty)));
    }
}
