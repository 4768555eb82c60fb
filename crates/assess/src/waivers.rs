//! Waivers: a fail that someone accepts, with a reason, an owner and an end.
//!
//! They stand in a file of the team (`sekisho.waivers.yaml`), in a comment of a YAML
//! template (`# sekisho:waive <control> reason="…" owner="…" expires=YYYY-MM-DD`) inside
//! the resource that is meant, or in the resource's `Metadata` under `sekisho: {waive: […]}`.
//! A waiver never passes anything: the verdict becomes `waived`. One that has expired does
//! not count, and one that nothing needs is reported.

use sekisho_estate::json::{Document, Limits};
use sekisho_estate::{
    Estate, LineIndex, NodeId, Position, ResourceId, ResourceIndex, StackIndex, Tree, yaml,
};
use sekisho_facts::did_you_mean;
use sekisho_guidance::{Control, Severity};

use crate::model::{Assessment, Notice, Verdict, WaiverNote};
use sekisho_phi::matches;

/// A waiver and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiver {
    /// The control it is for.
    pub control: String,
    /// The resources it is for: a glob on the address or the logical id, or one resource.
    pub target: WaiverTarget,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepts it.
    pub owner: String,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub expires: String,
    /// File in which it stands.
    pub file: String,
    /// Place in that file.
    pub at: Position,
}

/// What a waiver is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WaiverTarget {
    /// Resources by a glob on their address or logical id.
    Glob(String),
    /// The resource in which it stands.
    Resource(ResourceId),
}

const KEYS: [&str; 5] = ["control", "resource", "reason", "owner", "expires"];

/// Reads a waivers file. What is wrong with an entry loses only that entry.
#[must_use]
pub fn read_file(path: &str, text: &str, user: &[Control]) -> (Vec<Waiver>, Vec<Notice>) {
    let mut notices = Vec::new();
    let Document { tree, root, .. } = match yaml::read(text.to_owned(), Limits::default()) {
        Ok(document) => document,
        Err((error, source)) => {
            let at = LineIndex::new(&source).position(&source, error.offset);
            notices.push(invalid(path, at, error.message));
            return (Vec::new(), notices);
        }
    };
    let lines = LineIndex::new(tree.source());
    let mut waivers = Vec::new();
    let list = match tree.get(root, "waivers") {
        Some(list) => list,
        None => root,
    };
    for &entry in tree.list(list) {
        let at = lines.position(tree.source(), tree.offset(entry));
        match entry_of(&tree, entry, true, user) {
            Ok((control, resource, reason, owner, expires)) => waivers.push(Waiver {
                control,
                target: WaiverTarget::Glob(resource),
                reason,
                owner,
                expires,
                file: path.to_owned(),
                at,
            }),
            Err(message) => notices.push(invalid(path, at, message)),
        }
    }
    if tree.list(list).is_empty() && !matches!(tree.node(root), sekisho_estate::Node::Null) {
        let at = Position { line: 1, column: 1 };
        notices.push(invalid(
            path,
            at,
            "expected a list of waivers, each with control, resource, reason, owner, expires".into(),
        ));
    }
    (waivers, notices)
}

fn invalid(file: &str, at: Position, subject: String) -> Notice {
    Notice {
        code: "waiver-invalid",
        severity: Severity::Medium,
        file: file.into(),
        line: at.line,
        column: at.column,
        subject,
    }
}

type Fields = (String, String, String, String, String);

/// The fields of one entry, all of them present and sound.
fn entry_of(tree: &Tree, entry: NodeId, needs_resource: bool, user: &[Control]) -> Result<Fields, String> {
    let entries = tree.map(entry);
    if entries.is_empty() {
        return Err("a waiver is a map with control, resource, reason, owner, expires".into());
    }
    for e in entries {
        let key = tree.text(e.key);
        if !KEYS.contains(&key) {
            let meant = did_you_mean(key, KEYS).map_or(String::new(), |m| format!("; did you mean {m}?"));
            return Err(format!("unknown key {key}{meant}"));
        }
    }
    let field = |key: &str| match tree.get(entry, key).and_then(|node| tree.string(node)).map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("a waiver needs {key}, as text")),
    };
    let control = field("control")?;
    known_control(&control, user)?;
    let resource = if needs_resource { field("resource")? } else { String::new() };
    let (reason, owner, expires) = (field("reason")?, field("owner")?, field("expires")?);
    day(&expires)?;
    Ok((control, resource, reason, owner, expires))
}

