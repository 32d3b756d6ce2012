//! Sets of numbers from 0 to 65,535 as stretches.

/// Sorted, apart, ends included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<(u16, u16)>);

impl Spans {
    pub(super) fn all() -> Self {
        Self::of(0, u16::MAX)
    }

    pub(super) fn of(from: u16, to: u16) -> Self {
        Self(if from <= to { vec![(from, to)] } else { Vec::new() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        self.0 == [(0, u16::MAX)]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.0.iter().copied()
    }

    pub(super) fn has(&self, number: u16) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| (one, two)));
        let common = pairs.map(|(one, two)| (one.0.max(two.0), one.1.min(two.1)));
        let mut found: Vec<(u16, u16)> = common.filter(|(from, to)| from <= to).collect();
        found.sort_unstable();
        Self(found)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let mut all: Vec<(u16, u16)> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::with_capacity(all.len());
        for (from, to) in all {
            match joined.last_mut() {
                Some(last) if u32::from(from) <= u32::from(last.1) + 1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    pub(super) fn not(&self) -> Self {
        let (mut left, mut next) = (Vec::new(), Some(0));
        for (from, to) in &self.0 {
            if let Some(start) = next.filter(|start| start < from) {
                left.push((start, from - 1));
            }
            next = to.checked_add(1);
        }
        left.extend(next.map(|start| (start, u16::MAX)));
        Self(left)
    }
}

#[cfg(test)]
mod tests {
    use super::Spans;

    #[test]
    fn they_are_sets() {
        let web = Spans::of(80, 80).or(&Spans::of(443, 443));
        assert_eq!(web.not().not(), web);
        assert_eq!(Spans::all().not(), Spans::default());
        assert_eq!(Spans::default().not(), Spans::all());
        assert_eq!(Spans::of(0, 79).or(&Spans::of(80, 65_535)), Spans::all());
        assert_eq!(web.and(&Spans::of(100, 500)), Spans::of(443, 443));
        assert!(web.has(80) && !web.has(81) && web.not().has(81) && web.not().has(65_535));
        assert!(Spans::of(2, 1).is_empty());
    }
}
