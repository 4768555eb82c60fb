//! Frames: the lines of a source with marks under them, as compilers draw them.
//!
//! Our own, because lines are masked where they hold secrets, cut around the mark where a
//! file has one long line, and measured in columns of a terminal that shows wide characters.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use sekisho_estate::{Excerpt, Position, StackIndex};

use crate::places::{Place, Places};
use crate::report::{Color, Options};
use crate::secrets::{MASK, masks};
use crate::text::extent::boundary;
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

    /// The line of an offset, in the source of the stack.
    pub(crate) fn lines_position(&self, stack: StackIndex, offset: usize) -> u32 {
        self.places.row(Place { stack, offset: offset as u32 })
    }

    /// A range of a source as it may be shown.
    pub(crate) fn text(&self, stack: StackIndex, start: usize, end: usize) -> String {
        self.show(stack, start, end).text
    }

    fn show(&self, stack: StackIndex, start: usize, end: usize) -> Shown {
        let source = self.places.stack(stack).tree.source();
        let masks = self.masks(stack);
        let (start, end) = (boundary(source, start), boundary(source, end.max(start)));
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
            if matches!(c, ' '..='~') {
                shown.text.push(c);
                column += 1;
                continue;
            }
            let before = shown.text.len();
            push_clean(&mut shown.text, c);
            column += width(&shown.text[before..]);
        }
        shown.columns.push((end, column));
        shown
    }

    /// The frame of some marks; the first names the place and has the colour.
    pub(crate) fn draw(&self, marks: &[Mark], style: Style) -> Drawn {
        let file = |mark: &Mark| (mark.place.stack, self.before(mark.place));
        let mut files: Vec<(StackIndex, u32)> = Vec::new();
        for mark in marks {
            if !files.contains(&file(mark)) {
                files.push(file(mark));
            }
        }
        let number = |mark: &Mark| self.last_line(mark) - self.before(mark.place);
        let last = marks.iter().map(number).max().unwrap_or(1);
        let gutter = last.to_string().len();
        let mut lines = Vec::new();
        for (index, &(stack, before)) in files.iter().enumerate() {
            let arrow = if index == 0 { "-->" } else { ":::" };
            let mut group: Vec<(bool, &Mark)> = Vec::new();
            for (at, mark) in marks.iter().enumerate() {
                if file(mark) == (stack, before) {
                    group.push((at == 0, mark));
                }
            }
            if let Some((_, first)) = group.first() {
                lines.push(self.location(gutter, arrow, first.place));
            }
            group.sort_by_key(|(_, mark)| mark.place.offset);
            self.group((stack, before), &group, (gutter, style), &mut lines);
        }
        Drawn { lines, gutter }
    }

    /// How many lines of the source stand before the file that holds a place.
    fn before(&self, place: Place) -> u32 {
        self.places.stack(place.stack).file_at(place.offset).1
    }

    /// The line that names a place.
    pub(crate) fn location(&self, gutter: usize, arrow: &str, place: Place) -> String {
        let at = self.places.position(place);
        arrow_line(self.color, gutter, arrow, self.places.file(place), at)
    }

    fn last_line(&self, mark: &Mark) -> u32 {
        let first = self.places.row(mark.place);
        let end =
            Place { stack: mark.place.stack, offset: mark.end.saturating_sub(1).max(mark.place.offset) };
        if mark.hidden { first } else { self.places.row(end).min(first + MOST_LINES - 1) }
    }

    /// The lines of one file with the marks in it. One value of several lines has a rail on
    /// the left; of another only the first line is marked.
    fn group(
        &self,
        (stack, before_file): (StackIndex, u32),
        group: &[(bool, &Mark)],
        (gutter, worst): (usize, Style),
        lines: &mut Vec<String>,
    ) {
        let spans = |mark: &Mark| (self.places.row(mark.place), self.last_line(mark));
        let is_long = |(_, mark): &&(bool, &Mark)| spans(mark).0 < spans(mark).1;
        let long = group.iter().find(|(primary, _)| *primary).filter(is_long).or(group.iter().find(is_long));
        let margin = margin(self.color, gutter);
        let mut rows = Rows { frames: self, stack, before_file, gutter, margin, worst, rail: None, lines };
        if let Some((primary, mark)) = long {
            let (first, last) = spans(mark);
            rows.rail = Some(Rail { mark, style: rows.style(*primary), first, last });
        }
        rows.lines.push(rows.margin.clone());
        let mut at: BTreeMap<u32, Vec<(bool, &Mark)>> = BTreeMap::new();
        for &(primary, mark) in group {
            if mark.hidden {
                for line in wrap(&mark.label, self.width.saturating_sub(gutter + 3)) {
                    rows.lines.push(format!("{} {line}", rows.margin));
                }
            } else if rows.rail.as_ref().is_some_and(|rail| std::ptr::eq(rail.mark, mark)) {
                for line in spans(mark).0..=spans(mark).1 {
                    at.entry(line).or_default();
                }
            } else {
                at.entry(spans(mark).0).or_default().push((primary, mark));
            }
        }
        let mut before = None;
        for (line, marks) in at {
            if before.is_some_and(|before| line > before + 1) {
                rows.lines.push(self.color.paint(Style::Frame, "..."));
            }
            rows.source_line(line, &marks);
            before = Some(line);
        }
    }

    /// A line as it is shown, and the columns between which the mark lies in it.
    fn line(
        &self,
        stack: StackIndex,
        line: u32,
        mark: &Mark,
        gutter: usize,
        long: bool,
    ) -> (String, usize, usize) {
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
        let (first, last) =
            (shown.column(near(from).clamp(left, right)), shown.column(near(to).clamp(left, right)));
        let available = self.width.saturating_sub(gutter + 3 + if long { 2 } else { 0 });
        window(&shown.text, (first, last), (left > start, right < end), available)
    }
}

