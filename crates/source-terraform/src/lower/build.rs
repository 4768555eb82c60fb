//! Properties under construction: several attributes, blocks and companions write into one
//! object before it becomes nodes of the tree.

use std::collections::HashMap;

use sekisho_estate::NodeId;

/// A property.
#[derive(Debug)]
pub(super) enum Out {
    /// A finished value.
    Node(NodeId),
    /// An object.
    Map(OutMap),
    /// A list.
    List(Vec<Out>, u32),
}

/// An object; entries stand in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct OutMap {
    pub(super) entries: Vec<(Box<str>, Out)>,
    /// Byte offset of what it was made from.
    pub(super) offset: u32,
}

/// Which element of a list `-` stands for in the paths of one block.
pub(super) type Elements = HashMap<String, usize>;

impl OutMap {
    pub(super) fn at(offset: u32) -> Self {
        Self { entries: Vec::new(), offset }
    }

    fn entry(&mut self, key: &str, new: impl FnOnce() -> Out) -> &mut Out {
        let at = match self.entries.iter().position(|(known, _)| &**known == key) {
            Some(at) => at,
            None => {
                self.entries.push((key.into(), new()));
                self.entries.len() - 1
            }
        };
        &mut self.entries[at].1
    }

    /// Puts a value at a path (`A/B/-/C`; `.` and nothing are the object itself, into which
    /// an object is merged). What is finished on the way stays.
    pub(super) fn set(&mut self, path: &str, value: Out, elements: &mut Elements, offset: u32) {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty() && *step != ".").collect();
        let mut prefix = String::new();
        self.put(&steps, value, elements, &mut prefix, offset);
    }

    fn put(&mut self, steps: &[&str], value: Out, elements: &mut Elements, prefix: &mut String, offset: u32) {
        let Some((&key, rest)) = steps.split_first() else {
            if let Out::Map(map) = value {
                self.merge(map);
            }
            return;
        };
        prefix.push('/');
        prefix.push_str(key);
        let empty = || match rest.first() {
            Some(&"-") => Out::List(Vec::new(), offset),
            _ => Out::Map(Self::at(offset)),
        };
        if rest.is_empty() {
            let place = self.entry(key, || Out::Map(Self::at(offset)));
            return match (place, value) {
                (Out::Map(known), Out::Map(more)) => known.merge(more),
                (Out::List(known, _), Out::List(more, _)) => known.extend(more),
                (place, value) => *place = value,
            };
        }
        descend(self.entry(key, empty), rest, value, elements, prefix, offset);
    }

    /// Takes over the entries of another object; of two finished values the later counts.
    pub(super) fn merge(&mut self, other: Self) {
        if self.entries.is_empty() {
            self.offset = other.offset;
        }
        for (key, value) in other.entries {
            match self.entries.iter_mut().find(|(known, _)| *known == key) {
                None => self.entries.push((key, value)),
                Some((_, known)) => match (known, value) {
                    (Out::Map(known), Out::Map(more)) => known.merge(more),
                    (Out::List(known, _), Out::List(more, _)) => known.extend(more),
                    (known, value) => *known = value,
                },
            }
        }
    }
}

fn descend(
    place: &mut Out,
    steps: &[&str],
    value: Out,
    elements: &mut Elements,
    prefix: &mut String,
    offset: u32,
) {
    match (place, steps) {
        (Out::Map(map), _) => map.put(steps, value, elements, prefix, offset),
        (Out::List(items, _), ["-"]) => items.push(value),
        (Out::List(items, _), ["-", rest @ ..]) => {
            prefix.push_str("/-");
            let at = *elements.entry(prefix.clone()).or_insert_with(|| {
                items.push(match rest.first() {
                    Some(&"-") => Out::List(Vec::new(), offset),
                    _ => Out::Map(OutMap::at(offset)),
                });
                items.len() - 1
            });
            if let Some(item) = items.get_mut(at) {
                descend(item, rest, value, elements, prefix, offset);
            }
        }
        // Something that is not known stands where there should be an object.
        _ => {}
    }
}
