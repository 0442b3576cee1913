//! Carries a card to a virtual reader (vpcd), pulls it and puts it back.
//!
//! vpcd listens; the card dials. Each message is a length of two bytes and so many bytes: one
//! byte is a control code, more is a command for the card.

use std::{
    io,
    net::{Ipv4Addr, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    card::{Card, Finger},
    fault::Plan,
};
use wire::Wire;

mod serve;
mod wire;

/// A card in a virtual reader, served by a thread of its own until this is dropped.
pub struct Link {
    shared: Arc<Shared>,
    worker: Option<thread::JoinHandle<()>>,
}

struct Shared {
    port: u16,
    state: Mutex<State>,
    /// Told when the card leaves its reader.
    left: Condvar,
}

struct State {
    card: Card,
    plan: Plan,
    presence: Presence,
    /// Whether the reader has asked for the answer to reset since the card came in.
    noticed: bool,
    wire: Option<Wire>,
    headers: Vec<[u8; 4]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    In,
    Out,
    OutUntil(Instant),
    /// The link is being dropped.
    Ended,
}

impl Link {
    /// Puts `card` into the reader that listens, now or soon, on `port` of this machine.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn insert(card: Card, port: u16) -> io::Result<Self> {
        let state = State {
            card,
            plan: Plan::default(),
            presence: Presence::In,
            noticed: false,
            wire: None,
            headers: Vec::new(),
        };
        let shared = Arc::new(Shared {
            port,
            state: Mutex::new(state),
            left: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        let worker = thread::Builder::new()
            .name(format!("card at port {port}"))
            .spawn(move || served.run())?;
        Ok(Self {
            shared,
            worker: Some(worker),
        })
    }

    /// Pulls the card. What it is doing is lost, and its session with it.
    pub fn pull(&self) {
        self.shared.leave(Presence::Out);
    }

    /// Puts a pulled card back; the reader notices within half a second.
    pub fn put_back(&self) {
        let mut state = self.shared.state();
        if state.presence != Presence::In {
            state.presence = Presence::In;
            state.noticed = false;
        }
    }

    /// Whether the reader has noticed the card since it was put in.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        self.shared.state().noticed
    }

    /// What goes wrong from now on, counted from here; an empty plan ends all faults.
    pub fn set_plan(&self, plan: Plan) {
        self.shared.state().plan = plan;
    }

    /// Says what the finger at this card does from now on.
    pub fn set_finger(&self, finger: Finger) {
        self.shared.state().card.set_finger(finger);
    }

    /// How long the card waits for a finger before it gives up; 15 seconds on a real one.
    pub fn set_touch_timeout(&self, timeout: Duration) {
        self.shared.state().card.set_touch_timeout(timeout);
    }

    /// How long each use of a private key takes.
    pub fn set_signature_time(&self, time: Duration) {
        self.shared.state().card.set_signature_time(time);
    }

    /// The headers (class, instruction, P1, P2) of the commands that came since this was last
    /// asked, so that a test can count them. The data isn't kept: it holds PINs.
    #[must_use]
    pub fn take_headers(&self) -> Vec<[u8; 4]> {
        std::mem::take(&mut self.shared.state().headers)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.leave(Presence::Ended);
        if let Some(worker) = self.worker.take() {
            // A panic of the worker has been printed already.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is a card like any other.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, presence: Presence) {
        let mut state = self.state();
        state.presence = presence;
        state.unplug();
        drop(state);
        self.left.notify_all();
    }

    /// Dials whenever the card is in, and serves until the wire is cut.
    fn run(&self) {
        loop {
            match self.presence() {
                Presence::Ended => return,
                Presence::Out | Presence::OutUntil(_) => thread::sleep(MOMENT),
                Presence::In => self.dial(),
            }
        }
    }

    fn dial(&self) {
        let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            // The daemon is not there yet, or no longer.
            return thread::sleep(MOMENT);
        };
        let Ok(wire) = Wire::new(stream) else {
            return thread::sleep(MOMENT);
        };
        if self.connect(&wire) {
            // However it ended: the wire is cut, and the card has lost its power.
            let _ = self.serve(&wire);
            self.state().unplug();
        }
    }

    /// Makes the wire known to those who may cut it; not if the card was pulled meanwhile.
    fn connect(&self, wire: &Wire) -> bool {
        let mut state = self.state();
        let Ok(copy) = wire.try_clone() else {
            return false;
        };
        if state.presence != Presence::In {
            return false;
        }
        state.wire = Some(copy);
        true
    }

    fn presence(&self) -> Presence {
        let mut state = self.state();
        if let Presence::OutUntil(back) = state.presence
            && Instant::now() >= back
        {
            state.presence = Presence::In;
            state.noticed = false;
        }
        state.presence
    }
}

impl State {
    fn unplug(&mut self) {
        self.noticed = false;
        self.card.power_off();
        if let Some(wire) = self.wire.take() {
            wire.cut();
        }
    }
}

/// How long a wait lasts before the world is looked at again.
const MOMENT: Duration = Duration::from_millis(5);
