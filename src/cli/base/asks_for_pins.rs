//! Which commands may ask for a PIN.

use clap::Args;

/// What a command has among its arguments if it may ask for a PIN, or for the passphrase of a key file.
///
/// Nobody gets to [`Context::pins`](super::context::Context::pins) without it, and only clap makes one:
/// so that a command which asks can't be left out of those whose help, man page and completion
/// name `--pin-file` and `--pin-fd`.
#[derive(Clone, Copy, Debug, Args)]
#[group(id = AsksForPins::GROUP)]
pub(crate) struct AsksForPins {}

impl AsksForPins {
    /// By what clap's tree shows it: a group without arguments.
    const GROUP: &str = "asks-for-pins";

    /// Whether this command has it.
    pub(crate) fn is_of(command: &clap::Command) -> bool {
        command
            .get_groups()
            .any(|group| group.get_id() == Self::GROUP)
    }
}
