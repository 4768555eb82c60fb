//! Checks every row of `facts/hand` against the resource types, so that our own data
//! cannot name what AWS does not have.

use crate::known::{Known, at, fits, unknown};
use crate::rows;

type Checked = Result<(), String>;

pub(crate) fn store(known: &Known<'_>, row: &rows::Store) -> Checked {
    let ty = known.ty(&row.ty)?;
    for named in &row.machinery {
        at(ty, &format!("/{}", named.property))?;
        if named.holds.is_empty() || named.holds.iter().any(|text| *text != text.to_ascii_lowercase()) {
            return Err("`machinery` needs texts in lower case".into());
        }
    }
    Ok(())
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
    if row.machinery.is_some() && row.by.is_empty() {
        return Err("`machinery` is said of what a companion names: it needs `by`".into());
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

/// Ends of flows that are not resources.
const ENDS: [&str; 9] =
    ["account", "clients", "email", "host", "internet", "phone", "premises", "saas", "url"];

/// A flow; `nodes` are the rows of `flow-nodes.yaml`, which name what a service makes by itself.
pub(crate) fn flow(known: &Known<'_>, nodes: &[&str], row: &rows::Flow) -> Checked {
    let made = |name: &str| -> Checked {
        let made = nodes.iter().copied().filter(|n| n.starts_with("virtual:"));
        if nodes.contains(&name) { Ok(()) } else { Err(unknown("made thing", name, made)) }
    };
    let api = row.origin == rows::Origin::Api;
    let holder = match row.ty.starts_with("virtual:") {
        true => made(&row.ty).map(|()| None)?,
        false => Some(known.ty(&row.ty)?),
    };
    if api {
        if !row.path.starts_with("api:") {
            return Err(format!("path `{}` of an API must start with `api:`", row.path));
        }
    } else if let Some(holder) = holder {
        at(holder, &row.path)?;
    } else {
        return Err("what a service makes has no properties: `origin: api`".into());
    }
    if row.to.is_empty() {
        return Err("`to` names nothing".into());
    }
    for to in &row.to {
        match to.split_once(':') {
            Some(("external", end)) if !ENDS.contains(&end) => {
                return Err(unknown("end", end, ENDS.into_iter()));
            }
            Some(("external", _)) => {}
            Some(("virtual", _)) => made(to)?,
            _ if to == "*" => {}
            _ => drop(known.ty(to)?),
        }
    }
    match (&row.transit, &row.encrypted_if, &row.application_if) {
        (Some(_), None, None) | (None, Some(_), _) => {}
        _ => {
            return Err(
                "exactly one of `transit` and `encrypted_if`, and `application_if` only beside that".into()
            );
        }
    }
    if row.decided_by == rows::Side::Target && (row.encrypted_if.is_none() || row.to.len() != 1) {
        return Err("`decided_by: target` needs `encrypted_if` and one type in `to`".into());
    }
    if row.always && !row.implicit {
        return Err("`always` is for what the service makes: `implicit`".into());
    }
    if row.named.is_some() && !row.implicit {
        return Err("`named` is for what the service makes: `implicit`".into());
    }
    if let Some(rest) = &row.at_rest {
        match rest.of {
            rows::Side::Holder => {
                if let Some(ty) = holder {
                    at(ty, &rest.path)?;
                }
            }
            rows::Side::Target => {
                let first = row.to.iter().find(|to| to.starts_with("AWS::"));
                let first = first.ok_or("`at_rest` of a target that is no resource")?;
                at(known.ty(first)?, &rest.path)?;
            }
        }
    }
    sources(row)
}

/// Documentation of AWS; nothing else proves what AWS does.
const DOCUMENTATION: [&str; 2] = ["https://docs.aws.amazon.com/", "https://aws.amazon.com/"];

/// Every claim is read on pages of AWS, or says what was not found there.
fn sources(row: &rows::Flow) -> Checked {
    for page in [&row.source].into_iter().chain(&row.also) {
        if !DOCUMENTATION.iter().any(|host| page.len() > host.len() && page.starts_with(host)) {
            return Err(format!("source `{page}` is no page of AWS's documentation"));
        }
    }
    if row.also.contains(&row.source) {
        return Err("`also` names `source` again".into());
    }
    match (row.verified, &row.open) {
        (true, Some(_)) => Err("`verified` and `open` exclude each other".into()),
        (false, open) if open.as_ref().is_none_or(|why| why.trim().is_empty()) => {
            Err("neither `verified: true` nor `open`, which says what was not found".into())
        }
        _ => Ok(()),
    }
}

pub(crate) fn flow_node(known: &Known<'_>, row: &rows::FlowNode) -> Checked {
    if row.ty.starts_with("virtual:") { Ok(()) } else { known.ty(&row.ty).map(drop) }
}

pub(crate) fn key(known: &Known<'_>, row: &rows::AtRestKey) -> Checked {
    let ty = known.ty(&row.ty)?;
    if row.always && row.switch.is_some() {
        return Err("one of `always` and `switch`".into());
    }
    row.switch.iter().chain(&row.key).try_for_each(|path| at(ty, path).map(|_| ()))
}

pub(crate) fn category(known: &Known<'_>, row: &rows::AssetCategory) -> Checked {
    match row.of.split("::").count() {
        2 => known.service(&row.of),
        _ => known.ty(&row.of).map(|_| ()),
    }
}

pub(crate) fn region(row: &rows::Region) -> Checked {
    let code = row.country.len() == 2 && row.country.bytes().all(|b| b.is_ascii_uppercase());
    if code { Ok(()) } else { Err(format!("`{}` is no country code (ISO 3166-1)", row.country)) }
}

pub(crate) fn images(row: &rows::PublicImages) -> Checked {
    let account = row.owner.len() == 12 && row.owner.bytes().all(|b| b.is_ascii_digit());
    if !row.prefix.starts_with("/aws/service/") {
        return Err("public parameters begin with /aws/service/".to_owned());
    }
    if account || matches!(row.owner.as_str(), "amazon" | "aws-marketplace") {
        Ok(())
    } else {
        Err(format!("`{}` is neither an account nor an alias of one", row.owner))
    }
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
