//! Which line of a manifest a byte stands in.

/// The places at which lines end.
pub(super) struct Breaks(Vec<usize>);

impl Breaks {
    /// A line ends with LF, CR, or both.
    pub(super) fn of(text: &[u8]) -> Self {
        let next = text.iter().skip(1).map(Some).chain([None]);
        let ends = text.iter().zip(next).enumerate();
        let ends = ends.filter(|(_, (byte, next))| match byte {
            b'\n' => true,
            b'\r' => *next != Some(&b'\n'),
            _ => false,
        });
        Self(ends.map(|(at, _)| at).collect())
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> u64 {
        let before = self.0.partition_point(|end| *end < at);
        u64::try_from(before).map_or(u64::MAX, |before| before.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Breaks;

    #[test]
    fn a_line_ends_with_either_break_or_both() {
        let text = b"a\nb\r\n\rc";
        let breaks = Breaks::of(text);
        let lines: Vec<_> = (0..text.len()).map(|at| breaks.line(at)).collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 4]);
    }
}
