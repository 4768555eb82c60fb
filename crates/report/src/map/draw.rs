//! The map as SVG.

use std::fmt::Write;

use sekisho_facts::Layer;
use sekisho_guidance::Label;

use super::layout::{HEIGHT, Layout, WIDTH};
use crate::flow::Teller;
use crate::text::layout::{clip, width};

/// Shapes and sizes; colours come from [`colours`], written out because not every viewer of
/// SVG knows variables of CSS.
const STYLE: &str = "\
.map{font-family:system-ui,-apple-system,'Segoe UI','Hiragino Sans','Noto Sans CJK JP','Noto Sans CJK TC','DejaVu Sans',sans-serif}\
.map text{font-size:12px}.map .small{font-size:10px}.map .head{font-size:13px;font-weight:600}\
.map .title{font-size:17px;font-weight:700}\
.map .card rect{stroke-width:1.2}.map .phi-declared rect,.map .phi-evidenced rect{stroke-width:2.4}\
.map .outside rect{stroke-dasharray:5 3}\
.map .wire{fill:none;stroke-width:1.8}.map .hit{fill:none;stroke:none;pointer-events:stroke;stroke-width:12}\
.map .bad .wire{stroke-width:2.6}.map .open .wire{stroke-dasharray:7 3}.map .possible .wire{stroke-dasharray:2 4}\
.map .hop{outline:none}.map .hop[data-hop],.map .card[data-card]{cursor:pointer}\
.map .hop[data-hop]:hover .wire,.map .hop:focus .wire,.map .hop.chosen .wire{stroke-width:4.5}";

/// The rules that give colours: ink, faint ink, paper, card, edge of a card, band, and the
/// three shades of a hop.
fn colours([ink, soft, paper, card, edge, band, good, open, bad]: [&str; 9]) -> String {
    format!(
        ".map text{{fill:{ink}}}.map .small{{fill:{soft}}}.map .paper{{fill:{paper}}}.map .band{{fill:{band}}}\
         .map .card rect{{fill:{card};stroke:{edge}}}.map .outside rect{{fill:{paper}}}\
         .map .phi-declared rect,.map .phi-evidenced rect{{stroke:{ink}}}\
         .map .good .wire{{stroke:{good}}}.map .open .wire{{stroke:{open}}}.map .bad .wire{{stroke:{bad}}}\
         .map .good .tip{{fill:{good}}}.map .open .tip{{fill:{open}}}.map .bad .tip{{fill:{bad}}}"
    )
}

fn style() -> String {
    let light =
        ["#1f2933", "#5b6770", "#ffffff", "#eef2f5", "#aab5be", "#f6f8fa", "#4f7d6c", "#b7791f", "#c81e1e"];
    let dark =
        ["#e6ebef", "#9aa7b1", "#12181d", "#1e272e", "#4a5863", "#161d23", "#7fb3a0", "#e0a94a", "#ff6b6b"];
    let print =
        ["#000000", "#444444", "#ffffff", "#ffffff", "#777777", "#ffffff", "#335577", "#996600", "#cc0000"];
    format!(
        "{STYLE}{}@media (prefers-color-scheme:dark){{{}}}@media print{{{}}}",
        colours(light),
        colours(dark),
        colours(print)
    )
}

