//! What keeps others out of the memory of this process, which holds secrets.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Leaves no core file behind, whatever ends the process, and lets no other process of the same
/// account look into its memory. Children leave no core file either.
///
/// Called once, before anything secret is read. Where the system does not allow one of the two,
/// the other stands.
pub(crate) fn keep_memory_private() {
    keep_others_out();
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A core file that is piped to a program has no limit; the line above stops it.
    let _not_allowed = setrlimit(Resource::Core, none);
}

/// Keeps ptrace and /proc/PID/mem out too, which a limit on core files does not close; elsewhere than on Linux
/// there is no such word.
fn keep_others_out() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _not_allowed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
