//! Checks every row of `facts/hand` against the resource types, so that our own data
//! cannot name what AWS does not have.

use crate::known::{Known, at, fits, unknown};
use crate::rows;

type Checked = Result<(), String>;

pub(crate) fn store(known: &Known<'_>, row: &rows::Store) -> Checked {
    known.ty(&row.ty).map(drop)
}

pub(crate) fn default(known: &Known<'_>, row: &rows::Default) -> Checked {
    let ty = known.ty(&row.ty)?;
    if !row.path.starts_with('/') {
        return Err(format!("path `{}` must start with `/`", row.path));
    }
    let here = at(ty, &row.path)?;
    match (&row.value, &row.unknown) {
        (Some(value), None) => fits(ty, here, value)?,
        (None, Some(reason)) if !reason.is_empty() => {}
        _ => return Err("exactly one of `value` and `unknown` (with a reason)".into()),
    }
    for path in row.unless.iter().chain(row.when.keys()) {
        if !path.starts_with('/') {
            return Err(format!("path `{path}` must start with `/`"));
        }
        at(ty, path)?;
    }
    if let Some(date) = &row.since {
        iso_date(date)?;
    }
    https(&row.source)
}

pub(crate) fn companion(known: &Known<'_>, row: &rows::Companion) -> Checked {
    let (ty, from) = (known.ty(&row.ty)?, known.ty(&row.from)?);
    if row.by.is_empty() == row.via.is_empty() {
        return Err("exactly one of `by` and `via`".into());
    }
    row.by.iter().try_for_each(|path| at(from, path).map(drop))?;
    row.via.iter().try_for_each(|path| at(ty, path).map(drop))?;
    if let Some(inline) = &row.inline {
        at(ty, inline)?;
    }
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if row.member.is_empty() || !row.member.bytes().all(lower) {
        return Err(format!("member `{}` is not in snake case", row.member));
    }
    Ok(())
}

pub(crate) fn identity(known: &Known<'_>, row: &rows::Identity) -> Checked {
    let ty = known.ty(&row.ty)?;
    if let Some(name) = &row.name {
        at(ty, name)?;
    }
    match row.returns.as_str() {
        "name" if row.name.is_none() => return Err("`ref: name` needs `name`".into()),
        "name" | "arn" | "id" => {}
        attribute => {
            let names = || {
                let attributes = ty.attributes.iter().map(|(name, _)| name.as_str());
                attributes.chain(ty.root.fields.iter().map(|f| f.name.as_str()))
            };
            if !names().any(|name| name == attribute) {
                return Err(unknown("attribute", attribute, names()));
            }
        }
    }
    let Some(arn) = &row.arn else { return Ok(()) };
    if !arn.starts_with("arn:{partition}:") || arn.split(':').count() < 6 {
        return Err(format!("`{arn}` is not an ARN template"));
    }
    for part in arn.split('{').skip(1) {
        let (name, _) = part.split_once('}').ok_or("`{` without `}`")?;
        match name {
            "partition" | "region" | "account" | "id" => {}
            "name" if row.name.is_none() => return Err("`{name}` needs `name`".into()),
            "name" => {}
            // Another property of the resource is part of some ARNs (the bus of a rule).
            property => drop(at(ty, property)?),
        }
    }
    Ok(())
}

fn https(text: &str) -> Checked {
    if text.starts_with("https://") { Ok(()) } else { Err(format!("`{text}` is no https URL")) }
}

fn iso_date(text: &str) -> Checked {
    let parts: Vec<_> = text.split('-').map(|p| (p.len(), p.parse::<u32>())).collect();
    match parts[..] {
        [(4, Ok(_)), (2, Ok(1..=12)), (2, Ok(1..=31))] => Ok(()),
        _ => Err(format!("`{text}` is not a date (YYYY-MM-DD)")),
    }
}
