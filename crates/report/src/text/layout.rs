//! Text on a terminal: widths, wrapping and colour.

use std::borrow::Cow;

use sekisho_assess::Verdict;
use sekisho_guidance::Severity;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::{Color, Options};

/// Columns that a text takes. Characters of ambiguous width count as narrow; nothing that
/// must be aligned uses them.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text that cannot move the cursor, change colours or reverse its order: file names,
/// values and source lines come from strangers.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(unsafe_on_a_terminal) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push_clean(&mut out, c));
    Cow::Owned(out)
}

fn unsafe_on_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Appends a character as [`clean`] has it.
pub(crate) fn push_clean(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("    "),
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
        '\u{7f}' => out.push('\u{2421}'),
        c if unsafe_on_a_terminal(c) => out.push('\u{fffd}'),
        c => out.push(c),
    }
}

/// A text cut to a number of columns, with `...` in place of what is lost.
pub(crate) fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 3;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    Cow::Owned(out + "...")
}

/// A text with spaces behind it up to a width.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Characters that must not begin a line in Japanese and Chinese.
const NOT_FIRST: &str = "、。，．・：；？！）］｝〕〉》」』】〙〗ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々…‥ゝゞ％,.:;?!)]}";
/// Characters that must not end one.
const NOT_LAST: &str = "（［｛〔〈《「『【〘〖([{";

fn wide(c: char) -> bool {
    c.width() == Some(2)
}

/// Breaks a text into lines of at most a number of columns: between words, and between
/// wide characters where Japanese and Chinese allow it. Line feeds are kept. A word that is
/// longer than a line has a line of its own.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(16);
    let mut lines = Vec::new();
    for paragraph in text.trim_end().lines() {
        let mut line = String::new();
        let mut used = 0;
        for (piece, space) in pieces(paragraph) {
            let needed = width(&piece);
            let gap = usize::from(space && used > 0);
            if used > 0 && used + gap + needed > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if gap == 1 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&piece);
            used += needed;
        }
        lines.push(line);
    }
    lines
}

/// Prose without the spaces that a folded scalar left between wide characters, and behind
/// wide punctuation.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let last = out.chars().next_back().filter(|last| c == ' ' && wide(*last));
        let next = rest.peek().copied().is_some_and(wide);
        if !last.is_some_and(|last| next || "、。，．；：！？）」』】".contains(last)) {
            out.push(c);
        }
    }
    out
}

/// The parts between which a line may break, each with whether a space stands before it.
fn pieces(text: &str) -> Vec<(String, bool)> {
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut before: Option<char> = None;
    let mut space = false;
    for c in text.chars() {
        if c == ' ' {
            space = before.is_some();
            continue;
        }
        let breaks = match before {
            None => true,
            Some(_) if space => true,
            Some(last) => (wide(last) || wide(c)) && !glued(last, c),
        };
        match pieces.last_mut() {
            Some((piece, _)) if !breaks => piece.push(c),
            _ => pieces.push((c.to_string(), space)),
        }
        before = Some(c);
        space = false;
    }
    pieces
}

fn glued(last: char, next: char) -> bool {
    NOT_LAST.contains(last) || NOT_FIRST.contains(next)
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    Severity(Severity),
    Unknown,
    Strong,
    Dim,
    Frame,
    Added,
    Removed,
}

impl Style {
    pub(crate) fn of(verdict: Verdict, severity: Severity) -> Self {
        match verdict {
            Verdict::Fail => Self::Severity(severity),
            Verdict::Unknown => Self::Unknown,
            _ => Self::Dim,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Severity(Severity::Critical) => "1;97;41",
            Self::Severity(Severity::High) => "1;91",
            Self::Severity(Severity::Medium) => "1;33",
            Self::Severity(Severity::Low) => "1;36",
            Self::Severity(Severity::Info) => "1;37",
            Self::Unknown => "1;35",
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Frame => "1;94",
            Self::Added => "32",
            Self::Removed => "31",
        }
    }
}

impl Color {
    /// A text in a colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Always if !text.is_empty() => format!("\x1b[{}m{text}\x1b[0m", style.code()),
            _ => text.to_owned(),
        }
    }
}

/// Rows of a label and lines of text, set in two columns.
pub(crate) struct Rows<'o> {
    options: &'o Options,
    rows: Vec<(String, Vec<Line>)>,
}

/// A line of a row.
enum Line {
    /// Wrapped where it is too long, below its own indent.
    Text(String),
    /// As it is.
    Code(String),
}

