//! Whether names, tags, descriptions, variables, definitions or comments of a resource identify
//! a person or hold a credential.
//!
//! A stack's text is searched once for words of context, linear in the text; only resources in
//! whose lines such a word stands, or whose values come from elsewhere with such a word in them,
//! are walked. Free text that a person gives later (a parameter without a value, what is known
//! only after apply) was not searched: nothing found is then not decided.

use std::sync::OnceLock;

use foldhash::HashMap;

use sekisho_detect::{parts_of_credentials, words_of_context};
use sekisho_estate::{Estate, Node, ResourceId, StackIndex, View};
use sekisho_expr::{Frame, ResourceRef, Seen, Val};

use crate::elsewhere::{Elsewhere, survey};
use crate::outside::{Sought, end_of};

/// Names beside a value that say what it is (`{Key: …, Value: …}`).
const NAMING: [&str; 6] = ["Key", "Name", "ParameterKey", "VariableName", "HeaderName", "Field"];

/// Where words of context and parts of credentials stand, for each stack; found when the first
/// control asks.
#[derive(Debug)]
pub(crate) struct Words {
    context: Vec<OnceLock<Vec<usize>>>,
    credentials: Vec<OnceLock<Vec<usize>>>,
    elsewhere: Vec<OnceLock<HashMap<u32, Elsewhere>>>,
}

impl Words {
    pub(crate) fn new(estate: &Estate) -> Self {
        let empty = || estate.stacks.iter().map(|_| OnceLock::new()).collect();
        let elsewhere = estate.stacks.iter().map(|_| OnceLock::new()).collect();
        Self { context: empty(), credentials: empty(), elsewhere }
    }

    /// What the values of a resource bring from elsewhere; none where they bring nothing.
    fn elsewhere(&self, estate: &Estate, id: ResourceId) -> Option<&Elsewhere> {
        self.elsewhere[id.stack.0 as usize].get_or_init(|| survey(estate, id.stack)).get(&id.index.0)
    }

    /// Where in the source of a stack something may be found.
    pub(crate) fn of(&self, estate: &Estate, stack: StackIndex, sought: Sought) -> &[usize] {
        let source = || estate.stack(stack).tree.source();
        match sought {
            Sought::Credential => {
                self.credentials[stack.0 as usize].get_or_init(|| parts_of_credentials(source()))
            }
            _ => self.context[stack.0 as usize].get_or_init(|| words_of_context(source())),
        }
    }

    /// The words within the text of a resource: from where it begins to where another begins.
    fn within(&self, estate: &Estate, id: ResourceId, sought: Sought) -> &[usize] {
        let stack = estate.stack(id.stack);
        let all = self.of(estate, id.stack, sought);
        if all.is_empty() {
            return &[];
        }
        let start = stack.resource(id.index).offset as usize;
        let later = stack.resources.get(id.index.0 as usize + 1..).unwrap_or_default();
        let next = later.iter().map(|resource| resource.offset as usize).find(|&offset| offset > start);
        let end = next.unwrap_or_else(|| end_of(stack.tree.source(), start));
        let from = all.partition_point(|&at| at < start);
        let to = all.partition_point(|&at| at < end);
        &all[from..to]
    }
}

/// Whether something in a resource identifies a person: with the form and the context for it,
/// or by a guess at a name only.
pub(crate) fn identifies<'a>(
    words: &Words,
    frame: &Frame<'_, 'a>,
    resource: ResourceRef<'a>,
    likely: bool,
) -> Val<'a> {
    let sought = if likely { Sought::Identifier } else { Sought::Name };
    search(words, frame, resource, sought, &[])
}

/// Whether a credential is written out in a resource, apart from some of its properties.
pub(crate) fn holds_credential<'a>(
    words: &Words,
    frame: &Frame<'_, 'a>,
    resource: ResourceRef<'a>,
    except: &[&str],
) -> Val<'a> {
    search(words, frame, resource, Sought::Credential, except)
}

