//! SoftHSM with an oddity that another module was seen to have.

use std::path::{Path, PathBuf};

use super::module::Module;
use super::process::{bounded, run};

/// Builds the module into `folder`, with this oddity, one of those in `odd-module/odd.c`.
pub(crate) fn odd_module(folder: &Path, oddity: &str) -> PathBuf {
    let module = folder.join(format!("{oddity}.so"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/odd-module/odd.c");
    let mut compiler = bounded("cc");
    compiler.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]);
    compiler.arg(&module).arg(format!("-D{oddity}"));
    compiler.arg(format!("-DREAL=\"{}\"", Module::SoftHsm.path().display()));
    run(compiler.arg(source).arg("-ldl")).ok();
    module
}
