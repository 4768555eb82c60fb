//! Days as people write them, in the calendars of the West, of Japan and of Taiwan.

/// First year of an era of Japan minus one, by its name and its letter.
const ERAS: [(&str, char, i32); 4] =
    [("明治", 'M', 1867), ("大正", 'T', 1911), ("昭和", 'S', 1925), ("平成", 'H', 1988)];

/// Byte ranges of days on which somebody alive may have been born: from 1900 on.
pub(crate) fn find(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            && at.checked_sub(1).is_none_or(|b| !bytes[b].is_ascii_alphanumeric() && bytes[b] != b'.');
        let end = if starts { western(text, at) } else { None };
        let end = end.or_else(|| era(text, at));
        match end {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None if bytes[at].is_ascii_digit() => {
                at += bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            }
            None => at += 1,
        }
    }
    found
}

/// A run of digits: its value and its length.
fn number(text: &str, at: usize, most: usize) -> Option<(i32, usize)> {
    let length = text.as_bytes().get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    Some((text.get(at..at + length)?.parse().ok()?, length))
}

fn western(text: &str, start: usize) -> Option<usize> {
    let (first, length) = number(text, start, 8)?;
    let at = start + length;
    // 19800401
    if length == 8 {
        return is_day(first / 10_000, first / 100 % 100, first % 100).then_some(at);
    }
    // 1980年4月1日, 75年4月1日 (the calendar of Taiwan)
    if text[at..].starts_with('年') {
        let year = if length <= 3 { first + 1911 } else { first };
        return east(text, at + '年'.len_utf8(), year);
    }
    let separator = text[at..].chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (second, more) = number(text, at + 1, 2)?;
    let then = at + 1 + more;
    if !text[then..].starts_with(separator) {
        return None;
    }
    let (third, last) = number(text, then + 1, 4)?;
    let end = then + 1 + last;
    let day = match (length, last) {
        // 1980-04-01, 1980/4/1
        (4, 1 | 2) => is_day(first, second, third),
        // 04/01/1980, 1.4.1980
        (1 | 2, 4) => is_day(third, first, second) || is_day(third, second, first),
        _ => false,
    };
    day.then_some(end)
}

/// `4月1日` behind a year.
fn east(text: &str, at: usize, year: i32) -> Option<usize> {
    let (month, length) = number(text, at, 2)?;
    let at = at + length;
    if !text[at..].starts_with('月') {
        return None;
    }
    let at = at + '月'.len_utf8();
    let (day, length) = number(text, at, 2)?;
    let at = at + length;
    (text[at..].starts_with('日') && is_day(year, month, day)).then(|| at + '日'.len_utf8())
}

/// `昭和55年4月1日`, `民國75年4月1日`, `S55.4.1`.
fn era(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if let Some(behind) = rest.strip_prefix("民國").or_else(|| rest.strip_prefix("民国")) {
        let at = text.len() - behind.len();
        let (year, length) = number(text, at, 3)?;
        let at = at + length;
        return text[at..].starts_with('年').then(|| east(text, at + '年'.len_utf8(), year + 1911))?;
    }
    for (name, letter, base) in ERAS {
        if let Some(behind) = rest.strip_prefix(name) {
            let at = text.len() - behind.len();
            let (year, length) = number(text, at, 2)?;
            let at = at + length;
            return text[at..].starts_with('年').then(|| east(text, at + '年'.len_utf8(), base + year))?;
        }
        let alone = start == 0 || !text.as_bytes()[start - 1].is_ascii_alphanumeric();
        if alone && rest.starts_with(letter) {
            let (year, length) = number(text, start + 1, 2)?;
            let at = start + 1 + length;
            let separator = text[at..].chars().next().filter(|c| matches!(c, '.' | '/' | '-'))?;
            let (month, more) = number(text, at + 1, 2)?;
            let then = at + 1 + more;
            if !text[then..].starts_with(separator) {
                return None;
            }
            let (day, last) = number(text, then + 1, 2)?;
            return is_day(base + year, month, day).then_some(then + 1 + last);
        }
    }
    None
}

fn is_day(year: i32, month: i32, day: i32) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1900..=2040).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn days_in_three_calendars() {
        for (text, expected) in [
            ("1980-04-01", &["1980-04-01"][..]),
            ("on 1980/4/1 and 04/31/1980", &["1980/4/1"]),
            ("13/02/1980", &["13/02/1980"]),
            ("19800401", &["19800401"]),
            ("19801301", &[]),
            ("1980年4月1日生", &["1980年4月1日"]),
            ("昭和55年4月1日", &["昭和55年4月1日"]),
            ("民國75年4月1日", &["民國75年4月1日"]),
            ("75年4月1日", &["75年4月1日"]),
            ("S55.4.1", &["S55.4.1"]),
            ("HS55.4.1", &[]),
            ("1.2.3", &[]),
            ("10.0.0.1/16", &[]),
            ("2012-10-17", &["2012-10-17"]),
        ] {
            let found: Vec<&str> = find(text).into_iter().map(|(from, to)| &text[from..to]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
