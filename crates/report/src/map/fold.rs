//! Folding of boxes that stand alike.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sekisho_phi::Model;

use super::{Card, Line, Shade};

/// Of each box, the number of what it is folded into.
pub(super) type Groups = Vec<usize>;

/// One kind of hop of a box: the type at the other end, whether it goes out, its shade, whether
/// it is possible only.
type Kind<'m> = (&'m str, bool, Shade, bool);

/// Boxes of one type, layer and label that have the same kinds of hops to the same types.
pub(super) fn by_hops(model: &Model<'_>, cards: &[Card], lines: &[Line]) -> Groups {
    let mut hops: Vec<BTreeSet<Kind<'_>>> = vec![BTreeSet::new(); cards.len()];
    for line in lines {
        hops[line.from].insert((type_of(model, &cards[line.to]), true, line.shade, line.possible));
        hops[line.to].insert((type_of(model, &cards[line.from]), false, line.shade, line.possible));
    }
    groups(cards.iter().zip(hops).map(|(card, hops)| (who(model, card), hops)))
}

/// Boxes of one type, layer and label.
pub(super) fn by_type(model: &Model<'_>, cards: &[Card], _lines: &[Line]) -> Groups {
    groups(cards.iter().map(|card| who(model, card)))
}

fn type_of<'m>(model: &'m Model<'_>, card: &Card) -> &'m str {
    model.graph.nodes.get(card.nodes[0]).type_name(model.estate)
}

fn who<'m>(model: &'m Model<'_>, card: &Card) -> (&'m str, usize, &'static str) {
    (type_of(model, card), card.layer, model.label_of(card.nodes[0]).0.name())
}

fn groups<K: Ord>(keys: impl Iterator<Item = K>) -> Groups {
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    keys.map(|key| {
        let next = known.len();
        *known.entry(key).or_insert(next)
    })
    .collect()
}

/// The boxes and lines that are left. A line takes the worst shade of those that it stands for.
pub(super) fn fold(cards: &[Card], lines: Vec<Line>, groups: &Groups) -> (Vec<Card>, Vec<Line>) {
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let mut folded: Vec<Card> = vec![Card { nodes: Vec::new(), layer: 0 }; count];
    for (card, &group) in cards.iter().zip(groups) {
        folded[group].layer = card.layer;
        folded[group].nodes.extend(&card.nodes);
    }
    let mut merged: Vec<Line> = Vec::new();
    let mut known: HashMap<(usize, usize, bool), usize> = HashMap::new();
    for line in lines {
        let (from, to) = (groups[line.from], groups[line.to]);
        let key = (from.min(to), from.max(to), line.possible);
        match known.get(&key) {
            Some(&at) => {
                let other: &mut Line = &mut merged[at];
                other.both |= line.both || (from != to && other.from == to);
                other.shade = other.shade.max(line.shade);
                other.hops.extend(line.hops);
            }
            None => {
                known.insert(key, merged.len());
                merged.push(Line { from, to, ..line });
            }
        }
    }
    (folded, merged)
}
