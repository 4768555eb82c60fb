//! Resource types and their property trees.

use crate::layout::{CLOSED, ENUM_SHIFT, FIELDS_SHIFT, ITEM, READ_ONLY, RELATIONS_SHIFT, REQUIRED};
use crate::packed::{self, TYPE_COUNT, TYPE_INDEX};

/// The node number in a field's node word.
const NODE: u32 = READ_ONLY - 1;

/// Looks a resource type up by its CloudFormation name, such as `AWS::S3::Bucket`.
///
/// Extension types (`Sekisho::Account::…`) are found in the same way. A type unknown to
/// the facts edition gives `None`; so do `Custom::…` names, which are all of type
/// `AWS::CloudFormation::CustomResource`. Logarithmic in the number of types.
pub fn resource_type(name: &str) -> Option<ResourceType> {
    packed::find(TYPE_INDEX, TYPE_COUNT, 2, name).map(|position| ResourceType { position })
}

/// The names of all resource types, sorted.
pub fn resource_type_names() -> impl Iterator<Item = &'static str> {
    resource_types().map(ResourceType::name)
}

/// All resource types, sorted by name.
pub fn resource_types() -> impl Iterator<Item = ResourceType> {
    (0..TYPE_COUNT).map(|position| ResourceType { position })
}

/// Copy handle to one CloudFormation resource type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType {
    position: u32,
}

impl std::fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResourceType({})", self.name())
    }
}

impl ResourceType {
    fn record(self) -> u32 {
        packed::word(TYPE_INDEX + 2 * self.position + 1)
    }

    fn identifier_count(self) -> u32 {
        packed::word(self.record() + 1)
    }

    fn attribute_count(self) -> u32 {
        packed::word(self.record() + 2)
    }

    fn attribute_names(self) -> u32 {
        self.record() + 3 + self.identifier_count()
    }

    /// The type's name, such as `AWS::S3::Bucket`.
    pub fn name(self) -> &'static str {
        packed::string(TYPE_INDEX + 2 * self.position)
    }

    /// The shape of the type's properties; its kind is [`Kind::Object`].
    ///
    /// Properties that AWS sets (such as `Arn`) are among the fields, because inventories
    /// report them; [`Shape::is_read_only`] tells them apart.
    pub fn properties(self) -> Shape {
        Shape(packed::word(self.record()))
    }

    /// The attributes that `Fn::GetAtt` accepts, sorted by name, with their shapes.
    ///
    /// Nested attributes are dotted (`Endpoint.Address`). A name that ends in `*` admits
    /// any name with that beginning (`Outputs.*` of a nested stack).
    pub fn attributes(self) -> impl Iterator<Item = (&'static str, Shape)> {
        let (names, count) = (self.attribute_names(), self.attribute_count());
        (0..count).map(move |i| {
            let shape = Shape(packed::word(names + count + i));
            (packed::string(names + i), shape)
        })
    }

    /// The shape of one attribute of `Fn::GetAtt`, if the type has it.
    pub fn attribute(self, name: &str) -> Option<Shape> {
        let (names, count) = (self.attribute_names(), self.attribute_count());
        if let Some(i) = packed::find(names, count, 1, name) {
            return Some(Shape(packed::word(names + count + i)));
        }
        self.attributes()
            .find(|(known, _)| known.strip_suffix('*').is_some_and(|p| name.starts_with(p)))
            .map(|(_, shape)| shape)
    }

    /// The properties that together identify a resource of this type (dotted if nested).
    ///
    /// This is the registry's identifier, used by Cloud Control and Config. What `Ref`
    /// returns is usually, but not always, the same: see [`crate::identity`].
    pub fn primary_identifier(self) -> impl Iterator<Item = &'static str> {
        let start = self.record() + 3;
        (0..self.identifier_count()).map(move |i| packed::string(start + i))
    }

    /// The properties a template must write, sorted.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.properties().required()
    }
}

/// What a value of the property tree is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list; [`Shape::item`] is the shape of its elements.
    List,
    /// Free keys; [`Shape::item`] is the shape of the values.
    Map,
    /// Named fields. [`Shape::item`] is present when further keys are admitted too.
    Object,
    /// JSON (a policy document), or one of several kinds. Known fields may be listed.
    Any,
}

