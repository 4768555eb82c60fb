//! Stacks as data: values, variables, conditions and resources, read from YAML or made up by a test.

use sekisho_estate::{Node, NodeId, ReasonCode, Tree};

/// A value before it is lowered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spec {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Spec>),
    Map(Vec<(String, Spec)>),
    /// `!Ref Id` (empty attribute) or `!GetAtt Id.Attribute`
    Reference(String, String),
    /// `!Var Name`
    Variable(String),
    /// `!If [Condition, then, otherwise]`
    If(String, Box<Spec>, Box<Spec>),
    /// `!Concat [a, b]`
    Concat(Vec<Spec>),
    /// `!Split [delimiter, text]`
    Split(Vec<Spec>),
    /// `!Secret`
    Secret,
    /// `!Absent`
    Absent,
    /// `!Unknown code`
    Unknown(ReasonCode),
}

/// A parameter: the values it can have, none for anything.
#[derive(Clone, Debug)]
pub(crate) struct VariableSpec {
    pub(crate) name: String,
    pub(crate) domain: Vec<Spec>,
    pub(crate) has_default: bool,
}

/// What a condition says.
#[derive(Clone, Debug)]
pub(crate) enum ConditionSpec {
    Constant(bool),
    Equals(Spec, Spec),
    Not(String),
    All(Vec<String>),
    Any(Vec<String>),
    Value(Spec),
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct ResourceSpec {
    pub(crate) id: String,
    pub(crate) type_name: String,
    pub(crate) properties: Spec,
    /// What stands beside the properties.
    pub(crate) beside: Vec<(String, Spec)>,
    pub(crate) condition: Option<String>,
    /// What a plain reference gives, when it is written.
    pub(crate) name: Option<Spec>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct StackSpec {
    pub(crate) variables: Vec<VariableSpec>,
    pub(crate) conditions: Vec<(String, ConditionSpec)>,
    pub(crate) resources: Vec<ResourceSpec>,
}

/// A node of a YAML document with its tree.
#[derive(Clone, Copy)]
pub(crate) struct Yaml<'t> {
    pub(crate) tree: &'t Tree,
    pub(crate) node: NodeId,
}

impl<'t> Yaml<'t> {
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.tree.get(self.node, key).map(|node| Self { node, ..self })
    }

    pub(crate) fn text(self) -> Option<&'t str> {
        self.tree.string(self.node)
    }

    pub(crate) fn entries(self) -> impl Iterator<Item = (&'t str, Self)> {
        self.tree.map(self.node).iter().map(move |e| (self.tree.text(e.key), Self { node: e.value, ..self }))
    }

    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        self.tree.list(self.node).iter().map(move |&node| Self { node, ..self })
    }

    fn tagged(self) -> Option<(&'t str, Self)> {
        match self.tree.node(self.node) {
            Node::Tagged { tag, child } => Some((self.tree.name(tag), Self { node: child, ..self })),
            _ => None,
        }
    }

    fn names(self) -> Vec<String> {
        self.items().map(|item| item.text().expect("a name").to_owned()).collect()
    }

    pub(crate) fn spec(self) -> Spec {
        let specs = |yaml: Self| yaml.items().map(Self::spec).collect::<Vec<_>>();
        match self.tree.node(self.node) {
            Node::Null => Spec::Null,
            Node::Bool(b) => Spec::Bool(b),
            Node::Int(i) => Spec::Int(i),
            Node::Float(f) => Spec::Float(f),
            Node::String(span) => Spec::Str(self.tree.text(span).to_owned()),
            Node::List(_) => Spec::List(specs(self)),
            Node::Map(_) => Spec::Map(self.entries().map(|(k, v)| (k.to_owned(), v.spec())).collect()),
            Node::Tagged { tag, child } => {
                let child = Self { node: child, ..self };
                let text = child.text().unwrap_or_default();
                match self.tree.name(tag) {
                    "Ref" => Spec::Reference(text.to_owned(), String::new()),
                    "GetAtt" => {
                        let (id, attribute) = text.split_once('.').expect("Id.Attribute");
                        Spec::Reference(id.to_owned(), attribute.to_owned())
                    }
                    "Var" => Spec::Variable(text.to_owned()),
                    "If" => {
                        let parts: Vec<Self> = child.items().collect();
                        let [condition, then, otherwise] = parts.as_slice() else { panic!("!If [c, a, b]") };
                        let condition = condition.text().expect("a condition").to_owned();
                        Spec::If(condition, Box::new(then.spec()), Box::new(otherwise.spec()))
                    }
                    "Concat" => Spec::Concat(specs(child)),
                    "Split" => Spec::Split(specs(child)),
                    "Secret" => Spec::Secret,
                    "Absent" => Spec::Absent,
                    "Unknown" => Spec::Unknown(
                        *ReasonCode::ALL.iter().find(|code| code.name() == text).expect("a reason"),
                    ),
                    other => panic!("unknown tag !{other}"),
                }
            }
            other => panic!("not YAML: {other:?}"),
        }
    }

    fn condition(self) -> ConditionSpec {
        if let Node::Bool(is) = self.tree.node(self.node) {
            return ConditionSpec::Constant(is);
        }
        let (tag, child) = self.tagged().expect("a condition has a tag");
        match tag {
            "Equals" => {
                let [a, b] =
                    child.items().map(Self::spec).collect::<Vec<_>>().try_into().expect("two values");
                ConditionSpec::Equals(a, b)
            }
            "Not" => ConditionSpec::Not(child.text().expect("a condition").to_owned()),
            "And" => ConditionSpec::All(child.names()),
            "Or" => ConditionSpec::Any(child.names()),
            "Value" => ConditionSpec::Value(Spec::Variable(child.text().expect("a variable").to_owned())),
            "Unknown" => ConditionSpec::Unknown,
            other => panic!("unknown condition !{other}"),
        }
    }

    fn variable(self, name: &str) -> VariableSpec {
        VariableSpec {
            name: name.to_owned(),
            domain: self.get("values").map(|v| v.items().map(Self::spec).collect()).unwrap_or_default(),
            has_default: self.get("default").is_none_or(|d| d.tree.node(d.node) != Node::Bool(false)),
        }
    }

    fn resource(self, id: &str) -> ResourceSpec {
        let known = ["type", "properties", "condition", "name"];
        ResourceSpec {
            id: id.to_owned(),
            type_name: self.get("type").and_then(Self::text).expect("a type").to_owned(),
            properties: self.get("properties").map_or(Spec::Absent, Self::spec),
            beside: self
                .entries()
                .filter(|(key, _)| key.starts_with(char::is_uppercase) && !known.contains(key))
                .map(|(key, value)| (key.to_owned(), value.spec()))
                .collect(),
            condition: self.get("condition").and_then(Self::text).map(str::to_owned),
            name: self.get("name").map(Self::spec),
        }
    }

    /// The stack that a case describes; its own resource, `This`, is the first.
    pub(crate) fn stack(self) -> StackSpec {
        let others = self.get("resources");
        StackSpec {
            variables: self
                .get("variables")
                .map(|v| v.entries().map(|(name, v)| v.variable(name)).collect())
                .unwrap_or_default(),
            conditions: self
                .get("conditions")
                .map(|c| c.entries().map(|(name, c)| (name.to_owned(), c.condition())).collect())
                .unwrap_or_default(),
            resources: std::iter::once(self.resource("This"))
                .chain(others.into_iter().flat_map(|o| o.entries().map(|(id, r)| r.resource(id))))
                .collect(),
        }
    }
}
