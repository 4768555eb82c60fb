//! Random well-typed expressions over the types of [`super::random`].

use super::random::{Tape, Ty, WORDS};

/// What may be written, and which variables there are.
pub(crate) struct Writer<'t, 'b> {
    pub(crate) tape: &'t mut Tape<'b>,
    /// The type of `this`.
    pub(crate) type_name: &'static str,
    pub(crate) properties: &'static [(&'static str, Ty)],
    /// Only what CEL has too, and where both mean the same.
    pub(crate) shared: bool,
    pub(crate) scope: Vec<(String, Ty)>,
}

impl Writer<'_, '_> {
    fn below(&mut self, count: usize) -> usize {
        self.tape.below(count)
    }

    /// Every path whose type passes, from the properties and the variables.
    fn path(&mut self, passes: impl Fn(Ty) -> bool) -> Option<(String, Ty)> {
        let mut found = Vec::new();
        for (name, ty) in self.properties {
            collect(&format!("this.{name}"), *ty, &mut found, 0);
        }
        // Only the last variable of a name can be seen.
        for (index, (name, ty)) in self.scope.iter().enumerate() {
            if !self.scope[index + 1..].iter().any(|(n, _)| n == name) {
                collect(name, *ty, &mut found, 0);
            }
        }
        found.retain(|(_, ty)| passes(*ty));
        // The nearest variables first: they make the better tests.
        found.reverse();
        if found.is_empty() { None } else { Some(self.tape.pick(&found).clone()) }
    }

    fn word(&mut self) -> String {
        format!("{:?}", self.tape.pick(&WORDS))
    }

    pub(crate) fn truth(&mut self, depth: u32) -> String {
        if depth == 0 {
            return match self.path(|ty| matches!(ty, Ty::Bool)) {
                Some((path, _)) if self.below(4) > 0 => path,
                _ => (*self.tape.pick(&["true", "false"])).to_owned(),
            };
        }
        let d = depth - 1;
        let text = match self.below(if self.shared { 14 } else { 22 }) {
            0 => return self.truth(0),
            1 => format!("{} && {}", self.truth(d), self.truth(d)),
            2 => format!("{} || {}", self.truth(d), self.truth(d)),
            3 => format!("!{}", self.truth(d)),
            4 | 5 => return self.fold(d),
            6 => format!("{} {} {}", self.text(d), self.operator(), self.text(d)),
            7 => format!("{} {} {}", self.int(d), self.operator(), self.int(d)),
            8 => {
                let method = *self.tape.pick(&["startsWith", "endsWith", "contains"]);
                format!("{}.{method}({})", self.text(d), self.text(d))
            }
            9 => format!("{} in {}", self.text(d), self.texts(d)),
            10 => {
                let pattern = *self.tape.pick(&["^a", "b$", "(?i)AB", "^$"]);
                format!("{}.matches({pattern:?})", self.text(d))
            }
            11 => format!("{} ? {} : {}", self.truth(d), self.truth(d), self.truth(d)),
            12 => format!("{} == {}", self.texts(d), self.texts(d)),
            13 => self.has(),
            14 => format!("absent({})", self.any(d)),
            15 => format!("{} == {}", self.any(d), self.any_or_literal(d)),
            16 => format!("{} {} {}", self.any_number(d), self.operator(), self.int(d)),
            17 => format!("{} in {}", self.any_or_literal(d), self.any(d)),
            18 => format!("{} == {}", self.truth(d), self.any(d)),
            19 => self.guarded(d),
            20 => "unknown(\"at random\")".to_owned(),
            _ => match self.path(|_| true) {
                Some((path, _)) => format!("{path} == null"),
                None => "true".to_owned(),
            },
        };
        format!("({text})")
    }

    /// A question about the type of `this`, and something that has a meaning for one type only.
    fn guarded(&mut self, depth: u32) -> String {
        let here = |w: &mut Self| w.truth(depth);
        let elsewhere = "this.NotOfThisType.exists(x, x.Nothing == 1)".to_owned();
        let (own, other) = (self.type_name, "AWS::SQS::Queue");
        match self.below(6) {
            0 => format!("attributes(this).type == {own:?} && {}", here(self)),
            1 => format!("attributes(this).type == {other:?} && {elsewhere}"),
            2 => format!("{} || !(attributes(this).type in [{other:?}, {own:?}])", here(self)),
            3 => format!("{elsewhere} || attributes(this).type != {other:?}"),
            4 => format!("attributes(this).type == {other:?} ? {elsewhere} : {}", here(self)),
            _ => format!("{own:?} == attributes(this).type ? {} : {elsewhere}", here(self)),
        }
    }