/// Text that may stand in XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The document; `alone` with the declaration that a file needs.
pub(crate) fn svg(teller: &Teller<'_>, layout: &Layout, alone: bool) -> String {
    let (say, model) = (teller.say, teller.model);
    let mut out = String::with_capacity(1 << 16);
    if alone {
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    }
    let (w, h) = (layout.width, layout.height);
    let _ = writeln!(
        out,
        "<svg class=\"map\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" \
         viewBox=\"0 0 {w:.0} {h:.0}\" role=\"group\" aria-label=\"{}\">",
        say.map_title()
    );
    let _ = writeln!(
        out,
        "<style>{}</style>\n<rect class=\"paper\" width=\"{w:.0}\" height=\"{h:.0}\"/>",
        style()
    );
    let _ = writeln!(out, "<text class=\"title\" x=\"20\" y=\"30\">{}</text>", say.map_title());
    for (layer, x, span) in &layout.layers {
        let _ = writeln!(
            out,
            "<rect class=\"band\" x=\"{:.0}\" y=\"44\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\"/>\
             <text class=\"head\" x=\"{x:.0}\" y=\"62\">{}</text>",
            x - 10.0,
            span + 20.0,
            h - 44.0 - 40.0,
            say.layer(name(*layer))
        );
    }
    // Bad lines last, so that nothing hides them.
    let mut order: Vec<usize> = (0..layout.lines.len()).collect();
    order.sort_by_key(|&at| (layout.lines[at].shade, at));
    for at in order {
        line(&mut out, teller, layout, at);
    }
    for (index, card) in layout.cards.iter().enumerate() {
        let (x, y) = layout.at[index];
        let node = model.graph.nodes.get(card.nodes[0]);
        let (label, _) = model.label_of(card.nodes[0]);
        let outside = if node.layer(model.estate) == Layer::Outside { " outside" } else { "" };
        let more = card.nodes.len() - 1;
        let first = teller.name(card.nodes[0]);
        let title: Vec<String> = card.nodes.iter().map(|&node| teller.name(node)).collect();
        let folded = if more > 0 { format!(" {}", say.map_folded(more)) } else { String::new() };
        let room = 26_usize.saturating_sub(width(&folded)).max(8);
        let kind = node.type_name(model.estate);
        let kind = kind.strip_prefix("AWS::").or(kind.strip_prefix("virtual:")).unwrap_or("");
        let kind = if kind.len() > 18 { kind.rsplit("::").next().unwrap_or(kind) } else { kind };
        let members = if more > 0 {
            format!(
                " tabindex=\"0\" role=\"button\" data-card=\"{index}\" aria-label=\"{}\"",
                escape(&format!("{first}{folded}"))
            )
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "<g class=\"card phi-{}{outside}\"{members}><title>{}</title>\
             <rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{}</text><text class=\"small\" x=\"{:.0}\" y=\"{:.0}\">{}</text></g>",
            label.name(),
            escape(&format!(
                "{}{} ({})",
                title[..title.len().min(24)].join(", "),
                if title.len() > 24 { ", …" } else { "" },
                say.label(label)
            )),
            x + 9.0,
            y + 16.0,
            escape(&format!("{}{folded}", clip(&first, room))),
            x + 9.0,
            y + 30.0,
            escape(&clip(&describe(say, kind, label), 34)),
        );
    }
    legend(&mut out, teller, h);
    out.push_str("</svg>\n");
    out
}

