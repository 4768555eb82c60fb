//! The matrix says what the point engine says, cell by cell.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod generate;

use generate::{Size, model};
use sekisho_access::ask::{Ask, verdict};
use sekisho_access::case::Verdict;
use sekisho_access::formula::Formula;
use sekisho_access::matrix::{Answer, Matrix};
use sekisho_access::tables::Class;
use sekisho_access::who::Who;

#[test]
fn every_cell_is_that_of_the_point_engine() {
    let (mut cells, mut yes, mut open) = (0, 0, 0);
    for seed in 1..=4 {
        let model = model(Size { accounts: 2, principals: 24, stores: 40 }, seed);
        let (matrix, ask) = (Matrix::of(&model), Ask::new(&model));
        for principal in 0..u32::try_from(model.principals.len()).unwrap() {
            let asker = ask.asker(principal);
            for store in 0..u32::try_from(model.stores.len()).unwrap() {
                for class in Class::ALL {
                    let point = verdict(&ask.can(&asker, class, store).formula);
                    let found = matrix.cell(principal, class, store);
                    let same = match found {
                        Answer::Yes => point == Verdict::Allowed,
                        Answer::No => point == Verdict::Denied,
                        Answer::Open => true,
                    };
                    assert!(
                        same,
                        "seed {seed}: {} {class:?} {}: matrix {found:?}, point {point:?}",
                        model.principals[principal as usize].subject.arn,
                        model.stores[store as usize].object.arn,
                    );
                    cells += 1;
                    yes += u32::from(found == Answer::Yes);
                    open += u32::from(found == Answer::Open);
                }
            }
        }
    }
    // The accounts are not all yes, not all no, and seldom open.
    assert!(yes * 50 > cells && yes * 2 < cells, "{yes} of {cells}");
    assert!(open * 5 < cells, "{open} of {cells}");
}

/// Who can, and who can assume which role, are found by sets of principals; asking everyone
/// must say the same, formulas and actions included.
#[test]
fn who_can_is_what_everyone_is_told() {
    let (mut found, mut conditional, mut edges) = (0, 0, 0);
    for seed in 5..=7 {
        let model = model(Size { accounts: 2, principals: 60, stores: 40 }, seed);
        let (chains, plain) = (model.chains(), Ask::new(&model));
        let office = [("aws:SourceIp".to_owned(), "10.1.2.3".to_owned())];
        for ask in [&plain, &Ask::with(&model, &office)] {
            for store in 0..u32::try_from(model.stores.len()).unwrap() {
                for class in Class::ALL {
                    let rows = model.directly(ask, &chains, class, store);
                    let mut rows = rows.iter();
                    for principal in 0..u32::try_from(model.principals.len()).unwrap() {
                        let cell = ask.can(&ask.asker(principal), class, store);
                        if verdict(&cell.formula) == Verdict::Denied {
                            continue;
                        }
                        let row = rows.next().unwrap();
                        assert_eq!(row.who, Who::Principal(principal), "seed {seed} {class:?} {store}");
                        assert_eq!((&row.cell.formula, &row.cell.actions), (&cell.formula, &cell.actions));
                        found += 1;
                        conditional += u32::from(!cell.formula.is_constant());
                    }
                    assert!(rows.all(|row| !matches!(row.who, Who::Principal(_))));
                }
            }
        }
        for (role, into) in (0..).zip(&chains.into) {
            let target = &model.principals[role as usize];
            for caller in (0..u32::try_from(model.principals.len()).unwrap()).filter(|caller| *caller != role)
            {
                let asked = plain.assume(&plain.asker(caller), "sts:assumerole", target).formula;
                let known =
                    into.iter().find(|(who, _)| *who == Who::Principal(caller)).map(|(_, formula)| formula);
                assert_eq!(
                    known.cloned().unwrap_or(Formula::False),
                    asked,
                    "seed {seed}: {caller} into {role}"
                );
                edges += u32::from(known.is_some());
            }
        }
    }
    assert!(found > 2_000 && conditional > 200 && edges > 5, "{found} {conditional} {edges}");
}