fn known_control(id: &str, user: &[Control]) -> Result<(), String> {
    if sekisho_guidance::control(id).is_some() || user.iter().any(|c| c.id == id) {
        return Ok(());
    }
    let ids = sekisho_guidance::controls().iter().chain(user).map(|c| &*c.id);
    let meant = did_you_mean(id, ids).map_or(String::new(), |m| format!("; did you mean {m}?"));
    Err(format!("there is no control {id}{meant}"))
}

/// Whether a text is a day of the calendar, `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Result<(), String> {
    let error = || format!("{text} is not a day; write YYYY-MM-DD");
    let parts: Vec<u32> =
        text.split('-').map(|p| p.parse().map_err(|_| error())).collect::<Result<_, _>>()?;
    let [year, month, day] = parts[..] else { return Err(error()) };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if text.len() == 10 && day >= 1 && day <= last { Ok(()) } else { Err(error()) }
}

/// Reads the waivers that stand in templates.
#[must_use]
pub fn read_inline(estate: &Estate, user: &[Control]) -> (Vec<Waiver>, Vec<Notice>) {
    let (mut waivers, mut notices) = (Vec::new(), Vec::new());
    for (index, stack) in estate.stacks.iter().enumerate() {
        let stack_index = StackIndex(index as u32);
        let source = stack.tree.source();
        // Either form of a waiver has the word; most templates do not.
        if memchr::memmem::find(source.as_bytes(), b"sekisho").is_none() {
            continue;
        }
        let mut lines = None;
        let mut place = |offset: u32| {
            let at = lines.get_or_insert_with(|| LineIndex::new(source)).position(source, offset);
            Position { line: at.line - stack.file_at(offset).1, ..at }
        };
        for (offset, comment) in comments(source) {
            let at = place(offset);
            let file = stack.file_at(offset).0;
            let nearest = stack
                .resources
                .iter()
                .map(|r| r.offset)
                .filter(|&start| start <= offset && stack.file_at(start).0 == file)
                .max();
            let Some(nearest) = nearest else {
                let message = "a waiver in a comment must stand inside a resource";
                notices.push(invalid(file, at, message.into()));
                continue;
            };
            match comment_fields(comment, user) {
                Ok((control, reason, owner_name, expires)) => {
                    // Instances of one block (`count`, `for_each`) begin at the same place.
                    let owners = stack.resources.iter().enumerate().filter(|(_, r)| r.offset == nearest);
                    waivers.extend(owners.map(|(owner, _)| Waiver {
                        control: control.clone(),
                        target: WaiverTarget::Resource(ResourceId {
                            stack: stack_index,
                            index: ResourceIndex(owner as u32),
                        }),
                        reason: reason.clone(),
                        owner: owner_name.clone(),
                        expires: expires.clone(),
                        file: file.to_owned(),
                        at,
                    }));
                }
                Err(message) => notices.push(invalid(file, at, message)),
            }
        }
        for (index, resource) in stack.resources.iter().enumerate() {
            let tree = &stack.tree;
            let list = tree
                .get(resource.body, "Metadata")
                .and_then(|m| tree.get(m, "sekisho"))
                .and_then(|s| tree.get(s, "waive"));
            for &entry in list.map_or(&[][..], |list| tree.list(list)) {
                let at = place(tree.offset(entry));
                match entry_of(tree, entry, false, user) {
                    Ok((control, _, reason, owner, expires)) => waivers.push(Waiver {
                        control,
                        target: WaiverTarget::Resource(ResourceId {
                            stack: stack_index,
                            index: ResourceIndex(index as u32),
                        }),
                        reason,
                        owner,
                        expires,
                        file: stack.file.clone(),
                        at,
                    }),
                    Err(message) => notices.push(invalid(&stack.file, at, message)),
                }
            }
        }
    }
    // A file that is instantiated several times says the same of each of its stacks.
    notices.dedup();
    (waivers, notices)
}

/// The remark for a waiver in a template where the organization refuses those.
#[must_use]
pub fn forbidden(waiver: &Waiver) -> Notice {
    Notice {
        code: "waiver-forbidden",
        severity: Severity::Medium,
        file: waiver.file.clone(),
        line: waiver.at.line,
        column: waiver.at.column,
        subject: waiver.control.clone(),
    }
}

const MARK: &str = "sekisho:waive ";

