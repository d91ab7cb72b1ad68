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

    /// How often the row of this key is in this resample: a Poisson variable of mean 1, whose chances
    /// are right to 2^-32. It is at most 12.
    ///
    /// Source: Chamandy et al., Estimating uncertainty for massive data streams (2012).
    #[inline]
    pub fn weight(self, key: u64, replicate: u32) -> u32 {
        self.row(key).weight(replicate)
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
    pub(crate) fn weight(self, replicate: u32) -> u32 {
        poisson(self.pair(replicate / 2)[replicate as usize % 2])
    }

    /// The numbers of the replicates `2 * pair` and `2 * pair + 1`.
    #[inline]
    pub(crate) fn pair(self, pair: u32) -> [u32; 2] {
        let step = (u64::from(pair) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let both = mix(self.state.wrapping_add(step));
        [both as u32, (both >> 32) as u32]
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

/// The most that [`poisson`] gives: what is beyond has less than half of the chance of one number.
pub(crate) const MOST: usize = 12;

/// 2^32 times the chance that a Poisson variable of mean 1 is at most 0, 1, 2, …, to the nearest whole
/// number: so far the numbers are from the true chances.
const REACHED: [u32; MOST] = reached();

const fn reached() -> [u32; MOST] {
    // 1/e in 2^-64ths; later chances follow by division.
    let mut term: u64 = 6_786_177_901_268_885_274;
    let mut sum = term;
    let mut table = [0u32; MOST];
    let mut k = 0;
    while k < MOST {
        table[k] = ((sum + (1 << 31)) >> 32) as u32;
        k += 1;
        term /= k as u64;
        sum += term;
    }
    table
}

/// The leading bits of a number, which nearly always tell the variable.
const LEADING: u32 = 12;

/// The variable by the leading bits; [`SEVERAL`] where they leave it open.
static LED: [u8; 1 << LEADING] = led();

const SEVERAL: u8 = u8::MAX;

const fn led() -> [u8; 1 << LEADING] {
    let mut table = [0u8; 1 << LEADING];
    let mut cell = 0;
    while cell < table.len() {
        let least = (cell as u32) << (u32::BITS - LEADING);
        let most = least | (u32::MAX >> LEADING);
        let own = inverted(least);
        table[cell] = if inverted(most) == own { own as u8 } else { SEVERAL };
        cell += 1;
    }
    table
}

#[cold]
#[inline(never)]
const fn inverted(uniform: u32) -> u32 {
    let mut k = 0;
    while k < MOST && uniform >= REACHED[k] {
        k += 1;
    }
    k as u32
}

/// By inversion.
#[inline]
pub(crate) fn poisson(uniform: u32) -> u32 {
    match LED[(uniform >> (u32::BITS - LEADING)) as usize] {
        SEVERAL => inverted(uniform),
        led => led.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, REACHED, Resampling, poisson};

    #[test]
    fn chances_are_those_of_a_poisson_variable() {
        let mut term = (-1.0f64).exp();
        let mut sum = 0.0;
        for (k, &reached) in REACHED.iter().enumerate() {
            sum += term;
            term /= k as f64 + 1.0;
            let exact = sum * 2.0f64.powi(32);
            assert!((f64::from(reached) - exact).abs() < 0.5 + 1e-5, "{k}");
            // One number below the bound and at it: the table gives what the bounds do.
            assert_eq!([reached - 1, reached].map(poisson), [k as u32, k as u32 + 1]);
        }
        assert!((1.0 - sum - term) * 2.0f64.powi(32) < 0.5, "more than {MOST} is left out");
        assert_eq!([0, u32::MAX].map(poisson), [0, MOST as u32]);
    }

    #[test]
    fn weights_are_fixed_for_good() {
        let weights = |seed, replicate| -> Vec<u32> {
            (0..24).map(|key| Resampling::new(seed).weight(key, replicate)).collect()
        };
        assert_ne!(weights(1, 0), weights(2, 0));
        assert_ne!(weights(1, 0), weights(1, 1));
        // From the definition, written again in Python with whole numbers and fractions. It is not to
        // change after the first release: what was measured with a seed is measured again by it.
        let fixed = [2, 1, 0, 0, 1, 1, 1, 0, 1, 3, 0, 1, 0, 1, 2, 3, 1, 1, 2, 2, 3, 0, 1, 0];
        assert_eq!(weights(7, 3), fixed);
        let fixed = [0, 0, 2, 3, 0, 2, 1, 1, 1, 4, 3, 1, 2, 1, 0, 1, 1, 1, 1, 2, 0, 4, 2, 2];
        assert_eq!(weights(7, 4), fixed);
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
