//! Reads `facts/hand` and writes it as Rust tables.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::extract::{Expression, Field, Object, Type};
use crate::known::Known;
use crate::{check, rows};

/// A row and the file it is in.
type Rows<T> = Vec<(PathBuf, T)>;

/// Reads one file, or all `.yaml` files of a folder in the order of their names. Each
/// file is a list of rows.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Rows<T>, String> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
        files = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "yaml"));
        files.sort();
    }
    let mut out = Vec::new();
    for file in files {
        let fail = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
        let text = fs::read_to_string(&file).map_err(|e| fail(&e))?;
        let list: Vec<T> = serde_saphyr::from_str(&text).map_err(|e| fail(&e))?;
        out.extend(list.into_iter().map(|row| (file.clone(), row)));
    }
    Ok(out)
}

/// Reads, checks and writes all hand tables but the extensions.
pub(crate) fn tables(folder: &Path, known: &Known<'_>) -> Result<String, String> {
    let mut out = String::new();
    let stores = read::<rows::Store>(&folder.join("stores.yaml"))?;
    one(
        &mut out,
        "STORES",
        "Store",
        &stores,
        |r| &r.ty,
        |r| check::store(known, r),
        |r| {
            let named: Vec<String> = r
                .machinery
                .iter()
                .map(|n| format!("(Machinery::{:?}, {:?}, &{:?})", n.what, n.property, n.holds))
                .collect();
            let named = named.join(", ");
            format!("Store {{ holds: Holds::{:?}, machinery: &[{named}], note: {:?} }}", r.holds, r.note)
        },
    )?;
    let identities = read::<rows::Identity>(&folder.join("identity"))?;
    let checked = |r: &rows::Identity| check::identity(known, r);
    one(
        &mut out,
        "IDENTITIES",
        "Identity",
        &identities,
        |r| &r.ty,
        checked,
        |r| {
            let returns = match r.returns.as_str() {
                "name" => "RefReturns::Name".to_owned(),
                "arn" => "RefReturns::Arn".to_owned(),
                "id" => "RefReturns::Id".to_owned(),
                attribute => format!("RefReturns::Attribute({attribute:?})"),
            };
            format!(
                "Identity {{ name: {:?}, returns: {returns}, arn: {:?}, note: {:?}, verified: {:?} }}",
                r.name, r.arn, r.note, r.verified
            )
        },
    )?;
    let defaults = read::<rows::Default>(&folder.join("defaults"))?;
    let ty = |r: &rows::Default| r.ty.clone();
    // Several rows may describe one path, each under its own condition.
    let path = |r: &rows::Default| match r.when.is_empty() {
        true => r.path.clone(),
        false => format!("{} when {:?}", r.path, r.when),
    };
    let checked = |r: &rows::Default| check::default(known, r);
    many(&mut out, "DEFAULTS", "ServiceDefault", &defaults, ty, path, checked, |r| {
        let value = r.value.as_ref().map(ToString::to_string);
        let when: Vec<_> = r.when.iter().map(|(p, v)| format!("({p:?}, &{v:?})")).collect();
        let when = when.join(", ");
        format!(
            "ServiceDefault {{ path: {:?}, value_json: {value:?}, unknown: {:?}, since: {:?}, \
             unless: &{:?}, when: &[{when}], source: {:?}, note: {:?}, verified: {:?} }}",
            r.path, r.unknown, r.since, r.unless, r.source, r.note, r.verified
        )
    })?;
    let companions = read::<rows::Companion>(&folder.join("companions"))?;
    let (ty, member) = (|r: &rows::Companion| r.ty.clone(), |r: &rows::Companion| r.member.clone());
    let checked = |r: &rows::Companion| check::companion(known, r);
    many(&mut out, "COMPANIONS", "Companion", &companions, ty, member, checked, |r| {
        format!(
            "Companion {{ member: {:?}, many: {:?}, from: {:?}, by: &{:?}, via: &{:?}, \
             inline: {:?}, machinery: {}, note: {:?} }}",
            r.member,
            r.many,
            r.from,
            r.by,
            r.via,
            r.inline,
            r.machinery.map_or_else(|| "None".to_owned(), |what| format!("Some(Machinery::{what:?})")),
            r.note
        )
    })?;
    let nodes = read::<rows::FlowNode>(&folder.join("flow-nodes.yaml"))?;
    one(
        &mut out,
        "FLOW_NODES",
        "FlowNode",
        &nodes,
        |r| &r.ty,
        |r| check::flow_node(known, r),
        |r| format!("FlowNode {{ layer: Layer::{:?}, relays: {:?}, runs: {:?} }}", r.layer, r.relays, r.runs),
    )?;
    let keys = read::<rows::AtRestKey>(&folder.join("keys.yaml"))?;
    one(
        &mut out,
        "KEYS",
        "AtRestKey",
        &keys,
        |r| &r.ty,
        |r| check::key(known, r),
        |r| format!("AtRestKey {{ always: {:?}, switch: {:?}, key: {:?} }}", r.always, r.switch, r.key),
    )?;
    let categories = read::<rows::AssetCategory>(&folder.join("categories.yaml"))?;
    one(
        &mut out,
        "CATEGORIES",
        "Category",
        &categories,
        |r| &r.of,
        |r| check::category(known, r),
        |r| format!("Category::{:?}", r.category),
    )?;
    let regions = read::<rows::Region>(&folder.join("regions.yaml"))?;
    one(
        &mut out,
        "REGIONS",
        "Region",
        &regions,
        |r| &r.region,
        check::region,
        |r| format!("Region {{ country: {:?}, place: {:?} }}", r.country, r.place),
    )?;
    let images = read::<rows::PublicImages>(&folder.join("images.yaml"))?;
    one(&mut out, "IMAGES", "&str", &images, |r| &r.prefix, check::images, |r| format!("{:?}", r.owner))?;
    let names: Vec<&str> = nodes.iter().map(|(_, row)| row.ty.as_str()).collect();
    let flows = read::<rows::Flow>(&folder.join("flows"))?;
    let ty = |r: &rows::Flow| r.ty.clone();
    let part = |r: &rows::Flow| format!("{} {:?} {:?} {:?}", r.path, r.to, r.moves, r.when);
    let checked = |r: &rows::Flow| check::flow(known, &names, r);
    many(&mut out, "FLOWS", "Flow", &flows, ty, part, checked, flow)?;
    Ok(out)
}

