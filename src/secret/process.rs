//! What keeps others out of the memory of this process, which holds secrets.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Leaves no core file behind, whatever ends the process, and lets no other process of the same
/// account look into its memory. Children leave no core file either.
///
/// Called once, before anything secret is read. Where the system does not allow one of the two,
/// the other stands.
pub(crate) fn keep_memory_private() {
    // Ptrace and /proc/PID/mem too, which a limit on core files does not close.
    let _not_linux = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A core file that is piped to a program has no limit; the line above stops it.
    let _not_allowed = setrlimit(Resource::Core, none);
}
