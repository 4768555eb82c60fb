//! Every file that was looked at, what it was, and what was wrong with it.

use crate::{Excerpt, LineIndex};

/// How far a file was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum InputStatus {
    /// Wholly.
    Read,
    /// With problems that lost a part of it.
    Partly,
    /// Not at all, though it looks like something that should be read.
    Unreadable,
    /// Not something sekisho reads.
    Ignored,
}

impl InputStatus {
    /// Name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partly => "partly",
            Self::Unreadable => "unreadable",
            Self::Ignored => "ignored",
        }
    }
}

/// Something wrong at a place of a file.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether a part of the file was lost by it (else it is a remark).
    pub loses: bool,
    /// The line, when a part of the file was lost: see [`Problem::at`].
    pub excerpt: Option<Box<Excerpt>>,
}

impl Problem {
    /// A problem of a whole file.
    #[must_use]
    pub fn whole(message: impl Into<String>, loses: bool) -> Self {
        Self { line: 0, column: 0, message: message.into(), loses, excerpt: None }
    }

    /// A problem at a byte offset of a text. A loss keeps the line it points to, masked.
    #[must_use]
    pub fn at(lines: &LineIndex, text: &str, offset: u32, message: impl Into<String>, loses: bool) -> Self {
        let at = lines.position(text, offset);
        let excerpt = if loses { Excerpt::of(text, offset).map(Box::new) } else { None };
        Self { line: at.line, column: at.column, message: message.into(), loses, excerpt }
    }
}

/// One file of the run.
#[derive(Clone, Debug)]
pub struct Input {
    /// Path as the user would write it, with `/`.
    pub path: String,
    /// Digest of the bytes as lower-case hexadecimal, empty when they could not be read.
    pub sha256: String,
    /// What it is: `cloudformation`, `parameters`, or empty.
    pub kind: &'static str,
    /// Id of its stack when it is one.
    pub stack: Option<String>,
    /// How far it was read.
    pub status: InputStatus,
    /// Number of resources it declares.
    pub resources: usize,
    /// What was wrong.
    pub problems: Vec<Problem>,
}