/// Copy handle to one node of a type's property tree.
///
/// Recursive types (such as the statements of `AWS::WAFv2::WebACL`) are finite graphs of
/// shapes: descend only as far as the value goes. Equal handles are equal shapes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape(u32);

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shape({:?} #{})", self.kind(), self.0)
    }
}

impl Shape {
    fn header(self) -> u32 {
        packed::word(self.0)
    }

    fn relation_count(self) -> u32 {
        (self.header() >> RELATIONS_SHIFT) & 0xF
    }

    fn enum_count(self) -> u32 {
        (self.header() >> ENUM_SHIFT) & 0xFF
    }

    fn field_count(self) -> u32 {
        self.header() >> FIELDS_SHIFT
    }

    fn relations_start(self) -> u32 {
        self.0 + 1 + u32::from(self.header() & ITEM != 0)
    }

    fn enum_start(self) -> u32 {
        self.relations_start() + 2 * self.relation_count()
    }

    fn fields_start(self) -> u32 {
        self.enum_start() + self.enum_count()
    }

    /// What a value here is.
    pub fn kind(self) -> Kind {
        match self.header() & 0xF {
            0 => Kind::Boolean,
            1 => Kind::Integer,
            2 => Kind::Number,
            3 => Kind::String,
            4 => Kind::List,
            5 => Kind::Map,
            6 => Kind::Object,
            _ => Kind::Any,
        }
    }

    fn field_word(self, name: &str) -> Option<u32> {
        let (start, count) = (self.fields_start(), self.field_count());
        packed::find(start, count, 1, name).map(|i| packed::word(start + count + i))
    }

    fn field_words(self) -> impl Iterator<Item = (&'static str, u32)> {
        let (start, count) = (self.fields_start(), self.field_count());
        (0..count).map(move |i| (packed::string(start + i), packed::word(start + count + i)))
    }

    /// The shape of the field `name`, if this is an object that declares it.
    pub fn field(self, name: &str) -> Option<Shape> {
        self.field_word(name).map(|word| Shape(word & NODE))
    }

    /// The declared fields, sorted by name.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, Shape)> {
        self.field_words().map(|(name, word)| (name, Shape(word & NODE)))
    }

    /// The fields that must be written, sorted.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.field_words().filter(|(_, word)| word & REQUIRED != 0).map(|(name, _)| name)
    }

    /// Whether AWS sets the field and a template cannot. Known for the properties of a
    /// type, not for the fields of nested objects.
    pub fn is_read_only(self, name: &str) -> bool {
        self.field_word(name).is_some_and(|word| word & READ_ONLY != 0)
    }

    /// The shape of a list's elements or of a map's values.
    pub fn item(self) -> Option<Shape> {
        (self.header() & ITEM != 0).then(|| Shape(packed::word(self.0 + 1)))
    }

    /// The values the schema admits, in its order; empty when it names none (or more
    /// than 40). AWS compares some of them without regard to case.
    pub fn enum_values(self) -> impl Iterator<Item = &'static str> {
        let start = self.enum_start();
        (0..self.enum_count()).map(move |i| packed::string(start + i))
    }

    /// The resource types a string here refers to, each with the attribute meant: the
    /// name of a property, or the registry's general words `Arn`, `Id`, `Name`,
    /// `AliasName`; `""` when the schema does not say.
    pub fn relations(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let start = self.relations_start();
        (0..self.relation_count())
            .map(move |i| (packed::string(start + 2 * i), packed::string(start + 2 * i + 1)))
    }

    /// Whether this is an object that admits no other fields.
    pub fn closed(self) -> bool {
        self.header() & CLOSED != 0
    }

    /// Follows a path of names, as in `/BucketEncryption/ServerSideEncryptionConfiguration`.
    ///
    /// A list takes part with its elements; `*` and numbers, which name an element, may be
    /// written or left out. A free key of a map is followed to the map's values. The empty
    /// path is this shape.
    pub fn at(self, path: &str) -> Option<Shape> {
        let mut shape = self;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let element = name == "*" || name.bytes().all(|b| b.is_ascii_digit());
            if element && let (Kind::List, Some(item)) = (shape.kind(), shape.item()) {
                shape = item;
                continue;
            }
            while let (Kind::List, Some(item)) = (shape.kind(), shape.item()) {
                shape = item;
            }
            shape = match shape.field(name) {
                Some(field) => field,
                None if matches!(shape.kind(), Kind::Map | Kind::Object) => shape.item()?,
                None => return None,
            };
        }
        Some(shape)
    }
}
