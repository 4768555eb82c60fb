//! Dates: RFC 3339 in UTC or with an offset. What depends on the clock is not known.

use super::{Call, Function, differs, known};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    known("formatdate", 2, 2, formatdate),
    known("plantimestamp", 0, 0, |_| Ok(differs("plantimestamp"))),
    known("timeadd", 2, 2, timeadd),
    known("timecmp", 2, 2, |call| {
        let (a, b) = (Moment::parse(&call.text(0)?)?, Moment::parse(&call.text(1)?)?);
        Ok(Value::int(a.instant().cmp(&b.instant()) as i64))
    }),
    known("timestamp", 0, 0, |_| Ok(differs("timestamp"))),
];

/// A moment as written.
#[derive(Clone, Copy)]
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// Minutes east of UTC.
    offset: i64,
}

impl Moment {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no date in the form of RFC 3339");
        let number = |from: usize, to: usize| -> Result<i64, String> {
            let digits = text.get(from..to).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)
        };
        let mark = |at: usize, wanted: &[u8]| text.as_bytes().get(at).is_some_and(|b| wanted.contains(b));
        if !(mark(4, b"-") && mark(7, b"-") && mark(10, b"T") && mark(13, b":") && mark(16, b":")) {
            return Err(wrong());
        }
        let mut zone = text.get(19..).ok_or_else(wrong)?;
        if let Some(fraction) = zone.strip_prefix('.') {
            zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let offset = match zone.as_bytes() {
            b"Z" => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let part =
                    |range: std::ops::Range<usize>| zone.get(range).and_then(|d| d.parse::<i64>().ok());
                let (hours, minutes) = part(1..3).zip(part(4..6)).ok_or_else(wrong)?;
                (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return Err(wrong()),
        };
        let moment = Self {
            year: number(0, 4)?,
            month: number(5, 7)?,
            day: number(8, 10)?,
            hour: number(11, 13)?,
            minute: number(14, 16)?,
            second: number(17, 19)?,
            offset,
        };
        let fits = (1..=12).contains(&moment.month)
            && (1..=31).contains(&moment.day)
            && moment.hour < 24
            && moment.minute < 60
            && moment.second < 60;
        if fits { Ok(moment) } else { Err(wrong()) }
    }

    /// Days since 1970-01-01 of the date as written.
    fn days(&self) -> i64 {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    fn instant(&self) -> i64 {
        self.days() * 86_400 + self.hour * 3_600 + self.minute * 60 + self.second - self.offset * 60
    }

    fn at(instant: i64, offset: i64) -> Self {
        let local = instant + offset * 60;
        let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        // The same source, civil_from_days.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        Self { year, month, day, hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60, offset }
    }

    fn zone(&self, colon: bool, z: bool) -> String {
        if z && self.offset == 0 {
            return "Z".into();
        }
        let (sign, offset) = if self.offset < 0 { ('-', -self.offset) } else { ('+', self.offset) };
        let colon = if colon { ":" } else { "" };
        format!("{sign}{:02}{colon}{:02}", offset / 60, offset % 60)
    }

    fn text(&self) -> String {
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
            self.zone(true, true)
        )
    }
}

/// A duration as Go writes it: `1h30m`, `-10s`, `1.5h`; in seconds.
fn duration(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no duration, such as 1h30m");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0.0;
    while !rest.is_empty() && rest != "0" {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let after = &rest[digits..];
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        total += number
            * match &after[..unit] {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return Err(wrong()),
            };
        rest = &after[unit..];
    }
    Ok(sign * total)
}

fn timeadd(call: &Call<'_>) -> Result<Value, String> {
    let moment = Moment::parse(&call.text(0)?)?;
    let seconds = duration(&call.text(1)?)?;
    if seconds.abs() > 1e11 {
        return Err("the duration is too long".into());
    }
    let later = Moment::at(moment.instant() + seconds.trunc() as i64, moment.offset);
    Ok(Value::text_of(&later.text()))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// <https://developer.hashicorp.com/terraform/language/functions/formatdate>
fn formatdate(call: &Call<'_>) -> Result<Value, String> {
    let (spec, moment) = (call.text(0)?, Moment::parse(&call.text(1)?)?);
    let chars: Vec<char> = spec.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c == '\'' {
            at += 1;
            loop {
                match (chars.get(at), chars.get(at + 1)) {
                    (Some('\''), Some('\'')) => {
                        out.push('\'');
                        at += 2;
                    }
                    (Some('\''), _) => break,
                    (Some(c), _) => {
                        out.push(*c);
                        at += 1;
                    }
                    (None, _) => return Err("a quotation is not closed".into()),
                }
            }
            at += 1;
            continue;
        }
        if !c.is_ascii_alphabetic() {
            out.push(c);
            at += 1;
            continue;
        }
        let length = chars[at..].iter().take_while(|next| **next == c).count();
        at += length;
        let twelve = (moment.hour + 11) % 12 + 1;
        let month = MONTHS[(moment.month - 1) as usize];
        let day = DAYS[moment.days().rem_euclid(7) as usize];
        let numbers = |number: i64| if length == 2 { format!("{number:02}") } else { number.to_string() };
        out += &match (c, length) {
            ('Y', 4) => format!("{:04}", moment.year),
            ('Y', 2) => format!("{:02}", moment.year % 100),
            ('M', 1 | 2) => numbers(moment.month),
            ('M', 3) => month[..3].to_owned(),
            ('M', 4) => month.to_owned(),
            ('D', 1 | 2) => numbers(moment.day),
            ('E', 3) => day[..3].to_owned(),
            ('E', 4) => day.to_owned(),
            ('h', 1 | 2) => numbers(moment.hour),
            ('H', 1 | 2) => numbers(twelve),
            ('A', 2) => if moment.hour < 12 { "AM" } else { "PM" }.to_owned(),
            ('a', 2) => if moment.hour < 12 { "am" } else { "pm" }.to_owned(),
            ('m', 1 | 2) => numbers(moment.minute),
            ('s', 1 | 2) => numbers(moment.second),
            ('Z', 1) => moment.zone(true, true),
            ('Z', 3) if moment.offset == 0 => "UTC".to_owned(),
            ('Z', 3 | 4) => moment.zone(false, false),
            ('Z', 5) => moment.zone(true, false),
            _ => return Err(format!("{} is no part of a date", String::from(c).repeat(length))),
        };
    }
    Ok(Value::text_of(&out))
}
