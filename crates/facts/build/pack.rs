//! Packs resource types into the two blobs described in `src/layout.rs`.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::extract::{Expression, Object, Type};
use crate::layout::{
    CLOSED, ENUM_SHIFT, FIELDS_SHIFT, ITEM, LENGTH_BITS, READ_ONLY, RELATIONS_SHIFT, REQUIRED,
};

/// The letters of the extract in the order of `Kind`, which numbers them.
const KIND_LETTERS: &str = "binslmoa";

/// The packed facts.
#[derive(Default)]
pub(crate) struct Packed {
    pub(crate) words: Vec<u32>,
    pub(crate) strings: String,
    /// Word index of the sorted (name, record) pairs.
    pub(crate) index: u32,
    pub(crate) count: u32,
}

#[derive(Default)]
struct Packer {
    out: Packed,
    strings: HashMap<String, u32>,
    /// Equal nodes of all types are stored once.
    nodes: HashMap<Vec<u32>, u32>,
}

/// Packs `types`, which must have distinct names.
pub(crate) fn pack(types: &mut [Type]) -> Result<Packed, String> {
    types.sort_by(|a, b| a.name.cmp(&b.name));
    let mut packer = Packer::default();
    let mut index = Vec::new();
    for ty in types.iter() {
        let fail = |what: String| format!("{}: {what}", ty.name);
        let name = packer.string(&ty.name).map_err(fail)?;
        let record = packer.record(ty).map_err(fail)?;
        index.extend([name, record]);
    }
    packer.out.index = packer.place(&index);
    packer.out.count = types.len() as u32;
    Ok(packer.out)
}

impl Packer {
    fn string(&mut self, text: &str) -> Result<u32, String> {
        if let Some(&known) = self.strings.get(text) {
            return Ok(known);
        }
        let offset = self.out.strings.len();
        if text.len() >> LENGTH_BITS != 0 || offset >> (32 - LENGTH_BITS) != 0 {
            return Err(format!("a string reference is too small for `{text}`"));
        }
        self.out.strings.push_str(text);
        let reference = (offset as u32) << LENGTH_BITS | text.len() as u32;
        self.strings.insert(text.to_owned(), reference);
        Ok(reference)
    }

    fn place(&mut self, words: &[u32]) -> u32 {
        let at = self.out.words.len() as u32;
        self.out.words.extend_from_slice(words);
        at
    }

    /// Stores a node, or finds the equal one stored before.
    fn node(&mut self, words: Vec<u32>) -> u32 {
        if let Some(&known) = self.nodes.get(&words) {
            return known;
        }
        let at = self.place(&words);
        self.nodes.insert(words, at);
        at
    }

    fn record(&mut self, ty: &Type) -> Result<u32, String> {
        let mut scope = Scope { ty, recursive: recursive(ty), done: HashMap::new() };
        let root = self.object(&mut scope, &ty.root)?;
        let root = self.node(root);
        let mut record = vec![root, ty.identifiers.len() as u32, ty.attributes.len() as u32];
        for name in &ty.identifiers {
            record.push(self.string(name)?);
        }
        let sorted: BTreeMap<_, _> = ty.attributes.iter().map(|(n, s)| (n, s)).collect();
        for name in sorted.keys() {
            record.push(self.string(name)?);
        }
        for shape in sorted.values() {
            record.push(self.shape(&mut scope, shape)?);
        }
        Ok(self.place(&record))
    }

    fn shape(&mut self, scope: &mut Scope<'_>, shape: &Expression) -> Result<u32, String> {
        match shape {
            Expression::Scalar { letter, values, relations } => {
                let (kind, closed) = kind(*letter)?;
                let (relations_len, values_len) = (relations.len() as u32, values.len() as u32);
                if relations_len > 0xF || values_len > 0xFF {
                    return Err("too many relations or enum values".into());
                }
                let counts = relations_len << RELATIONS_SHIFT | values_len << ENUM_SHIFT;
                let mut words = vec![kind | closed | counts];
                for (ty, attribute) in relations {
                    words.push(self.string(ty)?);
                    words.push(self.string(attribute)?);
                }
                for value in values {
                    words.push(self.string(value)?);
                }
                Ok(self.node(words))
            }
            Expression::List(item) => self.container('l', scope, item),
            Expression::Map(item) => self.container('m', scope, item),
            Expression::Definition(name) => self.definition(scope, name),
        }
    }

