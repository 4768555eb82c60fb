//! What could not be read, drawn at its place: it stands before the findings, because none of
//! them is about what is lost.

use std::fmt::Write as _;

use sekisho_estate::{Input, InputStatus, Position, Problem};

use super::frame;
use super::layout::{Style, clean, wrap};
use crate::messages::Say;
use crate::report::Report;

/// Problems drawn of one file.
const MOST_OF_A_FILE: usize = 5;
/// Problems drawn of all files.
const MOST: usize = 12;

impl Report<'_> {
    /// The places where a part of a file was lost.
    pub(super) fn lost(&self, say: Say, text: &mut String) {
        let mut shown: Vec<(&Input, &Problem)> = Vec::new();
        let mut all = 0;
        // Files that were not read at all come first.
        for status in [InputStatus::Unreadable, InputStatus::Partly] {
            for input in self.estate.inputs.iter().filter(|input| input.status == status) {
                let lost: Vec<&Problem> = input.problems.iter().filter(|problem| problem.loses).collect();
                all += lost.len();
                let most =
                    if self.options.full { lost.len() } else { MOST_OF_A_FILE.min(MOST - shown.len()) };
                shown.extend(lost.into_iter().take(most).map(|problem| (input, problem)));
            }
        }
        if shown.is_empty() {
            return;
        }
        self.heading(say.section_not_read(), text);
        let color = self.options.color;
        for (input, problem) in &shown {
            let word = match input.status {
                InputStatus::Unreadable => say.status_unreadable(),
                _ => say.status_partly(),
            };
            let sentence = format!("{word}: {}", clean(&problem.message));
            for (at, line) in wrap(&sentence, self.options.width).iter().enumerate() {
                let line = match line.strip_prefix(word) {
                    Some(rest) if at == 0 => format!("{}{rest}", color.paint(Style::Unknown, word)),
                    _ => line.clone(),
                };
                let _ = writeln!(text, "{line}");
            }
            let at = Position { line: problem.line, column: problem.column };
            match &problem.excerpt {
                Some(excerpt) if at.line > 0 => {
                    for line in frame::excerpt(self.options, &input.path, at, excerpt, Style::Unknown) {
                        let _ = writeln!(text, "{line}");
                    }
                }
                _ => {
                    let mut place = clean(&input.path).into_owned();
                    for number in [at.line, at.column].into_iter().filter(|number| *number > 0) {
                        let _ = write!(place, ":{number}");
                    }
                    let _ = writeln!(text, " {} {place}", color.paint(Style::Frame, "-->"));
                }
            }
            text.push('\n');
        }
        if all > shown.len() {
            let _ = writeln!(text, "{}\n", say.screen_more_problems(all - shown.len()));
        }
    }
}
