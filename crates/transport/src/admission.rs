//! The memory budget as the net library asks for it.

use sidelight_component::{Budget, Permit};
use sidelight_net::admission::{Admission, Charge, Hold, Overloaded};

/// Charges buffers of the net library to the engine's budget.
#[derive(Clone, Debug)]
pub struct BudgetAdmission {
    budget: Budget,
    always: bool,
}

impl BudgetAdmission {
    /// For what comes in: refused at the limit.
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            always: false,
        }
    }

    /// For buffers made of data that was let in already: charged, never refused.
    pub fn always(budget: Budget) -> Self {
        Self { budget, always: true }
    }
}

impl Admission for BudgetAdmission {
    fn reserve(&self, bytes: usize) -> Result<Charge, Overloaded> {
        let permit = match self.always {
            true => self.budget.charge_anyway(bytes),
            false => self.budget.charge(bytes).map_err(overloaded)?,
        };
        Ok(Box::new(Held {
            permit,
            always: self.always,
        }))
    }

    fn largest_beside(&self, held: usize) -> usize {
        match self.always {
            true => usize::MAX,
            false => self.budget.largest_beside(held),
        }
    }
}

struct Held {
    permit: Permit,
    always: bool,
}

impl Hold for Held {
    fn grow(&mut self, more: usize) -> Result<(), Overloaded> {
        if self.always {
            self.permit.set(self.permit.bytes() + more);
            return Ok(());
        }
        self.permit.grow(more).map_err(overloaded)
    }

    fn shrink_to(&mut self, bytes: usize) {
        self.permit.set(bytes.min(self.permit.bytes()));
    }
}

fn overloaded(full: sidelight_component::Overloaded) -> Overloaded {
    Overloaded {
        retry_after: full.retry_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_door_holds_is_charged_to_the_budget() {
        let budget = Budget::new(100);
        let admission = BudgetAdmission::new(budget.clone());
        let mut charge = admission.reserve(60).expect("room");
        assert!(charge.grow(50).is_err());
        charge.shrink_to(10);
        assert_eq!(budget.used(), 10);
        charge.shrink_to(90);
        assert_eq!(budget.used(), 10);
        drop(charge);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn buffers_of_admitted_data_are_charged_past_the_limit() {
        let budget = Budget::new(10);
        let mut charge = BudgetAdmission::always(budget.clone())
            .reserve(25)
            .expect("never refused");
        charge.grow(5).expect("never refused");
        assert_eq!(budget.used(), 30);
    }
}