/// A flow as the text of a Rust value.
fn flow(r: &rows::Flow) -> String {
    let transit = match (r.transit, &r.encrypted_if) {
        (Some(fixed), _) => format!("Transit::{fixed:?}"),
        (None, encrypted_if) => format!(
            "Transit::Decided {{ by: Side::{:?}, encrypted_if: {:?}, application_if: {:?} }}",
            r.decided_by,
            encrypted_if.as_deref().unwrap_or_default(),
            r.application_if
        ),
    };
    let at_rest = r
        .at_rest
        .as_ref()
        .map_or("None".to_owned(), |rest| format!("Some((Side::{:?}, {:?}))", rest.of, rest.path));
    format!(
        "Flow {{ path: {:?}, to: &{:?}, moves: Moves::{:?}, direction: Direction::{:?}, asks: Side::{:?}, \
         possible: {:?}, implicit: {:?}, always: {:?}, region: {:?}, named: {:?}, when: {:?}, \
         content_if: {:?}, transit: {transit}, at_rest: {at_rest}, api: {:?}, note: {:?}, source: {:?}, \
         also: &{:?}, verified: {:?} }}",
        r.path,
        r.to,
        r.moves,
        r.flow,
        r.asks,
        r.possible,
        r.implicit,
        r.always,
        r.region,
        r.named,
        r.when,
        r.content_if,
        r.origin == rows::Origin::Api,
        r.note,
        r.source,
        r.also,
        r.verified
    )
}

fn place(file: &Path, what: &str, message: &str) -> String {
    format!("{}: {what}: {message}", file.display())
}

