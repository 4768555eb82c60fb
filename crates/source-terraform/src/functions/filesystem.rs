//! Files below the folders that are read, and paths.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Function, bounded, known, texts};
use crate::value::{ListKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    known("abspath", 1, 1, |call| Ok(Value::text_of(&call.reach.absolute(&call.text(0)?)))),
    known("basename", 1, 1, |call| {
        let path = call.text(0)?;
        let path = path.trim_end_matches('/');
        Ok(Value::text_of(path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(".")))
    }),
    known("dirname", 1, 1, |call| {
        let path = call.text(0)?;
        Ok(Value::text_of(match path.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((folder, _)) => folder,
            None => ".",
        }))
    }),
    known("file", 1, 1, |call| {
        let bytes = call.reach.read(&call.text(0)?)?;
        let text =
            String::from_utf8(bytes).map_err(|_| "the file is not UTF-8; filebase64 reads any file")?;
        bounded(text)
    }),
    known("filebase64", 1, 1, |call| bounded(STANDARD.encode(call.reach.read(&call.text(0)?)?))),
    known("fileexists", 1, 1, |call| call.reach.exists(&call.text(0)?).map(Value::Bool)),
    known("fileset", 2, 2, |call| {
        let found = call.reach.matching(&call.text(0)?, &call.text(1)?)?;
        let Value::List(list) = texts(call, found) else { return Ok(Value::Null) };
        Ok(Value::list(ListKind::Set, list.items.clone()))
    }),
    known("pathexpand", 1, 1, |call| {
        let path = call.text(0)?;
        if path.starts_with('~') {
            return Ok(super::differs("the home folder"));
        }
        Ok(Value::String(path))
    }),
];