fn describe(say: crate::messages::Say, kind: &str, label: Label) -> String {
    let phi = if label == Label::None { String::new() } else { format!("PHI {}", say.label(label)) };
    [kind.to_owned(), phi].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn line(out: &mut String, teller: &Teller<'_>, layout: &Layout, at: usize) {
    let line = &layout.lines[at];
    let (a, b) = (layout.at[line.from], layout.at[line.to]);
    let (mid_a, mid_b) = (a.1 + HEIGHT / 2.0, b.1 + HEIGHT / 2.0);
    // Between columns from side to side; within one, around the right side.
    let (x1, x2, bend, ends) = if b.0 >= a.0 + WIDTH {
        (a.0 + WIDTH, b.0, ((b.0 - a.0 - WIDTH) / 2.0).max(30.0), (1.0, -1.0))
    } else if a.0 >= b.0 + WIDTH {
        (a.0, b.0 + WIDTH, ((a.0 - b.0 - WIDTH) / 2.0).max(30.0), (-1.0, 1.0))
    } else {
        let far = 24.0 + ((mid_b - mid_a).abs() / 8.0).min(44.0);
        (a.0 + WIDTH, b.0 + WIDTH, far, (1.0, 1.0))
    };
    let (y1, y2) = if line.from == line.to { (mid_a - 9.0, mid_a + 9.0) } else { (mid_a, mid_b) };
    // Room for the arrow heads.
    let (tip, back) = (7.0 * ends.1, if line.both { 7.0 * ends.0 } else { 0.0 });
    let mut path = format!("M{:.1} {y1:.1}", x1 + back);
    let (mut x, mut y) = (x1, y1);
    let mut curve = |x: f64, y: f64, to_x: f64, to_y: f64, side: f64, end: f64, bend: f64| {
        let _ = write!(
            path,
            "C{:.1} {y:.1} {:.1} {to_y:.1} {to_x:.1} {to_y:.1}",
            x + side * bend,
            to_x + end * bend
        );
    };
    // Along its lane a line runs level, beside the boxes of the column.
    let mut levels = Vec::new();
    for &(left, middle) in &layout.lanes[at] {
        let (near, far) = if ends.0 > 0.0 { (left, left + WIDTH) } else { (left + WIDTH, left) };
        levels.push((x, y, near, middle));
        (x, y) = (far, middle);
    }
    for (x, y, near, middle) in levels {
        curve(x, y, near, middle, ends.0, -ends.0, ((near - x).abs() / 2.0).max(20.0));
        let far = near + ends.0 * WIDTH;
        curve(near, middle, far, middle, ends.0, -ends.0, WIDTH / 3.0);
    }
    let bend = if layout.lanes[at].is_empty() { bend } else { ((x2 - x).abs() / 2.0).max(20.0) };
    curve(x, y, x2 + tip, y2, ends.0, ends.1, bend);
    let head = |x: f64, y: f64, side: f64| format!("M{x:.1} {y:.1}l{:.1} -4.5v9z", 8.0 * side);
    let mut tips = head(x2, y2, ends.1);
    if line.both {
        tips.push_str(&head(x1, y1, ends.0));
    }
    let possible = if line.possible { " possible" } else { "" };
    let hop = teller.model.hop(line.hops[0]);
    let worst =
        line.hops.iter().map(|&edge| teller.model.hop(edge)).max_by_key(|hop| hop.faults.first().copied());
    let verdict = teller.verdict(worst.as_ref().unwrap_or(&hop));
    let _ = writeln!(
        out,
        "<g class=\"hop {}{possible}\" tabindex=\"0\" role=\"button\" data-hop=\"{at}\" aria-label=\"{}\">\
         <title>{}</title><path class=\"hit\" d=\"{path}\"/><path class=\"wire\" d=\"{path}\"/>\
         <path class=\"tip\" d=\"{tips}\"/></g>",
        line.shade.class(),
        escape(&format!("{} → {}: {verdict}", teller.name(hop.from), teller.name(hop.to))),
        escape(&format!("{} → {}\n{verdict}", teller.name(hop.from), teller.name(hop.to))),
    );
}

fn legend(out: &mut String, teller: &Teller<'_>, height: f64) {
    let say = teller.say;
    let y = height - 18.0;
    let mut x = 20.0;
    for (class, text) in [
        ("bad", say.map_legend_plain()),
        ("open", say.map_legend_unknown()),
        ("good", say.map_legend_good()),
        ("good possible", say.map_legend_possible()),
    ] {
        let _ = writeln!(
            out,
            "<g class=\"hop {class}\" aria-hidden=\"true\"><path class=\"wire\" d=\"M{x:.0} {:.0}h26\"/></g>\
             <text class=\"small\" x=\"{:.0}\" y=\"{y:.0}\">{}</text>",
            y - 4.0,
            x + 32.0,
            escape(text)
        );
        x += 32.0 + width(text) as f64 * 5.9 + 22.0;
    }
}

/// Name of a layer in the messages.
fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Outside => "outside",
        Layer::Edge => "edge",
        Layer::Application => "application",
        Layer::Data => "data",
        Layer::Copies => "copies",
    }
}
