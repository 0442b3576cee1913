//! What spans several commands: a long command in parts, a long answer in parts.

use super::apdu::{Command, Reply, Status};

/// The parts of a command that came so far, and the parts of an answer that wait.
#[derive(Default)]
pub(crate) struct Conversation {
    begun: Option<Command>,
    waiting: Vec<u8>,
}

impl Conversation {
    /// Answers GET RESPONSE; any other command drops what was waiting.
    pub(crate) fn more_of_the_last_answer(&mut self, command: &Command) -> Option<Reply> {
        let waiting = std::mem::take(&mut self.waiting);
        if command.instruction != GET_RESPONSE {
            return None;
        }
        if waiting.is_empty() {
            return Some(Status::CONDITIONS_NOT_SATISFIED.into());
        }
        let reply = Reply {
            data: waiting,
            status: Status::OK,
        };
        Some(self.first_part(reply, command.room))
    }

    /// Joins the parts of a chained command; `None` while more are to come.
    ///
    /// A part of another command drops the parts before it. At most 4096 bytes are gathered.
    pub(crate) fn join(&mut self, part: Command) -> Result<Option<Command>, Status> {
        let begun = self.begun.take();
        let Some(mut whole) = begun else {
            return self.keep_or_finish(part);
        };
        if !same_command(&whole, &part) {
            return if part.chained {
                self.keep_or_finish(part)
            } else {
                Err(Status::CHAINING_NOT_EXPECTED)
            };
        }
        whole.data.extend(part.data);
        whole.chained = part.chained;
        whole.room = part.room;
        self.keep_or_finish(whole)
    }

    /// The part of `reply` that there is room for; the rest waits for GET RESPONSE.
    pub(crate) fn first_part(&mut self, mut reply: Reply, room: usize) -> Reply {
        if reply.data.len() > room {
            self.waiting = reply.data.split_off(room);
            reply.status = Status::more(self.waiting.len());
        }
        reply
    }

    fn keep_or_finish(&mut self, command: Command) -> Result<Option<Command>, Status> {
        if command.data.len() > LONGEST_COMMAND {
            return Err(Status::WRONG_LENGTH);
        }
        if !command.chained {
            return Ok(Some(command));
        }
        self.begun = Some(command);
        Ok(None)
    }
}

fn same_command(one: &Command, other: &Command) -> bool {
    (one.instruction, one.p1, one.p2) == (other.instruction, other.p1, other.p2)
}

const GET_RESPONSE: u8 = 0xc0;
const LONGEST_COMMAND: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn command(chained: bool, instruction: u8, data: &[u8]) -> Command {
        Command {
            chained,
            instruction,
            p1: 0,
            p2: 0,
            data: data.to_vec(),
            room: 4,
        }
    }

    #[test]
    fn joins_the_parts_of_a_command() {
        let mut conversation = Conversation::default();
        assert_eq!(conversation.join(command(true, 1, b"ab")), Ok(None));
        let whole = conversation.join(command(false, 1, b"c")).unwrap().unwrap();
        assert_eq!(whole.data, b"abc");
    }

    #[test]
    fn refuses_another_command_within_a_chain() {
        let mut conversation = Conversation::default();
        conversation.join(command(true, 1, b"ab")).unwrap();
        assert_eq!(
            conversation.join(command(false, 2, b"c")),
            Err(Status::CHAINING_NOT_EXPECTED)
        );
    }

    #[test]
    fn refuses_a_chain_without_end() {
        let mut conversation = Conversation::default();
        let part = [0; 255];
        let ends = (0..20).map(|_| conversation.join(command(true, 1, &part)));
        assert!(
            ends.collect::<Vec<_>>()
                .contains(&Err(Status::WRONG_LENGTH))
        );
    }

    #[test]
    fn hands_out_a_long_answer_in_parts() {
        let mut conversation = Conversation::default();
        let long = Reply::from(Ok(b"123456789".to_vec()));
        let first = conversation.first_part(long, 4);
        assert_eq!(
            (first.data.as_slice(), first.status),
            (&b"1234"[..], Status(0x6105))
        );
        let ask = command(false, GET_RESPONSE, b"");
        let second = conversation.more_of_the_last_answer(&ask).unwrap();
        assert_eq!(
            (second.data.as_slice(), second.status),
            (&b"5678"[..], Status(0x6101))
        );
        let third = conversation.more_of_the_last_answer(&ask).unwrap();
        assert_eq!(
            (third.data.as_slice(), third.status),
            (&b"9"[..], Status::OK)
        );
    }

    #[test]
    fn drops_the_rest_of_an_answer_at_the_next_command() {
        let mut conversation = Conversation::default();
        conversation.first_part(Ok(b"123456789".to_vec()).into(), 4);
        assert_eq!(
            conversation.more_of_the_last_answer(&command(false, 1, b"")),
            None
        );
        let ask = command(false, GET_RESPONSE, b"");
        assert_eq!(
            conversation.more_of_the_last_answer(&ask),
            Some(Status::CONDITIONS_NOT_SATISFIED.into())
        );
    }
}
