//! A test certificate among the outputs: no lint finds a fault in it, and the transcript has what the lint says.

use super::Outputs;
use super::told::is_told;
use crate::ceremony::test_certificate::{TestCertificate, lint_fact};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::wire::chain;

impl Outputs<'_> {
    /// Holds a certificate that a CA signed against the test certificate before it.
    pub(super) fn is_as_tested(
        &self,
        transcript: &Transcript,
        test: &str,
        real: &[u8],
    ) -> Result<(), VerdictFault> {
        let wrong = |error: &dyn std::error::Error| VerdictFault::Bundle {
            file: test.to_owned(),
            what: chain(error),
        };
        let read = TestCertificate::read(test, &self.read(test)?);
        let read = read.map_err(|error| wrong(&error))?;
        let says = read.lint().map_err(|error| wrong(&error))?;
        is_told(transcript, &lint_fact(test), &says)?;
        read.is_that_of(real).map_err(|error| wrong(&error))
    }
}
