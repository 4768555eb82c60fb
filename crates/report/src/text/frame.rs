//! Frames: the lines of a source with marks under them, as compilers draw them.
//!
//! Our own, because lines are masked where they hold secrets, cut around the mark where a
//! file has one long line, and measured in columns of a terminal that shows wide characters.

use std::cell::OnceCell;
use std::collections::HashMap;

use sekisho_estate::StackIndex;

use crate::places::{Place, Places};
use crate::report::Color;
use crate::secrets::{MASK, masks};
use crate::text::layout::{Style, clean, clip, push_clean, width, wrap};

/// Lines of a value of several lines that are drawn.
const MOST_LINES: u32 = 8;
/// Bytes of a line around a mark that are looked at.
const AROUND: usize = 600;

/// Something to point at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) place: Place,
    /// One past its last byte.
    pub(crate) end: u32,
    /// What to say of it; may be empty.
    pub(crate) label: String,
    /// Whether its text must not be shown.
    pub(crate) hidden: bool,
}

/// Draws frames of the files of an estate.
pub(crate) struct Frames<'a> {
    pub(crate) places: Places<'a>,
    pub(crate) color: Color,
    pub(crate) width: usize,
    masks: Vec<OnceCell<Vec<(u32, u32)>>>,
    /// Offsets of texts in which something secret was found, by stack.
    found: HashMap<StackIndex, Vec<u32>>,
}

/// A frame and the width of its line numbers.
pub(crate) struct Drawn {
    pub(crate) lines: Vec<String>,
    pub(crate) gutter: usize,
}

/// A part of a source line as it is shown, with the column of each of its bytes.
struct Shown {
    text: String,
    columns: Vec<(usize, usize)>,
}

impl Shown {
    fn column(&self, byte: usize) -> usize {
        let at = self.columns.partition_point(|(b, _)| *b < byte);
        self.columns.get(at).or(self.columns.last()).map_or(0, |(_, column)| *column)
    }
}

impl<'a> Frames<'a> {
    pub(crate) fn new(
        places: Places<'a>,
        color: Color,
        width: usize,
        found: HashMap<StackIndex, Vec<u32>>,
        stacks: usize,
    ) -> Self {
        Self { places, color, width, masks: (0..stacks).map(|_| OnceCell::new()).collect(), found }
    }

    fn masks(&self, stack: StackIndex) -> &[(u32, u32)] {
        self.masks[stack.0 as usize].get_or_init(|| {
            let found = self.found.get(&stack).map_or(&[][..], Vec::as_slice);
            masks(self.places.stack(stack), found)
        })
    }

    /// The line of an offset.
    pub(crate) fn lines_position(&self, stack: StackIndex, offset: usize) -> u32 {
        self.places.position(Place { stack, offset: offset as u32 }).line
    }

    /// A range of a source as it may be shown.
    pub(crate) fn text(&self, stack: StackIndex, start: usize, end: usize) -> String {
        self.show(stack, start, end).text
    }

    fn show(&self, stack: StackIndex, start: usize, end: usize) -> Shown {
        let source = self.places.stack(stack).tree.source();
        let masks = self.masks(stack);
        let mut shown = Shown { text: String::new(), columns: Vec::new() };
        let (mut column, mut masked) = (0, None);
        for (at, c) in source[start..end].char_indices() {
            let byte = start + at;
            shown.columns.push((byte, column));
            let next = masks.partition_point(|(_, e)| *e as usize <= byte);
            if let Some(&(from, _)) = masks.get(next)
                && from as usize <= byte
            {
                if masked != Some(next) {
                    masked = Some(next);
                    shown.text.push_str(MASK);
                    column += MASK.len();
                }
                continue;
            }
            let before = shown.text.len();
            push_clean(&mut shown.text, c);
            column += width(&shown.text[before..]);
        }
        shown.columns.push((end, column));
        shown
    }

    /// The frame of some marks; the first names the place.
    pub(crate) fn draw(&self, marks: &[Mark]) -> Drawn {
        let mut stacks: Vec<StackIndex> = Vec::new();
        for mark in marks {
            if !stacks.contains(&mark.place.stack) {
                stacks.push(mark.place.stack);
            }
        }
        let last = marks.iter().map(|mark| self.last_line(mark)).max().unwrap_or(1);
        let gutter = last.to_string().len();
        let mut lines = Vec::new();
        for (index, &stack) in stacks.iter().enumerate() {
            let arrow = if index == 0 { "-->" } else { ":::" };
            let mut group: Vec<(bool, &Mark)> = Vec::new();
            for (at, mark) in marks.iter().enumerate() {
                if mark.place.stack == stack {
                    group.push((at == 0, mark));
                }
            }
            if let Some((_, first)) = group.first() {
                lines.push(self.location(gutter, arrow, first.place));
            }
            group.sort_by_key(|(_, mark)| mark.place.offset);
            self.group(stack, &group, gutter, &mut lines);
        }
        Drawn { lines, gutter }
    }

    /// The line that names a place.
    pub(crate) fn location(&self, gutter: usize, arrow: &str, place: Place) -> String {
        let at = self.places.position(place);
        let file = clean(&self.places.stack(place.stack).file).into_owned();
        let arrow = self.color.paint(Style::Frame, arrow);
        format!("{}{arrow} {file}:{}:{}", " ".repeat(gutter), at.line, at.column)
    }

    fn last_line(&self, mark: &Mark) -> u32 {
        let first = self.places.position(mark.place).line;
        let end = Place { stack: mark.place.stack, offset: mark.end.saturating_sub(1).max(mark.place.offset) };
        if mark.hidden { first } else { self.places.position(end).line.min(first + MOST_LINES - 1) }
    }

