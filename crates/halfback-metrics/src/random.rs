//! Random numbers without a state: each is a function of what it is for.

/// Poisson weights for the rows of resamples, by (seed, key, replicate).
///
/// The weight of a row does not depend on other rows, so any partition of the rows, in any order
/// and on any number of threads, draws the same resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    seed: u64,
}

impl Resampling {
    /// Every seed gives weights of its own.
    pub fn new(seed: u64) -> Self {
        Self { seed: mix(seed ^ 0x9E37_79B9_7F4A_7C15) }
    }

    /// How often the row of this key is in this resample: a Poisson variable of mean 1.
    ///
    /// Source: Chamandy et al., Estimating uncertainty for massive data streams (2012).
    #[inline]
    pub fn weight(self, key: u64, replicate: u32) -> u32 {
        poisson(self.row(key).at(replicate))
    }

    #[inline]
    pub(crate) fn row(self, key: u64) -> RowStream {
        RowStream { state: mix(self.seed.wrapping_add(key.wrapping_mul(0xD134_2543_DE82_EF95))) }
    }
}

/// The numbers of one row over all replicates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowStream {
    state: u64,
}

impl RowStream {
    #[inline]
    pub(crate) fn at(self, replicate: u32) -> u64 {
        mix(self.state.wrapping_add((u64::from(replicate) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// A place in `0..count` for each number, without a pattern that columns could have too.
pub(crate) fn scattered(number: usize, count: usize) -> usize {
    ((u128::from(mix(number as u64 + 1)) * count as u128) >> 64) as usize
}

/// A bijection that scatters all bits. Source: Stafford's variant 13 of `MurmurHash3`'s finalizer, as
/// in Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014).
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 2^64 times the chance that a Poisson variable of mean 1 is at most 0, 1, 2, …
const REACHED: [u64; 16] = reached();

const fn reached() -> [u64; 16] {
    // 1/e in 2^-64ths; later chances follow by division. The rest of the tail is below 2^-44.
    let mut term: u128 = 6_786_177_901_268_885_274;
    let mut sum: u128 = 0;
    let mut table = [0u64; 16];
    let mut k = 0;
    while k < 16 {
        sum += term;
        table[k] = sum as u64;
        k += 1;
        term /= k as u128;
    }
    table
}

/// By inversion.
#[inline]
pub(crate) fn poisson(uniform: u64) -> u32 {
    let few = REACHED[..4].iter().map(|&reached| u32::from(uniform >= reached)).sum();
    if few < 4 {
        return few;
    }
    REACHED.iter().map(|&reached| u32::from(uniform >= reached)).sum()
}

#[cfg(test)]
mod tests {
    use super::{REACHED, Resampling};

    #[test]
    fn chances_are_those_of_a_poisson_variable() {
        let mut term = (-1.0f64).exp();
        let mut sum = 0.0;
        for (k, &reached) in REACHED.iter().enumerate() {
            sum += term;
            term /= k as f64 + 1.0;
            assert!((reached as f64 / 2.0f64.powi(64) - sum).abs() < 1e-15, "{k}");
        }
    }

    #[test]
    fn weights_are_fixed_for_good() {
        let weights = |seed, replicate| -> Vec<u32> {
            (0..24).map(|key| Resampling::new(seed).weight(key, replicate)).collect()
        };
        assert_ne!(weights(1, 0), weights(2, 0));
        assert_ne!(weights(1, 0), weights(1, 1));
        // From the definition, written again in Python with whole numbers.
        let fixed = [1, 0, 0, 1, 0, 3, 1, 0, 3, 2, 0, 1, 0, 0, 1, 1, 4, 3, 0, 0, 0, 1, 0, 1];
        assert_eq!(weights(7, 3), fixed);
    }

    #[test]
    fn weights_of_rows_and_replicates_are_unrelated() {
        let resampling = Resampling::new(0);
        let (rows, replicates) = (400u32, 400u32);
        let weight = |row: u32, replicate: u32| {
            f64::from(resampling.weight(u64::from(row), replicate)) - 1.0
        };
        let all = f64::from(rows * replicates);
        let over = |f: &dyn Fn(u32, u32) -> f64| -> f64 {
            (0..rows)
                .flat_map(|row| (0..replicates).map(move |at| (row, at)))
                .map(|(row, at)| f(row, at))
                .sum::<f64>()
                / all
        };
        // Standard errors are 1/400 for means, and √3/400 for the variance.
        assert!(over(&weight).abs() < 0.01);
        assert!((over(&|row, at| weight(row, at).powi(2)) - 1.0).abs() < 0.02);
        assert!(over(&|row, at| weight(row, at) * weight(row + 1, at)).abs() < 0.01);
        assert!(over(&|row, at| weight(row, at) * weight(row, at + 1)).abs() < 0.01);
    }
}