fn search<'a>(
    words: &Words,
    frame: &Frame<'_, 'a>,
    resource: ResourceRef<'a>,
    sought: Sought,
    except: &[&str],
) -> Val<'a> {
    let estate = frame.reader.estate;
    let within = words.within(estate, resource.id, sought);
    let elsewhere = words.elsewhere(estate, resource.id);
    let brought = elsewhere.is_some_and(|it| match sought {
        Sought::Credential => it.credentials,
        Sought::Identifier | Sought::Name => it.context,
    });
    // What is given later is written out nowhere, so it is no credential that is.
    let open = elsewhere.and_then(|it| it.open.as_ref()).filter(|_| sought != Sought::Credential);
    let nothing = || open.map_or(Val::Bool(false), |why| frame.unknown(why.code, &*why.subject));
    if within.is_empty() && !brought {
        return nothing();
    }
    let mut walk = Walk { frame, sought, except, found: false };
    let body = resource.stack.view(resource.resource.body);
    // The body of what a source made of its own accord may lie elsewhere than its properties.
    walk.node(body, "", 0);
    if resource.stack.tree.get(resource.resource.body, "Properties") != Some(resource.resource.properties) {
        walk.node(resource.properties(), "", 0);
    }
    walk.comments(resource, within);
    if walk.found { Val::Bool(true) } else { nothing() }
}

struct Walk<'w, 'r, 'a> {
    frame: &'w Frame<'r, 'a>,
    sought: Sought,
    except: &'w [&'w str],
    found: bool,
}

impl<'a> Walk<'_, '_, 'a> {
    fn node(&mut self, view: View<'a>, name: &str, depth: u32) {
        if depth > sekisho_estate::reader::MAX_DEPTH {
            return;
        }
        match self.frame.read(view) {
            Val::Str(text) => self.text(view, name, text),
            Val::Text(text) => {
                for part in text.parts {
                    if let sekisho_estate::Part::Literal(literal) = part {
                        self.text(view, name, literal);
                    }
                }
            }
            Val::Node(at) => match at.stack.tree.node(at.node) {
                Node::Map(range) => {
                    let entries = at.stack.tree.entries(range);
                    let named = entries.iter().find_map(|entry| {
                        let names = NAMING.contains(&at.stack.tree.text(entry.key));
                        names.then(|| at.stack.tree.string(entry.value)).flatten()
                    });
                    for entry in entries {
                        let key = at.stack.tree.text(entry.key);
                        if self.except.contains(&key) {
                            continue;
                        }
                        let valued = matches!(key, "Value" | "ParameterValue" | "StringValue");
                        let name = named.filter(|_| valued).unwrap_or(key);
                        self.node(at.at(entry.value), name, depth + 1);
                    }
                }
                Node::List(range) => {
                    for &element in at.stack.tree.children(range) {
                        self.node(at.at(element), name, depth + 1);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn text(&mut self, view: View<'a>, name: &str, text: &str) {
        for (what, _) in self.sought.within(name, text) {
            self.found = true;
            self.frame.see(|| Seen::Found(view, what));
        }
    }

    /// Comments in the lines of a resource, where a word of context stands in them.
    fn comments(&mut self, resource: ResourceRef<'a>, within: &[usize]) {
        let source = resource.stack.tree.source();
        let mut last = usize::MAX;
        for &at in within {
            let start = source[..at].rfind('\n').map_or(0, |line| line + 1);
            if start == last {
                continue;
            }
            last = start;
            let line = source[start..].lines().next().unwrap_or("");
            let comment = line.match_indices(['#', '/']).find_map(|(from, sign)| {
                let opens = sign == "#" || line[from..].starts_with("//");
                let spaced = line[..from].chars().next_back().is_none_or(char::is_whitespace);
                (opens && spaced && start + from < at).then_some(from)
            });
            let Some(from) = comment else { continue };
            for (what, _) in self.sought.within("comment", &line[from..]) {
                self.found = true;
                self.frame.see(|| Seen::FoundAt(resource.id.stack, (start + from) as u32, what));
            }
        }
    }
}
