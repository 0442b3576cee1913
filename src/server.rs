//! What a server does with what a CA made elsewhere: it is fetched, judged, and only
//! then believed.

pub mod access;
pub mod fetch;
pub mod source;
