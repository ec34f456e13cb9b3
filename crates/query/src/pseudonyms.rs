//! Shows pseudonyms in place of people, sessions and tokens, below everything a question can say.
//!
//! What stands above this in a plan, conditions included, sees pseudonyms; what is below, with its statistics and Bloom
//! filters, is asked of the other columns only. So a question that guesses a name finds nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder};
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{ChildFilterDescription, FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;
use indelible_event::pseudonym::{FIELDS, PseudonymKey};

use crate::schema::ORGANIZATION;

/// Hands on its input with pseudonyms in the rows of the organizations that have a key.
#[derive(Debug)]
pub(crate) struct PseudonymExec {
    input: Arc<dyn ExecutionPlan>,
    /// By RID.
    keys: Arc<BTreeMap<String, PseudonymKey>>,
    properties: Arc<PlanProperties>,
}

impl PseudonymExec {
    /// `input` has the column of the organization.
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, keys: Arc<BTreeMap<String, PseudonymKey>>) -> Self {
        // Nothing that is known of the input's values holds for pseudonyms.
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        ));
        PseudonymExec { input, keys, properties }
    }
}

impl DisplayAs for PseudonymExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymExec")
    }
}

impl ExecutionPlan for PseudonymExec {
    fn name(&self) -> &str {
        "PseudonymExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn apply_expressions(
        &self,
        _each: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(PseudonymExec::new(input, Arc::clone(&self.keys)))),
            _ => internal_err!("PseudonymExec has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        // Only conditions on columns that are handed on as they are may be asked below.
        let schema = self.schema();
        let plain = (0..schema.fields().len()).filter(|index| !is_hidden(schema.field(*index).name()));
        let plain: HashSet<usize> = plain.collect();
        let child = ChildFilterDescription::from_child_with_allowed_indices(&filters, plain, &self.input)?;
        Ok(FilterDescription::new().with_child(child))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (keys, schema) = (Arc::clone(&self.keys), self.schema());
        let hidden = self.input.execute(partition, context)?.map(move |batch| hide(&batch?, &schema, &keys));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), hidden)))
    }
}

/// Whether the column called `name` is shown as pseudonyms.
pub(crate) fn is_hidden(name: &str) -> bool {
    FIELDS.contains(&name)
}

fn hide(batch: &RecordBatch, schema: &SchemaRef, keys: &BTreeMap<String, PseudonymKey>) -> Result<RecordBatch> {
    let Some(organizations) = batch.column_by_name(ORGANIZATION).and_then(|column| column.as_string_view_opt()) else {
        return internal_err!("rows to be hidden name no organization");
    };
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (column, field) in batch.columns().iter().zip(schema.fields()) {
        columns.push(match (is_hidden(field.name()), column.as_string_view_opt()) {
            (false, _) => Arc::clone(column),
            (true, Some(values)) => Arc::new(pseudonyms(values, organizations, field.name(), keys)),
            (true, None) => return internal_err!("a column to be hidden is no text"),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn pseudonyms(
    values: &StringViewArray,
    organizations: &StringViewArray,
    field: &str,
    keys: &BTreeMap<String, PseudonymKey>,
) -> StringViewArray {
    let mut hidden = StringViewBuilder::with_capacity(values.len());
    // A batch names few people often.
    let mut known: HashMap<(&str, &str), String> = HashMap::new();
    for (organization, value) in organizations.iter().zip(values) {
        let shown = match (organization.and_then(|rid| Some((rid, keys.get(rid)?))), value) {
            (Some((rid, key)), Some(value)) => {
                Some(known.entry((rid, value)).or_insert_with(|| key.pseudonym(field, value)).as_str())
            }
            (_, value) => value,
        };
        hidden.append_option(shown);
    }
    hidden.finish()
}
