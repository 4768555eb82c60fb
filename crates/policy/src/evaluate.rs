//! Whether conditions hold for every request of which a few keys are known.

use ipnet::IpNet;
use sekisho_estate::reason::{ReasonCode, Why};

use crate::pattern::Pattern;
use crate::{Comparison, Element, Order, Test, Tri};

impl<'e> Test<'e> {
    /// Whether the test holds for every request in which these keys, and perhaps others,
    /// have these values. A test of another key does not: some request fails it.
    #[must_use]
    pub fn holds_for(&self, context: &[(&str, &str)]) -> Tri<'e> {
        let key = match self.key {
            Ok(key) => key,
            Err(why) => return Tri::Unknown(why),
        };
        let Some((_, value)) = context.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) else {
            return match self.operator {
                Ok(_) => Tri::No,
                Err(why) => Tri::Unknown(why),
            };
        };
        let operator = match self.operator {
            Ok(operator) => operator,
            Err(why) => return Tri::Unknown(why),
        };
        // The key is there with one value: set operators and IfExists change nothing.
        let equal = Tri::any(self.values.iter().map(|element| compare(operator.comparison, element, value)));
        if operator.negated { equal.negate() } else { equal }
    }
}

fn compare<'e>(comparison: Comparison, element: &Element<'e>, value: &str) -> Tri<'e> {
    let pattern = &element.pattern;
    match comparison {
        Comparison::String | Comparison::StringIgnoreCase | Comparison::StringLike | Comparison::Binary => {
            pattern.matches(value)
        }
        Comparison::Arn => arn_matches(pattern, value),
        _ => match pattern.known() {
            Some(text) => compare_known(comparison, &text, value),
            None => Tri::Unknown(pattern.unknown().unwrap_or(NOT_COMPARABLE)),
        },
    }
}

pub(crate) const NOT_COMPARABLE: Why<'static> =
    Why { code: ReasonCode::PolicyNotUnderstood, subject: "a value of a condition" };

fn compare_known<'e>(comparison: Comparison, text: &str, value: &str) -> Tri<'e> {
    match comparison {
        Comparison::Bool => match (boolean(text), boolean(value)) {
            (Some(a), Some(b)) => (a == b).into(),
            _ => Tri::No,
        },
        // "Use either true (the key doesn't exist) or false (the key exists)": it does.
        Comparison::Null => match boolean(text) {
            Some(absent) => (!absent).into(),
            None => Tri::Unknown(NOT_COMPARABLE),
        },
        Comparison::Numeric(order) => match (text.trim().parse::<f64>(), value.trim().parse::<f64>()) {
            (Ok(policy), Ok(request)) => ordered(order, request.partial_cmp(&policy)).into(),
            _ => Tri::No,
        },
        Comparison::Date(order) => match (date(text), date(value)) {
            (Some(policy), Some(request)) => ordered(order, Some(request.cmp(&policy))).into(),
            _ => Tri::Unknown(NOT_COMPARABLE),
        },
        Comparison::Ip => match (network(text), network(value)) {
            (Some(range), Some(address)) => range.contains(&address).into(),
            _ => Tri::No,
        },
        _ => Tri::Unknown(NOT_COMPARABLE),
    }
}

fn ordered(order: Order, found: Option<std::cmp::Ordering>) -> bool {
    found.is_some_and(|found| match order {
        Order::Equal => found.is_eq(),
        Order::Less => found.is_lt(),
        Order::LessOrEqual => found.is_le(),
        Order::Greater => found.is_gt(),
        Order::GreaterOrEqual => found.is_ge(),
    })
}

/// A boolean in any case: templates write `False` and `"false"` alike.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An address or a range; an address alone is a range of one.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

