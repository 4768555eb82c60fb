//! Variables, locals and outputs.

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_estate::{Reason, ReasonCode};

use super::expression::sensitive;
use super::{Eval, Evaluator, Scope, Slot, fail, fail_with};
use crate::instance::InputVariable;
use crate::module::Variable;
use crate::operators::{is_top_known, truth};
use crate::syntax::{Expr, Kind, Root};
use crate::types::{Type, convert};
use crate::value::{Located, Place, Unknown, Value};

/// The value that a variable of the root module is given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) name: Arc<str>,
    pub(crate) value: GivenValue,
    pub(crate) place: Place,
    /// Said in messages: the file or option it comes from.
    pub(crate) from: String,
    /// Whether a name that no variable has is worth a remark.
    pub(crate) must_exist: bool,
}

/// How the value is written.
#[derive(Clone, Debug)]
pub(crate) enum GivenValue {
    /// An expression of a file.
    Expr(Arc<Expr>),
    /// Text of the command line or the environment: the value of a string variable, else an expression.
    Text(String),
}

impl<'r> Evaluator<'r> {
    /// Sorts out which of the given values count: the last of each name.
    pub(super) fn take_given(&mut self) {
        let mut by_name: HashMap<Arc<str>, Given> = HashMap::new();
        for given in std::mem::take(&mut self.task.given) {
            if !self.task.root.variables.contains_key(&given.name) {
                if given.must_exist {
                    let message = format!(
                        "{}: there is no variable {:?} in {}",
                        given.from, given.name, self.task.root.folder
                    );
                    self.problem(given.place, message, false);
                }
                continue;
            }
            by_name.insert(given.name.clone(), given);
        }
        self.given = by_name;
    }

    pub(super) fn variable(&mut self, node: usize, name: &Arc<str>, place: Place) -> Eval<Located> {
        let module = self.nodes[node].module;
        let Some((at, _, variable)) = module.variables.get_full(name) else {
            let meant = sekisho_facts::did_you_mean(name, module.variables.keys().map(|key| &**key));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean var.{meant}?"));
            return fail(place, format!("there is no variable {name:?}{meant}"));
        };
        match &self.nodes[node].variables[at] {
            Slot::Done(value) => return value.clone(),
            Slot::Running => {
                return fail_with(place, ReasonCode::Cyclic, format!("var.{name} depends on itself"));
            }
            Slot::Empty => {}
        }
        self.enter(place)?;
        self.nodes[node].variables[at] = Slot::Running;
        let value = self.variable_value(node, name, variable).map(|value| {
            if variable.sensitive && is_top_known(&value.value) { sensitive(value) } else { value }
        });
        self.leave();
        self.nodes[node].variables[at] = Slot::Done(value.clone());
        if let Ok(value) = &value {
            self.validate(node, name, variable, value);
        }
        value
    }

    fn variable_value(&mut self, node: usize, name: &Arc<str>, variable: &'r Variable) -> Eval<Located> {
        let given = match self.nodes[node].parent.clone() {
            None => self.given_value(name, variable)?,
            Some(parent) => {
                let call = &self.nodes[parent.node].module.calls[parent.call];
                match call.body.attribute(name) {
                    Some(attribute) => {
                        let mut scope = Scope::new(parent.node, attribute.file);
                        scope.each.clone_from(&parent.each);
                        Some(self.eval(&attribute.value, &mut scope)?)
                    }
                    None if variable.default.is_none() => {
                        let path = self.nodes[node].path.clone();
                        return fail(call.place, format!("{path} is not given the variable {name:?}"));
                    }
                    None => None,
                }
            }
        };
        let value = match given {
            // A null where none is allowed is the default.
            Some(value) if variable.nullable || !value.value.is_null() => value,
            _ => match &variable.default {
                Some(default) => {
                    let mut scope = Scope::new(node, default.place.file);
                    self.eval(&default.value, &mut scope)?
                }
                None => return Ok(Located::new(without_value(name), variable.place)),
            },
        };
        let place = value.place;
        convert(&value, &variable.kind).or_else(|message| {
            let at = if place.is_somewhere() { place } else { variable.place };
            fail(at, format!("the value of variable {name:?} does not fit its type: {message}"))
        })
    }

    fn given_value(&mut self, name: &Arc<str>, variable: &Variable) -> Eval<Option<Located>> {
        let Some(given) = self.given.get(name).cloned() else { return Ok(None) };
        match &given.value {
            GivenValue::Expr(expr) => {
                let mut scope = Scope::new(0, given.place.file);
                self.eval(expr, &mut scope).map(Some)
            }
            GivenValue::Text(text) => {
                if matches!(variable.kind, Type::String | Type::Any | Type::Number | Type::Bool) {
                    return Ok(Some(Located::new(Value::text_of(text), given.place)));
                }
                match crate::parse::expression(text) {
                    Ok(expr) => {
                        let mut scope = Scope::new(0, given.place.file);
                        self.eval(&expr, &mut scope).map(Some)
                    }
                    Err(problem) => fail(
                        variable.place,
                        format!(
                            "{}: the value of variable {name:?} is no expression: {}",
                            given.from, problem.message
                        ),
                    ),
                }
            }
        }
    }

