//! Expressions.

use std::sync::Arc;

use sekisho_estate::ReasonCode;

use super::{Eval, Evaluator, Scope, fail, fail_with, failed, limits};
use crate::functions::describe;
use crate::instance::Key;
use crate::operators::{self, assume, choice, derived, equal, logical, truth};
use crate::syntax::{Expr, For, Kind, Operator, Piece, Root};
use crate::template::Builder;
use crate::types::unify;
use crate::value::{Condition, Entry, ListKind, Located, Map, Place, Reference, Step, Test, Unknown, Value};

impl Evaluator<'_> {
    /// Counts a step and the depth.
    pub(super) fn enter(&mut self, place: Place) -> Eval<()> {
        self.steps += 1;
        if self.steps > limits::STEPS {
            let message = format!("the evaluation was stopped after {} steps", limits::STEPS);
            return fail_with(place, ReasonCode::EvaluationLimit, message);
        }
        if self.depth.get() >= limits::DEPTH {
            let message = format!("more than {} evaluations inside each other", limits::DEPTH);
            return fail_with(place, ReasonCode::EvaluationLimit, message);
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    pub(super) fn eval(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<Located> {
        let place = self.place(scope, expr);
        if let Kind::Literal(value) = &expr.kind {
            self.steps += 1;
            return Ok(Located::new(value.clone(), place));
        }
        self.enter(place)?;
        let result = self.eval_kind(expr, place, scope);
        self.leave();
        result
    }

    fn eval_kind(&mut self, expr: &Expr, place: Place, scope: &mut Scope) -> Eval<Located> {
        let value = match &expr.kind {
            Kind::Literal(value) => value.clone(),
            Kind::Slot(slot) => {
                return match scope.slots.get(*slot as usize) {
                    Some(value) => Ok(value.clone()),
                    None => fail(place, "a loop variable is used outside its loop"),
                };
            }
            Kind::Root(root) => return self.root(root, place, scope),
            Kind::Template(pieces) => {
                let mut out = Builder::default();
                self.pieces(pieces, &mut out, place, scope)?;
                out.finish().or_else(|message| fail(place, message))?
            }
            Kind::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.eval(item, scope)?);
                }
                Value::list(ListKind::Tuple, list)
            }
            Kind::Object(items) => self.object(items, scope)?,
            Kind::Attr(base, name) => {
                let base = self.eval(base, scope)?;
                return self.attribute(&base, name, place);
            }
            Kind::Index(base, index) => {
                let base = self.eval(base, scope)?;
                let index = self.eval(index, scope)?;
                return self.index(&base, &index, place);
            }
            Kind::Splat { source, slot, each } => {
                let source = self.eval(source, scope)?;
                return self.splat(&source, *slot, each, place, scope);
            }
            Kind::Not(inner) => {
                let value = self.eval(inner, scope)?;
                match truth(&value.value).or_else(|message| fail(place, message))? {
                    Some(bool) => marked(&value.value, Value::Bool(!bool)),
                    None => match value.value.plain() {
                        Value::Choice(_) => {
                            let value = value.value.clone();
                            self.negated(&value)
                        }
                        _ => {
                            let condition = self.condition(inner, &value.value, scope);
                            self.tested(&[&value.value], Test::Not(condition))
                        }
                    },
                }
            }
            Kind::Negate(inner) => {
                let value = self.eval(inner, scope)?;
                self.arithmetic(Operator::Subtract, &Value::int(0), &value.value, place)?
            }
            Kind::Binary(operator, left, right) => {
                return self.binary(*operator, left, right, place, scope);
            }
            Kind::Conditional(condition, then, otherwise) => {
                return self.conditional(condition, then, otherwise, place, scope);
            }
            Kind::For(each) => return self.for_each(each, place, scope),
            Kind::Call { name, function, arguments, spread } => {
                return self.call(name, *function, arguments, *spread, place, scope);
            }
        };
        Ok(Located::new(value, place))
    }

    fn root(&mut self, root: &Root, place: Place, scope: &mut Scope) -> Eval<Located> {
        let node = scope.node;
        let value = match root {
            Root::Variable(name) => return self.variable(node, name, place),
            Root::Local(name) => return self.local(node, name, place),
            Root::Module(name) => return self.module_value(node, name, place),
            Root::Resource { data, kind, name } => {
                return self.resource_value(node, *data, kind, name, place);
            }
            Root::ModuleFolder => Value::String(self.nodes[node].shown.clone()),
            Root::BaseFolder => Value::text_of("."),
            // Absolute in Terraform; here as the user named it, so that no machine shows in it.
            Root::CurrentFolder => Value::text_of(self.task.reach.root),
            Root::Workspace => Value::String(self.task.workspace.clone()),
            Root::EachKey | Root::CountIndex => match &scope.each {
                Some(each) => return Ok(each.named.clone()),
                None => return fail(place, "each and count exist only in blocks that are repeated"),
            },
            Root::EachValue => match &scope.each {
                Some(each) => return Ok(each.value.clone()),
                None => return fail(place, "each exists only in blocks with for_each"),
            },
            Root::Itself => match &scope.itself {
                Some(value) => value.clone(),
                None => {
                    return fail(place, "self exists only in provisioners, connections and postconditions");
                }
            },
            Root::Free(name) => {
                return match scope.free.as_ref().and_then(|free| free.get(name)) {
                    Some(entry) => Ok(entry.value.clone()),
                    None => fail(place, format!("the template is given no variable {name:?}")),
                };
            }
            Root::Invalid(message) => return fail(place, &**message),
        };
        Ok(Located::new(value, place))
    }

    fn object(&mut self, items: &[(Expr, Expr)], scope: &mut Scope) -> Eval<Value> {
        let mut entries = Vec::with_capacity(items.len());
        let mut open = None;
        for (key, value) in items {
            let at = self.place(scope, key);
            let key = self.eval(key, scope)?;
            let value = self.eval(value, scope)?;
            match key.value.text() {
                Some(key) => entries.push(Entry { key, place: at, value }),
                None if matches!(key.value.plain(), Value::Sensitive(_)) => {
                    return fail(at, "a sensitive value cannot be a key");
                }
                None if operators::is_known(&key.value) => {
                    return fail(at, format!("a key must be a string, but it is {}", describe(&key.value)));
                }
                None => open = Some(operators::unknown_of([&key.value, &value.value])),
            }
        }
        let mut map = Map::from_entries(entries);
        map.open = open;
        Ok(Value::Map(Arc::new(map)))
    }

    pub(super) fn pieces(
        &mut self,
        pieces: &[Piece],
        out: &mut Builder,
        place: Place,
        scope: &mut Scope,
    ) -> Eval<()> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.text(text),
                Piece::Value(expr) => {
                    let at = self.place(scope, expr);
                    let value = self.eval(expr, scope)?;
                    out.value(&value.value).or_else(|message| fail(at, message))?;
                }
                Piece::If { condition, then, otherwise } => {
                    let at = self.place(scope, condition);
                    let value = self.eval(condition, scope)?;
                    match truth(&value.value).or_else(|message| fail(at, message))? {
                        Some(true) => self.pieces(then, out, place, scope)?,
                        Some(false) => self.pieces(otherwise, out, place, scope)?,
                        None => {
                            let condition = self.condition(condition, &value.value, scope);
                            let mut arm = |pieces: &[Piece], scope: &mut Scope| -> Eval<Located> {
                                let mut out = Builder::default();
                                self.pieces(pieces, &mut out, place, scope)?;
                                let text = out.finish().or_else(|message| fail(place, message))?;
                                Ok(Located::new(text, place))
                            };
                            let (then, otherwise) = (arm(then, scope)?, arm(otherwise, scope)?);
                            let value = choice(&condition, then, otherwise);
                            out.value(&value).or_else(|message| fail(at, message))?;
                        }
                    }
                }
                Piece::For { slot, collection, body } => {
                    let at = self.place(scope, collection);
                    let value = self.eval(collection, scope)?;
                    let Some(pairs) = elements(&value) else {
                        if operators::is_top_known(&value.value) {
                            return fail(at, format!("{} cannot be iterated", describe(&value.value)));
                        }
                        out.value(&derived([&value.value])).or_else(|message| fail(at, message))?;
                        continue;
                    };
                    let depth = *slot as usize;
                    for (key, value) in pairs {
                        // Templates in templates multiply.
                        self.enter(at)?;
                        scope.slots.truncate(depth);
                        scope.slots.extend([key, value]);
                        let result = self.pieces(body, out, place, scope);
                        self.leave();
                        result?;
                    }
                    scope.slots.truncate(depth);
                }
            }
        }
        Ok(())
    }

    /// The value of an attribute of a value.
    pub(super) fn attribute(&mut self, base: &Located, name: &Arc<str>, place: Place) -> Eval<Located> {
        let value = match &base.value {
            Value::Reference(reference) if reference.known.is_none() => {
                return self.of_reference(reference, name, place);
            }
            value => match value.plain() {
                Value::Map(map) => match (map.get(name), &map.open) {
                    (Some(entry), _) => return Ok(entry.value.clone()),
                    (None, Some(open)) => Value::Unknown(open.clone()),
                    (None, None) => match value {
                        Value::Reference(block) if is_of_block(block) => {
                            operators::deeper(block, Step::Name(name.clone()))
                        }
                        _ => return fail(place, format!("there is no attribute {name:?}")),
                    },
                },
                Value::Reference(reference) => {
                    let reference = reference.clone();
                    return self.of_reference(&reference, name, place);
                }
                Value::Choice(choice) => {
                    let choice = choice.clone();
                    let then = self.attribute(&choice.then, name, place);
                    let otherwise = self.attribute(&choice.otherwise, name, place);
                    operators::choice(&choice.condition, arm(then, place), arm(otherwise, place))
                }
                Value::Sensitive(inner) => {
                    let inner = Located::new((**inner).clone(), base.place);
                    return Ok(sensitive(self.attribute(&inner, name, place)?));
                }
                Value::Unknown(unknown) => Value::Unknown(plain_unknown(unknown)),
                other => {
                    return fail(place, format!("{} has no attribute {name:?}", describe(other)));
                }
            },
        };
        Ok(Located::new(value, place))
    }

    /// `base[index]`
    pub(super) fn index(&mut self, base: &Located, index: &Located, place: Place) -> Eval<Located> {
        if let Value::Choice(choice) = index.value.plain() {
            let choice = choice.clone();
            let (label, value) = (choice.condition.label.clone(), base.value.clone());
            let side = |holds: bool| Located::new(assume(&value, &label, holds), base.place);
            let then = self.index(&side(true), &choice.then, place);
            let otherwise = self.index(&side(false), &choice.otherwise, place);
            let value = operators::choice(&choice.condition, arm(then, place), arm(otherwise, place));
            return Ok(Located::new(value, place));
        }
        let value = match base.value.plain() {
            Value::List(list) => {
                if list.kind == ListKind::Set {
                    return fail(place, "a set has no order and cannot be indexed; convert it with tolist()");
                }
                let at = crate::functions::number_of(&index.value);
                match at.and_then(|at| at.as_i64()) {
                    Some(at) => match usize::try_from(at).ok().and_then(|at| list.items.get(at)) {
                        Some(item) => return Ok(block_at(&base.value, item, at)),
                        None => {
                            let length = list.items.len();
                            return fail(place, format!("the list of {length} elements has no element {at}"));
                        }
                    },
                    None if operators::is_known(&index.value) => {
                        return fail(place, "the index must be a whole number");
                    }
                    None => match list.items.as_slice() {
                        [item] => return Ok(item.clone()),
                        _ => derived([&index.value, &base.value]),
                    },
                }
            }
            Value::Map(map) => match index.value.text() {
                Some(key) => match (map.get(&key), &map.open) {
                    (Some(entry), _) => return Ok(entry.value.clone()),
                    (None, Some(open)) => Value::Unknown(open.clone()),
                    (None, None) => return fail(place, format!("the map has no key {key:?}")),
                },
                None if operators::is_known(&index.value) => return fail(place, "the key must be a string"),
                None => match map.entries.as_slice() {
                    [entry] if map.open.is_none() => return Ok(entry.value.clone()),
                    _ => derived([&index.value, &base.value]),
                },
            },
            // The one that stands for all copies.
            Value::Reference(reference)
                if reference.path.is_empty() && reference.target.key == Key::Unknown =>
            {
                return Ok(base.clone());
            }
            Value::Reference(reference) => {
                let reference = reference.clone();
                match index.value.text() {
                    Some(name) if crate::functions::number_of(&index.value).is_none() => {
                        return self.of_reference(&reference, &name, place);
                    }
                    _ => {
                        let at = crate::functions::number_of(&index.value).and_then(|at| at.as_i64());
                        operators::deeper(&reference, at.map_or(Step::Any, Step::Index))
                    }
                }
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let then = self.index(&choice.then, index, place);
                let otherwise = self.index(&choice.otherwise, index, place);
                operators::choice(&choice.condition, arm(then, place), arm(otherwise, place))
            }
            Value::Sensitive(inner) => {
                let inner = Located::new((**inner).clone(), base.place);
                return Ok(sensitive(self.index(&inner, index, place)?));
            }
            Value::Unknown(unknown) => Value::Unknown(plain_unknown(unknown)),
            other => return fail(place, format!("{} cannot be indexed", describe(other))),
        };
        Ok(Located::new(value, place))
    }

    fn splat(
        &mut self,
        source: &Located,
        slot: u32,
        each: &Expr,
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        let depth = slot as usize;
        let mut one = |evaluator: &mut Self, item: Located| {
            scope.slots.truncate(depth);
            // Slots in between belong to loops around that are not in this scope.
            while scope.slots.len() < depth {
                scope.slots.push(Located::new(Value::Null, place));
            }
            scope.slots.push(item);
            let result = evaluator.eval(each, scope);
            scope.slots.truncate(depth);
            result
        };
        let value = match source.value.plain() {
            Value::List(list) => {
                let mut items = Vec::with_capacity(list.items.len());
                for (at, item) in list.items.iter().enumerate() {
                    items.push(one(self, block_at(&source.value, item, at as i64))?);
                }
                Value::list(ListKind::Tuple, items)
            }
            Value::Null => Value::list(ListKind::Tuple, Vec::new()),
            // Of an attribute that may be a list: what each of its elements has. Of copies of
            // which one stands for all: what that one has.
            Value::Reference(reference)
                if !reference.path.is_empty() || reference.target.key == Key::Unknown =>
            {
                let element = match reference.path.as_slice() {
                    [] => source.value.clone(),
                    _ => operators::deeper(reference, Step::Any),
                };
                let element = one(self, Located::new(element, source.place))?;
                match element.value {
                    // A list of unknown length, of which one reference stands for all.
                    value @ Value::Reference(_) => value,
                    value => derived([&value]),
                }
            }
            Value::Unknown(_) => derived([&source.value]),
            Value::Choice(choice) => {
                let choice = choice.clone();
                let then = self.splat(&choice.then, slot, each, place, scope);
                let otherwise = self.splat(&choice.otherwise, slot, each, place, scope);
                operators::choice(&choice.condition, arm(then, place), arm(otherwise, place))
            }
            Value::Sensitive(inner) => {
                let inner = Located::new((**inner).clone(), source.place);
                return Ok(sensitive(self.splat(&inner, slot, each, place, scope)?));
            }
            // One value that is no list is a list of one.
            _ => Value::list(ListKind::Tuple, vec![one(self, source.clone())?]),
        };
        Ok(Located::new(value, place))
    }

    fn arithmetic(&mut self, operator: Operator, a: &Value, b: &Value, place: Place) -> Eval<Value> {
        if let Value::Choice(choice) = a.plain() {
            let then = self.arithmetic(
                operator,
                &choice.then.value,
                &assume(b, &choice.condition.label, true),
                place,
            );
            let otherwise = self.arithmetic(
                operator,
                &choice.otherwise.value,
                &assume(b, &choice.condition.label, false),
                place,
            );
            return Ok(operators::choice(&choice.condition, lone(then, place), lone(otherwise, place)));
        }
        if let Value::Choice(choice) = b.plain() {
            let then = self.arithmetic(operator, a, &choice.then.value, place);
            let otherwise = self.arithmetic(operator, a, &choice.otherwise.value, place);
            return Ok(operators::choice(&choice.condition, lone(then, place), lone(otherwise, place)));
        }
        if let Value::Sensitive(inner) = a.plain() {
            return Ok(Value::Sensitive(Arc::new(self.arithmetic(operator, inner, b, place)?)));
        }
        if let Value::Sensitive(inner) = b.plain() {
            return Ok(Value::Sensitive(Arc::new(self.arithmetic(operator, a, inner, place)?)));
        }
        if !operators::is_known(a) || !operators::is_known(b) {
            return Ok(derived([a, b]));
        }
        operators::compute(operator, a, b).or_else(|message| fail(place, message))
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        let a = self.eval(left, scope)?;
        if matches!(operator, Operator::And | Operator::Or) {
            let first = truth(&a.value).or_else(|message| fail(a.place, message))?;
            // What the left side decides needs no right side (Terraform 1.12 and OpenTofu).
            if first == Some(operator == Operator::Or) {
                return Ok(Located::new(marked(&a.value, Value::Bool(operator == Operator::Or)), place));
            }
            let b = self.eval(right, scope)?;
            let second = truth(&b.value).or_else(|message| fail(b.place, message))?;
            let value = match (logical(operator, first, second), first, second) {
                (Some(bool), ..) => marked(&a.value, marked(&b.value, Value::Bool(bool))),
                // The other side decides alone.
                (None, Some(_), None) => b.value.clone(),
                (None, None, Some(_)) => a.value.clone(),
                (None, ..) => {
                    let both =
                        vec![self.condition(left, &a.value, scope), self.condition(right, &b.value, scope)];
                    let test = if operator == Operator::And { Test::All(both) } else { Test::Any(both) };
                    self.tested(&[&a.value, &b.value], test)
                }
            };
            return Ok(Located::new(value, place));
        }
        let b = self.eval(right, scope)?;
        let value = match operator {
            Operator::Equal | Operator::NotEqual => {
                self.equality(operator == Operator::Equal, &a.value, &b.value, left, right, scope)
            }
            _ => self.arithmetic(operator, &a.value, &b.value, place)?,
        };
        Ok(Located::new(value, place))
    }

    fn equality(
        &mut self,
        wanted: bool,
        a: &Value,
        b: &Value,
        left: &Expr,
        right: &Expr,
        scope: &Scope,
    ) -> Value {
        for (side, other, flipped) in [(a, b, false), (b, a, true)] {
            if let Value::Choice(choice) = side.plain() {
                let mut arm = |value: &Value, holds: bool| {
                    let other = assume(other, &choice.condition.label, holds);
                    let (a, b) = if flipped { (&other, value) } else { (value, &other) };
                    self.equality(wanted, a, b, left, right, scope)
                };
                let (then, otherwise) = (arm(&choice.then.value, true), arm(&choice.otherwise.value, false));
                let place = choice.then.place;
                return operators::choice(
                    &choice.condition,
                    Located::new(then, place),
                    Located::new(otherwise, choice.otherwise.place),
                );
            }
        }
        if let Some(bool) = equal(a, b) {
            return marked(a, marked(b, Value::Bool(bool == wanted)));
        }
        if wanted {
            return self.tested(&[a, b], Test::Equals(a.clone(), b.clone()));
        }
        let (left, right) = (self.written(scope.file, left), self.written(scope.file, right));
        let label = self.label(format!("{left} == {right}"), scope);
        let condition = Condition { label, test: Test::Equals(a.clone(), b.clone()) };
        self.tested(&[a, b], Test::Not(Arc::new(condition)))
    }

    /// A boolean that is not known, with what it says.
    fn tested(&self, values: &[&Value], test: Test) -> Value {
        let unknown = operators::unknown_of(values.iter().copied());
        let unknown = Unknown { test: Some(Arc::new(test)), variable: None, ..(*unknown).clone() };
        Value::Unknown(Arc::new(unknown))
    }

    fn negated(&self, value: &Value) -> Value {
        match value.plain() {
            Value::Choice(choice) => operators::choice(
                &choice.condition,
                Located::new(self.negated(&choice.then.value), choice.then.place),
                Located::new(self.negated(&choice.otherwise.value), choice.otherwise.place),
            ),
            plain => match truth(plain) {
                Ok(Some(bool)) => Value::Bool(!bool),
                _ => derived([plain]),
            },
        }
    }

    /// A label that names a condition in the whole configuration.
    fn label(&self, written: String, scope: &Scope) -> Arc<str> {
        let path = &self.nodes[scope.node].path;
        if path.calls.is_empty() { Arc::from(written) } else { Arc::from(format!("{path}: {written}")) }
    }

    /// The condition that an expression with a value that is not known is.
    pub(super) fn condition(&mut self, expr: &Expr, value: &Value, scope: &Scope) -> Arc<Condition> {
        let mut written = self.written(scope.file, expr);
        if expr.is_of_instance(u32::MAX) {
            let key = scope.each.as_ref().map(|each| each.key.to_string()).unwrap_or_default();
            let slots: Vec<String> = scope
                .slots
                .iter()
                .filter_map(|slot| slot.value.text())
                .map(|text| text.to_string())
                .collect();
            written = format!("{written} {key}{}", slots.join(" ")).trim_end().to_owned();
        }
        let test = match value.plain() {
            Value::Unknown(unknown) => match &unknown.test {
                Some(test) => (**test).clone(),
                None => Test::Is(value.clone()),
            },
            _ => Test::Is(value.clone()),
        };
        Arc::new(Condition { label: self.label(written, scope), test })
    }

    fn conditional(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        place: Place,
        scope: &mut Scope,
    ) -> Eval<Located> {
        let value = self.eval(condition, scope)?;
        match truth(&value.value).or_else(|message| fail(value.place, message))? {
            Some(bool) => {
                let taken = self.eval(if bool { then } else { otherwise }, scope)?;
                // Only literals beside it can make a number text.
                let other = if bool { otherwise } else { then };
                let taken = match &other.kind {
                    Kind::Literal(other) => unify(taken, other),
                    _ => taken,
                };
                Ok(match value.value.plain() {
                    Value::Sensitive(_) => sensitive(taken),
                    _ => taken,
                })
            }
            None => {
                let then = self.eval(then, scope);
                let otherwise = self.eval(otherwise, scope);
                // Both fail: so does the whole.
                let (then, otherwise) = match (then, otherwise) {
                    (Err(failure), Err(_)) => return Err(failure),
                    (then, otherwise) => (arm(then, place), arm(otherwise, place)),
                };
                let (then, otherwise) =
                    (unify(then.clone(), &otherwise.value), unify(otherwise, &then.value));
                let picked = match value.value.plain() {
                    Value::Choice(_) => {
                        let condition = self.condition(condition, &value.value, scope);
                        picked(&value.value, &condition, &then, &otherwise)
                    }
                    _ => {
                        let condition = self.condition(condition, &value.value, scope);
                        let side = |side: Located, holds: bool| {
                            Located::new(assume(&side.value, &condition.label, holds), side.place)
                        };
                        choice(&condition, side(then, true), side(otherwise, false))
                    }
                };
                Ok(Located::new(picked, place))
            }
        }
    }

    fn for_each(&mut self, each: &For, place: Place, scope: &mut Scope) -> Eval<Located> {
        let collection = self.eval(&each.collection, scope)?;
        self.for_in(each, &collection, place, scope)
    }

    fn for_in(&mut self, each: &For, collection: &Located, place: Place, scope: &mut Scope) -> Eval<Located> {
        let Some(pairs) = elements(collection) else {
            let value = match collection.value.plain() {
                Value::Choice(choice) => {
                    let choice = choice.clone();
                    let then = self.for_in(each, &choice.then, place, scope);
                    let otherwise = self.for_in(each, &choice.otherwise, place, scope);
                    operators::choice(&choice.condition, arm(then, place), arm(otherwise, place))
                }
                Value::Sensitive(inner) => {
                    let inner = Located::new((**inner).clone(), collection.place);
                    return Ok(sensitive(self.for_in(each, &inner, place, scope)?));
                }
                known if operators::is_top_known(known) => {
                    return fail(collection.place, format!("{} cannot be iterated", describe(known)));
                }
                _ => derived([&collection.value]),
            };
            return Ok(Located::new(value, place));
        };
        let depth = each.slot as usize;
        let open = collection.value.as_map().and_then(|map| map.open.clone());
        let result = self.for_pairs(each, pairs, open, place, scope, depth);
        scope.slots.truncate(depth);
        Ok(Located::new(result?, place))
    }

    fn for_pairs(
        &mut self,
        each: &For,
        pairs: Vec<(Located, Located)>,
        mut open: Option<Arc<Unknown>>,
        place: Place,
        scope: &mut Scope,
        depth: usize,
    ) -> Eval<Value> {
        let mut items: Vec<Located> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut groups: indexmap::IndexMap<Arc<str>, Vec<Located>> = indexmap::IndexMap::new();
        for (key, value) in pairs {
            scope.slots.truncate(depth);
            while scope.slots.len() < depth {
                scope.slots.push(Located::new(Value::Null, place));
            }
            scope.slots.extend([key, value]);
            let mut doubtful = None;
            if let Some(condition) = &each.condition {
                let at = self.place(scope, condition);
                let value = self.eval(condition, scope)?;
                match truth(&value.value).or_else(|message| fail(at, message))? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => doubtful = Some(operators::unknown_of([&value.value])),
                }
            }
            let Some(key) = &each.key else {
                let value = self.eval(&each.value, scope)?;
                if let Some(unknown) = doubtful {
                    // How many elements there are is not known.
                    return Ok(Value::Unknown(unknown));
                }
                items.push(value);
                continue;
            };
            let at = self.place(scope, key);
            let key = self.eval(key, scope)?;
            let value = self.eval(&each.value, scope)?;
            if let Some(unknown) = doubtful {
                open = Some(unknown);
                continue;
            }
            let Some(key) = key.value.text() else {
                if operators::is_known(&key.value) {
                    return fail(at, format!("a key must be a string, but it is {}", describe(&key.value)));
                }
                open = Some(operators::unknown_of([&key.value, &value.value]));
                continue;
            };
            if each.group {
                groups.entry(key).or_default().push(value);
            } else {
                entries.push(Entry { key, place: at, value });
            }
        }
        if each.key.is_none() {
            return Ok(match open {
                Some(open) => Value::Unknown(open),
                None => Value::list(ListKind::Tuple, items),
            });
        }
        for (key, items) in groups {
            let value = Located::new(Value::list(ListKind::Tuple, items), place);
            entries.push(Entry { key, place, value });
        }
        let count = entries.len();
        let mut map = Map::from_entries(entries);
        if map.entries.len() != count {
            return fail(place, "two elements have the same key; add ... behind the value to group them");
        }
        map.open = open;
        Ok(Value::Map(Arc::new(map)))
    }
}

