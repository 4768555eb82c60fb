//! The matrix says what the point engine says, cell by cell.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod generate;

use generate::{Size, model};
use sekisho_access::ask::{Ask, verdict};
use sekisho_access::case::Verdict;
use sekisho_access::matrix::{Answer, Matrix};
use sekisho_access::tables::Class;

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
