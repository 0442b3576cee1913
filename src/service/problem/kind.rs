//! The kinds of problems, and the page of each.

/// Lists each kind with its name in the URL, its status, its title and what its page says.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, $status:literal, $title:literal, $page:literal;)+) => {
        /// What kind of problem it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::service) enum ProblemKind { $($(#[$doc])* $variant),+ }

        impl ProblemKind {
            const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name, which ends the URL of its page.
            pub(in crate::service) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The status of the answer.
            pub(in crate::service) fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            pub(in crate::service) fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            fn words(self) -> &'static str {
                match self { $(Self::$variant => $page),+ }
            }
        }
    };
}

kinds! {
    /// No JSON of the form that is meant, or a header that says nothing.
    Malformed: "malformed", 400, "The request can't be read",
        "The body is not the JSON that is meant here, or a header that is needed is not there once. The detail says which.";
    /// A request that could be read in two ways.
    Ambiguous: "ambiguous", 400, "The request can be read in two ways",
        "Its length or its host is said twice, or a body has another coding than it says. A proxy between may read it otherwise, so nothing of it was done.";
    /// No session, or no proof of its key.
    NoSession: "no-session", 401, "There is no session",
        "The token is of no session that still lives, or the proof beside it is not by its key, for this method and URL. Log in again.";
    /// The proof came before, or is for something else.
    Proof: "proof", 401, "The proof is not taken",
        "Each request wants a DPoP proof (RFC 9449) of its own, for its method and URL. Make a new one.";
    /// The proof lacks a fresh nonce.
    Nonce: "nonce", 401, "The proof lacks the server's nonce",
        "Make the proof again, with the nonce that stands in the header DPoP-Nonce of this answer.";
    /// A login that was not one.
    Login: "login", 401, "The login did not succeed",
        "It was answered before, it is over, or what was shown opens nothing here. Begin a new one.";
    /// Nobody logged in so far.
    Pending: "authorization-pending", 400, "The login is not done",
        "Nobody logged in at the identity provider so far, or nobody typed the code. Ask again, as Retry-After says.";
    /// An identity provider, or a rule of names, says no.
    LoginRefused: "login-refused", 403, "The login is refused",
        "The identity provider said no, what it said does not count, or the name that it gives is not to be had by whom it means. The detail says which, and what an admin can do.";
    /// Logins by a typed code are off.
    CodeOff: "code-login-off", 403, "No login by a typed code",
        "The server's config does not let anybody log in by this method with a code that is typed in another browser. Log in with a browser on the machine of the program.";
    /// Policy, or a rule of the ledger.
    Refused: "refused", 403, "It is refused",
        "The role, or a rule of the ledger, does not allow it. Each reason names its field, and is the sentence that the terminal prints.";
    /// Nothing is there.
    NotFound: "not-found", 404, "There is nothing",
        "There is nothing at this path, or it is not yours to see.";
    /// Another method.
    Method: "method", 405, "Not by this method",
        "Something is at this path, and this method does nothing with it.";
    /// Too slow.
    Late: "too-late", 408, "The request did not come in time",
        "A head has ten seconds and a body twenty. Nothing of the request was done.";
    /// Used for something else.
    Used: "used", 409, "It was used for something else",
        "A request counts once: this one's id was used with another content or by somebody else, or its certificate is over. Make a new request.";
    /// Too long.
    TooLarge: "too-large", 413, "The request is too long",
        "A request has at most 64 KiB.";
    /// Another media type.
    MediaType: "media-type", 415, "The body is not in the form that is taken",
        "A body is application/json, as it is and not compressed.";
    /// Right in form, and nothing that can be decided.
    Unfit: "unfit", 422, "The request can't be decided",
        "The body is the JSON that is meant, and what stands in it is not what it should be: the detail says what.";
    /// Too many.
    TooMany: "too-many", 429, "Too many at a time",
        "So much was asked by this session, or from this address, or so many logins began from there that nobody answered. Wait as Retry-After says.";
    /// Something is at fault here.
    Fault: "fault", 500, "The server is at fault",
        "The server could not do what it should. Its log says why, under the id of the answer.";
    /// The queue is full, or the device is away.
    Busy: "busy", 503, "The server can't do it now",
        "So much waits, or the CA's key can't be reached. Nothing is lost: send the same request again, as Retry-After says.";
}

impl ProblemKind {
    /// The page of a kind.
    pub(in crate::service) fn page(name: &str) -> Option<String> {
        let kind = Self::ALL.iter().find(|kind| kind.name() == name)?;
        Some(format!(
            "{} ({})\n\n{}\n",
            kind.title(),
            kind.status(),
            kind.words()
        ))
    }

    /// What `WWW-Authenticate` says beside it.
    pub(in crate::service) fn authenticate(self) -> Option<&'static str> {
        match self {
            Self::NoSession => Some(r#"DPoP error="invalid_token", algs="EdDSA""#),
            Self::Proof => Some(r#"DPoP error="invalid_dpop_proof", algs="EdDSA""#),
            Self::Nonce => Some(r#"DPoP error="use_dpop_nonce", algs="EdDSA""#),
            Self::Login => Some(r#"DPoP algs="EdDSA""#),
            _ => None,
        }
    }

    /// Whether the same may be taken later, as `Retry-After` says.
    pub(in crate::service) fn is_for_later(self) -> bool {
        matches!(self, Self::Pending | Self::TooMany | Self::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_page_of_its_own() {
        for kind in ProblemKind::ALL {
            let page = ProblemKind::page(kind.name()).unwrap();
            assert!(page.starts_with(kind.title()), "{page}");
            assert_eq!(kind.authenticate().is_some(), kind.status() == 401);
        }
        let names: std::collections::HashSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ProblemKind::ALL.len());
        assert_eq!(ProblemKind::page("none"), None);
    }
}