impl<'o> Rows<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        Self { options, rows: Vec::new() }
    }

    /// A row with its first line.
    pub(crate) fn add(&mut self, label: &str, text: impl Into<String>) {
        self.rows.push((label.to_owned(), vec![Line::Text(text.into())]));
    }

    /// A row without lines yet.
    pub(crate) fn begin(&mut self, label: &str) {
        self.rows.push((label.to_owned(), Vec::new()));
    }

    /// One more line of the last row.
    pub(crate) fn more(&mut self, text: impl Into<String>) {
        if let Some((_, lines)) = self.rows.last_mut() {
            lines.push(Line::Text(text.into()));
        }
    }

    /// One more line of the last row, which is not wrapped.
    pub(crate) fn code(&mut self, text: impl Into<String>) {
        if let Some((_, lines)) = self.rows.last_mut() {
            lines.push(Line::Code(text.into()));
        }
    }

    /// Appends the rows; with `apart`, an empty line stands between two.
    pub(crate) fn write(self, out: &mut String, apart: bool) {
        let column = self.rows.iter().map(|(label, _)| width(label)).max().unwrap_or(0) + 4;
        let room = self.options.width.saturating_sub(column);
        for (index, (label, lines)) in self.rows.iter().enumerate() {
            if apart && index > 0 {
                out.push('\n');
            }
            let mut head = format!("  {}", self.options.color.paint(Style::Strong, label));
            head.push_str(&" ".repeat(column - 2 - width(label)));
            let mut put = |line: &str| {
                let line = format!("{}{line}", std::mem::replace(&mut head, " ".repeat(column)));
                out.push_str(line.trim_end());
                out.push('\n');
            };
            for line in lines {
                match line {
                    Line::Code(text) => put(text),
                    Line::Text(text) => {
                        let indent = text.len() - text.trim_start().len();
                        for (at, line) in
                            wrap(text, room.saturating_sub(if indent > 0 { indent + 2 } else { 0 }))
                                .iter()
                                .enumerate()
                        {
                            let hang = indent + if at > 0 && indent > 0 { 2 } else { 0 };
                            put(&format!("{}{line}", " ".repeat(hang)));
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_words_and_wide_characters() {
        assert_eq!(wrap("one two three four five", 16), ["one two three", "four five"]);
        assert_eq!(
            wrap("RDS の暗号化は、後から有効にできません。", 16),
            ["RDS の暗号化は、", "後から有効にでき", "ません。"]
        );
        // No line begins with a full stop, and no line ends with an opening bracket.
        for columns in 16..40 {
            for line in wrap("受保護醫療資訊（PHI）須加密。請設定「加密」為開啟，並確認金鑰。", columns)
            {
                assert!(!line.starts_with(['。', '）', '」', '，']), "{columns}: {line}");
                assert!(!line.ends_with(['（', '「']), "{columns}: {line}");
            }
        }
    }

    #[test]
    fn a_folded_scalar_leaves_no_space_between_wide_characters() {
        assert_eq!(prose("読めます。 RDS の"), "読めます。RDS の");
        assert_eq!(prose("できます。 パスワード a b"), "できます。パスワード a b");
        // A name keeps its spaces.
        assert_eq!(wrap("旧 システム", 40), ["旧 システム"]);
    }

    proptest::proptest! {
        #[test]
        fn wrapping_loses_nothing(text in "[a-c 関所、。（）「」é]{0,80}", columns in 16_usize..60) {
            let lines = wrap(&text, columns);
            let dense = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(dense(&lines.concat()), dense(&text));
            for line in &lines {
                // Only what cannot be broken is too wide.
                proptest::prop_assert!(width(line) <= columns || pieces(line).len() == 1, "{}", line);
            }
        }
    }

    #[test]
    fn long_words_and_line_feeds() {
        let long = "a".repeat(40);
        assert_eq!(wrap(&format!("x {long} y\n\nz"), 20), ["x", &long, "y", "", "z"]);
        assert!(wrap("", 20).is_empty());
    }

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\u{7f}\r"), "a␛[31mb\u{fffd}c␡␍");
        assert_eq!(clean("関所 é"), "関所 é");
    }

    #[test]
    fn clips_by_columns() {
        assert_eq!(clip("関所関所", 8), "関所関所");
        assert_eq!(clip("関所関所関", 9), "関所関...");
    }
}
