//! Check digits, and rules about the parts of a value.
//!
//! Sources: NPI: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit".
//! SSN: Social Security Administration, numbers that are never assigned. MBI: CMS,
//! "Understanding the Medicare Beneficiary Identifier (MBI) Format". DEA: the published rule of
//! the sixth check digit. My Number: ordinance of the ministry of internal affairs, article 5.
//! 保険者番号: verification number of the ministry of health. Taiwan: the ministry of the
//! interior's rule for identity and resident certificate numbers.

use crate::Check;

/// Whether a value meets a rule. Separators are skipped.
pub(crate) fn holds(check: Check, value: &str) -> bool {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let plain: Vec<u8> =
        value.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect();
    match check {
        Check::Ssn => ssn(&digits),
        Check::Npi => npi(&digits),
        Check::Dea => dea(&plain, &digits),
        Check::Mbi => mbi(&plain),
        Check::MyNumber => my_number(&digits),
        Check::JpInsurer => jp_insurer(&digits),
        Check::TwId => tw_id(&plain),
        Check::Icd10 => icd10(&plain),
        Check::Date | Check::Email | Check::Name => true,
    }
}

/// Never assigned: areas 000, 666 and 900 to 999, group 00, serial 0000, and numbers that
/// advertisements and examples made famous.
fn ssn(digits: &[u32]) -> bool {
    let [a, b, c, d, e, f, g, h, i] = digits else { return false };
    let area = a * 100 + b * 10 + c;
    let serial = f * 1000 + g * 100 + h * 10 + i;
    let famous = matches!(
        (area, d * 10 + e, serial),
        (78, 5, 1120) | (219, 9, 9999) | (123, 45, 6789) | (987, 65, 4320..=4329) | (111, 11, 1111)
    );
    !matches!(area, 0 | 666 | 900..) && d * 10 + e != 0 && serial != 0 && !famous
}

/// Luhn over `80840` and the ten digits; the first is 1 or 2.
fn npi(digits: &[u32]) -> bool {
    if digits.len() != 10 || !matches!(digits[0], 1 | 2) {
        return false;
    }
    // The prefix adds 24 to the sum.
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

/// A letter of the registrant's kind, a letter, six digits and a check digit.
fn dea(plain: &[u8], digits: &[u32]) -> bool {
    let [a, b, c, d, e, f, g] = digits else { return false };
    let kind = matches!(
        plain[0],
        b'A' | b'B'
            | b'C'
            | b'D'
            | b'E'
            | b'F'
            | b'G'
            | b'H'
            | b'J'
            | b'K'
            | b'L'
            | b'M'
            | b'P'
            | b'R'
            | b'S'
            | b'T'
            | b'U'
            | b'X'
    );
    kind && (a + c + e + 2 * (b + d + f)) % 10 == *g
}

/// Eleven places with digits and letters in turn; never S, L, O, I, B, Z; the first is not 0.
fn mbi(plain: &[u8]) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() && !b"SLOIBZ".contains(&b);
    plain.len() == 11
        && matches!(plain[0], b'1'..=b'9')
        && letter(plain[1])
        && (letter(plain[2]) || plain[2].is_ascii_digit())
        && plain[3].is_ascii_digit()
        && letter(plain[4])
        && (letter(plain[5]) || plain[5].is_ascii_digit())
        && plain[6].is_ascii_digit()
        && letter(plain[7])
        && letter(plain[8])
        && plain[9].is_ascii_digit()
        && plain[10].is_ascii_digit()
}

fn my_number(digits: &[u32]) -> bool {
    const WEIGHTS: [u32; 11] = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    if digits.len() != 12 || digits.iter().all(|d| d == &digits[0]) {
        return false;
    }
    let rest = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum::<u32>() % 11;
    digits[11] == if rest <= 1 { 0 } else { 11 - rest }
}

/// Weights 2 and 1 in turn from the right, with the sums of digits.
fn jp_insurer(digits: &[u32]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    if !matches!(digits.len(), 6 | 8) || digits.iter().all(|d| d == check) {
        return false;
    }
    let sum: u32 = rest
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match at % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10 == *check
}

