//! The `Rules` section: assertions on parameters.
//!
//! AWS: Template Reference, "Rules section" and "Rule-specific intrinsic functions". Rules only
//! refuse a deployment; they change no value. They are checked for their shape, so that nothing
//! of the file is passed over in silence, and their assertions are not evaluated.

use sekisho_estate::{Node, NodeId};

use crate::function::Function;
use crate::lower::{Lowering, MAX_DEPTH};

impl Lowering<'_> {
    /// Checks the shape of the rules.
    pub(crate) fn rules(&mut self, section: NodeId) {
        let Node::Map(range) = self.stack.tree.node(section) else {
            return self.note(section, "Rules is not a map; the rules are not read");
        };
        for index in 0..range.len as usize {
            let rule = self.stack.tree.entries(range)[index];
            let name = self.stack.tree.text(rule.key).to_owned();
            let assertions = self.stack.tree.get(rule.value, "Assertions");
            let Some(Node::List(list)) = assertions.map(|a| self.stack.tree.node(a)) else {
                self.note(rule.value, format!("rule {name} has no list of Assertions"));
                continue;
            };
            if let Some(condition) = self.stack.tree.get(rule.value, "RuleCondition") {
                self.rule_function(condition, 0);
            }
            for assertion in self.stack.tree.children(list).to_vec() {
                match self.stack.tree.get(assertion, "Assert") {
                    Some(assert) => self.rule_function(assert, 0),
                    None => self.note(assertion, format!("an assertion of rule {name} has no Assert")),
                }
            }
        }
    }

    fn rule_function(&mut self, id: NodeId, depth: u32) {
        let Some((function, argument)) = self.function_of(id) else {
            return self.note(id, "a rule is made of rule functions; this one is not evaluated");
        };
        let allowed = function.is_condition() || function.is_of_rules() || function == Function::Ref;
        if !allowed {
            return self.note(id, format!("{} may not stand in a rule", function.name()));
        }
        if depth > MAX_DEPTH {
            return;
        }
        for part in self.stack.tree.list(argument).to_vec() {
            if self.function_of(part).is_some() {
                self.rule_function(part, depth + 1);
            }
        }
    }
}
