//! Which boxes and lines the map has, and where they stand.

use std::collections::{BTreeMap, HashMap};

use sekisho_facts::Layer;
use sekisho_phi::{EdgeIndex, Model, NodeIndex};

use super::{Card, Line, Shade};

/// Width of a box.
pub(crate) const WIDTH: f64 = 190.0;
/// Height of a box.
pub(crate) const HEIGHT: f64 = 38.0;
const GAP: f64 = 14.0;
const COLUMN: f64 = 290.0;
/// Where the first box stands.
pub(crate) const TOP: f64 = 76.0;
const LEFT: f64 = 20.0;
/// Most boxes of a column before it is split in two.
const TALL: usize = 24;

/// Where everything stands.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) cards: Vec<Card>,
    /// Left and top of each box.
    pub(crate) at: Vec<(f64, f64)>,
    pub(crate) lines: Vec<Line>,
    /// Left of each layer and the width of its columns, for the layers that have boxes.
    pub(crate) layers: Vec<(Layer, f64, f64)>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

const LAYERS: [Layer; 5] = [Layer::Outside, Layer::Edge, Layer::Application, Layer::Data, Layer::Copies];

/// Boxes and lines of everything that PHI takes part in, and their places.
pub(crate) fn lay_out(model: &Model<'_>) -> Layout {
    let (cards, lines) = parts(model);
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); cards.len()];
    for line in &lines {
        neighbours[line.from].push(line.to);
        neighbours[line.to].push(line.from);
    }
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); LAYERS.len()];
    for (index, card) in cards.iter().enumerate() {
        columns[card.layer].push(index);
    }
    let mut rank = vec![0.0; cards.len()];
    let number = |columns: &[Vec<usize>], rank: &mut [f64]| {
        for column in columns {
            for (row, &card) in column.iter().enumerate() {
                rank[card] = (row as f64 + 0.5) / column.len() as f64;
            }
        }
    };
    number(&columns, &mut rank);
    for pass in 0..4 {
        let order: Vec<usize> = if pass % 2 == 0 { (0..5).collect() } else { (0..5).rev().collect() };
        for layer in order {
            let mean = |card: usize| {
                let joined = &neighbours[card];
                if joined.is_empty() {
                    return rank[card];
                }
                joined.iter().map(|&n| rank[n]).sum::<f64>() / joined.len() as f64
            };
            let mut keyed: Vec<(f64, usize)> = columns[layer].iter().map(|&c| (mean(c), c)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            columns[layer] = keyed.into_iter().map(|(_, card)| card).collect();
            number(&columns, &mut rank);
        }
    }
    let mut at = vec![(0.0, 0.0); cards.len()];
    let (mut x, mut layers, mut height) = (LEFT, Vec::new(), TOP);
    let tallest = columns.iter().map(|column| column.len().min(TALL)).max().unwrap_or(0) as f64;
    for (layer, column) in columns.iter().enumerate() {
        if column.is_empty() {
            continue;
        }
        let parts = column.len().div_ceil(TALL);
        let rows = column.len().div_ceil(parts);
        for (index, &card) in column.iter().enumerate() {
            // A long column goes on beside itself.
            let (part, row) = (index % parts, index / parts);
            let lead = (tallest - rows as f64).max(0.0) * (HEIGHT + GAP) / 2.0;
            let top = TOP + lead + row as f64 * (HEIGHT + GAP) + part as f64 * (HEIGHT + GAP) / parts as f64;
            at[card] = (x + part as f64 * (WIDTH + 40.0), top);
            height = height.max(top + HEIGHT);
        }
        let span = (parts - 1) as f64 * (WIDTH + 40.0) + WIDTH;
        layers.push((LAYERS[layer], x, span));
        x += span + COLUMN - WIDTH;
    }
    Layout { cards, at, lines, layers, width: (x - COLUMN + WIDTH + LEFT).max(640.0), height: height + 64.0 }
}

/// The lines that carry PHI and the boxes at their ends.
fn parts(model: &Model<'_>) -> (Vec<Card>, Vec<Line>) {
    // Hops by their two ends, whichever way.
    let mut pairs: BTreeMap<(NodeIndex, NodeIndex), Vec<EdgeIndex>> = BTreeMap::new();
    for index in 0..model.graph.edges.len() as u32 {
        let index = EdgeIndex(index);
        let edge = model.graph.edge(index);
        let carried = if edge.possible { model.may_carry(index) } else { model.carried(index).is_some() };
        if carried {
            let ends = (edge.from.min(edge.to), edge.from.max(edge.to));
            pairs.entry(ends).or_default().push(index);
        }
    }
    let layer_of = |node: NodeIndex| {
        let layer = model.graph.nodes.get(node).layer(model.estate);
        LAYERS.iter().position(|known| *known == layer).unwrap_or(2)
    };
    let mut lines: Vec<((NodeIndex, NodeIndex), Line)> = Vec::with_capacity(pairs.len());
    let mut degree: HashMap<NodeIndex, usize> = HashMap::new();
    for (ends, hops) in pairs {
        let first = model.graph.edge(hops[0]);
        let (from, to) = (first.from, first.to);
        let both = hops.iter().any(|&hop| model.graph.edge(hop).from == to) && from != to;
        let shade = hops.iter().map(|&hop| Shade::of(&model.hop(hop).faults)).max().unwrap_or(Shade::Good);
        let possible = hops.iter().all(|&hop| model.graph.edge(hop).possible);
        *degree.entry(ends.0).or_default() += 1;
        if ends.0 != ends.1 {
            *degree.entry(ends.1).or_default() += 1;
        }
        lines.push(((from, to), Line { from: 0, to: 0, both, hops, shade, possible }));
    }
    // Leaves of one type that hang on the same thing by equal lines are one box.
    let mut cards: Vec<Card> = Vec::new();
    let mut card_of: HashMap<NodeIndex, usize> = HashMap::new();
    let mut folded: HashMap<(NodeIndex, String, bool, Shade, bool, bool), usize> = HashMap::new();
    let mut merged: Vec<Line> = Vec::new();
    let mut line_of: HashMap<(usize, usize), usize> = HashMap::new();
    for ((from, to), line) in lines {
        let leaf = |node: NodeIndex| degree[&node] == 1 && from != to;
        let mut card = |node: NodeIndex, other: NodeIndex, outgoing: bool| {
            if let Some(&known) = card_of.get(&node) {
                return known;
            }
            let fresh = |cards: &mut Vec<Card>| {
                cards.push(Card { nodes: Vec::new(), layer: layer_of(node) });
                cards.len() - 1
            };
            let index = if leaf(node) {
                let kind = model.graph.nodes.get(node).type_name(model.estate).to_owned();
                let key = (other, kind, outgoing, line.shade, line.possible, line.both);
                *folded.entry(key).or_insert_with(|| fresh(&mut cards))
            } else {
                fresh(&mut cards)
            };
            cards[index].nodes.push(node);
            card_of.insert(node, index);
            index
        };
        // Two leaves joined to each other alone stay two boxes.
        let (a, b) = (card(from, to, true), card(to, from, false));
        match line_of.get(&(a, b)) {
            Some(&known) => merged[known].hops.extend(line.hops),
            None => {
                line_of.insert((a, b), merged.len());
                merged.push(Line { from: a, to: b, ..line });
            }
        }
    }
    (cards, merged)
}
