//! How Terraform's resource types become CloudFormation's.
//!
//! The rows of `facts/hand/terraform` were resolved against the schemas of both when the
//! crate was built; a type's rows are read from that text when the type is first asked for.
//! A look-up is a binary search, reading is linear in the rows of the one type.

use std::sync::OnceLock;

static ROWS: &str = include_str!(concat!(env!("OUT_DIR"), "/terraform.rows"));
static NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/terraform.names"));

include!(concat!(env!("OUT_DIR"), "/terraform.rs"));

static READ: [OnceLock<Vec<TerraformMapping>>; COUNT] = [const { OnceLock::new() }; COUNT];

/// What an instance of a Terraform type becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TerraformTarget {
    /// A resource of this CloudFormation type.
    Own(&'static str),
    /// Properties of a resource of this type, which the attribute `by` names.
    Merge {
        /// The type.
        parent: &'static str,
        /// The attribute; several elements name several resources.
        by: &'static str,
    },
}

/// One row: how instances of a type become resources, or properties of one.
#[derive(Clone, PartialEq, Debug)]
pub struct TerraformMapping {
    /// What it becomes.
    pub target: TerraformTarget,
    /// The row counts only where each of these attributes has one of the values.
    pub when: Vec<(&'static str, Vec<&'static str>)>,
    /// The row counts only where this attribute is written.
    pub needs: Option<&'static str>,
    /// A resource for each block of this name; the rules are about the block.
    pub each: Option<&'static str>,
    /// Property that refers to the resource that the type's first row made.
    pub link: Option<&'static str>,
    /// The attribute that `self` stands for among [`TerraformObject::spread`].
    pub own: Option<&'static str>,
    /// The switch without which a snapshot is taken when the resource is deleted.
    pub snapshot_unless: Option<&'static str>,
    /// Where the attributes go.
    pub object: TerraformObject,
    /// Attributes as others refer to them: the name of `Fn::GetAtt`, empty for `Ref`.
    pub attributes: Vec<(&'static str, &'static str)>,
}

/// Where the attributes of a block go, as paths from one object of the properties.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TerraformObject {
    /// Properties that always have a value, as JSON text.
    pub constants: Vec<(&'static str, &'static str)>,
    /// List attributes each of whose elements makes an object of its own, with its path.
    pub spread: Vec<(&'static str, &'static str)>,
    /// The attributes, sorted by name.
    pub rules: Vec<TerraformRule>,
}

/// Where one attribute goes.
#[derive(Clone, PartialEq, Debug)]
pub struct TerraformRule {
    /// The attribute or block.
    pub from: &'static str,
    /// Path of the property; names are separated by `/`, `-` is a new element of a list,
    /// `.` or nothing the object itself.
    pub to: &'static str,
    /// How the value changes.
    pub how: TerraformHow,
    /// What the provider does where it is not written, as JSON text.
    pub default: Option<&'static str>,
}

/// How a value changes on its way.
#[derive(Clone, PartialEq, Debug)]
pub enum TerraformHow {
    /// It says nothing about the resource in AWS.
    Ignore,
    /// CloudFormation has no counterpart, or none was written down.
    None,
    /// As it is.
    Copy,
    /// JSON text becomes what it says.
    Json,
    /// A document, as text or as blocks, whose names differ from those of the schema only in the
    /// way they are written: the type and, from its properties, the path of the shape.
    Spelled(&'static str, &'static str),
    /// A map becomes a list of objects with these two members.
    Entries(&'static str, &'static str),
    /// Blocks with these two attributes become a map.
    Object(&'static str, &'static str),
    /// The first block becomes an object.
    One(TerraformObject),
    /// Blocks become a list of objects.
    Each(TerraformObject),
    /// Blocks become a map of objects, by this attribute.
    By(&'static str, TerraformObject),
    /// A value becomes a list of it.
    Wrap,
    /// Of a list the first element.
    First,
    /// A list becomes text with commas.
    Join,
    /// Text with commas becomes a list.
    Split,
    /// By a table; without a second the property is absent. What is not in it stays.
    Values(Vec<(&'static str, Option<&'static str>)>),
    /// A boolean becomes its opposite.
    Not,
    /// True, where it is written.
    Present,
    /// A list of objects with a key and a value gets one more: its key, and the names of
    /// the two members.
    Keyed(&'static str, &'static str, &'static str),
}

/// The rows of a Terraform type; none when it is not mapped.
pub fn terraform_mappings(terraform: &str) -> &'static [TerraformMapping] {
    let Ok(at) = INDEX.binary_search_by_key(&terraform, |(name, ..)| name) else { return &[] };
    READ[at].get_or_init(|| {
        let (_, start, end) = INDEX[at];
        read(&ROWS[start as usize..end as usize])
    })
}

/// All Terraform types that are mapped, sorted.
pub fn terraform_mapped() -> impl Iterator<Item = &'static str> {
    INDEX.iter().map(|(name, ..)| *name)
}

