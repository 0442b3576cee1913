//! What the plan of a rehearsal finds, made in its folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Hall, PRIVATE, private};
use crate::ceremony::{
    Asked, Found, Plan, REHEARSAL, REHEARSAL_CONFIG, REHEARSAL_MEDIUM, Sheet, TokenPlace, World,
    WorldError,
};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::throwaway_token::{self, pin_in};
use crate::cli::ceremony::roots::roots_of;
use crate::config::{self, Place};
use crate::output;
use crate::secret::{AskPin, Pin};

impl Hall {
    /// Makes it. Tokens with keys that are in no device of the room are thrown away at once.
    pub(super) fn find(
        &self,
        sketch: &Plan,
        asked: Asked,
        module: &Path,
        pins: &mut dyn AskPin,
    ) -> Result<Found, Failure> {
        let in_room = self.token_folders()?;
        let pin = pin_in(&self.path("pin"))?;
        let elsewhere = (1..=World::elsewhere(sketch)).map(|number| {
            let label = format!("{REHEARSAL} elsewhere {number}");
            let serial = throwaway_token::make(module, &label, &pin)?;
            Ok(TokenPlace {
                module: module.to_owned(),
                label,
                serial,
            })
        });
        let elsewhere = elsewhere.collect::<Result<_, Failure>>()?;
        let medium = self.path(REHEARSAL_MEDIUM);
        if World::has_wrapped_keys(sketch) {
            private(&medium)?;
        }
        let place = Place::find(Some(&self.path(REHEARSAL_CONFIG)))?;
        let world = World {
            sketch,
            place: &place,
            elsewhere,
            medium: &medium,
            asked,
            pin: Pin::new(pin),
            roots: roots_of(sketch, &self.folder, &place)?,
            keyboard: config::keyboard(),
            now: config::now(),
        };
        self.begin_config(&world.roles())?;
        let made = world.make(pins)?;
        for folder in self.token_folders()?.difference(&in_room) {
            std::fs::remove_dir_all(folder).in_file(folder)?;
        }
        write_sheets(&self.shares(), SHARES, &made.shares)?;
        write_sheets(&self.components(), COMPONENTS, &made.components)?;
        self.write_medium(&made.medium)?;
        Ok(made.found)
    }

    /// The sheets that its custodians are given.
    pub(super) fn shares(&self) -> PathBuf {
        self.path("shares.txt")
    }

    /// The sheets that those are given who hold components.
    pub(super) fn components(&self) -> PathBuf {
        self.path("components.txt")
    }

    fn write_medium(&self, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
        if files.is_empty() {
            return Ok(());
        }
        let medium = self.path(REHEARSAL_MEDIUM);
        private(&medium)?;
        for (name, bytes) in files {
            output::write(&medium.join(name), bytes, PRIVATE)?;
        }
        Ok(())
    }

    /// SoftHSM keeps each token in a folder of its own.
    fn token_folders(&self) -> Result<BTreeSet<PathBuf>, Failure> {
        let tokens = self.path("tokens");
        let mut folders = BTreeSet::new();
        for entry in tokens.read_dir().in_file(&tokens)? {
            folders.insert(entry.in_file(&tokens)?.path());
        }
        Ok(folders)
    }
}

fn write_sheets(file: &Path, head: &str, sheets: &[Sheet]) -> Result<(), Failure> {
    if sheets.is_empty() {
        return Ok(());
    }
    let mut text = Zeroizing::new(head.to_owned());
    for Sheet {
        name,
        envelope,
        words,
    } in sheets
    {
        text.push_str(&format!("\n{name}, envelope {envelope}:\n"));
        text.push_str(words);
        text.push('\n');
    }
    Ok(output::write(file, text.as_bytes(), PRIVATE)?)
}

impl Advised for WorldError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Conduct(error) => error.hint(),
            Self::NoHome | Self::NoSlot(_) | Self::OfCard(_) => Some(FEWER_CARDS.to_owned()),
            _ => None,
        }
    }
}

const FEWER_CARDS: &str = "rehearse with fewer --card: a token has room for it";
const COMPONENTS: &str = "\
REHEARSAL. These components open a key that was made to be thrown away, and are no secret. Each custodian is given
their own.
";
const SHARES: &str = "\
REHEARSAL. These shares open tokens that are thrown away, and are no secret. Each custodian is given their own.
";