/// What of a line fits, with the mark a third into it where the line is cut, and the columns
/// between which the mark lies then. `cut` says on which sides the line went on already.
fn window(
    line: &str,
    (first, last): (usize, usize),
    cut: (bool, bool),
    available: usize,
) -> (String, usize, usize) {
    let available = available.max(24);
    if cut == (false, false) && width(line) <= available {
        return (line.to_owned(), first, last);
    }
    let skip = if first + (last - first).min(available / 2) < available.saturating_sub(3) && !cut.0 {
        0
    } else {
        first.saturating_sub(available / 3)
    };
    let dots = if skip > 0 || cut.0 { 3 } else { 0 };
    let mut text = "...".repeat(dots / 3);
    let mut column = 0;
    let mut shift = None;
    let mut rest = String::new();
    for c in line.chars() {
        let wide = if c.is_ascii() { 1 } else { width(c.encode_utf8(&mut [0; 4])) };
        if column >= skip {
            shift.get_or_insert(column);
            rest.push(c);
        }
        column += wide;
    }
    let shift = shift.unwrap_or(0);
    if cut.1 {
        rest.push_str("...");
    }
    text.push_str(&clip(&rest, available - dots));
    let move_to = |column: usize| (column.saturating_sub(shift) + dots).min(available);
    (text, move_to(first), move_to(last))
}

/// The line that names a place.
fn arrow_line(color: Color, gutter: usize, arrow: &str, file: &str, at: Position) -> String {
    let arrow = color.paint(Style::Frame, arrow);
    format!("{}{arrow} {}:{}:{}", " ".repeat(gutter), clean(file), at.line, at.column)
}

/// A line of a source behind its number.
fn numbered(color: Color, gutter: usize, line: u32, text: &str) -> String {
    let bar = color.paint(Style::Frame, "|");
    let number = color.paint(Style::Frame, &format!("{line:>gutter$}"));
    format!("{number} {bar} {text}").trim_end().to_owned()
}

/// What stands left of a row without a line number.
fn margin(color: Color, gutter: usize) -> String {
    format!("{} {}", " ".repeat(gutter), color.paint(Style::Frame, "|"))
}

/// The frame of a problem whose file is no part of the estate, from the line that was kept.
pub(crate) fn excerpt(
    options: &Options,
    file: &str,
    at: Position,
    excerpt: &Excerpt,
    style: Style,
) -> Vec<String> {
    let color = options.color;
    let gutter = at.line.to_string().len();
    let before = excerpt.text.get(..excerpt.at).unwrap_or(&excerpt.text);
    let column = width(&clean(before));
    let available = options.width.saturating_sub(gutter + 3);
    let text = clean(&excerpt.text);
    let (text, column, _) = window(&text, (column, column + 1), (excerpt.before, excerpt.after), available);
    let mark = color.paint(style, "^");
    vec![
        arrow_line(color, gutter, "-->", file, at),
        margin(color, gutter),
        numbered(color, gutter, at.line, &text),
        format!("{} {}{mark}", margin(color, gutter), " ".repeat(column)),
    ]
}

/// A value of several lines.
struct Rail<'m> {
    mark: &'m Mark,
    style: Style,
    first: u32,
    last: u32,
}

