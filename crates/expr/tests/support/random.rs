//! Random properties and random well-typed expressions, both read off a tape of bytes: a
//! shorter tape, or one of zeros, gives something simpler, so that failures shrink well.

use super::spec::Spec;

/// Bytes that decide; an empty tape decides 0.
pub(crate) struct Tape<'b> {
    bytes: &'b [u8],
}

impl<'b> Tape<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// One of so many.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % count
    }

    pub(crate) fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }
}

/// What a property or variable can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ty {
    Bool,
    Int,
    Text,
    /// JSON of any shape.
    Any,
    List(&'static Ty),
    Object(&'static [(&'static str, Ty)]),
}

const TAG: Ty = Ty::Object(&[("Key", Ty::Text), ("Value", Ty::Text)]);
const RULE: Ty = Ty::Object(&[("Status", Ty::Text), ("Prefix", Ty::Text), ("ExpirationInDays", Ty::Int)]);
const ENCRYPTION: Ty = Ty::Object(&[
    ("ServerSideEncryptionByDefault", Ty::Object(&[("SSEAlgorithm", Ty::Text)])),
    ("BucketKeyEnabled", Ty::Bool),
]);
const INVENTORY: Ty = Ty::Object(&[("Enabled", Ty::Bool), ("OptionalFields", Ty::List(&Ty::Text))]);

/// Part of the properties of AWS::S3::Bucket.
pub(crate) const BUCKET: &[(&str, Ty)] = &[
    ("BucketName", Ty::Text),
    ("ObjectLockEnabled", Ty::Bool),
    ("Tags", Ty::List(&TAG)),
    ("VersioningConfiguration", Ty::Object(&[("Status", Ty::Text)])),
    ("LifecycleConfiguration", Ty::Object(&[("Rules", Ty::List(&RULE))])),
    (
        "PublicAccessBlockConfiguration",
        Ty::Object(&[("BlockPublicAcls", Ty::Bool), ("BlockPublicPolicy", Ty::Bool)]),
    ),
    ("BucketEncryption", Ty::Object(&[("ServerSideEncryptionConfiguration", Ty::List(&ENCRYPTION))])),
    ("InventoryConfigurations", Ty::List(&INVENTORY)),
    ("AccessControl", Ty::Text),
];

/// The properties of AWS::IAM::Policy whose shape is free, and some that are not.
pub(crate) const POLICY: &[(&str, Ty)] =
    &[("PolicyDocument", Ty::Any), ("PolicyName", Ty::Text), ("Users", Ty::List(&Ty::Text))];

pub(crate) const WORDS: [&str; 9] = ["a", "b", "ab", "Ab", "true", "90", "", "b-a", "false"];
const KEYS: [&str; 3] = ["A", "B", "C"];

/// What values may hold besides plain values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// Whether values can be absent, unknown, of a wrong kind, references, choices.
    pub(crate) wild: bool,
    /// Variables with a finite domain.
    pub(crate) variables: &'static [&'static str],
    /// Variables without a value.
    pub(crate) holes: &'static [&'static str],
    pub(crate) conditions: &'static [&'static str],
}

impl Noise {
    /// Everything is known and present.
    pub(crate) const NONE: Self = Self { wild: false, variables: &[], holes: &[], conditions: &[] };
}

/// A value of a type, more or less.
pub(crate) fn value(tape: &mut Tape<'_>, ty: Ty, noise: Noise, depth: u32) -> Spec {
    if noise.wild {
        match tape.below(24) {
            19 | 20 => return Spec::Absent,
            21 => return Spec::Unknown(sekisho_estate::ReasonCode::Transform),
            22 if depth < 6 => {
                let condition = (*tape.pick(noise.conditions)).to_owned();
                let then = value(tape, ty, noise, depth + 1);
                return Spec::If(condition, Box::new(then), Box::new(value(tape, ty, noise, depth + 1)));
            }
            23 => return wild(tape, noise),
            _ => {}
        }
    }
    let items = |tape: &mut Tape<'_>, of: Ty| {
        (0..tape.below(if depth < 3 { 4 } else { 2 })).map(|_| value(tape, of, noise, depth + 1)).collect()
    };
    match ty {
        Ty::Bool if noise.wild && tape.once_in(4) => {
            Spec::Str((*tape.pick(&["True", "false", "no"])).to_owned())
        }
        Ty::Bool => Spec::Bool(tape.below(2) == 1),
        Ty::Int if noise.wild && tape.once_in(4) => {
            Spec::Str((*tape.pick(&["90", " 1", "x", "1.5"])).to_owned())
        }
        Ty::Int => Spec::Int(*tape.pick(&[0, 1, 2, 90, -1])),
        Ty::Text if noise.wild && tape.once_in(4) => hole(tape, noise),
        Ty::Text => Spec::Str((*tape.pick(&WORDS)).to_owned()),
        Ty::List(of) => Spec::List(items(tape, *of)),
        Ty::Object(fields) => Spec::Map(
            fields
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), value(tape, *ty, noise, depth + 1)))
                .collect(),
        ),
        Ty::Any => match tape.below(if depth < 5 { 7 } else { 4 }) {
            0 => Spec::Str((*tape.pick(&WORDS)).to_owned()),
            1 => Spec::Int(*tape.pick(&[0, 1, 90])),
            2 => Spec::Bool(tape.below(2) == 1),
            3 if noise.wild => hole(tape, noise),
            3 => Spec::Float(*tape.pick(&[0.5, 2.0])),
            4 => Spec::List(items(tape, Ty::Any)),
            _ => Spec::Map(
                KEYS.iter()
                    .take(1 + tape.below(3))
                    .map(|name| ((*name).to_owned(), value(tape, Ty::Any, noise, depth + 1)))
                    .collect(),
            ),
        },
    }
}

/// A text that is not known to the last character, or only in some world.
fn hole(tape: &mut Tape<'_>, noise: Noise) -> Spec {
    let word = |tape: &mut Tape<'_>| Spec::Str((*tape.pick(&WORDS)).to_owned());
    let unknown = |tape: &mut Tape<'_>| match tape.below(4) {
        0 => Spec::Variable((*tape.pick(noise.holes)).to_owned()),
        1 => Spec::Reference("R".to_owned(), String::new()),
        2 => Spec::Reference("Named".to_owned(), String::new()),
        _ => Spec::Variable((*tape.pick(noise.variables)).to_owned()),
    };
    match tape.below(5) {
        0 => Spec::Variable((*tape.pick(noise.variables)).to_owned()),
        1 => Spec::Reference(
            (*tape.pick(&["R", "S", "Named", "Key"])).to_owned(),
            (*tape.pick(&["", "Arn"])).to_owned(),
        ),
        2 => Spec::Secret,
        3 => Spec::Concat(vec![word(tape), unknown(tape), word(tape)]),
        _ => Spec::Concat(vec![unknown(tape), word(tape), unknown(tape)]),
    }
}

/// Something that does not belong here.
fn wild(tape: &mut Tape<'_>, noise: Noise) -> Spec {
    match tape.below(6) {
        0 => Spec::Null,
        1 => Spec::Int(1),
        2 => Spec::List(vec![Spec::Str("a".to_owned())]),
        3 => Spec::Map(vec![("A".to_owned(), Spec::Bool(true))]),
        4 => Spec::Float(*tape.pick(&[1.5, 2.0])),
        _ => hole(tape, noise),
    }
}
