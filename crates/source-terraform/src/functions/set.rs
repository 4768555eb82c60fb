//! Sets.

use super::{Call, Function, MANY, MAX_ELEMENTS, shape};
use crate::operators::{equal, to_set};
use crate::value::{ListKind, Located, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    shape("setintersection", 1, MANY, |call| {
        let mut common = call.list(0)?.items.clone();
        for at in 1..call.len() {
            let other = &call.list(at)?.items;
            common.retain(|item| holds(other, item));
        }
        Ok(to_set(common))
    }),
    shape("setproduct", 1, MANY, setproduct),
    shape("setsubtract", 2, 2, |call| {
        let (from, taken) = (call.list(0)?, call.list(1)?);
        Ok(to_set(from.items.iter().filter(|item| !holds(&taken.items, item)).cloned().collect()))
    }),
    shape("setunion", 1, MANY, |call| {
        let mut all = Vec::new();
        for at in 0..call.len() {
            all.extend_from_slice(&call.list(at)?.items);
        }
        Ok(to_set(all))
    }),
];

fn holds(items: &[Located], wanted: &Located) -> bool {
    items.iter().any(|item| equal(&item.value, &wanted.value) == Some(true))
}

/// The first list changes slowest. Of sets alone it is a set, which iterates in the same order.
fn setproduct(call: &Call<'_>) -> Result<Value, String> {
    let mut rows: Vec<Vec<Located>> = vec![Vec::new()];
    for at in 0..call.len() {
        let list = call.list(at)?;
        if rows.len().saturating_mul(list.items.len()) > MAX_ELEMENTS {
            return Err(format!("more than {MAX_ELEMENTS} elements"));
        }
        let longer = |row: &Vec<Located>, item: &Located| {
            let mut row = row.clone();
            row.push(item.clone());
            row
        };
        rows = rows.iter().flat_map(|row| list.items.iter().map(|item| longer(row, item))).collect();
    }
    let all_sets = (0..call.len()).all(|at| matches!(call.list(at), Ok(list) if list.kind == ListKind::Set));
    let rows = rows.into_iter().map(|row| call.made(Value::list(ListKind::Tuple, row))).collect();
    Ok(Value::list(if all_sets { ListKind::Set } else { ListKind::List }, rows))
}
