//! The calls that `cryptoki` cannot make; the only unsafe code of the project.
//!
//! `cryptoki` asks for a signature's length before it asks for the signature, has no
//! single-part signature after a context-specific login, and refuses a token whose clock is
//! not in the standard's form. Here is a second handle on the same module, for the sessions
//! that `cryptoki` opened.
//!
//! Invariant of every block: the function pointers come from the list of a module that
//! `cryptoki-sys` loaded, and which [`Raw`] keeps loaded as long as they can be called; each
//! pointer that is passed is to a live value of the length that is passed with it, and no
//! call keeps one after it returns (PKCS#11 v2.40, 5.1).

use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr;

use cryptoki::error::Rv;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use cryptoki_sys as sys;

use crate::signer::error::{Code, Fault};

/// A second handle on a module that `cryptoki` has loaded and started.
pub(super) struct Raw {
    functions: sys::CK_FUNCTION_LIST,
    library: sys::Pkcs11,
}

impl Raw {
    /// `None` if the module cannot be loaded or gives no list; `cryptoki` said so before.
    #[expect(unsafe_code, reason = "loads a module and copies its function list")]
    pub(super) fn load(path: &Path) -> Option<Self> {
        // SAFETY: loading runs the module's initialisers, which `cryptoki` has already run.
        let library = unsafe { sys::Pkcs11::new(path) }.ok()?;
        let entry = library.C_GetFunctionList.as_ref().ok()?;
        let mut list = ptr::null_mut();
        // SAFETY: the module's documented entry point, given a live place for the pointer.
        let answer = unsafe { entry(&raw mut list) };
        if answer != sys::CKR_OK || list.is_null() {
            return None;
        }
        // SAFETY: not null, and C_GetFunctionList answered CKR_OK: it points to a list that
        // lives as long as the module. Every list since v2.0 has this layout at its start.
        let functions = unsafe { *list };
        Some(Self { functions, library })
    }

    /// Starts the module with `words`, for those that don't start without.
    ///
    /// NSS's softokn reads them where the standard has `pReserved`, and wants one more null
    /// pointer behind them (its `CK_C_INITIALIZE_ARGS`), which no other module looks at.
    #[expect(unsafe_code, reason = "calls C_Initialize")]
    pub(super) fn initialize(&self, words: &str) -> Result<(), Fault> {
        #[repr(C)]
        struct Arguments {
            standard: sys::CK_C_INITIALIZE_ARGS,
            behind: *mut c_void,
        }
        let call = self.functions.C_Initialize.ok_or(missing(INITIALIZE))?;
        let words = CString::new(words).map_err(|_| Fault::new(INITIALIZE, Code::ArgumentsBad))?;
        let mut arguments = Arguments {
            standard: sys::CK_C_INITIALIZE_ARGS {
                flags: sys::CKF_OS_LOCKING_OK,
                pReserved: words.as_ptr().cast_mut().cast(),
                ..sys::CK_C_INITIALIZE_ARGS::default()
            },
            behind: ptr::null_mut(),
        };
        // SAFETY: the module's invariant; `arguments` and `words` are live.
        answered(INITIALIZE, unsafe { call((&raw mut arguments).cast()) })
    }

    /// Whether both handles are on one loaded file, whatever names it was opened by.
    pub(super) fn is_same_library(&self, other: &Self) -> bool {
        let entry = |raw: &Self| raw.library.C_GetFunctionList.as_ref().ok().copied();
        match (entry(self), entry(other)) {
            (Some(own), Some(other)) => ptr::fn_addr_eq(own, other),
            _ => false,
        }
    }

