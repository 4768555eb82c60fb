//! Asking one principal for all that are alike says what asking everyone says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod generate;

use generate::{Size, model};
use sekisho_access::ask::Ask;
use sekisho_access::decide::Object;
use sekisho_access::formula::Formula;
use sekisho_access::holders::Holders;
use sekisho_access::model::{Model, Principal, PrincipalId, StoreId};
use sekisho_access::tables::Class;

/// Everyone is asked.
fn one_by_one(model: &Model, ask: &Ask<'_>, class: Class, store: StoreId) -> Vec<(PrincipalId, Formula)> {
    (0..u32::try_from(model.principals.len()).unwrap())
        .map(|who| (who, ask.can(&ask.asker(who), class, store).formula))
        .filter(|(_, formula)| *formula != Formula::False)
        .collect()
}

/// Gives everyone a twin with the same policies and another name.
fn with_twins(model: &mut Model) {
    for id in 0..model.principals.len() {
        let first = &model.principals[id];
        let arn: Box<str> = format!("{}-twin", first.subject.arn).into();
        let mut subject = first.subject.clone();
        subject.arn = arn.clone();
        subject.keys.retain(|(key, _)| &**key != "aws:principalarn");
        subject.key("aws:PrincipalArn", arn.to_string());
        let twin = Principal {
            subject,
            name: format!("{}-twin", first.name).into(),
            resource: None,
            identity: first.identity.clone(),
            boundary: first.boundary,
            trust: first.trust,
            object: Object { arn: arn.clone(), account: first.object.account.clone(), ..Object::default() },
            used_by: Vec::new(),
            groups: Vec::new(),
            conditional: false,
        };
        model.by_arn.insert(arn, u32::try_from(model.principals.len()).unwrap());
        model.principals.push(twin);
    }
}

#[test]
fn alike_principals_have_the_answer_of_each() {
    let (mut cells, mut answers) = (0, 0);
    for seed in 1..=3 {
        let mut model = model(Size { accounts: 2, principals: 20, stores: 20 }, seed);
        with_twins(&mut model);
        let (holders, ask) = (Holders::of(&model), Ask::new(&model));
        let all: Vec<PrincipalId> = (0..u32::try_from(model.principals.len()).unwrap()).collect();
        for store in 0..u32::try_from(model.stores.len()).unwrap() {
            for class in Class::ALL {
                let held = holders.cells(&model, &ask, class, store, &all);
                answers += held.len();
                let mut found: Vec<(PrincipalId, Formula)> = held
                    .iter()
                    .flat_map(|held| held.who.iter().map(|&who| (who, held.cell.formula.clone())))
                    .collect();
                found.sort_by_key(|(who, _)| *who);
                let wanted = one_by_one(&model, &ask, class, store);
                cells += wanted.len();
                assert_eq!(
                    found, wanted,
                    "seed {seed}: {class:?} of {}",
                    model.stores[store as usize].object.arn
                );
            }
        }
    }
    assert!(cells > 1000, "{cells}");
    // Twins share, but for those whom a store names and those whose policies have variables.
    assert!(answers * 10 < cells * 9, "{answers} answers for {cells} cells");
}
