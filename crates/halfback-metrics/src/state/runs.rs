//! Counts of rows by key, in sorted runs that are merged as they grow. Where memory is bounded, keys
//! lose their lowest bits: no more than what all rows need, so that it depends on the rows alone.
//!
//! Source of making all buckets coarser at once: Epicoco, Melle, Cafaro, Pulimeno and Morleo,
//! `UDDSketch` (2020).

use super::bytes::{Reader, Writer, bad};

/// A key, and how many rows of each kind have it.
pub(super) type Group<const N: usize> = (u64, [u64; N]);

#[derive(Clone, Debug)]
pub(super) struct Runs<const N: usize> {
    /// How many groups there may be in the end.
    limit: Option<u32>,
    /// How many low bits of keys are dropped.
    dropped: u32,
    /// Each sorted, with no key twice; a run is at least twice as long as the one after it.
    sorted: Vec<Vec<Group<N>>>,
}

impl<const N: usize> PartialEq for Runs<N> {
    fn eq(&self, other: &Self) -> bool {
        self.limit == other.limit && self.settled() == other.settled()
    }
}

impl<const N: usize> Runs<N> {
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self { limit, dropped: 0, sorted: Vec::new() }
    }

    /// Adds rows by their whole keys.
    pub(super) fn add(&mut self, rows: impl Iterator<Item = Group<N>>) {
        let dropped = self.dropped;
        let mut run: Vec<Group<N>> =
            rows.map(|(key, rows)| (shifted(key, dropped), rows)).collect();
        run.sort_unstable_by_key(|group| group.0);
        fold(&mut run);
        self.push(run);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let (dropped, mut groups) = other.settled();
        if dropped > self.dropped {
            let mut own = self.groups();
            coarsen(&mut own, dropped - self.dropped);
            *self = Self { limit: self.limit, dropped, sorted: vec![own] };
        }
        coarsen(&mut groups, self.dropped - dropped);
        self.push(groups);
    }

    /// How many low bits of keys are dropped, and all groups by key.
    pub(super) fn settled(&self) -> (u32, Vec<Group<N>>) {
        let mut groups = self.groups();
        let more = self.limit.map_or(0, |limit| excess(&groups, limit as usize));
        coarsen(&mut groups, more);
        (self.dropped + more, groups)
    }

    fn groups(&self) -> Vec<Group<N>> {
        self.sorted.iter().rev().fold(Vec::new(), |all, run| merged(run, &all))
    }

    fn push(&mut self, mut run: Vec<Group<N>>) {
        while let Some(last) = self.sorted.pop_if(|last| last.len() < 2 * run.len()) {
            run = merged(&last, &run);
        }
        run.shrink_to_fit();
        self.sorted.push(run);
        let kept: usize = self.sorted.iter().map(Vec::len).sum();
        if self.limit.is_some_and(|limit| kept > 2 * limit as usize) {
            let (dropped, groups) = self.settled();
            *self = Self { limit: self.limit, dropped, sorted: vec![groups] };
        }
    }

    /// Writes groups that are settled.
    pub(super) fn write(groups: &[Group<N>], writer: &mut Writer) {
        writer.number(groups.len() as u64);
        for (key, rows) in groups {
            writer.number(*key);
            for &count in rows {
                writer.number(count);
            }
        }
    }

    /// Reads groups whose keys are at most `largest`.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        limit: Option<u32>,
        dropped: u32,
        largest: u64,
    ) -> super::Result<Self> {
        let count = reader.count(8 * (N + 1))?;
        if limit.is_some_and(|limit| count > limit as usize) {
            return Err(bad("no more buckets than it says"));
        }
        let mut run: Vec<Group<N>> = Vec::with_capacity(count);
        for _ in 0..count {
            let mut group = (reader.number()?, [0; N]);
            for rows in &mut group.1 {
                *rows = reader.number()?;
            }
            let ordered = run.last().is_none_or(|last| last.0 < group.0);
            if !ordered || group.0 > largest || group.1 == [0; N] {
                return Err(bad("numbers in order, each with rows"));
            }
            run.push(group);
        }
        let sorted = if run.is_empty() { Vec::new() } else { vec![run] };
        Ok(Self { limit, dropped, sorted })
    }
}

/// The largest key of which so many bits are dropped.
pub(super) fn largest(dropped: u32) -> u64 {
    shifted(u64::MAX, dropped)
}

fn shifted(key: u64, bits: u32) -> u64 {
    key.checked_shr(bits).unwrap_or(0)
}

/// How many bits have to go until there are no more groups than `limit`, which is one or more.
fn excess<const N: usize>(groups: &[Group<N>], limit: usize) -> u32 {
    // How many neighbours become one when so many bits are dropped.
    let mut joined = [0; 65];
    for pair in groups.windows(2) {
        joined[64 - (pair[0].0 ^ pair[1].0).leading_zeros() as usize] += 1;
    }
    let mut left = groups.len();
    for (bits, joined) in (0..).zip(joined) {
        left -= joined;
        if left <= limit {
            return bits;
        }
    }
    64
}

fn coarsen<const N: usize>(groups: &mut Vec<Group<N>>, bits: u32) {
    if bits > 0 {
        for group in groups.iter_mut() {
            group.0 = shifted(group.0, bits);
        }
        fold(groups);
        groups.shrink_to_fit();
    }
}

/// Makes groups of one key one.
fn fold<const N: usize>(run: &mut Vec<Group<N>>) {
    run.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            for (kept, next) in kept.1.iter_mut().zip(next.1) {
                *kept = kept.saturating_add(next);
            }
        }
        same
    });
}

fn merged<const N: usize>(left: &[Group<N>], right: &[Group<N>]) -> Vec<Group<N>> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if one.0 <= other.0 { left.next() } else { right.next() };
        all.extend(next.copied());
    }
    all.extend(left.copied());
    all.extend(right.copied());
    fold(&mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::{Runs, largest};

    fn runs(limit: u32, keys: &[u64]) -> (u32, Vec<(u64, [u64; 1])>) {
        let mut runs = Runs::new(Some(limit));
        runs.add(keys.iter().map(|&key| (key, [1])));
        runs.settled()
    }

    #[test]
    fn no_more_bits_are_dropped_than_needed() {
        assert_eq!(runs(4, &[1, 2, 3, 3, 9]), (0, vec![(1, [1]), (2, [1]), (3, [2]), (9, [1])]));
        assert_eq!(runs(3, &[1, 2, 3, 3, 9]), (1, vec![(0, [1]), (1, [3]), (4, [1])]));
        assert_eq!(runs(2, &[1, 2, 3, 3, 9]), (2, vec![(0, [4]), (2, [1])]));
        assert_eq!(runs(1, &[0, u64::MAX]), (64, vec![(0, [2])]));
        assert_eq!((largest(0), largest(63), largest(64)), (u64::MAX, 1, 0));
    }

    #[test]
    fn memory_is_bounded_while_rows_come() {
        let mut runs = Runs::new(Some(16));
        for batch in 0..100u64 {
            runs.add((0..50).map(|row| ((batch * 50 + row) << 20, [1])));
            let kept: usize = runs.sorted.iter().map(Vec::capacity).sum();
            assert!(kept <= 64, "{kept}");
        }
        let (dropped, groups) = runs.settled();
        assert_eq!(dropped, 29);
        assert_eq!(groups.iter().map(|group| group.1[0]).sum::<u64>(), 5000);
    }
}
