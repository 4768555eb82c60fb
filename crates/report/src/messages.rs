//! What sekisho says, in each language.
//!
//! The sentences stand in `guidance/text/messages.<language>.yaml`. The build script turns
//! each into a method of [`Say`] whose parameters are its `{placeholders}`: a missing
//! argument or translation does not compile, and a sentence that nobody says is dead code.
//! Fluent was weighed and not taken: it parses its catalogues at run time, and what it
//! gives above this is plural forms, which Japanese and Chinese do not have and which the
//! English sentences avoid.

use sekisho_assess::Verdict;
use sekisho_estate::Reason;
use sekisho_guidance::{Confidence, Harm, Label, Language, Level, Reach, Seed, Severity};

/// Speaks a language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Say(pub(crate) Language);

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

type Table = &'static [(&'static str, [&'static str; 3])];

impl Say {
    /// The sentence with a name; none when the program has no such name in its data.
    fn find(self, table: Table, name: &str) -> Option<&'static str> {
        let at = table.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
        Some(table[at].1[self.0 as usize])
    }

    pub(crate) fn severity(self, severity: Severity) -> &'static str {
        self.find(SEVERITY, severity.name()).unwrap_or(severity.name())
    }

    pub(crate) fn verdict(self, verdict: Verdict) -> &'static str {
        self.find(VERDICT, verdict.name()).unwrap_or(verdict.name())
    }

    pub(crate) fn confidence(self, confidence: Confidence) -> &'static str {
        self.find(CONFIDENCE, confidence.name()).unwrap_or(confidence.name())
    }

    pub(crate) fn label(self, label: Label) -> &'static str {
        self.find(LABEL, label.name()).unwrap_or(label.name())
    }

    pub(crate) fn level(self, level: Level) -> &'static str {
        self.find(LEVEL, level.name()).unwrap_or(level.name())
    }

    pub(crate) fn harm(self, harm: Harm) -> &'static str {
        self.find(HARM, harm.name()).unwrap_or(harm.name())
    }

    pub(crate) fn reach(self, reach: Reach) -> &'static str {
        self.find(REACH, reach.name()).unwrap_or(reach.name())
    }

    /// What happens at a hop of a network path.
    pub(crate) fn step(self, step: sekisho_network::engine::trail::Step) -> &'static str {
        self.find(STEP, step.name()).unwrap_or(step.name())
    }

    /// Whether a network path exists.
    pub(crate) fn answer(self, verdict: sekisho_network::Verdict) -> &'static str {
        self.find(ANSWER, verdict.name()).unwrap_or(verdict.name())
    }

    /// What would open a network path.
    pub(crate) fn change(self, change: &sekisho_network::engine::trail::Change) -> String {
        let (name, subject) = change.parts();
        self.find(CHANGE, name).unwrap_or(name).replacen("{subject}", subject, 1)
    }

    /// Short name of a document.
    pub(crate) fn document(self, seed: Seed) -> &'static str {
        self.find(DOCUMENT, seed.name()).unwrap_or(seed.name())
    }

    /// A sentence that stands in data, in English.
    pub(crate) fn fact(self, english: &str) -> &str {
        self.find(FACTS, english).unwrap_or(english)
    }

    /// Why something is not known.
    pub(crate) fn reason(self, reason: &Reason) -> String {
        let sentence = self.find(REASON, reason.code.name());
        match sentence {
            Some(sentence) => sentence.replacen("{subject}", self.fact(&reason.subject), 1),
            None => reason.to_string(),
        }
    }

    /// What the user can do so that it becomes known, where something can be done.
    pub(crate) fn remedy(self, reason: &Reason) -> Option<String> {
        let sentence = self.find(REMEDY, reason.code.name())?;
        Some(sentence.replacen("{subject}", &reason.subject, 1))
    }

    /// The kind of secret that was found in a text.
    pub(crate) fn found(self, kind: &str) -> &str {
        self.find(FOUND, kind).unwrap_or(kind)
    }

    /// What is wrong with a hop.
    pub(crate) fn fault(self, name: &'static str) -> &'static str {
        self.find(FAULT, name).unwrap_or(name)
    }

    /// How a hop is protected.
    pub(crate) fn encryption(self, name: &'static str) -> &'static str {
        self.find(ENCRYPTION, name).unwrap_or(name)
    }

    /// What moves along a hop.
    pub(crate) fn moves(self, name: &'static str) -> &'static str {
        self.find(MOVES, name).unwrap_or(name)
    }

    /// Why something holds PHI.
    pub(crate) fn origin(self, name: &str, subject: &str) -> String {
        self.find(ORIGIN, name).unwrap_or(name).replacen("{subject}", subject, 1)
    }

    /// A category of assets.
    pub(crate) fn category(self, name: &'static str) -> &'static str {
        self.find(CATEGORY, name).unwrap_or(name)
    }

    /// A class of cost.
    pub(crate) fn cost(self, name: &'static str) -> &'static str {
        self.find(COST, name).unwrap_or(name)
    }

    /// A layer of the map.
    pub(crate) fn layer(self, name: &'static str) -> &'static str {
        self.find(LAYER, name).unwrap_or(name)
    }

    /// A remark about the run.
    pub(crate) fn notice(self, code: &str, subject: &str) -> String {
        match self.find(NOTICE, code) {
            Some(sentence) => sentence.replacen("{subject}", subject, 1),
            None => format!("{code}: {subject}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_estate::ReasonCode;

    fn names(table: Table) -> Vec<&'static str> {
        table.iter().map(|(name, _)| *name).collect()
    }

    fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_name_of_the_program_has_a_sentence_and_no_other() {
        assert_eq!(names(REASON), sorted(ReasonCode::ALL.iter().map(|c| c.name())));
        assert_eq!(names(VERDICT), sorted(Verdict::ALL.iter().map(|v| v.name())));
        assert_eq!(names(SEVERITY), sorted(Severity::ALL.iter().map(|s| s.name())));
        assert_eq!(names(CONFIDENCE), sorted(Confidence::ALL.iter().map(|c| c.name())));
        assert_eq!(names(LABEL), sorted(Label::ALL.iter().map(|l| l.name())));
        assert_eq!(names(LEVEL), sorted(Level::ALL.iter().map(|l| l.name())));
        assert_eq!(names(HARM), sorted(Harm::ALL.iter().map(|h| h.name())));
        assert_eq!(names(REACH), sorted(Reach::ALL.iter().map(|r| r.name())));
        assert_eq!(names(DOCUMENT), sorted(Seed::ALL.iter().map(|s| s.name())));
        let steps = sekisho_network::engine::trail::Step::ALL;
        assert_eq!(names(STEP), sorted(steps.iter().map(|s| s.name())));
        assert_eq!(names(ANSWER), sorted(sekisho_network::Verdict::ALL.iter().map(|v| v.name())));
        assert!(names(REMEDY).iter().all(|name| ReasonCode::ALL.iter().any(|code| code.name() == *name)));
    }

    /// No sentence of data is English only, and none is translated that nobody says.
    #[test]
    fn sentences_of_data_are_told_in_each_language() {
        let defaults = sekisho_facts::described_types().flat_map(sekisho_facts::defaults);
        let mut said: Vec<String> =
            defaults.filter_map(|default| default.unknown.map(str::to_owned)).collect();
        for control in sekisho_guidance::controls() {
            let expressions = control.when.iter().chain([&control.pass_if]);
            for expression in expressions.chain(control.named.iter().map(|(_, expression)| expression)) {
                let calls = expression.split("unknown(\"").skip(1);
                said.extend(calls.filter_map(|rest| rest.split_once('"')).map(|(text, _)| text.to_owned()));
            }
        }
        for item in sekisho_guidance::coverage().items {
            use sekisho_guidance::Resolution::{None, NotObservable};
            if let NotObservable(why) | None(why) = item.resolution {
                said.push(why.to_owned());
            }
        }
        said.sort_unstable();
        said.dedup();
        assert_eq!(said, names(FACTS));
    }

    #[test]
    fn english_reasons_are_those_of_the_contract() {
        for &code in ReasonCode::ALL {
            let reason = Reason::new(code, "Subject");
            assert_eq!(Say(Language::En).reason(&reason), reason.to_string());
        }
    }

    #[test]
    fn a_reason_is_told_in_each_language() {
        let reason = Reason::new(ReasonCode::Secret, "DbPassword");
        for &language in Language::ALL {
            assert!(Say(language).reason(&reason).contains("DbPassword"));
        }
        assert_ne!(Say(Language::Ja).reason(&reason), Say(Language::ZhTw).reason(&reason));
    }
}