    fn container(&mut self, letter: char, scope: &mut Scope<'_>, item: &Expression) -> Result<u32, String> {
        let item = self.shape(scope, item)?;
        let (kind, _) = kind(letter)?;
        Ok(self.node(vec![kind | ITEM, item]))
    }

    fn definition(&mut self, scope: &mut Scope<'_>, name: &str) -> Result<u32, String> {
        if let Some(&known) = scope.done.get(name) {
            return Ok(known);
        }
        let ty = scope.ty;
        let object = ty.definitions.get(name).ok_or_else(|| format!("no definition {name}"))?;
        if !scope.recursive.contains(name) {
            let words = self.object(scope, object)?;
            let at = self.node(words);
            scope.done.insert(name.to_owned(), at);
            return Ok(at);
        }
        // A definition that contains itself needs its place before its content.
        let size = 1 + usize::from(object.item.is_some()) + 2 * object.fields.len();
        let at = self.place(&vec![0; size]);
        scope.done.insert(name.to_owned(), at);
        let words = self.object(scope, object)?;
        self.out.words[at as usize..at as usize + size].copy_from_slice(&words);
        Ok(at)
    }

    fn object(&mut self, scope: &mut Scope<'_>, object: &Object) -> Result<Vec<u32>, String> {
        let (kind, closed) = kind(object.letter)?;
        let count = object.fields.len() as u32;
        if count >> (32 - FIELDS_SHIFT) != 0 {
            return Err("too many fields".into());
        }
        let mut header = kind | closed | count << FIELDS_SHIFT;
        let mut words = vec![header];
        if let Some(item) = &object.item {
            header |= ITEM;
            words.push(self.shape(scope, item)?);
        }
        words[0] = header;
        let mut fields: Vec<_> = object.fields.iter().collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        for field in &fields {
            words.push(self.string(&field.name)?);
        }
        for field in &fields {
            let mut word = self.shape(scope, &field.shape)?;
            if word & (REQUIRED | READ_ONLY) != 0 {
                return Err("the blob is too large for flags beside node numbers".into());
            }
            word |= if field.required { REQUIRED } else { 0 };
            word |= if field.read_only { READ_ONLY } else { 0 };
            words.push(word);
        }
        Ok(words)
    }
}

/// What is known while one type is packed.
struct Scope<'a> {
    ty: &'a Type,
    recursive: HashSet<&'a str>,
    done: HashMap<String, u32>,
}

fn kind(letter: char) -> Result<(u32, u32), String> {
    let (letter, closed) = if letter == 'c' { ('o', CLOSED) } else { (letter, 0) };
    let number = KIND_LETTERS.find(letter).ok_or_else(|| format!("unknown kind {letter}"))?;
    Ok((number as u32, closed))
}

/// The definitions that can reach themselves.
fn recursive(ty: &Type) -> HashSet<&str> {
    let edges: HashMap<&str, Vec<&str>> =
        ty.definitions.iter().map(|(name, object)| (name.as_str(), references(object))).collect();
    let reaches_itself = |start: &str| {
        let (mut seen, mut todo) = (HashSet::new(), edges[start].clone());
        while let Some(name) = todo.pop() {
            if name == start {
                return true;
            }
            if seen.insert(name) {
                todo.extend(edges.get(name).into_iter().flatten());
            }
        }
        false
    };
    edges.keys().copied().filter(|name| reaches_itself(name)).collect()
}

fn references(object: &Object) -> Vec<&str> {
    let shapes = object.fields.iter().map(|f| &f.shape).chain(&object.item);
    shapes.filter_map(target).collect()
}

fn target(shape: &Expression) -> Option<&str> {
    match shape {
        Expression::Definition(name) => Some(name),
        Expression::List(item) | Expression::Map(item) => target(item),
        Expression::Scalar { .. } => None,
    }
}
