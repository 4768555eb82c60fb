//! Shapes of a drawing, as text of SVG.

use std::fmt::Write as _;

/// A place on the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
}

pub(super) fn at(x: f64, y: f64) -> At {
    At { x, y }
}

pub(super) fn rectangle(out: &mut String, at: At, size: (f64, f64), fill: &str, stroke: &str, dash: &str) {
    let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    let _infallible = writeln!(
        out,
        "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"6\" fill=\"{fill}\" \
         stroke=\"{stroke}\"{dash}/>",
        at.x, at.y, size.0, size.1
    );
}

pub(super) fn text(out: &mut String, at: At, size: u32, fill: &str, bold: bool, words: &str) {
    let weight = if bold { " font-weight=\"600\"" } else { "" };
    let _infallible = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"{size}\" fill=\"{fill}\"{weight}>{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

/// Words on a line, with a rim that keeps them readable.
pub(super) fn label(out: &mut String, at: At, fill: &str, words: &str) {
    let _infallible = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"11\" fill=\"{fill}\" paint-order=\"stroke\" \
         stroke=\"#fff\" stroke-width=\"4\">{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

/// The name of a frame, with a rim like that of a label.
pub(super) fn heading(out: &mut String, at: At, words: &str) {
    let _infallible = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"12\" fill=\"#333\" font-weight=\"600\" \
         paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"4\">{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

/// Words that run upwards.
pub(super) fn upwards(out: &mut String, at: At, fill: &str, words: &str) {
    let _infallible = writeln!(
        out,
        "<text transform=\"translate({:.0} {:.0}) rotate(-90)\" font-size=\"12\" fill=\"{fill}\" \
         font-weight=\"600\">{}</text>",
        at.x,
        at.y,
        escape(words)
    );
}

/// A line of straight parts with round corners.
pub(super) fn line(out: &mut String, points: &[At], stroke: &str, dash: bool, head: bool) {
    const CORNER: f64 = 6.0;
    let Some((first, rest)) = points.split_first() else { return };
    let mut path = format!("M{:.0} {:.0}", first.x, first.y);
    let mut before = *first;
    for (n, &to) in rest.iter().enumerate() {
        let Some(&next) = rest.get(n + 1) else {
            let _infallible = write!(path, "L{:.0} {:.0}", to.x, to.y);
            break;
        };
        let towards = |from: At, by: f64| {
            let (dx, dy) = (to.x - from.x, to.y - from.y);
            let length = dx.hypot(dy).max(0.1);
            let by = by.min(length / 2.0);
            at(to.x - dx / length * by, to.y - dy / length * by)
        };
        let (a, b) = (towards(before, CORNER), towards(next, CORNER));
        let _infallible =
            write!(path, "L{:.0} {:.0}Q{:.0} {:.0} {:.0} {:.0}", a.x, a.y, to.x, to.y, b.x, b.y);
        before = to;
    }
    let dash = if dash { " stroke-dasharray=\"5 4\"" } else { "" };
    let head = if head { " marker-end=\"url(#a)\"" } else { "" };
    let _infallible = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.5\"{dash}{head}/>"
    );
}

/// As many of the words' characters as are asked for.
pub(super) fn clip(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    words.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

pub(super) fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
