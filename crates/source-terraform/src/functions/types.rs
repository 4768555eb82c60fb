//! Conversions, and what evaluates its arguments itself.

use std::sync::Arc;

use super::{Call, Function, MANY, Need, any, describe};
use crate::operators;
use crate::types::{Type, convert};
use crate::value::{ListKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    any("ephemeralasnull", 1, 1, same),
    any("issensitive", 1, 1, |call| {
        Ok(Value::Bool(matches!(call.arguments.first().map(|a| &a.value), Some(Value::Sensitive(_)))))
    }),
    any("nonsensitive", 1, 1, |call| {
        Ok(match &call.arguments[0].value {
            Value::Sensitive(inner) => (**inner).clone(),
            value => value.clone(),
        })
    }),
    any("sensitive", 1, 1, |call| {
        Ok(match &call.arguments[0].value {
            value @ Value::Sensitive(_) => value.clone(),
            value => Value::Sensitive(Arc::new(value.clone())),
        })
    }),
    any("tobool", 1, 1, |call| converted(call, &Type::Bool)),
    any("tolist", 1, 1, |call| converted(call, &Type::List(Box::new(Type::Any)))),
    any("tomap", 1, 1, |call| converted(call, &Type::Map(Box::new(Type::Any)))),
    any("tonumber", 1, 1, |call| converted(call, &Type::Number)),
    any("toset", 1, 1, |call| converted(call, &Type::Set(Box::new(Type::Any)))),
    any("tostring", 1, 1, |call| converted(call, &Type::String)),
    any("type", 1, 1, |call| {
        let described = match call.value(0) {
            value @ Value::List(list) if list.kind == ListKind::Tuple && operators::is_top_known(value) => {
                "tuple"
            }
            value => describe(value).trim_start_matches("a "),
        };
        Ok(Value::text_of(described))
    }),
    special("can", 1, 1),
    special("templatefile", 2, 2),
    special("templatestring", 2, 2),
    special("try", 1, MANY),
];

const fn special(name: &'static str, least: usize, most: usize) -> Function {
    Function { name, least, most, need: Need::Special, run: |_| Err("not evaluated here".into()) }
}

fn same(call: &Call<'_>) -> Result<Value, String> {
    Ok(call.arguments[0].value.clone())
}

fn converted(call: &Call<'_>, wanted: &Type) -> Result<Value, String> {
    convert(&call.arguments[0], wanted).map(|located| located.value)
}
