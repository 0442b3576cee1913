//! Panics of `ldap3` at bytes that are no LDAP: they end a task, become an error there, and say nothing.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

/// Has a runtime turn its tasks on this thread, whose panics print nothing meanwhile.
///
/// The hook of panics is the whole program's: the one of before goes on for every other thread, and for
/// this one as soon as the runtime is done.
pub(super) fn quietly<T>(turn: impl FnOnce() -> T) -> T {
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !TURNING.get() {
                before(panic);
            }
        }));
    });
    let _loud = Loud(TURNING.replace(true));
    turn()
}

/// Puts back what was before, however the turn ends.
struct Loud(bool);

impl Drop for Loud {
    fn drop(&mut self) {
        TURNING.set(self.0);
    }
}

thread_local! {
    /// Whether this thread turns the tasks of a connection.
    static TURNING: Cell<bool> = const { Cell::new(false) };
}
static HOOKED: Once = Once::new();
