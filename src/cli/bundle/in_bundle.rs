//! Names the file that an error of a bundle is about.

use std::path::Path;

use crate::bundle::BundleError;
use crate::cli::base::failure::Failure;

pub(super) trait InBundle<T> {
    fn in_bundle(self, file: &Path) -> Result<T, Failure>;
}

impl<T> InBundle<T> for Result<T, BundleError> {
    fn in_bundle(self, file: &Path) -> Result<T, Failure> {
        self.map_err(|error| Failure::from(error).at(file.display().to_string()))
    }
}
