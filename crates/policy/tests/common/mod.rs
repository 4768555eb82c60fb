//! A tiny reader of template-like YAML: `!Ref`, `!GetAtt`, `!Sub`, `!If`, `!Join` and
//! `!ToJson` are lowered to the estate, as a source would.
#![allow(dead_code)] // each test uses a part of it

use sekisho_estate::json::Limits;
use sekisho_estate::value::Target;
use sekisho_estate::{
    Condition, Estate, Formula, Node, NodeId, Operation, Reason, ReasonCode, Resource, ResourceIndex, Stack,
    Variable, View, yaml,
};
use sekisho_facts::{RefReturns, identity};

/// An estate of one stack from YAML with `Parameters`, `Conditions` and `Resources`.
pub(crate) fn estate(source: &str) -> Estate {
    let document = yaml::read(source.to_owned(), Limits::default()).expect("YAML");
    let root = document.root;
    let mut stack = Stack::new("test.yaml", "test.yaml", document.tree);
    let section = |stack: &Stack, name: &str| -> Vec<(String, NodeId)> {
        let Some(node) = stack.tree.get(root, name) else { return Vec::new() };
        stack.tree.map(node).iter().map(|e| (stack.text(e.key).to_owned(), e.value)).collect()
    };
    for (name, node) in section(&stack, "Parameters") {
        let mut domain: Vec<NodeId> = stack.tree.get(node, "Default").into_iter().collect();
        let has_default = !domain.is_empty();
        for &value in stack.tree.get(node, "AllowedValues").map(|n| stack.tree.list(n)).unwrap_or_default() {
            if !domain.iter().any(|d| stack.tree.string(*d) == stack.tree.string(value)) {
                domain.push(value);
            }
        }
        let unknown = Reason::new(ReasonCode::ParameterWithoutValue, name.as_str());
        stack.variables.push(Variable { name: name.into(), domain, has_default, secret: false, unknown });
    }
    for name in ["AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::StackName"] {
        let unknown = Reason::new(ReasonCode::PseudoParameter, name);
        let domain = Vec::new();
        stack.variables.push(Variable {
            name: name.into(),
            domain,
            has_default: false,
            secret: false,
            unknown,
        });
    }
    let resources = section(&stack, "Resources");
    for (id, node) in &resources {
        let text = |stack: &Stack, node: NodeId| match stack.tree.node(node) {
            Node::String(span) => span,
            other => panic!("{other:?}"),
        };
        let type_node = stack.tree.get(*node, "Type").expect("Type");
        let (type_name, properties) = (text(&stack, type_node), stack.tree.get(*node, "Properties"));
        let properties = properties.unwrap_or_else(|| stack.tree.push(Node::Absent, 0));
        let name = identity(stack.text(type_name)).filter(|i| i.returns == RefReturns::Name);
        let reference_value = name.and_then(|i| i.name).and_then(|name| stack.tree.get(properties, name));
        let id = stack.tree.add_text(id);
        stack.resources.push(Resource {
            id,
            type_name,
            properties,
            body: *node,
            condition: None,
            offset: stack.tree.offset(*node),
            reference_value,
        });
    }
    for (name, node) in section(&stack, "Conditions") {
        // Written as [parameter, value].
        let &[parameter, value] = stack.tree.list(node) else { panic!("condition {name}") };
        let variable = lookup(&stack, stack.tree.string(parameter).expect("a name"));
        let variable = stack.tree.push(variable, 0);
        stack.conditions.push(Condition { name: name.into(), formula: Formula::Equals(variable, value) });
    }
    lower(&mut stack, root);
    Estate { stacks: vec![stack], ..Estate::default() }
}

/// The resource of an id, with an attribute.
pub(crate) fn target<'e>(estate: &'e Estate, name: &'e str) -> Target<'e> {
    let stack = &estate.stacks[0];
    let (id, attribute) = name.split_once('.').unwrap_or((name, ""));
    let index = stack.resources.iter().position(|r| stack.text(r.id) == id);
    let resource = ResourceIndex(index.unwrap_or_else(|| panic!("no {name}")) as u32);
    Target { stack, resource, attribute }
}

