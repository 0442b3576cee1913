//! Messages of LDAP (RFC 4511, section 4.1.1) that a server may send here, looked at before anybody parses them.
//!
//! The crate `ldap3` takes for granted that a server keeps to the protocol, and panics where one doesn't. So nothing
//! comes to it but what [`read`] took: exactly the parts that an answer to a bind or a search is made
//! of, and controls, down to the value of the one that this program asks for. What it panics at is the list of what is held here:
//! each part must be there, of its form, and a text where it makes one of it.
//!
//! Parts that RFC 4511 would let a later version add at the end of one aren't taken: no server sends any.

use std::cell::Cell;

use super::super::ask::Answer;
use super::ber::{NoLdap, Parts, Tag};

/// A message that keeps to the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// What it answers to; 0 for nothing that was asked.
    pub(super) id: u32,
    pub(super) kind: Kind,
    /// How many parts it is made of.
    pub(super) parts: usize,
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The answer to a bind.
    Bound,
    /// An entry that a search found.
    Entry,
    /// Where a search would go on.
    Reference,
    /// The end of a search.
    Done,
    /// The answer to what is neither; or a word to nothing, which ends the connection.
    Extended {
        /// What it says.
        answer: Answer,
        /// What it is an answer to, where it says so.
        name: Option<String>,
    },
}

/// What this program asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Bind,
    Search,
    /// What gets no answer.
    Word,
}

/// Reads one message, which must be all of the bytes.
///
/// # Errors
/// [`NoLdap`].
pub(super) fn read(bytes: &[u8]) -> Result<Message, NoLdap> {
    let taken = Cell::new(0);
    let (id, mut parts) = begin(bytes, &taken)?;
    let kind = kind(&mut parts)?;
    // Active Directory puts the name of its word at the end behind it.
    if id != 0 {
        if parts.has(CONTROLS) {
            controls(parts.enter(CONTROLS)?)?;
        }
        parts.end("an answer and its controls")?;
    }
    Ok(Message {
        id,
        kind,
        parts: taken.get(),
    })
}

/// What a message asks that this program sends, and by which number.
///
/// # Errors
/// [`NoLdap`].
pub(super) fn request(bytes: &[u8]) -> Result<(u32, Request), NoLdap> {
    let taken = Cell::new(0);
    let (id, parts) = begin(bytes, &taken)?;
    let request = if parts.has(BIND_REQUEST) {
        Request::Bind
    } else if parts.has(SEARCH_REQUEST) {
        Request::Search
    } else {
        Request::Word
    };
    Ok((id, request))
}

fn begin<'a>(bytes: &'a [u8], taken: &'a Cell<usize>) -> Result<(u32, Parts<'a>), NoLdap> {
    let mut all = Parts::of(bytes, taken);
    let mut parts = all.enter(MESSAGE)?;
    all.end("a message")?;
    Ok((parts.number(MESSAGE_ID)?, parts))
}

fn kind(parts: &mut Parts<'_>) -> Result<Kind, NoLdap> {
    if parts.has(BIND_RESPONSE) {
        bound(parts.enter(BIND_RESPONSE)?)
    } else if parts.has(ENTRY) {
        entry(parts.enter(ENTRY)?)
    } else if parts.has(REFERENCE) {
        uris(parts.enter(REFERENCE)?)?;
        Ok(Kind::Reference)
    } else if parts.has(DONE) {
        let mut parts = parts.enter(DONE)?;
        result(&mut parts)?;
        parts.end("the end of a search")?;
        Ok(Kind::Done)
    } else {
        extended(parts.enter(EXTENDED)?)
    }
}

fn bound(mut parts: Parts<'_>) -> Result<Kind, NoLdap> {
    result(&mut parts)?;
    if parts.has(SASL) {
        parts.take(SASL)?;
    }
    parts.end("the answer to a bind")?;
    Ok(Kind::Bound)
}

fn extended(mut parts: Parts<'_>) -> Result<Kind, NoLdap> {
    let answer = result(&mut parts)?;
    let name = if parts.has(NAME) {
        Some(parts.text(NAME)?.to_owned())
    } else {
        None
    };
    if parts.has(VALUE) {
        parts.take(VALUE)?;
    }
    parts.end("an extended answer")?;
    Ok(Kind::Extended { answer, name })
}