    fn operator(&mut self) -> &'static str {
        const OPERATORS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
        OPERATORS[self.below(OPERATORS.len())]
    }

    /// A macro that gives a truth, over any list there is.
    fn fold(&mut self, depth: u32) -> String {
        let name = *self.tape.pick(&["exists", "all", "exists_one"]);
        let (list, of) = self.list(depth);
        let (variable, body) = self.with_variable(of, |w| w.truth(depth));
        format!("{list}.{name}({variable}, {body})")
    }

    fn with_variable(&mut self, ty: Ty, body: impl FnOnce(&mut Self) -> String) -> (String, String) {
        let variable = (*self.tape.pick(&["x", "y", "z"])).to_owned();
        self.scope.push((variable.clone(), ty));
        let body = body(self);
        self.scope.pop();
        (variable, body)
    }

    fn list(&mut self, depth: u32) -> (String, Ty) {
        let shared = self.shared;
        let found = self.path(|ty| matches!(ty, Ty::List(_)) || (!shared && matches!(ty, Ty::Any)));
        match (found, self.below(if depth == 0 { 3 } else { 5 })) {
            (Some((path, Ty::List(of))), 3) => {
                let (variable, body) = self.with_variable(*of, |w| w.truth(depth - 1));
                (format!("{path}.filter({variable}, {body})"), *of)
            }
            (Some((path, Ty::List(of))), _) => (path, *of),
            (Some((path, _)), 3) => {
                let (variable, body) = self.with_variable(Ty::Any, |w| w.truth(depth - 1));
                (format!("{path}.filter({variable}, {body})"), Ty::Any)
            }
            (Some((path, _)), _) => (path, Ty::Any),
            (None, _) => (self.texts(0), Ty::Text),
        }
    }

    /// A list of texts.
    fn texts(&mut self, depth: u32) -> String {
        let found = self.path(|ty| matches!(ty, Ty::List(Ty::Text)));
        match (found, self.below(if depth == 0 { 2 } else { 5 })) {
            (Some((path, _)), 1) => path,
            (_, 2) => {
                let (list, of) = self.list(depth - 1);
                let (variable, body) = self.with_variable(of, |w| w.text(depth - 1));
                format!("{list}.map({variable}, {body})")
            }
            (_, 3) => format!("({} + {})", self.texts(depth - 1), self.texts(depth - 1)),
            (_, 4) => {
                let list = self.texts(depth - 1);
                let (variable, body) = self.with_variable(Ty::Text, |w| w.truth(depth - 1));
                format!("{list}.filter({variable}, {body})")
            }
            _ => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.word()).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    fn text(&mut self, depth: u32) -> String {
        let found = self.path(|ty| matches!(ty, Ty::Text));
        let choices = if depth == 0 { 3 } else { 7 };
        match (found, self.below(choices)) {
            (Some((path, _)), 1 | 2) => path,
            (_, 3) => format!("({} + {})", self.text(depth - 1), self.text(depth - 1)),
            (_, 4) => {
                format!("({} ? {} : {})", self.truth(depth - 1), self.text(depth - 1), self.text(depth - 1))
            }
            (_, 5) if !self.shared => format!("lower({})", self.text(depth - 1)),
            (_, 6) if !self.shared => format!("{}[{}]", self.texts(depth - 1), self.int(depth - 1)),
            _ => self.word(),
        }
    }

    fn int(&mut self, depth: u32) -> String {
        let found = self.path(|ty| matches!(ty, Ty::Int));
        match (found, self.below(if depth == 0 { 3 } else { 7 })) {
            (Some((path, _)), 1 | 2) => path,
            (_, 3) => format!("size({})", self.texts(depth - 1)),
            (_, 4) => format!("{}.size()", self.text(depth - 1)),
            (_, 5) => {
                let operator = *self.tape.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {operator} {})", self.int(depth - 1), self.int(depth - 1))
            }
            (_, 6) if !self.shared => format!("size({})", self.list(depth - 1).0),
            _ => (*self.tape.pick(&["0", "1", "2", "90", "-1", "9223372036854775807"])).to_owned(),
        }
    }

    fn has(&mut self) -> String {
        match self.path(|_| true) {
            Some((path, _)) if path.contains('.') => format!("has({path})"),
            _ => "has(this.BucketName)".replace("BucketName", self.properties[0].0),
        }
    }

    /// Something whose type is not known before it is evaluated, where there is such a thing.
    fn any(&mut self, depth: u32) -> String {
        let found = self.path(|ty| matches!(ty, Ty::Any));
        match (found, self.below(6)) {
            (Some((path, _)), 0) => format!("{path}[{}]", self.int(depth.saturating_sub(1))),
            (Some((path, _)), 1) => format!("{path}[{}]", self.text(0)),
            (Some((path, _)), 2) if depth > 0 => format!("({path} + {})", self.any(depth - 1)),
            (Some((path, _)), _) => path,
            (None, _) => "[\"a\", 1, true][1]".to_owned(),
        }
    }

    /// The same, where it has to be a number.
    fn any_number(&mut self, depth: u32) -> String {
        let any = self.any(depth);
        match self.below(4) {
            0 => format!("(-{any})"),
            1 => format!("({any} {} {})", self.tape.pick(&["+", "-", "*", "/", "%"]), self.int(depth)),
            2 => format!("({} - {any})", self.int(depth)),
            _ => any,
        }
    }

    fn any_or_literal(&mut self, depth: u32) -> String {
        match self.below(6) {
            0 => self.word(),
            1 => (*self.tape.pick(&["1", "90", "true", "null", "[1]", "{\"A\": 1}", "0.5", "[\"a\", 90]"]))
                .to_owned(),
            2 => self.text(depth),
            3 => self.int(depth),
            _ => self.any(depth),
        }
    }
}

fn collect(path: &str, ty: Ty, found: &mut Vec<(String, Ty)>, depth: u32) {
    found.push((path.to_owned(), ty));
    match ty {
        Ty::Object(fields) => {
            for (name, ty) in fields {
                collect(&format!("{path}.{name}"), *ty, found, depth + 1);
            }
        }
        Ty::Any if depth < 3 => {
            for name in ["A", "B"] {
                collect(&format!("{path}.{name}"), Ty::Any, found, depth + 1);
            }
        }
        _ => {}
    }
}
