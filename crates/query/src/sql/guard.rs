//! The last look at a plan before it runs, and the sign `||` on its way into one.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::functions::{bounded, concatenation, is_allowed, is_bounded, is_growing};

/// Fails if `plan` does anything but read, or calls a function that is not on the list, however it got there; puts
/// functions that can make large values behind their guard, where the syntax named them by a sign.
pub(crate) fn guard(plan: LogicalPlan) -> Result<LogicalPlan> {
    let only_read = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_read.verify_plan(&plan)?;
    let guarded = plan.transform_up_with_subqueries(|node| {
        if matches!(node, LogicalPlan::Copy(_) | LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Extension(_))
        {
            return plan_err!("only queries are possible here");
        }
        node.map_expressions(|expr| expr.transform_up(guard_expr))
    });
    Ok(guarded?.data)
}

fn guard_expr(expr: Expr) -> Result<Transformed<Expr>> {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) => {
            if !is_allowed(func.name()) {
                return plan_err!("there is no function `{}` here", func.name());
            }
            if !is_growing(func.name()) || is_bounded(&func) {
                return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
            }
            let func = bounded(&func);
            Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args })))
        }
        Expr::BinaryExpr(BinaryExpr { op: Operator::StringConcat, .. }) => {
            plan_err!("|| joins two texts or two lists; use concat")
        }
        Expr::HigherOrderFunction(_) | Expr::ScalarVariable(..) | Expr::Placeholder(_) => {
            plan_err!("variables, placeholders and lambdas are not possible here")
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Plans `||` on texts as the guarded function `concat`.
#[derive(Debug)]
pub(crate) struct ConcatenationPlanner;

impl ExprPlanner for ConcatenationPlanner {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_list = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::List(_) | DataType::LargeList(_)));
        if expr.op != BinaryOperator::StringConcat || is_list(&expr.left) || is_list(&expr.right) {
            return Ok(PlannerResult::Original(expr));
        }
        Ok(PlannerResult::Planned(concatenation(expr.left, expr.right)))
    }
}
