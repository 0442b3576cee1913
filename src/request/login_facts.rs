//! What a server knows of somebody by their login.

use super::group::Group;
use super::method::MethodName;

/// What a login says of whoever asks, beside their name: what roles may ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginFacts {
    /// The login method, by its name in the server's config.
    pub method: MethodName,
    /// How they showed who they are.
    pub way: LoginWay,
    /// When they showed it, in Unix seconds; none where an identity provider doesn't say. That it
    /// made a token at some time says nothing of when it last saw the person.
    pub authenticated_at: Option<u64>,
    /// By what they showed it, in an identity provider's words (RFC 8176).
    pub amr: Vec<String>,
    /// How well, in an identity provider's word.
    pub acr: Option<String>,
    /// The groups that the method says they are in.
    pub groups: Vec<Group>,
}

/// How somebody showed a server who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginWay {
    /// A key that is enrolled for them signed.
    EnrolledKey,
    /// They knew a password.
    Password,
    /// They showed a client certificate in TLS.
    Certificate,
    /// An identity provider said so, in the browser of the machine that asks.
    Browser,
    /// An identity provider said so in some browser, where they typed a code.
    Code,
    /// It is a program, which showed a token of the platform that it runs on.
    Program,
}

impl LoginFacts {
    /// What a method says that knows of no provider and no groups.
    #[must_use]
    pub fn new(method: MethodName, way: LoginWay, authenticated_at: Option<u64>) -> Self {
        Self {
            method,
            way,
            authenticated_at,
            amr: Vec::new(),
            acr: None,
            groups: Vec::new(),
        }
    }
}