    /// A value that its validation refuses is reported; it is used all the same.
    fn validate(&mut self, node: usize, name: &Arc<str>, variable: &Variable, value: &Located) {
        for (condition, message) in &variable.validations {
            let mut scope = Scope::new(node, condition.place.file);
            let Ok(holds) = self.eval(&condition.value, &mut scope) else { continue };
            if !matches!(truth(&holds.value), Ok(Some(false))) {
                continue;
            }
            let said = message.as_ref().and_then(|message| {
                let mut scope = Scope::new(node, message.place.file);
                self.eval(&message.value, &mut scope).ok()?.value.text()
            });
            let said = said.map_or(String::new(), |said| format!(": {said}"));
            let place = if value.place.is_somewhere() { value.place } else { variable.place };
            let path = &self.nodes[node].path;
            let of = if path.calls.is_empty() { String::new() } else { format!(" of {path}") };
            let message = format!("the value of variable {name:?}{of} fails its validation{said}");
            self.problem(place, message, false);
        }
    }

    pub(super) fn local(&mut self, node: usize, name: &Arc<str>, place: Place) -> Eval<Located> {
        let module = self.nodes[node].module;
        let Some((at, _, local)) = module.locals.get_full(name) else {
            let meant = sekisho_facts::did_you_mean(name, module.locals.keys().map(|key| &**key));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean local.{meant}?"));
            return fail(place, format!("there is no local value {name:?}{meant}"));
        };
        match &self.nodes[node].locals[at] {
            Slot::Done(value) => return value.clone(),
            Slot::Running => {
                return fail_with(place, ReasonCode::Cyclic, format!("local.{name} depends on itself"));
            }
            Slot::Empty => {}
        }
        self.nodes[node].locals[at] = Slot::Running;
        let value = self.eval(&local.value, &mut Scope::new(node, local.place.file));
        self.nodes[node].locals[at] = Slot::Done(value.clone());
        value
    }

    /// An output by its place in the module.
    pub(super) fn output(&mut self, node: usize, at: usize) -> Eval<Located> {
        let module = self.nodes[node].module;
        let (name, output) = (module.outputs.get_index(at), &module.outputs[at]);
        match &self.nodes[node].outputs[at] {
            Slot::Done(value) => return value.clone(),
            Slot::Running => {
                let name = name.map_or("", |(name, _)| name);
                let message = format!("output {name:?} depends on itself");
                return fail_with(output.value.place, ReasonCode::Cyclic, message);
            }
            Slot::Empty => {}
        }
        self.nodes[node].outputs[at] = Slot::Running;
        let value = self.eval(&output.value.value, &mut Scope::new(node, output.value.place.file));
        let value =
            value.map(
                |value| {
                    if output.sensitive && is_top_known(&value.value) { sensitive(value) } else { value }
                },
            );
        self.nodes[node].outputs[at] = Slot::Done(value.clone());
        value
    }

    /// The variables of the root module, for those who choose among their values.
    pub(super) fn root_variables(&mut self) -> Vec<InputVariable> {
        let module = self.task.root;
        let mut variables = Vec::with_capacity(module.variables.len());
        for (name, variable) in &module.variables {
            let value = self.variable(0, name, variable.place);
            let value = self.settle(value, variable.place);
            let unknown = match &value.value {
                Value::Unknown(unknown) => Some(unknown.reason.clone()),
                _ => None,
            };
            let domain = variable.validations.iter().find_map(|(condition, _)| {
                let list = domain_of(&condition.value, name)?;
                let value = self.eval(list, &mut Scope::new(0, condition.place.file)).ok()?;
                Some(value.value.as_list()?.items.clone())
            });
            // A flag is one or the other.
            let domain = domain.or_else(|| {
                let both = || [true, false].map(|is| Located::new(Value::Bool(is), variable.place)).to_vec();
                matches!(variable.kind, Type::Bool).then(both)
            });
            variables.push(InputVariable {
                name: name.clone(),
                is_default: !self.given.contains_key(name),
                value,
                domain: domain.unwrap_or_default(),
                sensitive: variable.sensitive,
                unknown,
                place: variable.place,
            });
        }
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        variables
    }
}

/// The list in `contains(list, var.name)`.
fn domain_of<'e>(condition: &'e Expr, name: &Arc<str>) -> Option<&'e Expr> {
    let Kind::Call { name: function, arguments, .. } = &condition.kind else { return None };
    let [list, value] = arguments.as_slice() else { return None };
    let same = matches!(&value.kind, Kind::Root(Root::Variable(variable)) if variable == name);
    (&**function == "contains" && same).then_some(list)
}

fn without_value(name: &Arc<str>) -> Value {
    Value::Unknown(Arc::new(Unknown {
        reason: Reason::new(ReasonCode::VariableWithoutValue, &**name),
        refs: Vec::new(),
        variable: Some(name.clone()),
        test: None,
    }))
}
