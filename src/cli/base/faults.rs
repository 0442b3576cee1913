//! All that is wrong with a command line, told at once and not one a run.

use super::failure::Failure;

/// The faults that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Option<Failure>);

impl Faults {
    /// What came out well; a fault is noted.
    pub(crate) fn note<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                self.add(failure);
                None
            }
        }
    }

    /// Goes on where nothing was noted.
    ///
    /// # Errors
    /// All faults, as one failure.
    pub(crate) fn or_done(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), Err)
    }

    pub(crate) fn add(&mut self, failure: Failure) {
        self.0 = Some(match self.0.take() {
            None => failure,
            Some(first) => first.beside(failure),
        });
    }

    /// Goes on with what came out well, which is there wherever no fault was noted.
    ///
    /// # Errors
    /// All faults, as one failure.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Failure> {
        match (self.0, value) {
            (Some(failure), _) => Err(failure),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Failure::usage("the arguments make no sense")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_in_its_turn() {
        let mut faults = Faults::default();
        assert_eq!(faults.note(Ok(1)), Some(1));
        for words in ["no key ID", "no principals"] {
            assert_eq!(faults.note(Err::<(), _>(Failure::usage(words))), None);
        }
        let failure = faults.or(Some(1)).unwrap_err();
        let others: Vec<_> = failure.others().iter().map(Failure::words).collect();
        assert_eq!(
            (failure.words().as_str(), others.as_slice()),
            ("no key ID", &["no principals".to_owned()][..])
        );
    }
}
