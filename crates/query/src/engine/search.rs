//! Searches: the newest or oldest events that meet a search, or how many there are.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, SortExpr, ident, lit};
use futures::future::ready;
use futures::{StreamExt, stream};
use indelible_event::{Organization, Reach};

use super::Engine;
use super::run::{Plans, Rows};
use crate::answer::{Answer, QueryError};
use crate::schema;
use crate::search::{parse, translate};
use crate::snapshot::Snapshot;
use crate::view::View;

/// Up to this many rows are found by their keys first and read whole afterwards.
const KEYS_MAX: u64 = 10_000;
/// Rows read whole at once.
const FETCH_ROWS: usize = 500;

/// Rows worked on at once where whole rows are sorted.
const WHOLE_ROWS: usize = 512;

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct SearchRequest {
    /// The search, see `docs/reference/search.md`; empty is everything.
    pub query: String,
    /// Only events whose `time` is not before, microseconds since 1970 UTC.
    pub since_us: Option<i64>,
    /// Only events whose `time` is before.
    pub until_us: Option<i64>,
    /// At most so many rows; [`Limits::rows_max`](crate::Limits::rows_max) holds besides.
    pub limit: Option<u64>,
    /// Which come first.
    pub order: Order,
    /// The present, from which `-7d` and `today` count. Microseconds since 1970 UTC.
    pub now_us: i64,
}

/// Order of the rows: by `time`, then organization, then place: generation of the log, which `received_at` tells, and `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The last ones first.
    #[default]
    Newest,
    /// The first ones first.
    Oldest,
}

impl SearchRequest {
    /// The condition on rows of the table.
    pub(super) fn condition(&self, view: &View) -> Result<Expr, QueryError> {
        let node = parse(&self.query, view.part(), i128::from(self.now_us) * 1_000)?;
        let mut condition = translate::translate(&node, view);
        if let Some(since) = self.since_us {
            condition = translate::not_before(false, i128::from(since) * 1_000).and(condition);
        }
        if let Some(until) = self.until_us {
            condition = translate::before(false, i128::from(until) * 1_000).and(condition);
        }
        Ok(condition)
    }
}

impl Engine {
    /// The events that meet `request`, in its order, with the columns of
    /// [`indelible_archive::rows::schema`] that the scope's part has.
    pub async fn search(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        request: &SearchRequest,
    ) -> Result<Answer, QueryError> {
        let view = View::of(scope);
        let condition = request.condition(&view)?;
        let order = request.order;
        let asked = request.limit.unwrap_or(u64::MAX);
        // One more than may go out, to know whether there is more.
        let wanted = asked.min(self.limits.rows_max.saturating_add(1));
        let rows_max = self.limits.rows_max;
        if wanted > KEYS_MAX {
            let plan = move |plans: Arc<Plans>| whole(plans, condition, order, wanted);
            return self.run(view, snapshot, rows_max, plan).await;
        }
        let plan = move |plans: Arc<Plans>| by_keys(plans, condition, order, wanted);
        self.run(view, snapshot, rows_max, plan).await
    }

