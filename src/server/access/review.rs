//! What those ask who write, review and audit a list: who gets in where, what a change gives to
//! whom, and what is hardly meant.

mod book;
mod diff;
mod files;
mod import;
mod keys;
mod lint;
mod meeting;
mod places;
mod reach;
mod rules;
mod touched;

pub use self::book::{AskError, Book, sample};
pub use self::diff::{Change, changes, changes_on};
pub use self::files::{CannotRender, render, render_authorized_keys};
pub use self::import::{Carried, LeftOut, import};
pub use self::keys::{CaKey, CaKeyError};
pub use self::lint::{Finding, Oddity, lint};
pub use self::reach::{Reach, can, lets_anybody_in, who};
pub use self::rules::{RuleChange, rule_changes};
