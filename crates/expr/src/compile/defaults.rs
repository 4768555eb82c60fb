//! Dated defaults of the services, looked up when the expression is compiled.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use sekisho_estate::json::{self, Limits};
use sekisho_estate::{NodeId, ReasonCode, Stack, Tree, View};
use sekisho_facts::{Kind, ServiceDefault};

use super::members::not_read;
use crate::compare::{coerce, text};
use crate::frame::{Frame, Seen};
use crate::types::Path;
use crate::value::{ResourceRef, Val};

/// The defaults of one property: the first whose conditions hold counts.
pub(super) struct Default {
    rows: Vec<Row>,
    /// The type whose properties the conditions name.
    root: &'static str,
}

struct Row {
    fact: &'static ServiceDefault,
    value: Option<&'static Stack>,
}

/// Id of the stacks that hold defaults; no path of a file is like it.
const STACK: &str = "<default>";

/// Values of defaults, each parsed once: they are few and live as long as the program.
static VALUES: LazyLock<Mutex<HashMap<&'static str, &'static Stack>>> = LazyLock::new(Mutex::default);

impl Default {
    pub(super) fn find(path: &Path) -> Option<Self> {
        let rows: Vec<Row> = sekisho_facts::defaults(path.root.name())
            .iter()
            .filter(|fact| fact.path == path.pointer)
            .map(|fact| Row { fact, value: fact.value_json.map(value_of) })
            .collect();
        if rows.is_empty() { None } else { Some(Self { rows, root: path.root.name() }) }
    }

    /// The default where `name` would stand in `holder`, which belongs to `root`.
    pub(super) fn value<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        holder: Option<View<'a>>,
        root: Option<ResourceRef<'a>>,
        name: &'static str,
        coerced: Option<Kind>,
    ) -> Val<'a> {
        let root = root.or(frame.this.filter(|this| this.type_name() == self.root));
        let mut replaced = None;
        for row in &self.rows {
            match row.holds(frame, root) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(unknown) => return unknown,
            }
            if let Some(source) = row.fact.unless.iter().find(|path| written(frame, root, path)) {
                // This row says nothing; a later one may.
                replaced = replaced.or(Some((row.fact.path, source)));
                continue;
            }
            // Noted for a step of a longer path too: what is read below it is a part of the default.
            if frame.notes() {
                let holder = holder.filter(|view| !is_default(*view));
                let place = holder.map(|view| (view, name));
                let place = place.or_else(|| root.map(|r| (r.properties(), &row.fact.path[1..])));
                if let Some((view, path)) = place {
                    frame.see(|| Seen::Default(view, path, row.fact));
                }
            }
            return row.read(frame, root, coerced);
        }
        match replaced {
            Some((path, source)) => frame.unknown(ReasonCode::TakenFromSource, format!("{path} ({source})")),
            None => Val::Absent,
        }
    }
}

impl Row {
    /// Whether the conditions of the row hold for the resource.
    fn holds<'a>(&self, frame: &Frame<'_, 'a>, root: Option<ResourceRef<'a>>) -> Result<bool, Val<'a>> {
        for (path, values) in self.fact.when {
            let mut actual = at(frame, root, path);
            if matches!(actual, Val::Absent) {
                let implied = root.and_then(|r| {
                    sekisho_facts::defaults(r.type_name())
                        .iter()
                        .find(|f| f.path == *path && f.when.is_empty())
                });
                if let Some(stack) = implied.and_then(|f| f.value_json).map(value_of) {
                    actual = frame.read(stack.view(NodeId(0)));
                }
            }
            match text(frame, actual) {
                Val::Str(actual) if values.iter().any(|v| v.eq_ignore_ascii_case(actual)) => {}
                unknown @ Val::Unknown(_) => return Err(unknown),
                open @ (Val::Text(_) | Val::Reference(_) | Val::Secret(_)) => {
                    return Err(not_read(frame, open, path));
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn read<'a>(
        &self,
        frame: &Frame<'_, 'a>,
        root: Option<ResourceRef<'a>>,
        coerced: Option<Kind>,
    ) -> Val<'a> {
        if !frame.host.default_holds(root, self.fact) {
            return frame.unknown(ReasonCode::DefaultUndated, self.fact.path);
        }
        match self.value {
            Some(stack) if !stack.tree.is_empty() => {
                let read = frame.read(stack.view(NodeId(0)));
                coerced.map_or(read, |kind| coerce(frame, read, kind))
            }
            _ => frame.unknown(ReasonCode::AccountSetting, self.fact.unknown.unwrap_or(self.fact.path)),
        }
    }
}

/// The value at a pointer of a resource's properties.
fn at<'a>(frame: &Frame<'_, 'a>, root: Option<ResourceRef<'a>>, pointer: &str) -> Val<'a> {
    let Some(root) = root else { return Val::Absent };
    let mut value = frame.read(root.properties());
    for name in pointer.split('/').skip(1) {
        let Val::Node(view) = value else { return value };
        match view.stack.tree.get(view.node, name) {
            Some(node) => value = frame.read(view.at(node)),
            None => return Val::Absent,
        }
    }
    value
}

fn written<'a>(frame: &Frame<'_, 'a>, root: Option<ResourceRef<'a>>, pointer: &str) -> bool {
    !matches!(at(frame, root, pointer), Val::Absent)
}

/// The stack that holds one default value as its first node.
fn value_of(text: &'static str) -> &'static Stack {
    let mut values = VALUES.lock().unwrap_or_else(PoisonError::into_inner);
    values.entry(text).or_insert_with(|| {
        // The build of the facts checks that every default is JSON; an empty tree reads as unknown.
        let tree =
            json::read(text.to_owned(), Limits::default()).map_or_else(|_| Tree::default(), |d| d.tree);
        Box::leak(Box::new(Stack::new(STACK, "", tree)))
    })
}

/// Whether a value is a part of a default.
pub(super) fn is_default(view: View<'_>) -> bool {
    view.stack.id == STACK
}