    fn group(&self, stack: StackIndex, group: &[(bool, &Mark)], gutter: usize, lines: &mut Vec<String>) {
        let bar = self.color.paint(Style::Frame, "|");
        let margin = format!("{} {bar}", " ".repeat(gutter));
        let is_long = |mark: &Mark| self.last_line(mark) > self.places.position(mark.place).line;
        let long = group.iter().any(|(_, mark)| is_long(mark));
        let mut drawn = 0;
        lines.push(margin.clone());
        for &(primary, mark) in group {
            let first = self.places.position(mark.place).line;
            if mark.hidden {
                for line in wrap(&mark.label, self.width.saturating_sub(gutter + 3)) {
                    lines.push(format!("{margin} {line}"));
                }
                continue;
            }
            let last = if primary || !long { self.last_line(mark) } else { first };
            if drawn > 0 && first > drawn + 1 {
                lines.push(self.color.paint(Style::Frame, "..."));
            }
            let style = if primary { Style::Strong } else { Style::Frame };
            for line in first.max(drawn + 1)..=last {
                let rail = match (long, last > first && line > first) {
                    (true, true) => self.color.paint(style, "| "),
                    (true, false) => "  ".to_owned(),
                    (false, _) => String::new(),
                };
                let text = self.line(stack, line, mark, gutter, long).0;
                let number = self.color.paint(Style::Frame, &format!("{line:>gutter$}"));
                lines.push(format!("{number} {bar} {rail}{text}").trim_end().to_owned());
                if line == first && last > first {
                    let (_, column, _) = self.line(stack, line, mark, gutter, long);
                    let corner = format!(" {}^", "_".repeat(column + 1));
                    lines.push(format!("{margin} {}", self.color.paint(style, &corner)));
                }
            }
            drawn = drawn.max(last);
            self.underline(stack, mark, (first, last), long, primary, gutter, &margin, lines);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what one row of a frame depends on")]
    fn underline(
        &self,
        stack: StackIndex,
        mark: &Mark,
        (first, last): (u32, u32),
        long: bool,
        primary: bool,
        gutter: usize,
        margin: &str,
        lines: &mut Vec<String>,
    ) {
        let style = if primary { Style::Strong } else { Style::Frame };
        let (_, start, end) = self.line(stack, last, mark, gutter, long);
        let available = self.width.saturating_sub(gutter + 3 + if long { 2 } else { 0 });
        let (row, under) = if last > first {
            (format!("|{}^", "_".repeat(end.max(1))), end + 2)
        } else {
            let sign = if primary { "^" } else { "-" };
            let under = end.saturating_sub(start).max(1);
            (format!("{}{}{}", if long { "  " } else { "" }, " ".repeat(start), sign.repeat(under)), start + under)
        };
        let fits = under + 1 + width(&mark.label) <= available;
        let beside = if fits && !mark.label.is_empty() { format!(" {}", mark.label) } else { String::new() };
        lines.push(format!("{margin} {}", self.color.paint(style, &format!("{row}{beside}"))));
        if !fits {
            let column = if last > first { 0 } else { start.min(available.saturating_sub(32)) };
            let indent = " ".repeat(column + if long { 2 } else { 0 });
            for line in wrap(&mark.label, available - column) {
                lines.push(format!("{margin} {indent}{}", self.color.paint(style, &line)));
            }
        }
    }

    /// A line as it is shown, and the columns between which the mark lies in it.
    fn line(&self, stack: StackIndex, line: u32, mark: &Mark, gutter: usize, long: bool) -> (String, usize, usize) {
        let source = self.places.stack(stack).tree.source();
        let (start, end) = self.places.lines(stack).range(source, line);
        let (from, to) = (mark.place.offset as usize, mark.end as usize);
        let near = |byte: usize| byte.clamp(start, end);
        let (mut left, mut right) = (start, end);
        if end - start > 4 * AROUND {
            left = boundary(source, near(near(from).saturating_sub(AROUND)));
            right = boundary(source, near(near(from) + AROUND));
        }
        let shown = self.show(stack, left, right);
        let (first, last) = (shown.column(near(from).clamp(left, right)), shown.column(near(to).clamp(left, right)));
        let available = self.width.saturating_sub(gutter + 3 + if long { 2 } else { 0 }).max(24);
        let whole = shown.columns.last().map_or(0, |(_, column)| *column);
        if whole <= available && left == start && right == end {
            return (shown.text, first, last);
        }
        // A window of the line, with the mark a third into it.
        let skip = if first + (last - first).min(available / 2) < available.saturating_sub(3) && left == start {
            0
        } else {
            first.saturating_sub(available / 3)
        };
        let dots = if skip > 0 || left > start { 3 } else { 0 };
        let mut text = "...".repeat(dots / 3);
        let mut column = 0;
        let mut shift = None;
        let mut rest = String::new();
        for c in shown.text.chars() {
            let wide = width(c.encode_utf8(&mut [0; 4]));
            if column >= skip {
                shift.get_or_insert(column);
                rest.push(c);
            }
            column += wide;
        }
        let shift = shift.unwrap_or(0);
        let room = available - dots;
        if right < end {
            rest.push_str("...");
        }
        text.push_str(&clip(&rest, room));
        let move_to = |column: usize| (column.saturating_sub(shift) + dots).min(available);
        (text, move_to(first), move_to(last))
    }
}

/// The nearest boundary of characters at or before a byte.
fn boundary(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}