/// A table with one row a type.
fn one<T>(
    out: &mut String,
    name: &str,
    row_type: &str,
    rows: &Rows<T>,
    key: impl Fn(&T) -> &String,
    check: impl Fn(&T) -> Result<(), String>,
    text: impl Fn(&T) -> String,
) -> Result<(), String> {
    let mut sorted = BTreeMap::new();
    for (file, row) in rows {
        check(row).map_err(|e| place(file, key(row), &e))?;
        if sorted.insert(key(row), text(row)).is_some() {
            return Err(place(file, key(row), "the type has a row already"));
        }
    }
    let _ = writeln!(out, "pub(crate) static {name}: &[(&str, {row_type})] = &[");
    for (key, text) in sorted {
        let _ = writeln!(out, "    ({key:?}, {text}),");
    }
    out.push_str("];\n");
    Ok(())
}

/// A table with several rows a type, told apart by `part`, in the order of the files.
#[allow(clippy::too_many_arguments)] // one caller per kind of row; a struct would only rename them
fn many<T>(
    out: &mut String,
    name: &str,
    row_type: &str,
    rows: &Rows<T>,
    key: impl Fn(&T) -> String,
    part: impl Fn(&T) -> String,
    check: impl Fn(&T) -> Result<(), String>,
    text: impl Fn(&T) -> String,
) -> Result<(), String> {
    let mut sorted: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (file, row) in rows {
        let what = format!("{} {}", key(row), part(row));
        check(row).map_err(|e| place(file, &what, &e))?;
        let list = sorted.entry(key(row)).or_default();
        if list.iter().any(|(known, _)| *known == part(row)) {
            return Err(place(file, &what, "there is such a row already"));
        }
        list.push((part(row), text(row)));
    }
    let _ = writeln!(out, "pub(crate) static {name}: &[(&str, &[{row_type}])] = &[");
    for (key, list) in sorted {
        let _ = writeln!(out, "    ({key:?}, &[");
        for (_, text) in list {
            let _ = writeln!(out, "        {text},");
        }
        out.push_str("    ]),\n");
    }
    out.push_str("];\n");
    Ok(())
}

/// The extension types, in the form of the extract.
pub(crate) fn extensions(folder: &Path) -> Result<Vec<Type>, String> {
    let mut out = Vec::new();
    for (file, row) in read::<rows::Extension>(&folder.join("extensions"))? {
        if !row.ty.starts_with("Sekisho::") {
            return Err(place(&file, &row.ty, "extension types start with `Sekisho::`"));
        }
        let mut ty = Type { name: row.ty.clone(), identifiers: row.identifier, ..Type::default() };
        ty.root = object(&mut ty, "", &row.properties).map_err(|e| place(&file, &row.ty, &e))?;
        out.push(ty);
    }
    Ok(out)
}

fn object(
    ty: &mut Type,
    path: &str,
    properties: &BTreeMap<String, rows::Property>,
) -> Result<Object, String> {
    let mut object = Object::default();
    for (name, property) in properties {
        let shape = shape(ty, &format!("{path}/{name}"), property)?;
        let required = property.required;
        object.fields.push(Field { name: name.clone(), shape, required, read_only: false });
    }
    Ok(object)
}

fn shape(ty: &mut Type, path: &str, property: &rows::Property) -> Result<Expression, String> {
    let inner = |ty: &mut Type| match &property.items {
        Some(items) => shape(ty, path, items).map(Box::new),
        None => Err(format!("{path}: a list or map needs `items`")),
    };
    let letter = match property.kind {
        rows::Kind::List => return Ok(Expression::List(inner(ty)?)),
        rows::Kind::Map => return Ok(Expression::Map(inner(ty)?)),
        rows::Kind::Object => {
            let fields = property.fields.as_ref();
            let fields = fields.ok_or_else(|| format!("{path}: an object needs `fields`"))?;
            let object = object(ty, path, fields)?;
            ty.definitions.insert(path.to_owned(), object);
            return Ok(Expression::Definition(path.to_owned()));
        }
        rows::Kind::Boolean => 'b',
        rows::Kind::Integer => 'i',
        rows::Kind::Number => 'n',
        rows::Kind::String => 's',
        rows::Kind::Any => 'a',
    };
    Ok(Expression::Scalar { letter, values: property.values.clone(), relations: Vec::new() })
}
