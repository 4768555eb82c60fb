//! The map of PHI: one self-contained SVG, and one HTML file that works offline.
//!
//! Columns are layers (outside, edge, application, data, logs and copies); in a column,
//! nodes stand near what they are joined to (two passes of the barycentre heuristic).
//! Things of one type with one equal hop to the same thing are folded into one box. A map of
//! more boxes than a reader can take in folds further: what has the same type, label and kinds
//! of hops is one box with its number, and its members are told when it is clicked.
//! O(nodes log nodes + hops).

mod draw;
mod fold;
mod layout;

use std::io::{self, Write};

use sekisho_phi::{EdgeIndex, Fault, Model, NodeIndex};
use serde_json::json;

use crate::flow::Teller;
use crate::report::Options;

pub(crate) use layout::lay_out;

/// How bad a hop is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Shade {
    /// Encrypted.
    Good,
    /// Not known, left to programs, or not followed.
    Open,
    /// Plain, or to somebody without an agreement.
    Bad,
}

impl Shade {
    fn of(faults: &[Fault]) -> Self {
        let shade = |fault: &Fault| match fault {
            Fault::Plain
            | Fault::NoContract
            | Fault::Expired
            | Fault::Account
            | Fault::Place
            | Fault::NotEligible => Self::Bad,
            Fault::Application
            | Fault::AskContract
            | Fault::Unresolved
            | Fault::Unknown
            | Fault::NotListed => Self::Open,
        };
        faults.iter().map(shade).max().unwrap_or(Self::Good)
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Open => "open",
            Self::Bad => "bad",
        }
    }
}

/// A line of the map: the hops between two boxes, one way or both.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether data goes the other way as well.
    pub(crate) both: bool,
    pub(crate) hops: Vec<EdgeIndex>,
    pub(crate) shade: Shade,
    pub(crate) possible: bool,
}

/// A box of the map: one node, or several of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) nodes: Vec<NodeIndex>,
    pub(crate) layer: usize,
}

/// Writes the map as one SVG document.
///
/// # Errors
/// What the writer reports.
pub fn map_svg(model: &Model<'_>, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let teller = Teller::new(model, options);
    let layout = lay_out(model);
    out.write_all(draw::svg(&teller, &layout, true).as_bytes())?;
    out.flush()
}

/// Writes the map as one HTML document: the SVG, the evidence of each hop, and a list of all
/// hops for those who read or print it.
///
/// # Errors
/// What the writer reports.
pub fn map_html(model: &Model<'_>, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let teller = Teller::new(model, options);
    let layout = lay_out(model);
    let say = teller.say;
    let hops: Vec<_> = layout
        .lines
        .iter()
        .map(|line| {
            let told = line.hops.iter().map(|&edge| {
                let hop = model.hop(edge);
                let mut value = teller.hop_object(edge);
                value["from_name"] = json!(teller.name(hop.from));
                value["to_name"] = json!(teller.name(hop.to));
                value["verdict"] = json!(teller.verdict(&hop));
                value["what"] = json!(say.moves(crate::flow::moves(hop.moves)));
                value["rest"] = json!(teller.at_rest(&hop.at_rest));
                value["contract"] = json!(teller.agreement(&hop.agreement));
                value
            });
            told.collect::<Vec<_>>()
        })
        .collect();
    let cards: Vec<Vec<String>> =
        layout.cards.iter().map(|card| card.nodes.iter().map(|&node| teller.name(node)).collect()).collect();
    let words = json!({
        "moves": say.map_panel_moves(), "transit": say.map_panel_transit(), "rest": say.map_panel_rest(),
        "agreement": say.map_panel_agreement(), "place": say.map_panel_place(), "by": say.map_panel_by(),
        "source": say.map_panel_source(), "when": say.map_panel_when(), "page": say.map_panel_page(),
        "members": say.map_panel_members(),
    });
    // Inside a script element, `<` could end it.
    let data = serde_json::to_string(&json!({"hops": hops, "cards": cards, "words": words}))?
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028");
    let list: String = layout
        .lines
        .iter()
        .flat_map(|line| line.hops.iter())
        .map(|&edge| {
            let hop = model.hop(edge);
            let place = teller.place(edge).map_or(String::new(), |(file, line, _)| format!("{file}:{line}"));
            format!(
                "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                Shade::of(&hop.faults).class(),
                draw::escape(&teller.name(hop.from)),
                draw::escape(&teller.name(hop.to)),
                say.moves(crate::flow::moves(hop.moves)),
                draw::escape(&teller.verdict(&hop)),
                draw::escape(&place),
            )
        })
        .collect();
    let page = include_str!("page.html")
        .replace("{{lang}}", options.language.name())
        .replace("{{title}}", say.map_title())
        .replace("{{help}}", say.map_help())
        .replace("{{close}}", say.map_close())
        .replace("{{list}}", say.map_list())
        .replace("{{style}}", include_str!("page.css"))
        .replace("{{script}}", include_str!("page.js"))
        .replace("{{rows}}", &list)
        .replace("{{data}}", &data)
        .replace("{{svg}}", &draw::svg(&teller, &layout, false));
    out.write_all(page.as_bytes())?;
    out.flush()
}
