//! What was decided about addressable specifications, written down by people.
//!
//! 45 CFR 164.306(d)(3): an addressable specification is implemented, or the reason why it is
//! not reasonable and what stands in its place are documented; 164.316(b)(2)(i) keeps that for
//! six years.

use serde::Deserialize;

use crate::framework::{Framework, Paragraph, framework, frameworks};
use crate::load::{self, LoadProblem};
use crate::suggest::did_you_mean;
use crate::words::{Choice, Status};

/// A decision about one paragraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The framework.
    pub framework: &'static str,
    /// The paragraph.
    pub paragraph: &'static str,
    /// What was decided.
    pub choice: Choice,
    /// Why.
    pub reason: String,
    /// What is done instead, where something is.
    pub instead: Option<String>,
    /// Who approved it.
    pub approver: String,
    /// The day of the decision, `YYYY-MM-DD`.
    pub decided: String,
    /// The day on which it is looked at again, `YYYY-MM-DD`.
    pub review: String,
}

impl Decision {
    /// Whether it should have been looked at again before this day (`YYYY-MM-DD`).
    pub fn is_overdue(&self, today: &str) -> bool {
        self.review.as_str() < today
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    decisions: Vec<serde_saphyr::Spanned<Raw>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    framework: String,
    paragraph: String,
    decision: Choice,
    reason: String,
    instead: Option<String>,
    approver: String,
    decided: String,
    review: String,
}

/// Reads a file of decisions. An entry that cannot be used is a problem and costs no other.
pub fn read_decisions(file: &str, text: &str) -> (Vec<Decision>, Vec<LoadProblem>) {
    let problem = |line: u64, column: u64, message: String| LoadProblem {
        file: file.to_owned(),
        line: u32::try_from(line).unwrap_or(0),
        column: u32::try_from(column).unwrap_or(0),
        message,
    };
    let parsed: File = match load::parse(text) {
        Ok(parsed) => parsed,
        Err((at, message)) => return (Vec::new(), vec![problem(at.line(), at.column(), message)]),
    };
    let (mut decisions, mut problems) = (Vec::<Decision>::new(), Vec::new());
    for entry in parsed.decisions {
        let at = entry.referenced;
        match decision(entry.value) {
            Ok(found) => {
                if decisions.iter().any(|d| (d.framework, d.paragraph) == (found.framework, found.paragraph))
                {
                    let message = format!("{} {} is decided twice", found.framework, found.paragraph);
                    problems.push(problem(at.line(), at.column(), message));
                } else {
                    decisions.push(found);
                }
            }
            Err(message) => problems.push(problem(at.line(), at.column(), message)),
        }
    }
    (decisions, problems)
}

fn decision(raw: Raw) -> Result<Decision, String> {
    let (framework, paragraph) = place(&raw.framework, &raw.paragraph)?;
    if paragraph.status != Some(Status::Addressable) {
        return Err(format!("{} is not addressable: it has to be implemented", paragraph.id));
    }
    if raw.decision != Choice::Implement
        && let Some(row) = paragraph.binding
    {
        return Err(format!("{} cannot be declined for PHI on AWS: {row} demands it", paragraph.id));
    }
    if raw.decision == Choice::Alternative && raw.instead.as_deref().is_none_or(|text| text.trim().is_empty())
    {
        return Err(format!("{}: say under `instead` what is done", paragraph.id));
    }
    for (name, text) in [("reason", &raw.reason), ("approver", &raw.approver)] {
        if text.trim().is_empty() {
            return Err(format!("{}: `{name}` is empty", paragraph.id));
        }
    }
    for (name, day) in [("decided", &raw.decided), ("review", &raw.review)] {
        if !is_day(day) {
            return Err(format!("{}: `{name}` is not a day, write YYYY-MM-DD", paragraph.id));
        }
    }
    if raw.review < raw.decided {
        return Err(format!("{}: `review` is before `decided`", paragraph.id));
    }
    Ok(Decision {
        framework: framework.id,
        paragraph: paragraph.id,
        choice: raw.decision,
        reason: raw.reason,
        instead: raw.instead,
        approver: raw.approver,
        decided: raw.decided,
        review: raw.review,
    })
}

fn place(framework_id: &str, paragraph: &str) -> Result<(&'static Framework, &'static Paragraph), String> {
    let unknown = |what: &str, name: &str, meant: Option<String>| match meant {
        Some(meant) => format!("unknown {what} `{name}`; did you mean `{meant}`?"),
        None => format!("unknown {what} `{name}`"),
    };
    let found = framework(framework_id).ok_or_else(|| {
        let meant = did_you_mean(framework_id, frameworks().iter().map(|f| f.id));
        unknown("framework", framework_id, meant.map(|m| m.to_string()))
    })?;
    let paragraph = found.paragraph(paragraph).ok_or_else(|| {
        let meant = did_you_mean(paragraph, found.paragraphs.iter().map(|p| p.id));
        unknown("paragraph", paragraph, meant.map(|m| m.to_string()))
    })?;
    Ok((found, paragraph))
}

/// Whether a text is a day of the calendar, `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let [year, month, day] = parts.as_slice() else { return false };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}