/// Writes the rows of a frame.
struct Rows<'f, 'a, 'm> {
    frames: &'f Frames<'a>,
    stack: StackIndex,
    /// How many lines of the source stand before the file.
    before_file: u32,
    gutter: usize,
    /// What stands left of a row without a line number.
    margin: String,
    /// Colour of the first mark.
    worst: Style,
    rail: Option<Rail<'m>>,
    lines: &'f mut Vec<String>,
}

impl Rows<'_, '_, '_> {
    fn style(&self, primary: bool) -> Style {
        if primary { self.worst } else { Style::Frame }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        self.frames.color.paint(style, text)
    }

    /// Columns for a line of the source.
    fn available(&self) -> usize {
        self.frames.width.saturating_sub(self.gutter + 3 + if self.rail.is_some() { 2 } else { 0 })
    }

    fn cut(&self, line: u32, mark: &Mark) -> (String, usize, usize) {
        self.frames.line(self.stack, line, mark, self.gutter, self.rail.is_some())
    }

    /// A line of the source, and below it its marks.
    fn source_line(&mut self, line: u32, marks: &[(bool, &Mark)]) {
        let (corner, inside, end) = self.rail.as_ref().map_or((None, false, None), |rail| {
            let end = (line == rail.last).then(|| self.cut(line, rail.mark).2);
            let corner = (line == rail.first).then(|| self.cut(line, rail.mark).1);
            (corner, rail.first < line && line <= rail.last, end)
        });
        let mut drawn = None;
        if let (Some(rail), true) = (&self.rail, marks.is_empty() || corner.is_some()) {
            let text = self.cut(line, rail.mark).0;
            self.text(line, &text, inside);
            drawn = Some(text);
        }
        if let (Some(column), Some(rail)) = (corner, &self.rail) {
            let row = self.paint(rail.style, &format!(" {}^", "_".repeat(column + 1)));
            self.lines.push(format!("{} {row}", self.margin));
        }
        for (primary, mark) in marks {
            let (text, from, to) = self.cut(line, mark);
            // A line that is cut around its mark is drawn for each.
            if drawn.as_ref() != Some(&text) {
                self.text(line, &text, inside);
                drawn = Some(text);
            }
            let under = to.saturating_sub(from).max(1);
            let row = format!("{}{}", " ".repeat(from), if *primary { "^" } else { "-" }.repeat(under));
            self.mark(&row, from, &mark.label, self.style(*primary), inside || corner.is_some());
        }
        if let (Some(end), Some(rail)) = (end, &self.rail) {
            let (style, label) = (rail.style, rail.mark.label.clone());
            let row = format!("|{}^", "_".repeat(end.max(1)));
            let fits = width(&row) + 1 + width(&label) <= self.available() + 2;
            let beside = if fits && !label.is_empty() { format!(" {label}") } else { String::new() };
            let row = self.paint(style, &format!("{row}{beside}"));
            self.lines.push(format!("{} {row}", self.margin));
            if !fits {
                self.label(&label, 2, style);
            }
        }
    }

    fn text(&mut self, line: u32, text: &str, inside: bool) {
        let rail = self.prefix(inside);
        let line = line - self.before_file;
        self.lines.push(numbered(self.frames.color, self.gutter, line, &format!("{rail}{text}")));
    }

    /// What stands left of a line where some value has a rail.
    fn prefix(&self, inside: bool) -> String {
        match &self.rail {
            Some(rail) if inside => self.paint(rail.style, "| "),
            Some(_) => "  ".to_owned(),
            None => String::new(),
        }
    }

    /// A mark under a line with its label beside it, or below where there is no room.
    fn mark(&mut self, row: &str, from: usize, label: &str, style: Style, inside: bool) {
        let prefix = self.prefix(inside);
        let fits = width(row) + 1 + width(label) <= self.available();
        let beside = if fits && !label.is_empty() { format!(" {label}") } else { String::new() };
        let row = self.paint(style, &format!("{row}{beside}"));
        self.lines.push(format!("{} {prefix}{row}", self.margin));
        if !fits {
            let column = from.min(self.available().saturating_sub(32));
            for line in wrap(label, self.available() - column) {
                let line = self.paint(style, &line);
                self.lines.push(format!("{} {prefix}{}{line}", self.margin, " ".repeat(column)));
            }
        }
    }

    fn label(&mut self, label: &str, column: usize, style: Style) {
        for line in wrap(label, self.available()) {
            let line = self.paint(style, &line);
            self.lines.push(format!("{} {}{line}", self.margin, " ".repeat(column)));
        }
    }
}