/// Comments that hold a waiver: the offset of the mark and the rest of the line.
fn comments(source: &str) -> impl Iterator<Item = (u32, &str)> {
    memchr::memmem::find_iter(source.as_bytes(), MARK).filter_map(move |at| {
        let line = source[..at].rfind('\n').map_or(0, |n| n + 1);
        let before = source[line..at].trim();
        let rest = &source[at + MARK.len()..];
        let end = rest.find('\n').unwrap_or(rest.len());
        before.ends_with('#').then(|| (at as u32, rest[..end].trim()))
    })
}

fn comment_fields(text: &str, user: &[Control]) -> Result<(String, String, String, String), String> {
    let (control, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    known_control(control, user)?;
    let (mut reason, mut owner, mut expires) = (String::new(), String::new(), String::new());
    while !rest.trim_start().is_empty() {
        let (key, after) = rest.trim_start().split_once('=').ok_or("write key=value or key=\"value\"")?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        match key {
            "reason" => reason = value.into(),
            "owner" => owner = value.into(),
            "expires" => expires = value.into(),
            _ => {
                let meant = did_you_mean(key, ["reason", "owner", "expires"]);
                return Err(format!(
                    "unknown key {key}{}",
                    meant.map_or(String::new(), |m| format!("; did you mean {m}?"))
                ));
            }
        }
        rest = after;
    }
    for (key, value) in [("reason", &reason), ("owner", &owner), ("expires", &expires)] {
        if value.trim().is_empty() {
            return Err(format!("a waiver needs {key}"));
        }
    }
    day(&expires)?;
    Ok((control.to_owned(), reason, owner, expires))
}

/// Applies waivers to the fails of an assessment. `today` is `YYYY-MM-DD`; without it no
/// waiver expires. O(waivers × fails of their control).
pub fn apply(estate: &Estate, assessment: &mut Assessment<'_>, waivers: &[Waiver], today: Option<&str>) {
    if waivers.is_empty() {
        return;
    }
    let mut by_control: std::collections::HashMap<&str, Vec<usize>> = std::collections::HashMap::new();
    for (index, judgement) in assessment.judgements.iter().enumerate() {
        if judgement.verdict == Verdict::Fail {
            by_control.entry(&judgement.control.id).or_default().push(index);
        }
    }
    let mut changes = Vec::new();
    for waiver in waivers {
        let notice = |code, severity| Notice {
            code,
            severity,
            file: waiver.file.clone(),
            line: waiver.at.line,
            column: waiver.at.column,
            subject: format!("{} ({})", waiver.control, waiver.expires),
        };
        let expired = today.is_some_and(|today| waiver.expires.as_str() < today);
        let hits: Vec<usize> = by_control
            .get(waiver.control.as_str())
            .into_iter()
            .flatten()
            .copied()
            .filter(|&index| {
                let judgement = &assessment.judgements[index];
                match &waiver.target {
                    WaiverTarget::Resource(id) => judgement.resource == Some(*id),
                    WaiverTarget::Glob(glob) => {
                        matches(glob, &judgement.address(estate))
                            || judgement.resource.is_some_and(|id| matches(glob, estate.id(id)))
                    }
                }
            })
            .collect();
        if expired {
            assessment.notices.push(notice("waiver-expired", Severity::Medium));
        } else if hits.is_empty() {
            assessment.notices.push(notice("waiver-unused", Severity::Low));
        } else {
            changes.extend(hits.into_iter().map(|index| (index, waiver)));
        }
    }
    for (index, waiver) in changes {
        let judgement = &mut assessment.judgements[index];
        if judgement.verdict == Verdict::Fail {
            judgement.verdict = Verdict::Waived;
            assessment.counts[Verdict::Fail as usize] -= 1;
            assessment.counts[Verdict::Waived as usize] += 1;
            judgement.waiver = Some(Box::new(WaiverNote {
                reason: waiver.reason.clone(),
                owner: waiver.owner.clone(),
                expires: waiver.expires.clone(),
                file: waiver.file.clone(),
                line: waiver.at.line,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for good in ["2026-02-28", "2028-02-29", "2026-12-31"] {
            assert!(day(good).is_ok(), "{good}");
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-01", "soon", ""] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn comments_are_found_only_after_a_hash() {
        let text = "a: 1 # sekisho:waive x reason=y\nb: \"sekisho:waive no\"\n";
        let found: Vec<_> = comments(text).collect();
        assert_eq!(found, [(7, "x reason=y")]);
    }
}