/// What each last answer begins with (RFC 4511, section 4.1.9).
fn result(parts: &mut Parts<'_>) -> Result<Answer, NoLdap> {
    let code = parts.number(CODE)?;
    parts.text(DN)?;
    let words = parts.text(WORDS)?.to_owned();
    if parts.has(REFERRAL) {
        uris(parts.enter(REFERRAL)?)?;
    }
    Ok(Answer { code, words })
}

fn uris(mut parts: Parts<'_>) -> Result<(), NoLdap> {
    while !parts.is_empty() {
        parts.text(URI)?;
    }
    Ok(())
}

/// An entry (RFC 4511, section 4.5.2).
fn entry(mut parts: Parts<'_>) -> Result<Kind, NoLdap> {
    parts.text(DN)?;
    let mut attributes = parts.enter(ATTRIBUTES)?;
    parts.end("an entry")?;
    while !attributes.is_empty() {
        let mut attribute = attributes.enter(ATTRIBUTE)?;
        attribute.text(DESCRIPTION)?;
        let mut values = attribute.enter(VALUES)?;
        attribute.end("an attribute")?;
        while !values.is_empty() {
            values.take(ATTRIBUTE_VALUE)?;
        }
    }
    Ok(Kind::Entry)
}

/// What stands beside an answer (RFC 4511, section 4.1.11).
fn controls(mut parts: Parts<'_>) -> Result<(), NoLdap> {
    while !parts.is_empty() {
        let mut control = parts.enter(CONTROL)?;
        let name = control.text(CONTROL_NAME)?;
        if control.has(CRITICALITY) && control.take(CRITICALITY)?.len() != 1 {
            return Err(NoLdap::Number(CRITICALITY.1));
        }
        if name == PAGED_RESULTS {
            page(control.enter(CONTROL_VALUE)?)?;
        } else if control.has(CONTROL_VALUE) {
            control.take(CONTROL_VALUE)?;
        }
        control.end("a control")?;
    }
    Ok(())
}

/// Where the next page begins (RFC 2696, section 2).
fn page(mut value: Parts<'_>) -> Result<(), NoLdap> {
    let mut parts = value.enter(PAGE)?;
    value.end("a page's control")?;
    parts.number(PAGE_SIZE)?;
    parts.take(COOKIE)?;
    parts.end("a page's cookie")
}

pub(super) const MESSAGE: Tag = Tag(0x30, "a message");
const MESSAGE_ID: Tag = Tag(0x02, "a message's number");
const BIND_REQUEST: Tag = Tag(0x60, "a bind");
const SEARCH_REQUEST: Tag = Tag(0x63, "a search");
const BIND_RESPONSE: Tag = Tag(0x61, "the answer to a bind");
const ENTRY: Tag = Tag(0x64, "an entry");
const DONE: Tag = Tag(0x65, "the end of a search");
const REFERENCE: Tag = Tag(0x73, "a reference");
const EXTENDED: Tag = Tag(0x78, "an answer");
const CODE: Tag = Tag(0x0a, "a result code");
const DN: Tag = Tag(0x04, "the name of an entry");
const WORDS: Tag = Tag(0x04, "a diagnostic message");
const REFERRAL: Tag = Tag(0xa3, "a referral");
const URI: Tag = Tag(0x04, "a referral's URI");
const SASL: Tag = Tag(0x87, "what SASL says");
const NAME: Tag = Tag(0x8a, "the name of an extended answer");
const VALUE: Tag = Tag(0x8b, "the value of an extended answer");
const ATTRIBUTES: Tag = Tag(0x30, "attributes");
const ATTRIBUTE: Tag = Tag(0x30, "an attribute");
const DESCRIPTION: Tag = Tag(0x04, "an attribute's name");
const VALUES: Tag = Tag(0x31, "an attribute's values");
const ATTRIBUTE_VALUE: Tag = Tag(0x04, "a value");
const CONTROLS: Tag = Tag(0xa0, "controls");
const CONTROL: Tag = Tag(0x30, "a control");
const CONTROL_NAME: Tag = Tag(0x04, "a control's name");
const CRITICALITY: Tag = Tag(0x01, "a control's criticality");
const CONTROL_VALUE: Tag = Tag(0x04, "a control's value");
const PAGE: Tag = Tag(0x30, "a page");
const PAGE_SIZE: Tag = Tag(0x02, "a page's size");
const COOKIE: Tag = Tag(0x04, "a page's cookie");
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

#[cfg(test)]
pub(super) mod tests;
