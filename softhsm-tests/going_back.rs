//! What must not go back, and every way back: one table of both, in which a new state or way
//! does not compile without its rows.
//!
//! Power loss has a disk of its own in `power_loss.rs`; a clock that goes back, `clock.rs`.

mod home;
mod machine;
mod office;
mod probes;
mod table;
mod ways;

use self::home::Home;
use self::office::Office;
use self::probes::{Probed, probe};
use self::table::{Outcome, outcome};
use self::ways::go;

/// An enum, and the list of all that it has.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        enum $name { $($(#[$of])* $variant),* }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

listed! {
    /// What only grows, or never comes back.
    State {
        NextSerial,
        UsedRequestIds,
        Challenges,
        RevokedSerials,
        RevokedKeys,
        RevokedKeyIds,
        RevokedCards,
        RevokedPersons,
        EnrolmentsTakenAway,
        ReservedSuffixes,
        KrlVersion,
        /// The version of what the ledger knows.
        KnownVersion,
        /// A server's list, and the mark of the newest that it saw.
        InstalledList,
        /// A server's known certificates, and the mark of the newest that it saw.
        InstalledKnown,
        /// The ledger key that a server followed to when another handed over.
        FollowedKey,
        SignedHead,
        KeptHead,
        LedgerKeys,
        /// What was revoked beside a mirror, and no entry of its ledger clears yet.
        PendingRevocations,
        /// The version of a mirror's lists.
        MirrorVersion,
    }
}

listed! {
    /// What could take a state back.
    Way {
        /// SIGKILL at a sync of each command that sets a state.
        Killed,
        IndexDeleted,
        OlderIndex,
        /// Last night's ledger in the place of today's.
        LastNightsFile,
        /// A backup on a machine that keeps no head of it.
        NewMachine,
        /// `ledger resume` of last night's file, with the list that was published last.
        Resumed,
        /// Last night's file, used with another `$HOME` and other XDG folders.
        AnotherHome,
        /// Another config for the same ledger, without its suffixes and roles.
        AnotherConfig,
        /// Last night's file, used with a config that wants the heads in a folder of its own.
        HeadsElsewhere,
        HardLink,
        Symlink,
        /// The ledger by the name at which its file is mounted a second time.
        BindMount,
        /// Last night's file, put in the ledger's place while a run writes.
        RenamedUnderARun,
        /// A run that is stopped while it writes.
        TwoWriters,
        SignResume,
        InstalledListEmpty,
        InstalledListDamaged,
    }
}

#[test]
fn nothing_goes_back_by_any_way() {
    let (home, office) = (Home::ready(), Office::ready());
    for way in Way::ALL {
        home.put_back();
        office.put_back();
        let (road, _stopped) = go(&home, *way);
        let (of_office, _stopped_too) = office.go(*way);
        let before = home.kept_entries();
        for state in State::ALL {
            let probed = probe((&home, &road), (&office, &of_office), *state);
            assert_outcome(*state, *way, &probed);
        }
        assert!(
            home.kept_entries() >= before,
            "{way:?}: a kept head went back"
        );
        home.run(&road, &["ledger", "verify", "--signatures"]).ok();
    }
}

#[track_caller]
fn assert_outcome(state: State, way: Way, probed: &Probed) {
    let Probed { ran, held } = probed;
    match outcome(state, way) {
        Outcome::Closed(words) => {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            let refused = ran.code != Some(0) && said.contains(words);
            assert!(
                refused,
                "{way:?} is not closed to {state:?} by {words:?}\n{ran}"
            );
        }
        Outcome::Kept => assert!(held, "{state:?} went back by {way:?}\n{ran}"),
        Outcome::Elsewhere(reason) => {
            assert!(
                held,
                "{state:?} went back by {way:?}, although {reason}\n{ran}"
            );
        }
    }
}
