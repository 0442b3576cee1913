//! `punchmark ledger list`: reservations, the newest first, and what became of them.

use std::ops::ControlFlow;

use super::filter::Search as Asked;
use super::records::{fields, json};
use super::table::Shape;
use crate::certificate::Serial;
use crate::certificate::explain::Fields;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::known_requester::require_known_requester;
use crate::cli::base::known_role::require_known_role;
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::pager::Pager;
use crate::cli::base::terminal::{columns_of_stdout, note_product, product, product_object, say};
use crate::ledger::{Condition, Ledger, LedgerError, Record, Revocation, RevokedSet, Standing};

/// One reservation that the filter means.
struct Found {
    record: Record,
    fields: Fields,
    standing: Standing,
    revocation: Option<Revocation>,
}

/// What is looked for, and how much of it.
struct Search<'a> {
    ledger: &'a Ledger,
    condition: &'a Condition,
    /// How many of the newest; none where all are wanted.
    limit: Option<u64>,
    revoked: RevokedSet,
}

pub(super) fn list(context: &Context, ledger: &Ledger, asked: &Asked) -> Result<Exit, Failure> {
    let condition = &asked.condition;
    if let Some(name) = &condition.ca {
        ca_named(&ledger.cas()?, name)?;
    }
    if let Some(role) = &condition.role {
        require_known_role(role, asked.config(context)?.as_ref(), ledger)?;
    }
    if let Some(name) = &condition.requester {
        require_known_requester(name, asked.config(context)?.as_ref(), ledger)?;
    }
    let search = Search {
        ledger,
        condition,
        limit: asked.limit,
        revoked: RevokedSet::of(ledger)?,
    };
    let shape = Shape::of(columns_of_stdout());
    let _paged = Pager::begin(context);
    let found = if context.json() {
        search.print_objects()?
    } else {
        search.print_table(shape)?
    };
    if found == 0 {
        // Scripts count the lines: one that says that there is none would be counted.
        note_product();
        if context.talks() || context.json() {
            say("no certificate matches");
        }
    }
    Ok(Exit::Done)
}

impl Search<'_> {
    /// A table for people, the newest first.
    fn print_table(&self, shape: Shape) -> Result<u64, Failure> {
        let mut printed = Ok(());
        let mut count = 0;
        self.newest_first(&mut |found| {
            if count == 0 {
                printed = product(&shape.header());
            }
            count += 1;
            if printed.is_ok() {
                let line = shape.line(&found.record, &found.fields, found.standing);
                printed = product(&line);
            }
            more(printed.is_ok())
        })?;
        printed.map(|()| count)
    }

    /// Objects for programs, in the order of the ledger. Without a limit none waits for another.
    fn print_objects(&self) -> Result<u64, Failure> {
        if self.limit.is_none() {
            let mut printed = Ok(());
            let mut count = 0;
            self.oldest_first(&mut |found| {
                count += 1;
                if printed.is_ok() {
                    printed = print_object(&found);
                }
            })?;
            return printed.map(|()| count);
        }
        let mut newest = Vec::new();
        self.newest_first(&mut |found| {
            newest.push(found);
            ControlFlow::Continue(())
        })?;
        newest.iter().rev().try_for_each(print_object)?;
        Ok(u64::try_from(newest.len()).unwrap_or(u64::MAX))
    }

    /// What is meant, until `each` breaks off or the limit is reached.
    fn newest_first(
        &self,
        each: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let mut left = self.limit.unwrap_or(u64::MAX);
        if left == 0 {
            return Ok(());
        }
        let until_enough = &mut |record| match self.meant(record) {
            None => ControlFlow::Continue(()),
            Some(found) => {
                left -= 1;
                each(found)?;
                more(left > 0)
            }
        };
        if let Some(number) = self.condition.serial {
            let mut records = self.of_serial(number)?;
            records.sort_by_key(|record| std::cmp::Reverse(record.time));
            let _enough = records.into_iter().try_for_each(until_enough);
            return Ok(());
        }
        let terms = self.condition.terms(&self.revoked);
        self.ledger.each_record_backward(&terms, until_enough)
    }

    fn oldest_first(&self, each: &mut dyn FnMut(Found)) -> Result<(), LedgerError> {
        let each = &mut |record| self.meant(record).into_iter().for_each(&mut *each);
        if let Some(number) = self.condition.serial {
            self.of_serial(number)?.into_iter().for_each(each);
            return Ok(());
        }
        match self.condition.terms(&self.revoked).as_slice() {
            [] => self.ledger.each_record(each),
            terms => self.ledger.each_record_of(terms, each),
        }
    }

    /// The reservations of this serial, of every CA one.
    fn of_serial(&self, number: u64) -> Result<Vec<Record>, LedgerError> {
        let Ok(serial) = Serial::try_from(number) else {
            return Ok(Vec::new());
        };
        let cas = self.ledger.cas()?;
        let records = cas.iter().map(|ca| self.ledger.record_of(ca, serial));
        records.filter_map(Result::transpose).collect()
    }

    fn meant(&self, record: Record) -> Option<Found> {
        let fields = fields(&record);
        let revocation = self.revoked.revocation_of(&record);
        let standing = Standing::of(&record.state, revocation.as_ref());
        self.condition
            .holds(&record, &fields, standing)
            .then_some(Found {
                record,
                fields,
                standing,
                revocation,
            })
    }
}

fn more(there_is: bool) -> ControlFlow<()> {
    if there_is {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

fn print_object(found: &Found) -> Result<(), Failure> {
    let value = json(&found.record, &found.fields, found.revocation.as_ref());
    product_object(value)
}