/// A block of a resource, from the blocks that a reference names: it remembers whose it is.
fn block_at(base: &Value, item: &Located, at: i64) -> Located {
    match (base, &item.value) {
        (Value::Reference(blocks), Value::Map(_)) if blocks.path.len() == 1 => {
            let mut path = blocks.path.clone();
            path.push(Step::Index(at));
            let block = Reference { target: blocks.target.clone(), path, known: Some(item.value.clone()) };
            Located::new(Value::Reference(Arc::new(block)), item.place)
        }
        _ => item.clone(),
    }
}

/// Whether a reference names one block of a resource.
fn is_of_block(reference: &Reference) -> bool {
    matches!(reference.path.as_slice(), [Step::Name(_), Step::Index(_)])
}

/// Keys and values of a collection, in Terraform's order.
pub(super) fn elements(value: &Located) -> Option<Vec<(Located, Located)>> {
    match value.value.plain() {
        Value::List(list) => {
            let key = |at: usize, item: &Located| match list.kind {
                ListKind::Set => item.clone(),
                _ => Located::new(Value::int(at as i64), item.place),
            };
            Some(list.items.iter().enumerate().map(|(at, item)| (key(at, item), item.clone())).collect())
        }
        Value::Map(map) => {
            let key = |entry: &Entry| Located::new(Value::String(entry.key.clone()), entry.place);
            Some(map.entries.iter().map(|entry| (key(entry), entry.value.clone())).collect())
        }
        _ => None,
    }
}

