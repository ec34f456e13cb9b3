//! Whether what producers emitted is there: their own numbers, compared with those in the log.
//!
//! Everything is asked of the log itself, in SQL and within the caller's scope, so the report can be checked by anyone who
//! may read the log. A gap belongs to the hour and the organization of the entry after it. What is lost at the end of an
//! epoch leaves no gap: there is no entry after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use futures::StreamExt;
use indelible_api::{AccountingRow, ErrorCode, Gap};
use indelible_archive::LogFile;
use indelible_event::{Scope, Time};
use indelible_query::Snapshot;

use crate::app::App;
use crate::audit::INDELIBLE;
use crate::error::ApiError;

/// Most ranges told for one row; the number of missing events counts all.
const GAPS_MAX: usize = 100;
/// What all queries group by. An event that was not numbered has no epoch.
const KEY: &str = "organization, intake.producer as producer, intake.producerEpoch as epoch, \
                   to_unixtime(date_trunc('hour', received_at)) as hour";

/// One row of the report: organization, producer, epoch, hour in seconds since 1970.
type Key = (String, String, Option<u64>, i64);

#[derive(Default)]
struct Account {
    accepted: u64,
    unarchived: u64,
    exported: u64,
    missing: u64,
    gaps: Vec<Gap>,
}

/// What producers sent, received at or after `since_us`; all if `None`.
fn within(since_us: Option<i64>) -> String {
    let since = since_us.map(|us| format!(" and received_at >= '{}'", Time { micros: us, nanos: 0 }));
    format!("type <> 'indelible.1' and intake.producer <> '{INDELIBLE}'{}", since.unwrap_or_default())
}

fn totals(since_us: Option<i64>) -> String {
    format!("select {KEY}, count(*) as accepted from entries where {} group by 1, 2, 3, 4", within(since_us))
}

/// Where a number follows one that is not its predecessor. Over all time an epoch begins with 0; within a window nothing is
/// known of what came before its first number.
fn gaps(since_us: Option<i64>) -> String {
    let before_first = if since_us.is_none() { ", 1, -1" } else { "" };
    format!(
        "select organization, producer, epoch, hour, before + 1 as first, number - 1 as last from (\
           select organization, producer, epoch, hour, number, \
             lag(number{before_first}) over (partition by producer, epoch order by number, organization) as before \
           from (select {KEY}, intake.producerSeq as number from entries where {} and intake.producerSeq is not null)\
         ) where number - before > 1 order by producer, epoch, number",
        within(since_us)
    )
}

impl App {
    /// What was emitted and is there since `since_us`, in order of organization, producer, epoch and hour.
    pub(crate) async fn account(&self, scope: &Scope, since_us: Option<i64>) -> Result<Vec<AccountingRow>, ApiError> {
        let snapshot = self.snapshot(scope);
        let mut accounts: BTreeMap<Key, Account> = BTreeMap::new();
        self.collect(scope, &snapshot, &totals(since_us), |key, numbers| {
            accounts.entry(key).or_default().accepted = numbers[0];
        })
        .await?;
        let tail = Snapshot { files: Vec::new(), ..snapshot.clone() };
        self.collect(scope, &tail, &totals(since_us), |key, numbers| {
            accounts.entry(key).or_default().unarchived = numbers[0];
        })
        .await?;
        // Exports take whole log files.
        let exported_until: BTreeMap<&str, (u32, u64)> = scope
            .organizations()
            .iter()
            .filter_map(|organization| Some((organization.as_str(), self.exported_until(organization)?)))
            .collect();
        let is_exported = |file: &Arc<LogFile>| {
            let until = exported_until.get(file.organization.as_str());
            until.is_some_and(|until| (file.generation, file.last) < *until)
        };
        let files = snapshot.files.iter().filter(|file| is_exported(file)).cloned().collect();
        self.collect(scope, &Snapshot { files, tail: Vec::new() }, &totals(since_us), |key, numbers| {
            accounts.entry(key).or_default().exported = numbers[0];
        })
        .await?;
        self.collect(scope, &snapshot, &gaps(since_us), |key, numbers| {
            let account = accounts.entry(key).or_default();
            let gap = Gap { first: numbers[0], last: numbers[1] };
            account.missing += gap.last - gap.first + 1;
            if account.gaps.len() < GAPS_MAX {
                account.gaps.push(gap);
            }
        })
        .await?;
        let has_exports = |organization: &str| exported_until.contains_key(organization);
        Ok(accounts.into_iter().map(|(key, account)| row(has_exports(&key.0), key, account)).collect())
    }

    /// Calls `each` with the key and the further columns of every row of the answer.
    async fn collect(
        &self,
        scope: &Scope,
        snapshot: &Snapshot,
        query: &str,
        mut each: impl FnMut(Key, [u64; 2]),
    ) -> Result<(), ApiError> {
        let mut answer = self.engine.sql(scope, snapshot.clone(), query).await?;
        while let Some(batch) = answer.next().await {
            read(&batch?, &mut each).map_err(|error| ApiError::internal("count the entries", error))?;
        }
        if answer.is_truncated() {
            let message = "there are too many rows to count; ask for a shorter time or one organization";
            return Err(ApiError::new(ErrorCode::QueryLimit, message));
        }
        Ok(())
    }
}

fn read(batch: &RecordBatch, each: &mut impl FnMut(Key, [u64; 2])) -> anyhow::Result<()> {
    let column = |index: usize, kind: &DataType| {
        cast(batch.columns().get(index).context("a column is missing")?, kind).context("a column is of another type")
    };
    let (organization, producer) = (column(0, &DataType::Utf8)?, column(1, &DataType::Utf8)?);
    let mut numbers = Vec::new();
    for index in 2..batch.num_columns() {
        numbers.push(column(index, &DataType::Int64)?);
    }
    let (organization, producer) = (organization.as_string::<i32>(), producer.as_string::<i32>());
    for row in 0..batch.num_rows() {
        let number = |index: usize| {
            let column = numbers.get(index)?.as_primitive::<Int64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let count = |index: usize| number(index).and_then(|value| u64::try_from(value).ok());
        let producer = if producer.is_valid(row) { producer.value(row) } else { "" };
        let key = (organization.value(row).to_owned(), producer.to_owned(), count(0), number(1).unwrap_or(0));
        each(key, [count(2).unwrap_or(0), count(3).unwrap_or(0)]);
    }
    Ok(())
}

fn row(has_exports: bool, (organization, producer, epoch, hour): Key, account: Account) -> AccountingRow {
    let Account { accepted, unarchived, exported, missing, gaps } = account;
    AccountingRow {
        organization,
        producer,
        epoch,
        hour: Time::from_us(hour.saturating_mul(1_000_000)).to_string(),
        emitted: epoch.map(|_| accepted + missing),
        accepted,
        missing: epoch.map(|_| missing),
        gaps,
        archived: accepted.saturating_sub(unarchived),
        exported: has_exports.then_some(exported),
    }
}
