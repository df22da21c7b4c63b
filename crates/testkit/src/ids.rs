//! Ids and randomness that are the same in every run.

use ports::IdSource;
use std::sync::Mutex;
use uuid::Uuid;

/// A stream of numbers that follows from its seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.roll() % end).unwrap()
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `things`.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// Puts `things` in any order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }
}

/// An [`IdSource`] whose ids look like UUIDv7, grow, and follow from its seed.
#[derive(Debug)]
pub struct SeededIds(Mutex<(u64, Dice)>);

impl SeededIds {
    /// The source of `seed`; two seeds give no id in common.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new((1_750_000_000_000, Dice::new(seed))))
    }
}

impl IdSource for SeededIds {
    fn uuid(&self) -> Uuid {
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        let (milliseconds, random) = (state.0, state.1.roll());
        let high = (u128::from(milliseconds) << 80) | (0x7_u128 << 76);
        let low = (0b10_u128 << 62) | u128::from(random >> 2);
        Uuid::from_u128(high | low)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            let random = state.1.roll().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_look_right_and_repeat() {
        let (one, same, other) = (SeededIds::new(1), SeededIds::new(1), SeededIds::new(2));
        let mut last = Uuid::nil();
        for _ in 0..1_000 {
            let id = one.uuid();
            assert!(id > last && id == same.uuid() && id != other.uuid());
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            last = id;
        }
    }
}
