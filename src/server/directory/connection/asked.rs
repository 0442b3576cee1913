//! What was asked over a connection and has no last answer yet, and what came of answers.
//!
//! `ldap3` gives an answer to whoever asked by its number alone, and panics where its kind is another one. So an
//! answer passes here that is one to its question, and within the bounds of the connection.

use std::collections::HashMap;

use super::super::ask::AskError;
use super::super::bounds::{Bounds, PART};
use super::ber::NoLdap;
use super::message::{self, Kind, Request};

/// The questions of one connection.
pub(super) struct Asked {
    open: HashMap<u32, Request>,
    bounds: Bounds,
    /// How much came.
    taken: usize,
}

impl Asked {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            open: HashMap::new(),
            bounds,
            taken: 0,
        }
    }

    /// Remembers what a message asks.
    ///
    /// # Errors
    /// [`NoLdap`], if `ldap3` sends none.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<(), NoLdap> {
        let (id, request) = message::request(request)?;
        if request != Request::Word {
            self.open.insert(id, request);
        }
        Ok(())
    }

    /// Takes a message of the server, which may be passed on then.
    ///
    /// # Errors
    /// [`AskError`], after which the connection must end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), AskError> {
        let message = message::read(bytes)?;
        if let (0, Kind::Extended { answer, .. }) = (message.id, &message.kind) {
            return Err(AskError::Lost {
                fault: format!("the server ends it: {answer}"),
            });
        }
        self.weigh(bytes.len(), message.parts)?;
        match (self.open.get(&message.id), message.kind) {
            (Some(Request::Search), Kind::Entry | Kind::Reference) => {}
            (Some(Request::Search), Kind::Done) | (Some(Request::Bind), Kind::Bound) => {
                self.open.remove(&message.id);
            }
            _ => return Err(AskError::malformed("an answer to nothing that was asked")),
        }
        Ok(())
    }

    fn weigh(&mut self, bytes: usize, parts: usize) -> Result<(), AskError> {
        let weight = bytes.saturating_add(parts.saturating_mul(PART));
        self.taken = self.taken.saturating_add(weight);
        let Bounds {
            message,
            connection,
        } = self.bounds;
        if weight > message {
            return Err(AskError::too_long("one message", message));
        }
        if self.taken > connection {
            return Err(AskError::too_long("all answers", connection));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{anna, elsewhere, numbered, paged, part, result};
    use super::*;

    const BOUNDS: Bounds = Bounds {
        message: 1000,
        connection: 2000,
    };

    /// A bind is asked by the number 1, a search by 2, an end by 3.
    fn asked(bounds: Bounds) -> Asked {
        let mut asked = Asked::new(bounds);
        for (id, operation) in [(1, b"\x60\x00"), (2, b"\x63\x00"), (3, b"\x42\x00")] {
            asked.ask(&numbered(id, &[operation])).unwrap();
        }
        asked
    }

    #[test]
    fn an_answer_is_one_to_its_question_until_the_last() {
        let (bound, done) = (result(0x61, 0, &[]), result(0x65, 0, &[]));
        let page = paged(b"\x30\x05\x02\x01\x00\x04\x00");
        let mut right = asked(Bounds::OF_A_LOGIN);
        for answer in [
            numbered(2, &[&anna()]),
            numbered(1, &[&bound]),
            numbered(2, &[&elsewhere()]),
        ] {
            right.take(&answer).unwrap();
        }
        right.take(&numbered(2, &[&done, &page])).unwrap();
        // Whoever was answered is answered no more.
        for late in [numbered(1, &[&bound]), numbered(2, &[&anna()])] {
            let refused = right.take(&late).unwrap_err().to_string();
            assert!(
                refused.ends_with("an answer to nothing that was asked"),
                "{refused}"
            );
        }
        for wrong in [
            numbered(1, &[&done]),
            numbered(1, &[&anna()]),
            numbered(2, &[&bound]),
            numbered(2, &[&result(0x78, 0, &[])]),
            numbered(3, &[&done]),
            numbered(4, &[&anna()]),
            numbered(0, &[&anna()]),
        ] {
            let refused = asked(BOUNDS).take(&wrong).unwrap_err().to_string();
            assert!(
                refused.ends_with("an answer to nothing that was asked"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_word_to_nothing_ends_the_connection_in_the_servers_words() {
        let word = numbered(0, &[&result(0x78, 52, &[])]);
        let ended = asked(BOUNDS).take(&word).unwrap_err().to_string();
        assert_eq!(
            ended,
            "the connection ended in the middle: the server ends it: unavailable (52), words"
        );
    }

    #[test]
    fn messages_are_bounded_by_their_parts_too_one_and_all() {
        // 9 parts, so 606 bytes by their weight.
        let entry = numbered(2, &[&anna()]);
        assert_eq!(entry.len() + 9 * PART, 606);
        let mut within = asked(BOUNDS);
        for _ in 0..3 {
            within.take(&entry).unwrap();
        }
        let refused = within.take(&entry).unwrap_err().to_string();
        assert_eq!(
            refused,
            "more than 2000 bytes in all answers, each of its parts counted as 64 more"
        );
        let values = part(0x31, &[&[4, 0].repeat(10)]);
        let attribute = part(0x30, &[b"\x04\x03uid", &values]);
        let attributes = part(0x30, &[&attribute]);
        let many = part(0x64, &[b"\x04\x04cn=x", &attributes]);
        let refused = asked(BOUNDS).take(&numbered(2, &[&many])).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("more than 1000 bytes in one message")
        );
    }
}
