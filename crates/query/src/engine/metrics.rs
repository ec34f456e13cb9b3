//! Counts over time and most frequent values.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::functions::datetime::expr_fn::date_bin;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, cast, ident, lit};
use indelible_event::Reach;

use super::Engine;
use super::run::Plans;
use super::search::SearchRequest;
use crate::answer::QueryError;
use crate::fields::Kind;
use crate::search::{Target, target, translate};
use crate::snapshot::Snapshot;
use crate::view::View;

/// A stretch of time and how many events fall into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its first instant, microseconds since 1970 UTC, a multiple of its length.
    pub start_us: i64,
    /// Events in it.
    pub count: u64,
}

/// A value and how many events have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As text; `None` counts the events without one.
    pub value: Option<String>,
    /// Events that have it.
    pub count: u64,
}

impl Engine {
    /// The events that meet `request`, counted per `bucket_us` microseconds of `time`, oldest first. Stretches without
    /// events are left out. At most [`Limits::rows_max`](crate::Limits::rows_max) of them.
    pub async fn histogram(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        request: &SearchRequest,
        bucket_us: u64,
    ) -> Result<Vec<Bucket>, QueryError> {
        let view = View::of(scope);
        let condition = request.condition(&view)?;
        let nanos = i64::try_from(bucket_us.max(1)).unwrap_or(i64::MAX).saturating_mul(1_000);
        let plan = move |plans: Arc<Plans>| async move {
            let stride = lit(ScalarValue::new_interval_mdn(0, 0, nanos));
            let origin = lit(ScalarValue::TimestampMicrosecond(Some(0), Some("UTC".into())));
            let bucket = date_bin(stride, ident("time"), origin);
            let bucket = cast(bucket, DataType::Timestamp(TimeUnit::Microsecond, None)).alias("bucket");
            let frame = plans.events(condition).await?;
            let frame = frame
                .aggregate(vec![bucket], vec![count(lit(1)).alias("count")])
                .and_then(|frame| frame.sort(vec![ident("bucket").sort(true, false)]));
            let frame = frame.map_err(|error| plans.error(&error))?;
            plans.rows(frame).await
        };
        let (batches, _) = self.run(view, snapshot, self.limits().rows_max, plan).await?.collect().await?;
        let buckets = batches.iter().flat_map(|batch| {
            let starts = batch.column(0).as_primitive::<TimestampMicrosecondType>();
            let counts = batch.column(1).as_primitive::<Int64Type>();
            starts
                .values()
                .iter()
                .zip(counts.values())
                .map(|(start, count)| Bucket { start_us: *start, count: count.unsigned_abs() })
        });
        Ok(buckets.collect())
    }

    /// The `n` most frequent values of `field` among the events that meet `request`, most frequent first, equal ones
    /// in their own order. `field` is a name of the search, so `category` and `requestFields.bucketName` do. An event
    /// with several values counts for each.
    pub async fn top(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        request: &SearchRequest,
        field: &str,
        n: u32,
    ) -> Result<Vec<Value>, QueryError> {
        let view = View::of(scope);
        let condition = request.condition(&view)?;
        let target = target(field, view.part())?;
        let is_list = match &target {
            Target::Column(field) => matches!(field.kind, Kind::List | Kind::Users) || field.name == "origins",
            Target::User(_) => true,
            _ => false,
        };
        let member = match &target {
            Target::Column(field) if field.kind == Kind::Users => Some("uid"),
            Target::User(member) => Some(*member),
            _ => None,
        };
        let plan = move |plans: Arc<Plans>| async move {
            let frame = plans.events(condition).await?;
            let frame = frame.select([translate::value(&target).alias("value")]);
            let frame = frame
                .and_then(|frame| if is_list { frame.unnest_columns(&["value"]) } else { Ok(frame) })
                .and_then(|frame| match member {
                    Some(member) => frame.select([get_field(ident("value"), member).alias("value")]),
                    None => Ok(frame),
                })
                .and_then(|frame| frame.aggregate(vec![ident("value")], vec![count(lit(1)).alias("count")]))
                .and_then(|frame| {
                    let order = vec![ident("count").sort(false, false), ident("value").sort(true, false)];
                    frame.sort(order)?.limit(0, Some(n as usize))
                })
                .and_then(|frame| frame.select([as_text(ident("value")), ident("count")]));
            let frame = frame.map_err(|error| plans.error(&error))?;
            plans.rows(frame).await
        };
        let (batches, _) = self.run(view, snapshot, self.limits().rows_max, plan).await?.collect().await?;
        let values = batches.iter().flat_map(|batch| {
            let values = batch.column(0).as_string_view();
            let counts = batch.column(1).as_primitive::<Int64Type>();
            values
                .iter()
                .zip(counts.values())
                .map(|(value, count)| Value { value: value.map(str::to_owned), count: count.unsigned_abs() })
        });
        Ok(values.collect())
    }
}

fn as_text(value: Expr) -> Expr {
    cast(value, DataType::Utf8View)
}