/// The view of a node by keys from the root of the YAML.
pub(crate) fn at<'e>(estate: &'e Estate, path: &[&str]) -> View<'e> {
    let stack = &estate.stacks[0];
    let mut node = root(stack);
    for key in path {
        node = stack.tree.get(node, key).unwrap_or_else(|| panic!("no {key}"));
    }
    stack.view(node)
}

/// The outermost map: the one that no other holds.
pub(crate) fn root(stack: &Stack) -> NodeId {
    (0..stack.tree.len() as u32)
        .map(NodeId)
        .find(|&id| stack.tree.get(id, "Resources").is_some())
        .expect("a map with Resources")
}

fn lookup(stack: &Stack, name: &str) -> Node {
    if name == "AWS::NoValue" {
        return Node::Absent;
    }
    if let Some(variable) = stack.variables.iter().position(|v| &*v.name == name) {
        return Node::Variable(variable as u32);
    }
    let resource = stack.resources.iter().position(|r| stack.text(r.id) == name);
    Node::Reference { resource: resource.unwrap_or_else(|| panic!("no {name}")) as u32, attribute: 0 }
}

fn attribute(stack: &mut Stack, name: &str) -> Node {
    let (id, attribute) = name.split_once('.').expect("Id.Attribute");
    let Node::Reference { resource, .. } = lookup(stack, id) else { panic!("{name}") };
    Node::Reference { resource, attribute: stack.tree.intern(attribute) }
}

fn lower(stack: &mut Stack, node: NodeId) {
    match stack.tree.node(node) {
        Node::List(range) => {
            for child in stack.tree.children(range).to_vec() {
                lower(stack, child);
            }
        }
        Node::Map(range) => {
            for entry in stack.tree.entries(range).to_vec() {
                lower(stack, entry.value);
            }
        }
        Node::Tagged { tag, child } => {
            let tag = stack.tree.name(tag).to_owned();
            lower(stack, child);
            let text = stack.tree.string(child).map(str::to_owned);
            let parts = stack.tree.list(child).to_vec();
            let lowered = match (tag.as_str(), text) {
                ("Ref", Some(name)) => lookup(stack, &name),
                ("GetAtt", Some(name)) => attribute(stack, &name),
                ("Sub", Some(text)) => sub(stack, &text),
                ("If", None) => {
                    let name = stack.tree.string(parts[0]).expect("a condition").to_owned();
                    let index = stack.conditions.iter().position(|c| *c.name == name);
                    let condition = index.unwrap_or_else(|| panic!("no condition {name}")) as u32;
                    let arms = stack.tree.add_children(&parts[1..3]).start;
                    Node::Choice { condition, arms }
                }
                ("Join", None) => {
                    Node::Operation { operation: Operation::Join, operands: stack.tree.add_children(&parts) }
                }
                ("ToJson", None) => Node::Operation {
                    operation: Operation::ToJson,
                    operands: stack.tree.add_children(&[child]),
                },
                other => panic!("{other:?}"),
            };
            stack.tree.set(node, lowered);
        }
        _ => {}
    }
}

fn sub(stack: &mut Stack, text: &str) -> Node {
    let mut operands = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        operands.push(stack.tree.push_string(&rest[..at], 0));
        let end = at + rest[at..].find('}').expect("}");
        let name = rest[at + 2..end].to_owned();
        if let Some(literal) = name.strip_prefix('!') {
            operands.push(stack.tree.push_string(&format!("${{{literal}}}"), 0));
        } else {
            let known = stack.variables.iter().any(|v| *v.name == name);
            let node =
                if known || !name.contains('.') { lookup(stack, &name) } else { attribute(stack, &name) };
            operands.push(stack.tree.push(node, 0));
        }
        rest = &rest[end + 1..];
    }
    operands.push(stack.tree.push_string(rest, 0));
    Node::Operation { operation: Operation::Concat, operands: stack.tree.add_children(&operands) }
}