    /// How many events meet `request`. Its limit and order do not matter.
    pub async fn count(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        request: &SearchRequest,
    ) -> Result<u64, QueryError> {
        let view = View::of(scope);
        let condition = request.condition(&view)?;
        let plan = move |plans: Arc<Plans>| async move {
            let frame = plans.events(condition).await?;
            let frame = frame.aggregate(vec![], vec![count(lit(1))]).map_err(|error| plans.error(&error))?;
            plans.rows(frame).await
        };
        let (batches, _) = self.run(view, snapshot, 1, plan).await?.collect().await?;
        let counted = batches.first().map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0));
        Ok(counted.unsigned_abs())
    }

    /// The places of all events of `organization` that meet `request` and whose `seq` is in `seqs`: one column, in no order. Its
    /// limit and order do not matter, nor do the limits on rows.
    pub async fn places(
        &self,
        scope: &impl Reach,
        snapshot: Snapshot,
        request: &SearchRequest,
        organization: &Organization,
        seqs: RangeInclusive<u64>,
    ) -> Result<Answer, QueryError> {
        let view = View::of(scope);
        let seq = |seq: u64| lit(i64::try_from(seq).unwrap_or(i64::MAX));
        let condition = ident("organization")
            .eq(lit(organization.as_str()))
            .and(ident("seq").gt_eq(seq(*seqs.start())))
            .and(ident("seq").lt_eq(seq(*seqs.end())))
            .and(request.condition(&view)?);
        let plan = move |plans: Arc<Plans>| async move {
            let frame = plans.events(condition).await?;
            let frame = frame.select([ident("seq")]).map_err(|error| plans.error(&error))?;
            plans.rows(frame).await
        };
        self.run(view, snapshot, u64::MAX, plan).await
    }
}

impl Plans {
    fn work_in_batches(&self, rows: usize) {
        let state = self.context.state_ref();
        let mut state = state.write();
        let rows = rows.min(state.config().batch_size());
        let config = state.config().clone().with_batch_size(rows);
        *state.config_mut() = config;
    }

    /// The rows of `events` that meet `condition`.
    pub(super) async fn events(&self, condition: Expr) -> Result<DataFrame, QueryError> {
        self.table("events", condition).await
    }

    /// The rows of `table` that meet `condition`.
    pub(super) async fn table(&self, table: &str, condition: Expr) -> Result<DataFrame, QueryError> {
        let frame = self.context.table(table).await;
        frame.and_then(|frame| frame.filter(condition)).map_err(|error| self.error(&error))
    }
}

/// By time; of equal times by organization and place.
fn sort(order: Order) -> Vec<SortExpr> {
    let newest = order == Order::Newest;
    vec![
        ident("time").sort(!newest, false),
        // Absent is 0, the smallest.
        ident("timeNanos").sort(!newest, !newest),
        ident("organization").sort(true, false),
        // Generations of a log follow each other in time.
        ident("received_at").sort(!newest, false),
        ident("seq").sort(!newest, false),
    ]
}

/// Sorts whole rows, on disk where memory does not suffice. The limit is applied to what comes out, because the
/// engine keeps the rows of a sort that knows its limit in memory.
async fn whole(plans: Arc<Plans>, condition: Expr, order: Order, wanted: u64) -> Result<Rows, QueryError> {
    // The merge holds a batch of every run, and whole rows are wide.
    plans.work_in_batches(WHOLE_ROWS);
    let frame = plans.events(condition).await?;
    let frame = frame.sort(sort(order)).map_err(|error| plans.error(&error))?;
    let schema = schema::archived(plans.view.part());
    let rows = plans.rows(frame).await?;
    let (as_archived, mut left) = (Arc::clone(&schema), wanted);
    let first = rows.batches.map(move |batch| {
        let batch = batch?;
        let keep = left.min(batch.num_rows() as u64);
        left -= keep;
        archived(&batch.slice(0, keep as usize), &as_archived)
    });
    let until_empty = first.take_while(|batch| ready(!matches!(batch, Ok(batch) if batch.num_rows() == 0)));
    Ok(Rows { schema, batches: Box::pin(until_empty) })
}

/// Where an entry is: organization, `seq`, and `received_at`, which tells the generations of a log apart.
type Key = (String, i64, i64);