/// One alternative: where it fails, it is not known.
pub(super) fn arm(result: Eval<Located>, place: Place) -> Located {
    result.unwrap_or_else(|failure| Located::new(failed(&failure), place))
}

fn lone(result: Eval<Value>, place: Place) -> Located {
    arm(result.map(|value| Located::new(value, place)), place)
}

/// What a choice of booleans picks of two values.
fn picked(value: &Value, whole: &Arc<Condition>, then: &Located, otherwise: &Located) -> Value {
    match value.plain() {
        Value::Choice(inner) => operators::choice(
            &inner.condition,
            Located::new(picked(&inner.then.value, whole, then, otherwise), then.place),
            Located::new(picked(&inner.otherwise.value, whole, then, otherwise), otherwise.place),
        ),
        plain => match truth(plain) {
            Ok(Some(true)) => then.value.clone(),
            Ok(Some(false)) => otherwise.value.clone(),
            _ => choice(whole, then.clone(), otherwise.clone()),
        },
    }
}

/// A result is sensitive when what it was computed from is.
pub(super) fn marked(from: &Value, result: Value) -> Value {
    match (from.plain(), &result) {
        (Value::Sensitive(_), Value::Sensitive(_)) => result,
        (Value::Sensitive(_), _) => Value::Sensitive(Arc::new(result)),
        _ => result,
    }
}

pub(super) fn sensitive(located: Located) -> Located {
    match located.value {
        Value::Sensitive(_) => located,
        value => Located::new(Value::Sensitive(Arc::new(value)), located.place),
    }
}

/// What is inside something unknown is no longer the variable itself, nor a test.
fn plain_unknown(unknown: &Arc<Unknown>) -> Arc<Unknown> {
    if unknown.variable.is_none() && unknown.test.is_none() {
        return unknown.clone();
    }
    Arc::new(Unknown { variable: None, test: None, ..(**unknown).clone() })
}
