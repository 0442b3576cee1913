//! What a process took so far, as Linux tells it (proc(5)).

use std::time::Duration;

use crate::Outcome;

/// Processor time, of the program and of the system for it.
pub(crate) struct Usage(Duration);

impl Usage {
    pub(crate) fn of(pid: u32) -> Outcome<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name before it may hold anything but this.
        let (_, fields) = stat.rsplit_once(") ").ok_or("no process")?;
        let ticks: u64 = fields
            .split(' ')
            .skip(UTIME)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Ok(Self(Duration::from_millis(ticks * TICK)))
    }

    pub(crate) fn since(&self, before: &Self) -> Duration {
        self.0.saturating_sub(before.0)
    }
}

/// The most memory that it ever had, in KiB.
pub(crate) fn peak_kib(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    Ok(peak.ok_or("no peak of memory")?.trim().parse()?)
}

/// utime is the 14th field, and the name the second; stime comes behind it.
const UTIME: usize = 11;
/// USER_HZ is 100 wherever Linux runs, in milliseconds.
const TICK: u64 = 10;