/// A letter that stands for two digits, then 1 or 2 (8 or 9, or a letter, for residents).
fn tw_id(plain: &[u8]) -> bool {
    // In the order of the letters A to Z.
    const LETTERS: [u32; 26] = [
        10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31,
        33,
    ];
    let value = |b: u8| LETTERS.get(usize::from(b.wrapping_sub(b'A'))).copied();
    if plain.len() != 10 {
        return false;
    }
    let Some(first) = value(plain[0]) else { return false };
    let second = match plain[1] {
        b'1' | b'2' | b'8' | b'9' => u32::from(plain[1] - b'0'),
        b'A'..=b'D' => value(plain[1]).unwrap_or(0) % 10,
        _ => return false,
    };
    let mut sum = first / 10 + first % 10 * 9 + second * 8;
    for (at, &byte) in plain[2..].iter().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let weight = if at < 7 { 7 - at as u32 } else { 1 };
        sum += u32::from(byte - b'0') * weight;
    }
    sum.is_multiple_of(10)
}

/// A letter and two digits, the last of which may be A or B; U is for new codes.
fn icd10(plain: &[u8]) -> bool {
    plain.len() >= 3
        && plain[0].is_ascii_alphabetic()
        && plain[1].is_ascii_digit()
        && plain[2].is_ascii_digit()
}

/// Whether digits were made up: all the same, or counting up or down.
pub(crate) fn is_made_up(value: &str) -> bool {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let steps = |step: i64| digits.windows(2).all(|w| i64::from(w[1]) - i64::from(w[0]) == step);
    let wraps = || digits.windows(2).all(|w| (w[0] + 1) % 10 == w[1]);
    digits.len() < 2 || steps(0) || steps(-1) || wraps()
}

/// Top domains that name nobody (RFC 2606), and domains of the same kind.
const NOBODY: [&str; 7] =
    ["example.com", "example.org", "example.net", ".example", ".test", ".invalid", ".localhost"];

/// Byte ranges of e-mail addresses of somebody.
pub(crate) fn emails(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let local = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
    let host = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let start = (0..at).rev().take_while(|&i| local(bytes[i])).last().unwrap_or(at);
        let mut end = (at + 1..bytes.len()).take_while(|&i| host(bytes[i])).last().map_or(at, |i| i + 1);
        while end > at && !bytes[end - 1].is_ascii_alphanumeric() {
            end -= 1;
        }
        let domain = text.get(at + 1..end).unwrap_or("").to_ascii_lowercase();
        let top = domain.rsplit('.').next().unwrap_or("");
        let whole = start < at
            && domain.contains('.')
            && top.len() >= 2
            && top.bytes().all(|b| b.is_ascii_alphabetic())
            && !NOBODY.iter().any(|nobody| domain.ends_with(nobody));
        if whole {
            found.push((start, end));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{emails, holds, is_made_up};
    use crate::Check;

    #[test]
    fn published_numbers_hold_and_their_neighbours_do_not() {
        for (check, value, expected) in [
            (Check::Npi, "1234567893", true),
            (Check::Npi, "1234567894", false),
            (Check::Npi, "3234567893", false),
            (Check::Dea, "AB1234563", true),
            (Check::Dea, "AB1234564", false),
            (Check::MyNumber, "123456789018", true),
            (Check::MyNumber, "1234 5678 9018", true),
            (Check::MyNumber, "123456789012", false),
            (Check::JpInsurer, "33120015", true),
            (Check::JpInsurer, "33120016", false),
            (Check::TwId, "A123456789", true),
            (Check::TwId, "A123456788", false),
            (Check::TwId, "A323456789", false),
            (Check::Mbi, "1EG4-TE5-MK73", true),
            (Check::Mbi, "1EG4TE5MK73", true),
            (Check::Mbi, "0EG4TE5MK73", false),
            (Check::Mbi, "1SG4TE5MK73", false),
            (Check::Ssn, "519-43-8812", true),
            (Check::Ssn, "078-05-1120", false),
            (Check::Ssn, "000-43-8812", false),
            (Check::Ssn, "666-43-8812", false),
            (Check::Ssn, "919-43-8812", false),
            (Check::Ssn, "519-00-8812", false),
            (Check::Icd10, "E11.9", true),
            (Check::Icd10, "EX1.9", false),
        ] {
            assert_eq!(holds(check, value), expected, "{check:?} {value}");
        }
    }

    #[test]
    fn made_up_digits() {
        for value in ["123456", "000000", "987654", "890123", "11-11-11"] {
            assert!(is_made_up(value), "{value}");
        }
        for value in ["448190", "10-24-33"] {
            assert!(!is_made_up(value), "{value}");
        }
    }

    #[test]
    fn addresses_of_somebody() {
        let found = |text: &'static str| -> Vec<&str> {
            emails(text).into_iter().map(|(from, to)| &text[from..to]).collect()
        };
        assert_eq!(found("mail hana.sato@mail.clinic.jp."), ["hana.sato@mail.clinic.jp"]);
        assert!(found("user@example.com, @home, a@b, x@y.test").is_empty());
    }
}
