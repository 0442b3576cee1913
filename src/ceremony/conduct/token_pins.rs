//! The PINs of a token, changed from those that it comes with.
//!
//! A token doesn't tell which PIN it has. So it is written down before each change that it is about
//! to be made: a run that was killed there finds the token with the old PIN or the new one. It tries the
//! old one, once: where that opens, another new one is shown and typed back as if none had been; else
//! the one on paper must open the token before anything is noted. What the token came with is tried before
//! anything new is shown. Nothing that was typed but not shown
//! in the same run becomes a token's PIN.

use super::secrets::OnPaper;
use super::{Conduct, ConductError, SECRETS_ARE_SET};
use crate::ceremony::facts::{SECRET_ABOUT_TO_BE, SECRET_IS_SET, secret_fact, secrets_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Hardware, Pins, TokenPlace};
use crate::ceremony::steps::{Ask, Step};
use crate::ceremony::transcript::Event;
use crate::secret::{Pin, SecretKind};
use crate::signer::pkcs11::Uri;
use crate::signer::{self, LoginError, OpeningError, TokenUser};

impl Conduct<'_> {
    /// Asks for what a token comes with, and tries it once, unless it may be changed by now: nobody writes down a new
    /// secret that the old one can't bring into the token.
    pub(super) fn come_with(
        &mut self,
        step: &Step,
        ask: &Ask,
        (device, kind): (usize, SecretKind),
    ) -> Result<(), ConductError> {
        let secret = self.secret_or_deviation(step, ask)?;
        self.pins.keep_out(&secret);
        let device = self.device(device)?;
        let is_old = self.transcript().fact(&secret_fact(device, kind)).is_none();
        if let Hardware::Token(token) = &device.hardware
            && is_old
        {
            let uri = key_place::token(token)?;
            signer::token_opens(&uri, user_of(kind), &secret).map_err(|source| {
                ConductError::OldSecret {
                    device: device.name.clone(),
                    kind,
                    source,
                }
            })?;
        }
        let place = match kind {
            SecretKind::SoPin => &mut self.on_paper.old_so_pin,
            _ => &mut self.on_paper.old_pin,
        };
        *place = Some(secret);
        self.write(Event::TypedBack {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
        })
    }

    /// Whether the token has what an earlier run was about to set. A token that still has what it came
    /// with is asked by one try of that.
    pub(super) fn token_has_it(
        &self,
        device: &Device,
        token: &TokenPlace,
        kind: SecretKind,
    ) -> Result<bool, ConductError> {
        match self.transcript().fact(&secret_fact(device, kind)) {
            None => return Ok(false),
            Some(SECRET_IS_SET) => return Ok(true),
            Some(_about_to_be) => {}
        }
        let old = match kind {
            SecretKind::SoPin => &self.on_paper.old_so_pin,
            _ => &self.on_paper.old_pin,
        };
        let old = old.as_ref().ok_or(ConductError::Gone(TYPED_BACK))?;
        match signer::token_opens(&key_place::token(token)?, user_of(kind), old) {
            Ok(()) => Ok(false),
            Err(OpeningError::Login(LoginError::WrongPin { .. })) => Ok(true),
            Err(other) => Err(other.into()),
        }
    }

    /// Has the token say that it opens with what was typed off the paper, by one try.
    pub(super) fn token_takes(
        &self,
        token: &TokenPlace,
        kind: SecretKind,
        typed: &Pin,
    ) -> Result<(), ConductError> {
        let uri = key_place::token(token)?;
        Ok(signer::token_opens(&uri, user_of(kind), typed)?)
    }

    /// Gives a token what is on paper, or follows from the shares.
    pub(super) fn give_pins(
        &mut self,
        step: &Step,
        device: &Device,
        token: &TokenPlace,
    ) -> Result<(), ConductError> {
        let on_paper = std::mem::take(&mut self.on_paper);
        let OnPaper {
            pin,
            unlock,
            old_pin,
            old_so_pin,
        } = on_paper;
        let (pin, so_pin) = match device.pins {
            Pins::Shares => self.derived_token_pins(device)?,
            Pins::Random | Pins::AreSet => (typed(pin)?, typed(unlock)?),
        };
        let uri = key_place::token(token)?;
        let (old_pin, old_so_pin) = (typed(old_pin)?, typed(old_so_pin)?);
        self.change(
            step,
            device,
            &uri,
            (SecretKind::SoPin, &old_so_pin, &so_pin),
        )?;
        self.change(step, device, &uri, (SecretKind::Pin, &old_pin, &pin))?;
        signer::token_opens(&uri, TokenUser::User, &pin)?;
        self.pins.know(&self_name(token), pin);
        self.fact(step, &secrets_fact(device), SECRETS_ARE_SET)
    }

    fn change(
        &mut self,
        step: &Step,
        device: &Device,
        uri: &Uri,
        (kind, old, new): (SecretKind, &Pin, &Pin),
    ) -> Result<(), ConductError> {
        let name = secret_fact(device, kind);
        let user = user_of(kind);
        match self.transcript().fact(&name) {
            Some(SECRET_IS_SET) => return Ok(signer::token_opens(uri, user, new)?),
            Some(_about_to_be) => {}
            None => {
                self.fact(step, &name, SECRET_ABOUT_TO_BE)?;
                signer::change_token_pin(uri, user, old, new)?;
                return self.fact(step, &name, SECRET_IS_SET);
            }
        }
        // Cut short at the change itself: the token has one of the two.
        match signer::change_token_pin(uri, user, old, new) {
            Ok(()) => {}
            Err(OpeningError::Login(LoginError::WrongPin { .. })) => {
                signer::token_opens(uri, user, new)?;
            }
            Err(other) => return Err(other.into()),
        }
        self.fact(step, &name, SECRET_IS_SET)
    }

    /// A token whose PIN was set by an earlier run opens with it.
    pub(super) fn know_token(&mut self, device: &Device, token: &TokenPlace, pin: Pin) {
        if self
            .transcript()
            .fact(&secret_fact(device, SecretKind::Pin))
            == Some(SECRET_IS_SET)
        {
            self.pins.know(&self_name(token), pin);
        }
    }
}

fn typed(pin: Option<Pin>) -> Result<Pin, ConductError> {
    pin.ok_or(ConductError::Gone(TYPED_BACK))
}

/// Whose secret it is.
fn user_of(kind: SecretKind) -> TokenUser {
    match kind {
        SecretKind::SoPin => TokenUser::SecurityOfficer,
        _ => TokenUser::User,
    }
}

/// How a token's name begins, as it names itself; its slot may be another one the next time.
pub(in crate::ceremony) fn self_name(token: &TokenPlace) -> String {
    format!("token {:?} (", token.label)
}

const TYPED_BACK: &str = "what was typed back";
