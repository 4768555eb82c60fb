//! Which boxes and lines the map has, and where they stand.

use std::collections::{BTreeMap, HashMap};

use sekisho_facts::Layer;
use sekisho_phi::{EdgeIndex, Model, NodeIndex};

use super::{Card, Line, Shade, fold};

/// Width of a box.
pub(crate) const WIDTH: f64 = 190.0;
/// Height of a box.
pub(crate) const HEIGHT: f64 = 38.0;
const GAP: f64 = 14.0;
const COLUMN: f64 = 290.0;
/// Where the first box stands.
pub(crate) const TOP: f64 = 76.0;
const LEFT: f64 = 20.0;
/// Height of the lane that a line takes through a column between its ends.
const LANE: f64 = 16.0;
/// Boxes that a reader can take in; of more, equal ones are folded.
const MOST: usize = 64;

/// Where everything stands.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) cards: Vec<Card>,
    /// Left and top of each box.
    pub(crate) at: Vec<(f64, f64)>,
    pub(crate) lines: Vec<Line>,
    /// Of each line, the lanes through the columns between its ends, from its start: left and
    /// middle.
    pub(crate) lanes: Vec<Vec<(f64, f64)>>,
    /// Left of each layer and the width of its columns, for the layers that have boxes.
    pub(crate) layers: Vec<(Layer, f64, f64)>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

const LAYERS: [Layer; 5] = [Layer::Outside, Layer::Edge, Layer::Application, Layer::Data, Layer::Copies];

/// What stands in a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Card(usize),
    /// A line on its way through.
    Lane(usize, usize),
}

/// Boxes and lines of everything that PHI takes part in, and their places. Of many boxes, those
/// that stand alike become one with a number.
pub(crate) fn lay_out(model: &Model<'_>) -> Layout {
    let (mut cards, mut lines) = parts(model);
    for alike in [fold::by_hops, fold::by_type] {
        if cards.len() > MOST {
            let groups = alike(model, &cards, &lines);
            (cards, lines) = fold::fold(&cards, lines, &groups);
        }
    }
    let used: Vec<usize> =
        (0..LAYERS.len()).filter(|&layer| cards.iter().any(|card| card.layer == layer)).collect();
    let column_of = |card: usize| used.iter().position(|&layer| layer == cards[card].layer).unwrap_or(0);
    // Items and who they are joined to; a line has a lane in each column that it crosses.
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); used.len()];
    let mut items: Vec<Item> = (0..cards.len()).map(Item::Card).collect();
    for card in 0..cards.len() {
        columns[column_of(card)].push(card);
    }
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); cards.len()];
    let mut lane_items: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    for (index, line) in lines.iter().enumerate() {
        let (a, b) = (column_of(line.from), column_of(line.to));
        let between: Vec<usize> = if a < b { (a + 1..b).collect() } else { (b + 1..a).rev().collect() };
        let mut last = line.from;
        for column in between {
            let item = items.len();
            items.push(Item::Lane(index, column));
            columns[column].push(item);
            neighbours.push(vec![last]);
            neighbours[last].push(item);
            lane_items[index].push(item);
            last = item;
        }
        neighbours[last].push(line.to);
        neighbours[line.to].push(last);
    }
    let mut rank = vec![0.0; items.len()];
    let number = |columns: &[Vec<usize>], rank: &mut [f64]| {
        for column in columns {
            for (row, &item) in column.iter().enumerate() {
                rank[item] = (row as f64 + 0.5) / column.len() as f64;
            }
        }
    };
    number(&columns, &mut rank);
    for pass in 0..8 {
        let order: Vec<usize> =
            if pass % 2 == 0 { (0..used.len()).collect() } else { (0..used.len()).rev().collect() };
        for layer in order {
            let mean = |item: usize| {
                let joined = &neighbours[item];
                if joined.is_empty() {
                    return rank[item];
                }
                joined.iter().map(|&n| rank[n]).sum::<f64>() / joined.len() as f64
            };
            let mut keyed: Vec<(f64, usize)> = columns[layer].iter().map(|&i| (mean(i), i)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            columns[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            number(&columns, &mut rank);
        }
    }
    let height_of = |item: usize| if matches!(items[item], Item::Card(_)) { HEIGHT + GAP } else { LANE };
    let tall = |column: &Vec<usize>| column.iter().map(|&item| height_of(item)).sum::<f64>();
    let tallest = columns.iter().map(tall).fold(0.0, f64::max);
    let mut at = vec![(0.0, 0.0); items.len()];
    let mut layers = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let x = LEFT + index as f64 * COLUMN;
        let mut top = TOP + (tallest - tall(column)) / 2.0;
        for &item in column {
            at[item] = (x, top);
            top += height_of(item);
        }
        layers.push((LAYERS[used[index]], x, WIDTH));
    }
    let lanes = lane_items
        .iter()
        .map(|lane| lane.iter().map(|&item| (at[item].0, at[item].1 + LANE / 2.0)).collect())
        .collect();
    at.truncate(cards.len());
    let width = LEFT * 2.0 + WIDTH + used.len().saturating_sub(1) as f64 * COLUMN;
    Layout { cards, at, lines, lanes, layers, width: width.max(640.0), height: TOP + tallest + 64.0 }
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
