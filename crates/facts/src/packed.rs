//! Access to the two blobs the build script wrote. Nothing is parsed or copied.

use crate::layout::LENGTH_BITS;

static WORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schema.words"));
static STRINGS: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.strings"));

include!(concat!(env!("OUT_DIR"), "/index.rs"));

/// The word at `index`. The blob is our own, so an index out of it cannot occur; it
/// would read as zero.
#[inline]
pub(crate) fn word(index: u32) -> u32 {
    let start = index as usize * 4;
    match WORDS.get(start..start + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

/// The string that the reference at word `index` names.
#[inline]
pub(crate) fn string(index: u32) -> &'static str {
    let reference = word(index);
    let start = (reference >> LENGTH_BITS) as usize;
    let length = (reference & ((1 << LENGTH_BITS) - 1)) as usize;
    STRINGS.get(start..start + length).unwrap_or("")
}

/// Position of `name` among `count` sorted string references from word `start` on,
/// each `stride` words from the next.
pub(crate) fn find(start: u32, count: u32, stride: u32, name: &str) -> Option<u32> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match string(start + middle * stride).cmp(name) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{STRINGS, WORDS};

    #[test]
    fn stays_small() {
        // Every binary carries these bytes; growth should be noticed.
        assert!(WORDS.len() + STRINGS.len() < 1_500_000, "{} {}", WORDS.len(), STRINGS.len());
        assert_eq!(WORDS.len() % 4, 0);
    }
}
