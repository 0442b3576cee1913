//! What commands share: nothing here knows a command, and no command knows another.

pub(crate) mod advice;
pub(crate) mod arguments;
pub(crate) mod ask;
pub(crate) mod base_name;
pub(crate) mod context;
pub(crate) mod decided;
pub(crate) mod establish;
pub(crate) mod factory;
pub(crate) mod failure;
pub(crate) mod global;
pub(crate) mod interrupt;
pub(crate) mod ledger_key;
pub(crate) mod next_steps;
pub(crate) mod pin;
pub(crate) mod pin_files;
pub(crate) mod private_key;
pub(crate) mod request;
pub(crate) mod requester_name;
pub(crate) mod revoked;
pub(crate) mod roots;
pub(crate) mod signed_head;
pub(crate) mod slot_arguments;
pub(crate) mod storage;
pub(crate) mod terminal;
pub(crate) mod touch;
pub(crate) mod words;
