//! Days between a date of the input and the day of the run.

use sekisho_estate::ReasonCode;
use sekisho_expr::{Frame, Val};

/// Days from a date such as `2026-03-01` or `2026-03-01T09:30:00+00:00` to the day of the run,
/// such as `2026-11-25`; negative when it is yet to come. Times and their zones do not count.
pub(crate) fn since<'a>(frame: &Frame<'_, 'a>, date: Val<'a>, today: Option<&str>) -> Val<'a> {
    let text = match date {
        Val::Str(text) => text,
        Val::Absent | Val::Unknown(_) => return date,
        _ => return frame.unknown(ReasonCode::WrongShape, "a date"),
    };
    let Some(today) = today else { return frame.unknown(ReasonCode::NotInInput, "the day of the run") };
    match (number(text), number(today)) {
        (Some(then), Some(now)) => Val::Int(now - then),
        _ => frame.unknown(ReasonCode::WrongShape, text),
    }
}

/// The number of a day, counted from an arbitrary one.
fn number(text: &str) -> Option<i64> {
    let day = text.get(..10)?;
    if text.len() > 10 && !matches!(text.as_bytes()[10], b'T' | b' ') {
        return None;
    }
    let mut parts = day.split('-');
    let mut next = |from: usize, to: usize| {
        let text = parts.next()?;
        (text.len() == from && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
        text.parse::<i64>().ok().filter(|&number| number <= to as i64)
    };
    let (year, month, day) = (next(4, 9999)?, next(2, 12)?, next(2, 31)?);
    if month == 0 || day == 0 {
        return None;
    }
    // March is the first month of a year here, so that its last day is the odd one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(
        365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day,
    )
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn days_are_counted() {
        let between = |a: &str, b: &str| number(b).unwrap() - number(a).unwrap();
        assert_eq!(between("2026-11-25", "2026-11-25"), 0);
        assert_eq!(between("2026-02-28", "2026-03-01"), 1);
        assert_eq!(between("2024-02-28", "2024-03-01"), 2);
        assert_eq!(between("2025-12-31T23:59:59+00:00", "2026-01-01"), 1);
        assert_eq!(between("2000-01-01", "2001-01-01"), 366);
        assert_eq!(between("2026-03-01", "2026-02-01"), -28);
        for wrong in ["", "2026", "2026-13-01", "2026-00-01", "N/A", "2026-1-1", "20261125", "2026-11-25x"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