/// All resource types of the provider, sorted.
pub fn terraform_types() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

fn read(text: &'static str) -> Vec<TerraformMapping> {
    let mut out: Vec<TerraformMapping> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let words: Vec<&'static str> = line.split('\t').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or("");
        let given = |at: usize| Some(word(at)).filter(|word| !word.is_empty());
        match word(0) {
            "R" => out.push(TerraformMapping {
                target: match word(1) {
                    "merge" => TerraformTarget::Merge { parent: word(2), by: word(3) },
                    _ => TerraformTarget::Own(word(2)),
                },
                needs: given(4),
                each: given(5),
                link: given(6),
                own: given(7),
                when: Vec::new(),
                snapshot_unless: None,
                object: TerraformObject::default(),
                attributes: Vec::new(),
            }),
            "w" => {
                let values = word(2).split('|').collect();
                out.extend_last(|row| row.when.push((word(1), values)));
            }
            "d" => out.extend_last(|row| row.snapshot_unless = given(1)),
            "a" => out.extend_last(|row| row.attributes.push((word(1), word(2)))),
            _ => {
                // The first line of an object; it reads the rest of it.
                let object = object(line, &mut lines, 0);
                out.extend_last(|row| row.object = object);
            }
        }
    }
    out
}

/// Changes the last row, if there is one.
trait Last<T> {
    fn extend_last(&mut self, change: impl FnOnce(&mut T));
}

impl<T> Last<T> for Vec<T> {
    fn extend_last(&mut self, change: impl FnOnce(&mut T)) {
        if let Some(last) = self.last_mut() {
            change(last);
        }
    }
}

type Lines = std::iter::Peekable<std::str::Lines<'static>>;

fn object(first: &'static str, lines: &mut Lines, depth: usize) -> TerraformObject {
    let mut out = TerraformObject::default();
    let mut line = Some(first);
    while let Some(text) = line {
        let words: Vec<&'static str> = text.split('\t').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or("");
        match word(0) {
            "k" => out.constants.push((word(2), word(3))),
            "s" => out.spread.push((word(2), word(3))),
            _ => {
                let pair = || word(5).split_once('|').unwrap_or(("", ""));
                let mut inner = || match lines.next_if(|next| depth_of(next) == Some(depth + 1)) {
                    Some(first) => object(first, lines, depth + 1),
                    None => TerraformObject::default(),
                };
                let how = match word(2) {
                    "ignore" => TerraformHow::Ignore,
                    "none" => TerraformHow::None,
                    "json" => TerraformHow::Json,
                    "spelled" => TerraformHow::Spelled(pair().0, pair().1),
                    "entries" => TerraformHow::Entries(pair().0, pair().1),
                    "object" => TerraformHow::Object(pair().0, pair().1),
                    "one" => TerraformHow::One(inner()),
                    "each" => TerraformHow::Each(inner()),
                    "by" => TerraformHow::By(word(5), inner()),
                    "wrap" => TerraformHow::Wrap,
                    "first" => TerraformHow::First,
                    "join" => TerraformHow::Join,
                    "split" => TerraformHow::Split,
                    "values" => TerraformHow::Values(
                        word(5)
                            .split('|')
                            .filter_map(|pair| pair.split_once('='))
                            .map(|(from, to)| (from, Some(to).filter(|to| *to != "\u{0}")))
                            .collect(),
                    ),
                    "not" => TerraformHow::Not,
                    "present" => TerraformHow::Present,
                    "keyed" => {
                        let mut names = word(5).split('|');
                        let mut next = || names.next().unwrap_or("");
                        TerraformHow::Keyed(next(), next(), next())
                    }
                    _ => TerraformHow::Copy,
                };
                let default = Some(word(6)).filter(|text| !text.is_empty());
                out.rules.push(TerraformRule { from: word(3), to: word(4), how, default });
            }
        }
        line = lines.next_if(|next| depth_of(next) == Some(depth));
    }
    out
}

/// The depth of a line of an object; none of another line.
fn depth_of(line: &str) -> Option<usize> {
    let mut words = line.split('\t');
    match words.next() {
        Some("k" | "s" | "r") => words.next()?.parse().ok(),
        _ => None,
    }
}
