//! What the return values of PKCS#11 mean for whoever made the call.

use cryptoki::error::{Error, RvError};

use super::{CallFailed, Fault};

/// A return value that is not `CKR_OK`.
pub(in crate::signer) type Code = RvError;

impl Fault {
    pub(in crate::signer) fn new(call: &str, code: Code) -> Self {
        Self {
            call: call.to_owned(),
            answer: name_of(code),
            code: Some(code),
        }
    }

    pub(in crate::signer) fn code(&self) -> Option<Code> {
        self.code
    }

    pub(in crate::signer) fn at(self, device: &str) -> CallFailed {
        CallFailed {
            device: device.to_owned(),
            source: self,
        }
    }

    /// Whether it is the PIN that the token refuses: to be tried never again.
    pub(in crate::signer) fn is_about_pin(&self) -> bool {
        use RvError as R;
        matches!(
            self.code,
            Some(
                R::PinIncorrect
                    | R::PinInvalid
                    | R::PinLenRange
                    | R::PinExpired
                    | R::PinLocked
                    | R::UserPinNotInitialized
            )
        )
    }

    /// Whether the token looked at the PIN and found it to be another than its own.
    pub(in crate::signer) fn is_about_this_pin(&self) -> bool {
        use RvError as R;
        matches!(
            self.code,
            Some(R::PinIncorrect | R::PinInvalid | R::PinLenRange)
        )
    }

    /// Whether it concerns one message alone, or a person who did not confirm it.
    pub(in crate::signer) fn is_about_message(&self) -> bool {
        use RvError as R;
        matches!(
            self.code,
            Some(
                R::DataInvalid
                    | R::DataLenRange
                    | R::Cancel
                    | R::FunctionCanceled
                    | R::FunctionRejected
            )
        )
    }

    /// Whether the same key, told in other words, may be taken.
    pub(in crate::signer) fn is_about_template(&self) -> bool {
        use RvError as R;
        matches!(
            self.code,
            Some(
                R::AttributeTypeInvalid
                    | R::AttributeValueInvalid
                    | R::AttributeReadOnly
                    | R::TemplateIncomplete
                    | R::TemplateInconsistent
                    | R::DomainParamsInvalid
                    | R::CurveNotSupported
                    | R::ArgumentsBad
                    | R::MechanismParamInvalid
                    | R::GeneralError
                    | R::FunctionFailed
            )
        )
    }

    /// Whether a fresh session, or a fresh start of the module, may make it work again:
    /// the answers that were seen after a logout elsewhere, a killed daemon or a pulled card.
    pub(in crate::signer) fn may_heal(&self) -> bool {
        use RvError as R;
        matches!(
            self.code,
            Some(
                R::ObjectHandleInvalid
                    | R::KeyHandleInvalid
                    | R::UserNotLoggedIn
                    | R::SessionClosed
                    | R::SessionHandleInvalid
                    | R::SessionCount
                    | R::OperationActive
                    | R::OperationNotInitialized
                    | R::CryptokiNotInitialized
                    | R::SlotIdInvalid
                    | R::HostMemory
                    | R::GeneralError
                    | R::FunctionFailed
                    | R::DeviceError
                    | R::DeviceMemory
                    | R::DeviceRemoved
                    | R::TokenNotPresent
                    | R::TokenNotRecognized
                    | R::VendorDefined(_)
                    | R::UnknownErrorCode(_)
            )
        )
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(code, call) => Self::new(&format!("C_{call:?}"), code),
            other => Self {
                call: "PKCS#11".to_owned(),
                answer: other.to_string(),
                code: None,
            },
        }
    }
}

/// The specification's name: `KeyHandleInvalid` is `CKR_KEY_HANDLE_INVALID`.
fn name_of(code: Code) -> String {
    match code {
        RvError::VendorDefined(value) => format!("vendor code {value:#x}"),
        RvError::UnknownErrorCode(value) => format!("unknown code {value:#x}"),
        named => {
            let mut name = "CKR".to_owned();
            for letter in format!("{named:?}").chars() {
                if letter.is_ascii_uppercase() {
                    name.push('_');
                }
                name.push(letter.to_ascii_uppercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_the_name_that_the_specification_gives_it() {
        let fault = Fault::new("C_Sign", RvError::KeyHandleInvalid);
        assert_eq!(fault.to_string(), "C_Sign: CKR_KEY_HANDLE_INVALID");
        let fault = Fault::new("C_Sign", RvError::VendorDefined(0x8000_0001));
        assert_eq!(fault.to_string(), "C_Sign: vendor code 0x80000001");
    }

    #[test]
    fn only_what_concerns_one_message_leaves_hope_for_the_next() {
        let ends = |code| !Fault::new("C_Sign", code).is_about_message();
        assert!(!ends(RvError::DataLenRange));
        assert!(!ends(RvError::FunctionCanceled));
        assert!(ends(RvError::KeyFunctionNotPermitted));
        assert!(ends(RvError::PinIncorrect));
    }

    #[test]
    fn a_lost_session_may_heal_and_a_wrong_pin_may_not() {
        assert!(Fault::new("C_Sign", RvError::SessionHandleInvalid).may_heal());
        assert!(!Fault::new("C_Login", RvError::PinIncorrect).may_heal());
    }
}
