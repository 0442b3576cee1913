//! What https gives back to who fetches a list or logs in: its words are the advice.

use crate::cli::base::failure::Advised;
use crate::server::source::HttpsError;

impl Advised for HttpsError {}
