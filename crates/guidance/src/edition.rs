//! One edition of the HIPAA paper: what it states, and the controls that ask for it.

use std::borrow::Cow;

use crate::catalogue::controls;
use crate::control::Control;
use crate::requirement::{Requirement, requirement};
use crate::words::{Edition, Seed};

impl Requirement {
    /// Whether an edition of the HIPAA paper states it. What the other documents state counts
    /// beside every edition.
    pub fn stated_in(&self, edition: Edition) -> bool {
        match self.seed {
            Seed::Hipaa2018 => edition == Edition::Of2018,
            Seed::Hipaa2023 => edition == Edition::Of2023,
            Seed::HipaaBoth | Seed::BestPractices | Seed::SharedResponsibility => true,
        }
    }

    /// The requirement as an edition states it: with the lines of that edition. What the other
    /// documents state stays as it is; none when the edition does not state it.
    #[must_use]
    pub fn as_stated_in(mut self, edition: Edition) -> Option<Self> {
        if !self.stated_in(edition) {
            return None;
        }
        if self.seed == Seed::HipaaBoth {
            if edition == Edition::Of2018 {
                self.lines = self.lines_2018?;
            }
            self.seed = if edition == Edition::Of2018 { Seed::Hipaa2018 } else { Seed::Hipaa2023 };
            self.lines_2018 = None;
        }
        Some(self)
    }
}

/// The built-in controls as one edition demands them: each names only the requirements that the
/// edition, or another document, states, which decide its severity; a control that answers
/// nothing of it is left out. Linear in the requirements that controls name.
pub fn controls_in(edition: Edition) -> Vec<Control> {
    let stated = |id: &&crate::control::Words| requirement(id).is_some_and(|row| row.stated_in(edition));
    let restricted = |control: &Control| {
        let satisfies: Vec<_> = control.satisfies.iter().filter(stated).cloned().collect();
        let asked = !satisfies.is_empty() || control.satisfies.is_empty();
        asked.then(|| Control { satisfies: Cow::Owned(satisfies), ..control.clone() })
    };
    controls().iter().filter_map(restricted).collect()
}
