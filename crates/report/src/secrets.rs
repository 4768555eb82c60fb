//! What must not be shown of a source line: a line that holds evidence may hold a password
//! beside it.
//!
//! Masked are values that the estate knows to be secret, the values of parameters with
//! `NoEcho`, texts in which a control found something, and values whose name says that they
//! are secret. Linear in the size of a tree, once for each file of which a line is shown.

use sekisho_assess::{Evidence, EvidenceKind};
use sekisho_estate::secret::{is_secret_name, looks_secret, names_beside};
use sekisho_estate::{Node, NodeId, Stack, Step};

use crate::text::extent::{extent, line_end, line_start};

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "***";

/// Byte ranges of a stack's source that are masked, in order and apart from each other.
pub(crate) fn masks(stack: &Stack, found: &[u32]) -> Vec<(u32, u32)> {
    let tree = &stack.tree;
    let mut masks: Vec<(u32, u32)> = found.iter().map(|&offset| from(stack, offset)).collect();
    for index in 0..tree.len() as u32 {
        let id = NodeId(index);
        match tree.node(id) {
            Node::Secret(_) => masks.push(from(stack, tree.offset(id))),
            Node::Map(range) => {
                let entries = tree.entries(range);
                let named = names_beside(tree, entries);
                for entry in entries {
                    let key = tree.text(entry.key);
                    if is_secret_name(key) || named && matches!(key, "Value" | "ParameterValue") {
                        mask_value(stack, entry.value, &mut masks);
                    }
                }
            }
            Node::String(span) if looks_secret(tree.text(span)) => mask_value(stack, id, &mut masks),
            _ => {}
        }
    }
    for variable in stack.variables.iter().filter(|variable| variable.secret) {
        for &value in &variable.domain {
            mask_value(stack, value, &mut masks);
        }
    }
    masks.retain(|(start, end)| start < end);
    masks.sort_unstable();
    masks.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    masks
}

fn mask_value(stack: &Stack, id: NodeId, masks: &mut Vec<(u32, u32)>) {
    let source = stack.tree.source();
    match stack.tree.node(id) {
        Node::String(span) if span.len == 0 => {}
        Node::String(span) if ((span.start + span.len) as usize) <= source.len() => {
            masks.push((span.start, span.start + span.len));
        }
        Node::String(_) | Node::Int(_) | Node::Float(_) | Node::Operation { .. } => {
            masks.push(from(stack, stack.tree.offset(id)));
        }
        _ => {}
    }
}

/// From an offset to the end of the value there; a text of several lines is masked whole.
fn from(stack: &Stack, offset: u32) -> (u32, u32) {
    let source = stack.tree.source();
    let bytes = source.as_bytes();
    let start = (offset as usize).min(bytes.len());
    // A comment ends with its line.
    if bytes[start..].starts_with(b"#") || bytes[start..].starts_with(b"//") {
        return (start as u32, line_end(bytes, start) as u32);
    }
    let mut end = extent(source, start);
    // A block scalar: all lines that are indented deeper than the line of its key.
    let first = line_start(bytes, start);
    let indent = |line: &[u8]| line.iter().take_while(|b| **b == b' ').count();
    let key = indent(&bytes[first..line_end(bytes, first)]);
    let key = if start == first + key { key.saturating_sub(1) } else { key };
    let mut at = line_end(bytes, start);
    while at < bytes.len() {
        let next = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |feed| at + feed + 1);
        let stop = line_end(bytes, next);
        let line = &bytes[next..stop];
        if next >= bytes.len() || !line.trim_ascii().is_empty() && indent(line) <= key {
            break;
        }
        end = end.max(stop);
        at = stop;
    }
    (start as u32, end as u32)
}

/// The value of a piece of evidence as it may be shown. What the estate knows to be secret
/// is masked already; this masks text whose name or form says so.
pub(crate) fn value(evidence: &Evidence) -> Option<&str> {
    let value = evidence.value.as_deref()?;
    let text = value.len() > 2 && value.starts_with('"');
    let named = || match evidence.route.0.last() {
        Some(Step::Key(key)) => is_secret_name(key),
        _ => false,
    };
    let secret =
        evidence.kind == EvidenceKind::Value && text && (named() || value.len() > 12 && looks_secret(value));
    Some(if secret { MASK } else { value })
}
