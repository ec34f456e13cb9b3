//! How much work it is to plan a query. Planning cannot be interrupted, and takes more than twice as long for a text
//! twice as deep, so what is too deep or stands for too much is refused before.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, Select, Statement, Visit, Visitor};

/// Longest chain of operators, each working on the result of the one before.
const CHAIN_MAX: usize = 200;
/// Most tables and subqueries, with those of a WITH counted each time they are used.
const TABLES_MAX: u64 = 100;

/// Refuses a statement that is too much to plan, in words for the user.
pub(super) fn check(statement: &Statement) -> Result<(), String> {
    let mut weigher = Weigher { frames: vec![Frame::default()], named: HashMap::new(), chain: 0 };
    if statement.visit(&mut weigher).is_break() {
        return Err(format!(
            "expressions are nested more than {CHAIN_MAX} deep; write a long list of alternatives as IN (...)"
        ));
    }
    let weight = weigher.frames.first().map_or(0, |frame| frame.weight);
    if weight > TABLES_MAX {
        return Err(format!(
            "the query comes to {weight} tables and subqueries, with those of WITH counted each time they are used; \
             {TABLES_MAX} are allowed"
        ));
    }
    Ok(())
}

struct Weigher {
    /// The queries we are inside of, the statement first.
    frames: Vec<Frame>,
    /// What each name of a WITH stands for. A name used twice counts as the later one.
    named: HashMap<String, u64>,
    /// Expressions we are inside of.
    chain: usize,
}

#[derive(Default)]
struct Frame {
    weight: u64,
    /// Where the queries of its WITH lie, which count only when they are used, and their names.
    definitions: Vec<(*const Query, String)>,
}

impl Visitor for Weigher {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        let definitions = tables.map(|table| (&raw const *table.query, name(&table.alias.name.value)));
        self.frames.push(Frame { weight: 0, definitions: definitions.collect() });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let Some(done) = self.frames.pop() else { return ControlFlow::Continue(()) };
        let Some(around) = self.frames.last_mut() else { return ControlFlow::Continue(()) };
        match around.definitions.iter().find(|(place, _)| std::ptr::eq(*place, query)) {
            Some((_, name)) => {
                self.named.insert(name.clone(), done.weight);
            }
            None => around.weight = around.weight.saturating_add(done.weight),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, _select: &Select) -> ControlFlow<()> {
        self.add(1);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let weight = self.named.get(&name(&relation.to_string())).copied().unwrap_or(1);
        self.add(weight);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<()> {
        self.chain += 1;
        if self.chain > CHAIN_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<()> {
        self.chain -= 1;
        ControlFlow::Continue(())
    }
}

impl Weigher {
    fn add(&mut self, weight: u64) {
        if let Some(frame) = self.frames.last_mut() {
            frame.weight = frame.weight.saturating_add(weight);
        }
    }
}

/// Names are compared without quotes and case, which at worst counts too much.
fn name(text: &str) -> String {
    text.trim_matches('"').to_lowercase()
}
