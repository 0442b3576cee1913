//! What decide must never let through.