    /// Whether this handle knows `session`. Modules that make a new client for each
    /// C_GetFunctionList (p11-kit's proxy and its remote client) do not.
    #[expect(unsafe_code, reason = "calls C_GetSessionInfo")]
    pub(super) fn knows(&self, session: &Session) -> bool {
        let mut state = sys::CK_SESSION_INFO::default();
        self.functions.C_GetSessionInfo.is_some_and(|call| {
            // SAFETY: the module's invariant; `state` is live.
            let answer = unsafe { call(session.handle(), &raw mut state) };
            answer == sys::CKR_OK
        })
    }

    /// What the token in `slot` says of itself.
    #[expect(unsafe_code, reason = "calls C_GetTokenInfo")]
    #[allow(clippy::useless_conversion, reason = "CK_ULONG has 32 bits elsewhere")]
    pub(super) fn token_info(&self, slot: Slot) -> Result<sys::CK_TOKEN_INFO, Fault> {
        let call = self.functions.C_GetTokenInfo.ok_or(missing(TOKEN_INFO))?;
        let id = slot.id().try_into().map_err(|_| missing(TOKEN_INFO))?;
        let mut info = sys::CK_TOKEN_INFO::default();
        // SAFETY: the module's invariant; `info` is live.
        answered(TOKEN_INFO, unsafe { call(id, &raw mut info) })?;
        Ok(info)
    }

    /// Begins a signature by `key` with a mechanism that has no parameter.
    #[expect(unsafe_code, reason = "calls C_SignInit")]
    pub(super) fn sign_init(
        &self,
        session: &Session,
        mechanism: sys::CK_MECHANISM_TYPE,
        key: ObjectHandle,
    ) -> Result<(), Fault> {
        let call = self.functions.C_SignInit.ok_or(missing(SIGN_INIT))?;
        let mut mechanism = sys::CK_MECHANISM {
            mechanism,
            pParameter: ptr::null_mut::<c_void>(),
            ulParameterLen: 0,
        };
        // SAFETY: the module's invariant; `mechanism` is live and has no parameter.
        let answer = unsafe { call(session.handle(), &raw mut mechanism, key.handle()) };
        answered(SIGN_INIT, answer)
    }

    /// Signs `input` in one call, without asking for the length first.
    #[expect(unsafe_code, reason = "calls C_Sign")]
    pub(super) fn sign(&self, session: &Session, input: &[u8]) -> Result<Vec<u8>, Fault> {
        let call = self.functions.C_Sign.ok_or(missing(SIGN))?;
        let mut signature = vec![0; SIGNATURE_MAX];
        let mut length = ulong(signature.len(), SIGN)?;
        let input_length = ulong(input.len(), SIGN)?;
        // SAFETY: the module's invariant; C_Sign reads `input` (PKCS#11 declares it mutable
        // and does not write to it) and writes at most `length` bytes to `signature`.
        let answer = unsafe {
            call(
                session.handle(),
                input.as_ptr().cast_mut(),
                input_length,
                signature.as_mut_ptr(),
                &raw mut length,
            )
        };
        answered(SIGN, answer)?;
        signature.truncate(usize::try_from(length).unwrap_or(0));
        Ok(signature)
    }
}

fn answered(call: &str, answer: sys::CK_RV) -> Result<(), Fault> {
    match Rv::from(answer) {
        Rv::Ok => Ok(()),
        Rv::Error(code) => Err(Fault::new(call, code)),
    }
}

/// A module that leaves a function out says so by a null pointer.
fn missing(call: &str) -> Fault {
    Fault::new(call, Code::FunctionNotSupported)
}

fn ulong(length: usize, call: &str) -> Result<sys::CK_ULONG, Fault> {
    length
        .try_into()
        .map_err(|_| Fault::new(call, Code::DataLenRange))
}

const INITIALIZE: &str = "C_Initialize";
const TOKEN_INFO: &str = "C_GetTokenInfo";
const SIGN_INIT: &str = "C_SignInit";
const SIGN: &str = "C_Sign";

/// Bytes; room for RSA of 16,384 bits, the most that OpenSSH takes.
const SIGNATURE_MAX: usize = 2048;
