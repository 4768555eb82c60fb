//! What is to be said about places of a file, before their lines are known.

use sekisho_estate::{LineIndex, Problem};

/// The offset that means the whole file.
pub(crate) const WHOLE: u32 = u32::MAX;

/// More problems than this in one file are counted, not listed.
const MAX_PROBLEMS: usize = 200;

/// Something wrong at a byte offset.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    /// Byte offset, or [`WHOLE`].
    pub(crate) offset: u32,
    /// What is wrong and what to do.
    pub(crate) message: String,
    /// Whether a part of the file was lost by it.
    pub(crate) loses: bool,
}

impl Remark {
    /// Something that lost nothing.
    pub(crate) fn note(offset: u32, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), loses: false }
    }

    /// Something that lost a part of the file.
    pub(crate) fn loss(offset: u32, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), loses: true }
    }
}

/// Gives each remark its line and column. The lines are found only when there is a remark, and
/// only for as many as are shown: a template may be one long line.
pub(crate) fn locate(mut remarks: Vec<Remark>, text: &str) -> Vec<Problem> {
    if remarks.is_empty() {
        return Vec::new();
    }
    let mut rest = Vec::new();
    if remarks.len() > MAX_PROBLEMS {
        // What is said of the whole file stands before what is said of places, as in the end.
        remarks.sort_by_key(|remark| remark.offset.wrapping_add(1));
        rest = remarks.split_off(MAX_PROBLEMS);
    }
    let lines = LineIndex::new(text);
    let mut problems: Vec<Problem> = remarks
        .into_iter()
        .map(|Remark { offset, message, loses }| {
            if offset == WHOLE {
                return Problem::whole(message, loses);
            }
            Problem::at(&lines, text, offset, message, loses)
        })
        .collect();
    problems.extend(more(rest.len(), rest.iter().any(|remark| remark.loses)));
    problems
}

/// What is said instead of more problems than are shown.
fn more(count: usize, loses: bool) -> Option<Problem> {
    (count > 0).then(|| Problem::whole(format!("and {count} more"), loses))
}

/// Problems in the order of the file, each once; a flood of them is cut.
pub(crate) fn tidy(problems: &mut Vec<Problem>) {
    problems.sort();
    problems.dedup();
    // Reading and lowering each say at most that many.
    const MAX: usize = 2 * (MAX_PROBLEMS + 1);
    if problems.len() > MAX {
        let rest = problems.split_off(MAX);
        problems.extend(more(rest.len(), rest.iter().any(|problem| problem.loses)));
    }
}