/// Finds the rows by a few narrow columns, then reads them whole, a few at a time and in order. Sorting whole rows
/// would read the wide columns of many that are then thrown away.
async fn by_keys(plans: Arc<Plans>, condition: Expr, order: Order, wanted: u64) -> Result<Rows, QueryError> {
    let frame = plans.events(condition).await?;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let columns = ["time", "timeNanos", "organization", "seq", "received_at"].map(ident);
    let frame = frame.select(columns);
    let frame = frame.and_then(|frame| frame.sort(sort(order))?.limit(0, Some(wanted)));
    let mut found = Arc::clone(&plans).rows(frame.map_err(|error| plans.error(&error))?).await?;
    let mut keys: Vec<Key> = Vec::new();
    while let Some(batch) = found.batches.next().await {
        let batch = batch?;
        let rids = batch.column(2).as_string_view().iter();
        let seqs = batch.column(3).as_primitive::<Int64Type>().iter();
        let received = batch.column(4).as_primitive::<TimestampMicrosecondType>().iter();
        let places = rids.zip(seqs).zip(received);
        keys.extend(places.filter_map(|((rid, seq), received)| Some((rid?.to_owned(), seq?, received?))));
    }
    let schema = schema::archived(plans.view.part());
    let pieces: Vec<Vec<Key>> = keys.chunks(FETCH_ROWS).map(<[Key]>::to_vec).collect();
    let batches = stream::iter(pieces).then(move |keys| {
        let plans = Arc::clone(&plans);
        async move { plans.fetch(&keys).await }
    });
    Ok(Rows { schema, batches: Box::pin(batches) })
}

impl Plans {
    /// The entries at `keys`, whole and in their order.
    async fn fetch(self: Arc<Self>, keys: &[Key]) -> Result<RecordBatch, QueryError> {
        let schema = schema::archived(self.view.part());
        let frame = self.table("entries", at_any(keys)).await?;
        let mut rows = Arc::clone(&self).rows(frame).await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.batches.next().await {
            batches.push(archived(&batch?, &schema)?);
        }
        let internal = |error: arrow::error::ArrowError| QueryError::Internal(error.to_string());
        let all = concat_batches(&schema, &batches).map_err(internal)?;
        let rids = all.column(0).as_string::<i32>();
        let seqs = all.column(1).as_primitive::<Int64Type>();
        let received = all.column(2).as_primitive::<TimestampMicrosecondType>();
        let place = |row: usize| ((rids.value(row), seqs.value(row), received.value(row)), row as u32);
        let places: HashMap<(&str, i64, i64), u32> = (0..all.num_rows()).map(place).collect();
        let indices = keys.iter().map(|(rid, seq, received)| {
            let place = places.get(&(rid.as_str(), *seq, *received)).copied();
            place.ok_or_else(|| QueryError::Unreadable(format!("entry {seq} of {rid} was there and is not any more")))
        });
        let indices: Vec<u32> = indices.collect::<Result<_, _>>()?;
        take_record_batch(&all, &arrow::array::UInt32Array::from(indices)).map_err(internal)
    }
}

/// Rows at any of `keys`.
fn at_any(keys: &[Key]) -> Expr {
    let mut by_organization: HashMap<&str, Vec<i64>> = HashMap::new();
    for (rid, seq, _) in keys {
        by_organization.entry(rid).or_default().push(*seq);
    }
    let of_one = |(rid, seqs): (&str, Vec<i64>)| {
        let low = seqs.iter().copied().min().unwrap_or(0);
        let high = seqs.iter().copied().max().unwrap_or(-1);
        let seqs = seqs.into_iter().map(lit).collect();
        ident("organization")
            .eq(lit(rid))
            .and(ident("seq").gt_eq(lit(low)))
            .and(ident("seq").lt_eq(lit(high)))
            .and(ident("seq").in_list(seqs, false))
    };
    by_organization.into_iter().map(of_one).reduce(Expr::or).unwrap_or_else(|| lit(false))
}

/// `batch` in the types of `schema`, the archived ones.
pub(super) fn archived(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, QueryError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
        true => Ok(Arc::clone(column)),
        false => cast(column, field.data_type()),
    });
    columns
        .collect::<Result<_, _>>()
        .and_then(|columns| RecordBatch::try_new(Arc::clone(schema), columns))
        .map_err(|error| QueryError::Internal(error.to_string()))
}