/// Seconds since 1970 of an epoch time, a day (`2020-04-01`) or a time with its zone
/// (`2020-04-01T00:00:00Z`, `2020-04-01T09:00+09:00`): the W3C form of ISO 8601 that
/// policies use.
#[must_use]
pub fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(epoch) = text.parse::<i64>() {
        return Some(epoch);
    }
    let (day, time, zone) = match text.split_once('T') {
        Some((day, time)) => match (time.strip_suffix('Z'), time.find(['+', '-'])) {
            (Some(time), _) => (day, time, None),
            (None, Some(at)) => (day, &time[..at], Some(&time[at..])),
            (None, None) => return None,
        },
        None => (text, "00:00:00", None),
    };
    let field = |piece: Option<&str>, max: i64| {
        let piece = piece.filter(|piece| !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_digit()))?;
        piece.parse::<i64>().ok().filter(|number| *number <= max)
    };
    let mut day = day.splitn(3, '-');
    let (year, month, day) = (field(day.next(), 9999)?, field(day.next(), 12)?, field(day.next(), 31)?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (field(time.next(), 23)?, field(time.next(), 59)?);
    let second = match time.next() {
        Some(second) => field(second.split('.').next(), 60)?,
        None => 0,
    };
    let east = match zone {
        Some(zone) => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let east = (field(Some(hours), 14)? * 60 + field(Some(minutes), 59)?) * 60;
            if zone.starts_with('-') { -east } else { east }
        }
        None => 0,
    };
    // Days from the civil calendar, with years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second - east)
}

/// Matches an ARN field by field: a wildcard does not reach over a colon. Source: IAM User
/// Guide, `reference_policies_elements_condition_operators.html`, "ARN condition operators".
fn arn_matches<'e>(pattern: &Pattern<'e>, value: &str) -> Tri<'e> {
    let whole = pattern.matches(value);
    // Where the fields of a hole end is not known; nor what an incomplete ARN means here.
    let Some(arn) = pattern.arn() else { return whole };
    let fields: Vec<&str> = value.splitn(6, ':').collect();
    let Some([_, partition, service, region, account, resource]) = fields.get(..6) else {
        return Tri::No;
    };
    if pattern.holes.iter().any(|hole| hole.kind.admits(':')) {
        return if whole == Tri::Yes { Tri::Unknown(NOT_COMPARABLE) } else { whole };
    }
    Tri::all([
        arn.partition.matches(partition),
        arn.service.matches(service),
        arn.region.matches(region),
        arn.account.matches(account),
        arn.resource.matches(resource),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2020-04-01T00:00:01Z"), Some(1_585_699_201));
        assert_eq!(date("1585699201"), Some(1_585_699_201));
        assert_eq!(date("2000-02-29T12:00Z"), Some(951_825_600));
        assert_eq!(date("2020-04-01T09:00:01+09:00"), Some(1_585_699_201));
        assert_eq!(date("2020-03-31T19:00:01-05:00"), Some(1_585_699_201));
        for wrong in ["2020", "soon", "2020-13-01", "2020-04-01T00:00:00+9", "2020-04-01T00:00:00", "--", "T"]
        {
            assert_eq!(date(wrong).filter(|_| wrong != "2020"), None, "{wrong}");
        }
    }

    #[test]
    fn known_values() {
        let yes = [
            (Comparison::Bool, "False", "false"),
            (Comparison::Numeric(Order::Less), "1.2", "1.0"),
            (Comparison::Numeric(Order::GreaterOrEqual), "10", "10.0"),
            (Comparison::Ip, "10.0.0.0/8", "10.1.2.3"),
            (Comparison::Ip, "2001:DB8::/32", "2001:db8::1"),
            (Comparison::Date(Order::Greater), "2020-01-01T00:00:00Z", "2020-01-02"),
            (Comparison::Null, "false", "anything"),
        ];
        for (comparison, policy, request) in yes {
            assert_eq!(compare_known(comparison, policy, request), Tri::Yes, "{policy} {request}");
        }
        let no = [
            (Comparison::Bool, "0", "false"),
            (Comparison::Numeric(Order::Less), "1.2", "false"),
            (Comparison::Ip, "10.0.0.0/8", "11.0.0.0"),
            (Comparison::Null, "true", "anything"),
        ];
        for (comparison, policy, request) in no {
            assert_eq!(compare_known(comparison, policy, request), Tri::No, "{policy} {request}");
        }
    }
}
