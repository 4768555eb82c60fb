//! What the transform makes, before it stands in the tree.

use std::borrow::Cow;

use sekisho_estate::{Entry, Node, NodeId, Reason, key_hash};

use crate::lower::Lowering;

/// A value that the transform makes, or takes from what is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Made {
    /// A value as it is written.
    Node(NodeId),
    Text(Cow<'static, str>),
    Int(i64),
    Bool(bool),
    List(Vec<Self>),
    Map(Fields),
    /// A value that is not known, and why.
    Unknown(Reason),
}

impl From<NodeId> for Made {
    fn from(node: NodeId) -> Self {
        Self::Node(node)
    }
}

impl From<&'static str> for Made {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Made {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for Made {
    fn from(is: bool) -> Self {
        Self::Bool(is)
    }
}

impl From<i64> for Made {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<Vec<Self>> for Made {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl From<Fields> for Made {
    fn from(fields: Fields) -> Self {
        Self::Map(fields)
    }
}

/// The members of a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields(pub(crate) Vec<(Cow<'static, str>, Made)>);

impl Fields {
    /// No members yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a member.
    pub(crate) fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Made>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// With a member if there is a value for it.
    pub(crate) fn with_some(self, key: impl Into<Cow<'static, str>>, value: Option<impl Into<Made>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds a member.
    pub(crate) fn put(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Made>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds a member if there is a value for it.
    pub(crate) fn put_some(&mut self, key: impl Into<Cow<'static, str>>, value: Option<impl Into<Made>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

/// A text.
pub(crate) fn text(text: impl Into<Cow<'static, str>>) -> Made {
    Made::Text(text.into())
}

/// A map of one member.
pub(crate) fn one(key: impl Into<Cow<'static, str>>, value: impl Into<Made>) -> Made {
    Fields::new().with(key, value).into()
}

/// `Ref`.
pub(crate) fn refer(id: impl Into<Cow<'static, str>>) -> Made {
    one("Ref", Made::Text(id.into()))
}

/// `Fn::GetAtt`.
pub(crate) fn attribute(id: impl Into<Cow<'static, str>>, name: &'static str) -> Made {
    one("Fn::GetAtt", vec![Made::Text(id.into()), name.into()])
}

/// `Fn::Sub` of a text.
pub(crate) fn sub(of: impl Into<Cow<'static, str>>) -> Made {
    one("Fn::Sub", Made::Text(of.into()))
}

/// A text with `${Name}` in it, with values for some names.
pub(crate) fn fill(of: &str, values: &[(&str, Made)]) -> Made {
    let whole = of.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = whole
        && let Some((_, value)) = values.iter().find(|(known, _)| *known == name)
    {
        return value.clone();
    }
    let mut filled = of.to_owned();
    let mut used = Fields::new();
    for (name, value) in values {
        let place = format!("${{{name}}}");
        if filled.contains(&place) {
            // The name of a variable of `Fn::Sub` has letters and digits only.
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            filled = filled.replace(&place, &format!("${{{plain}}}"));
            used.put(plain, value.clone());
        }
    }
    if !used.0.is_empty() {
        return one("Fn::Sub", vec![filled.into(), used.into()]);
    }
    if filled.contains("${") { sub(filled) } else { filled.into() }
}

/// `Fn::If`.
pub(crate) fn either(condition: Made, then: Made, otherwise: Made) -> Made {
    one("Fn::If", vec![condition, then, otherwise])
}

/// `AWS::NoValue`.
pub(crate) fn nothing() -> Made {
    refer("AWS::NoValue")
}

/// An ARN in the region and account of the stack.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
}

/// A statement that allows.
pub(crate) fn allow(actions: &'static [&'static str], resource: Made) -> Made {
    Fields::new()
        .with("Effect", "Allow")
        .with("Action", actions.iter().map(|&action| action.into()).collect::<Vec<Made>>())
        .with("Resource", resource)
        .into()
}

/// A document of statements.
pub(crate) fn document(statements: Vec<Made>) -> Made {
    Fields::new().with("Version", "2012-10-17").with("Statement", statements).into()
}

/// A trust policy for a service.
pub(crate) fn trust(service: &'static str) -> Made {
    let statement = Fields::new()
        .with("Effect", "Allow")
        .with("Principal", one("Service", vec![service.into()]))
        .with("Action", vec!["sts:AssumeRole".into()]);
    document(vec![statement.into()])
}

/// A policy of a role. The transform writes no `Version` in it.
pub(crate) fn inline(name: impl Into<Cow<'static, str>>, statements: Vec<Made>) -> Made {
    let document = one("Statement", statements);
    Fields::new().with("PolicyName", Made::Text(name.into())).with("PolicyDocument", document).into()
}

/// A policy of a role with its `Version`, as the transform writes some.
pub(crate) fn inline_dated(name: &'static str, statements: Vec<Made>) -> Made {
    Fields::new().with("PolicyName", name).with("PolicyDocument", document(statements)).into()
}

/// A managed policy of AWS.
pub(crate) fn managed(name: &str) -> Made {
    let path = super::data::managed_path(name);
    sub(format!("arn:${{AWS::Partition}}:iam::aws:policy/{path}{name}"))
}

impl Lowering<'_> {
    /// Puts a value into the tree.
    pub(crate) fn put(&mut self, made: &Made, at: u32) -> NodeId {
        match made {
            Made::Node(node) => *node,
            Made::Text(text) => self.stack.tree.push_string(text, at),
            Made::Int(int) => self.stack.tree.push(Node::Int(*int), at),
            Made::Bool(is) => self.stack.tree.push(Node::Bool(*is), at),
            Made::List(items) => {
                let nodes: Vec<NodeId> = items.iter().map(|item| self.put(item, at)).collect();
                self.stack.tree.push_list(&nodes, at)
            }
            Made::Map(fields) => {
                let nodes: Vec<(&str, NodeId)> =
                    fields.0.iter().map(|(key, value)| (&**key, self.put(value, at))).collect();
                self.stack.tree.push_map(nodes, at)
            }
            Made::Unknown(reason) => {
                let node = Node::Unknown(self.reason(reason.clone()));
                self.stack.tree.push(node, at)
            }
        }
    }

    /// A map as another one, with some members replaced or added.
    pub(crate) fn with_members(
        &mut self,
        map: Option<NodeId>,
        members: &[(&str, NodeId)],
        at: u32,
    ) -> NodeId {
        let mut entries: Vec<Entry> = map.map(|map| self.stack.tree.map(map).to_vec()).unwrap_or_default();
        entries.retain(|entry| {
            let key = self.stack.tree.text(entry.key);
            members.iter().all(|(name, _)| *name != key)
        });
        for (name, value) in members {
            let key = self.stack.tree.add_text(name);
            entries.push(Entry { hash: key_hash(name.as_bytes()), key, value: *value });
        }
        let at = map.map_or(at, |map| self.stack.tree.offset(map));
        let range = self.stack.tree.add_entries(&entries);
        self.stack.tree.push(Node::Map(range), at)
    }
}
