//! Names that a service gives to what it makes for a resource, such as the log group
//! `/aws/lambda/<function>`, and the resource of the estate that is written with one.
//!
//! The names of a kind are read once, when the first row asks: O(resources of the kind), then
//! O(length of the name) for each question.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
use sekisho_estate::{Part, Reader, ResourceId, Text, Value};
use sekisho_graph::{Names, index_of};

/// Names that are not wholly known, of one kind.
#[derive(Default)]
struct Partial {
    /// By the resource that a part of the name refers to.
    by_part: HashMap<ResourceId, Vec<ResourceId>>,
    /// By the name with `${…}` for what is not known.
    by_text: HashMap<String, Vec<ResourceId>>,
}

/// The names of an estate as flows ask for them.
pub(crate) struct Given<'n> {
    pub(crate) names: &'n Names,
    kinds: RefCell<HashMap<&'static str, Rc<Partial>>>,
}

impl<'n> Given<'n> {
    pub(crate) fn new(names: &'n Names) -> Self {
        Self { names, kinds: RefCell::new(HashMap::new()) }
    }

    fn partial(&self, reader: &Reader<'_>, kind: &'static str) -> Rc<Partial> {
        if let Some(known) = self.kinds.borrow().get(kind) {
            return Rc::clone(known);
        }
        let mut partial = Partial::default();
        for &id in self.names.of_type(kind) {
            let Some(Value::Text(text)) = written(reader, id) else { continue };
            partial.by_text.entry(text.display()).or_default().push(id);
            for part in text.parts {
                if let Part::Reference(target) = part
                    && target.attribute.is_empty()
                    && let Some(stack) = index_of(reader.estate, target.stack)
                {
                    let named = ResourceId { stack, index: target.resource };
                    partial.by_part.entry(named).or_default().push(id);
                }
            }
        }
        let partial = Rc::new(partial);
        self.kinds.borrow_mut().insert(kind, Rc::clone(&partial));
        partial
    }

    /// The resource of a kind that carries the name which a service gives to what it makes for
    /// the holder: the pattern with the holder's own name in the place of `{}`.
    pub(crate) fn find(
        &self,
        reader: &Reader<'_>,
        holder: ResourceId,
        kind: &'static str,
        pattern: &str,
    ) -> Option<ResourceId> {
        let own = written(reader, holder);
        if let Some(Value::Str(name)) = own {
            return self.names.near(holder).named(reader.estate, kind, &pattern.replace("{}", name));
        }
        let (before, after) = pattern.split_once("{}")?;
        let partial = self.partial(reader, kind);
        let refers = partial.by_part.get(&holder).into_iter().flatten();
        let refers = refers.copied().filter(|&id| {
            let Some(Value::Text(text)) = written(reader, id) else { return false };
            match text.parts {
                [Part::Literal(lead), Part::Reference(_)] => *lead == before && after.is_empty(),
                [Part::Reference(_)] => before.is_empty() && after.is_empty(),
                _ => false,
            }
        });
        // Both names are made of the same parts: `/aws/lambda/${Env}-intake` and `${Env}-intake`.
        let same = match own {
            Some(Value::Text(own)) => {
                let alike = partial.by_text.get(&format!("{before}{}", own.display())).into_iter().flatten();
                let alike = alike.copied();
                alike.filter(|&id| is_made_of(reader, id, before, *own)).collect()
            }
            _ => Vec::new(),
        };
        refers.chain(same).filter(|id| id.stack == holder.stack).min()
    }
}

/// What is written as the name of a resource.
fn written<'e>(reader: &Reader<'e>, id: ResourceId) -> Option<Value<'e>> {
    let estate = reader.estate;
    let property = sekisho_facts::identity(estate.type_name(id))?.name?;
    let stack = estate.stack(id.stack);
    let node = stack.tree.get(estate.resource(id).properties, property)?;
    Some(reader.resolve(stack.view(node)))
}

/// Whether a name is a text with something before it, part by part.
fn is_made_of(reader: &Reader<'_>, id: ResourceId, before: &str, own: Text<'_>) -> bool {
    let Some(Value::Text(text)) = written(reader, id) else { return false };
    let [Part::Literal(lead), rest @ ..] = text.parts else { return false };
    lead.strip_prefix(before).is_some_and(|lead| match own.parts {
        [Part::Literal(first), others @ ..] if !lead.is_empty() => *first == lead && others == rest,
        parts => lead.is_empty() && parts == rest,
    })
}
