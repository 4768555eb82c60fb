//! What holds for every built-in control.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use sekisho_facts::{companion, resource_type};
use sekisho_guidance::{
    ANY_TYPE, Control, Harm, Language, Level, Patch, Scope, control, controlled_types, controls,
    controls_for, controls_of, requirement,
};

#[test]
fn sorted_by_id_and_found_by_it() {
    assert!(controls().is_sorted_by(|a, b| a.id < b.id));
    for expected in controls() {
        assert_eq!(control(&expected.id), Some(expected));
    }
    for id in ["", "s3", "zzz", "s3-bucket-acl-publi", "s3-bucket-acl-publicc"] {
        assert!(control(id).is_none(), "{id}");
    }
}

#[test]
fn found_by_type() {
    for (i, control) in controls().iter().enumerate() {
        let index = u16::try_from(i).unwrap();
        assert!(controls_of(control.scope).contains(&index), "{}", control.id);
        for ty in control.applies.iter() {
            assert!(controls_for(ty).contains(&index), "{} {ty}", control.id);
        }
    }
    let pairs: usize = controlled_types().map(|ty| controls_for(ty).len()).sum();
    assert_eq!(pairs, controls().iter().map(|control| control.applies.len()).sum::<usize>());
    for ty in controlled_types() {
        assert!(controls_for(ty).is_sorted());
    }
    assert!(controls_for("AWS::CloudFormation::WaitCondition").is_empty());
    assert!(controls_for("").is_empty());
    let listed: usize = Scope::ALL.iter().map(|scope| controls_of(*scope).len()).sum();
    assert_eq!(listed, controls().len());
}

#[test]
fn types_are_known_to_the_facts() {
    for control in controls() {
        for ty in control.applies.iter() {
            assert!(ty == ANY_TYPE || resource_type(ty).is_some(), "{}: {ty}", control.id);
        }
        assert_eq!(control.applies.is_empty(), control.scope != Scope::Resource, "{}", control.id);
    }
}

#[test]
fn expressions_compile_for_each_type() {
    for control in controls() {
        let types: Vec<_> = match control.scope {
            // What is asked of every type is tried on one that has neither names nor tags.
            Scope::Resource if *control.applies == [ANY_TYPE] => vec![resource_type("AWS::EC2::Route")],
            Scope::Resource => control.applies.iter().map(|ty| resource_type(ty)).collect(),
            Scope::Stack | Scope::Account => vec![None],
        };
        for ty in types {
            let when = control.when.as_deref();
            let compiled = sekisho_expr::compile_with(&control.parts(), when, &control.pass_if, ty, false);
            assert!(compiled.is_ok(), "{} for {ty:?}: {:?}", control.id, compiled.err());
        }
    }
}

#[test]
fn requirements_can_be_failed() {
    for control in controls() {
        assert!(!control.satisfies.is_empty(), "{}", control.id);
        for id in control.satisfies.iter() {
            let row = requirement(id).unwrap_or_else(|| panic!("{}: {id}", control.id));
            assert!(row.level.is_some(), "{}: {id} has no level", control.id);
        }
        let can_fail = control.strongest_level().can_fail();
        assert!(can_fail || control.harm == Harm::Informs, "{}", control.id);
        assert!(control.strongest_level() != Level::Derived, "{}", control.id);
    }
}

fn texts(control: &Control) -> [(&'static str, &sekisho_guidance::Text); 3] {
    [("title", &control.title), ("why", &control.why), ("fix", &control.fix.text)]
}

#[test]
fn every_text_is_in_every_language() {
    let kana = |c: char| ('\u{3040}'..='\u{30FF}').contains(&c);
    let han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    for control in controls() {
        for (name, text) in texts(control) {
            let place = format!("{} {name}", control.id);
            for language in Language::ALL {
                let words = text.get(*language);
                assert!(!words.trim().is_empty() && words.trim() == words, "{place} {language}");
                assert!(!words.contains("  ") && !words.contains('\n'), "{place} {language}");
            }
            assert!(text.en.is_ascii(), "{place}: {}", text.en);
            assert!(text.ja.chars().any(kana), "{place}: {}", text.ja);
            assert!(text.zh_tw.chars().any(han) && !text.zh_tw.chars().any(kana), "{place}");
            assert_ne!(text.ja, text.zh_tw, "{place}");
        }
        for language in Language::ALL {
            assert!(!control.title.get(*language).ends_with(['.', '。']), "{}", control.id);
        }
    }
}

#[test]
fn titles_are_unique() {
    for language in Language::ALL {
        let titles: BTreeSet<_> = controls().iter().map(|c| c.title.get(*language)).collect();
        assert_eq!(titles.len(), controls().len(), "{language}");
    }
}

#[test]
fn patches_name_what_exists() {
    for control in controls() {
        let Some(json) = &control.fix.cloudformation else { continue };
        let patch: Patch = serde_json::from_str(json).unwrap();
        assert_eq!(patch.fault(), None, "{}", control.id);
        let known = |ty: &str, pointer: &str| {
            let shape = resource_type(ty).and_then(|ty| ty.properties().at(pointer));
            assert!(shape.is_some(), "{}: {ty} has no {pointer}", control.id);
        };
        for ty in control.applies.iter() {
            let names = patch.properties.keys().map(|name| format!("/{name}"));
            let pointers = patch.remove.iter().chain(patch.append.keys()).cloned();
            names.chain(pointers).for_each(|pointer| known(ty, &pointer));
            if let Some(change) = &patch.companion {
                assert!(companion(ty, &change.member).is_some(), "{}: {}", control.id, change.member);
            }
        }
        for resource in patch.resources.values() {
            resource.properties.keys().for_each(|name| known(&resource.ty, &format!("/{name}")));
        }
    }
}
