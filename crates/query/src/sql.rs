//! SQL: reads a text, makes sure that it only asks, and plans it.
//!
//! What a query may do is decided three times: [`read`] takes one statement that asks; the session it is planned in
//! knows two tables and a list of functions, and no file, no catalog and no setting; and the plan is looked through
//! before it runs ([`guard`]). Whose rows it sees is decided below all of that, in the tables.

mod functions;
mod guard;
mod weight;

#[cfg(test)]
pub(crate) use functions::listed_functions;
pub(crate) use functions::{aggregates, json_get, scalars, windows};
pub(crate) use guard::{ConcatenationPlanner, guard};

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectNamePart, Statement, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use indelible_event::Part;

use crate::fields::{self, INTAKE, USER};

/// Longest query, in bytes.
pub const SQL_BYTES_MAX: usize = 64 * 1024;
/// Most words and signs in one query; a chain of operators nests as deep as it is long.
const TOKENS_MAX: usize = 10_000;
/// Deepest nesting of parentheses and subqueries.
const DEPTH_MAX: usize = 64;

/// The two tables, with what they are for.
pub(crate) const TABLES: [(&str, &str); 2] = [
    ("events", "what services emitted, one row an event"),
    ("entries", "events and control entries, such as the first of each log"),
];

/// What a text asks for.
#[derive(Debug)]
pub(crate) enum Question {
    /// Rows, or the plan for them.
    Rows(Box<Statement>),
    /// The columns of a table.
    Columns,
    /// The tables.
    Tables,
}

/// Reads `text`. The error is for the user.
pub(crate) fn read(text: &str) -> Result<Question, String> {
    if text.len() > SQL_BYTES_MAX {
        return Err(format!("the query is {} bytes long; shorten it to {SQL_BYTES_MAX}", text.len()));
    }
    let dialect = GenericDialect {};
    let mut tokens = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| error.to_string())?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    if tokens.len() > TOKENS_MAX {
        return Err(format!("the query has {} words and signs; {TOKENS_MAX} are allowed", tokens.len()));
    }
    tokens.iter_mut().for_each(name_column);
    let mut parser = Parser::new(&dialect).with_recursion_limit(DEPTH_MAX).with_tokens_with_locations(tokens);
    let statements = parser
        .parse_statements()
        .map_err(|error| error.to_string().trim_start_matches("sql parser error: ").to_owned())?;
    let mut statements = statements.into_iter();
    let (Some(statement), None) = (statements.next(), statements.next()) else {
        return Err("write one query, and no more than one".to_owned());
    };
    question(statement)
}

fn question(mut statement: Statement) -> Result<Question, String> {
    match &statement {
        Statement::Query(_) => {}
        Statement::Explain { statement, .. } if matches!(**statement, Statement::Query(_)) => {}
        Statement::ShowTables { .. } => return Ok(Question::Tables),
        Statement::ExplainTable { table_name, .. } => return describe(&table_name.to_string()),
        Statement::ShowColumns { show_options, .. } => {
            let table = show_options.show_in.as_ref().and_then(|shown| shown.parent_name.as_ref());
            return describe(&table.map(ToString::to_string).unwrap_or_default());
        }
        _ => return Err("only SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES and SHOW COLUMNS are possible here: the log cannot be changed".to_owned()),
    }
    weight::check(&statement)?;
    let _ = VisitMut::visit(&mut statement, &mut Shorthand);
    Ok(Question::Rows(Box::new(statement)))
}

fn describe(table: &str) -> Result<Question, String> {
    let name = table.trim_matches('"');
    if TABLES.iter().any(|(table, _)| table.eq_ignore_ascii_case(name)) {
        return Ok(Question::Columns);
    }
    Err(no_table(name))
}

fn no_table(name: &str) -> String {
    format!("there is no table `{name}`; there are `events` and `entries`")
}

/// SQL takes unquoted names as lower case. Columns with capitals are quoted here, so that `userAgent`, `useragent` and
/// `USERAGENT` all name the one there is.
fn name_column(token: &mut TokenWithSpan) {
    let Token::Word(word) = &mut token.token else {
        return;
    };
    if word.quote_style.is_some() {
        return;
    }
    let columns = fields::FIELDS.iter().map(|field| field.name);
    let members = INTAKE.iter().map(|(member, _)| *member).chain(USER);
    let mut with_capitals = columns.chain(members).filter(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()));
    if let Some(name) = with_capitals.find(|name| name.eq_ignore_ascii_case(&word.value)) {
        word.value = name.to_owned();
        word.quote_style = Some('"');
        word.keyword = Keyword::NoKeyword;
    }
}

/// Writes `has_category('x')` out as `has_category(categories, 'x')`.
struct Shorthand;

impl VisitorMut for Shorthand {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice()
            && name.value.eq_ignore_ascii_case("has_category")
            && let FunctionArguments::List(list) = &mut function.args
            && list.args.len() == 1
        {
            let column = Expr::Identifier(Ident::new("categories"));
            list.args.insert(0, FunctionArg::Unnamed(FunctionArgExpr::Expr(column)));
        }
        ControlFlow::Continue(())
    }
}

/// An error of planning or running in words for the user, with the name that may have been meant.
pub(crate) fn explain(error: &DataFusionError, part: Part) -> String {
    if let DataFusionError::SchemaError(error, _) = error
        && let SchemaError::FieldNotFound { field, valid_fields } = error.as_ref()
    {
        let names = [Some(field.name.as_str()), field.relation.as_ref().map(|relation| relation.table())];
        let content = names.into_iter().flatten().find(|name| is_content(name));
        if let (Some(name), Part::Infrastructure) = (content, part) {
            return format!(
                "`{name}` is of the content part, which the operator's view does not hold; `describe events` lists what it holds"
            );
        }
        let valid = || valid_fields.iter().map(|field| field.name.as_str());
        // The other names of the search stand for the column.
        let of_search = fields::FIELDS.iter().filter(|known| valid().any(|name| name == known.name));
        let aliases: Vec<(&str, &str)> =
            of_search.flat_map(|known| known.aliases.iter().map(|alias| (*alias, known.name))).collect();
        let mut near = fields::nearest(&field.name, valid().chain(aliases.iter().map(|(alias, _)| *alias)));
        for name in &mut near {
            *name = aliases.iter().find(|(alias, _)| alias == name).map_or(*name, |(_, column)| column);
        }
        near.dedup();
        let remedy = match fields::alternatives(&near) {
            Some(near) => format!("did you mean {near}?"),
            None if part == Part::Infrastructure => "`describe events` lists the columns".to_owned(),
            None => {
                "`describe events` lists the columns; a field inside a map is read with json_get(requestFields, 'name')"
                    .to_owned()
            }
        };
        return format!("there is no column `{}`; {remedy}", field.flat_name().replace('"', ""));
    }
    let text = error.message().into_owned();
    match text.strip_prefix("table '").and_then(|rest| rest.split_once('\'')) {
        Some((table, _)) => no_table(table.rsplit('.').next().unwrap_or(table)),
        None => text,
    }
}

/// Whether `name` names a column of the content part.
fn is_content(name: &str) -> bool {
    fields::FIELDS.iter().any(|field| field.content && field.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
