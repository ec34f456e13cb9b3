//! The memory of one query, shared out among its operators.
//!
//! Operators that can go over the disk share evenly what is theirs, as in the engine's own fair pool. Unlike there, a part of
//! the memory is kept from them: the merge that reads sorted runs back from the disk cannot spill, and begins when those
//! that can have taken all they may.

use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::{Result, resources_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// What operators that can spill leave to the others: a quarter.
const KEPT: usize = 4;

/// A pool of `bytes` for one query.
#[derive(Debug)]
pub(crate) struct QueryMemory {
    bytes: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    spillers: usize,
    spillable: usize,
    fixed: usize,
}

impl QueryMemory {
    pub(crate) fn new(bytes: usize) -> QueryMemory {
        QueryMemory { bytes, used: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one operator that can spill may hold.
    fn share(&self, used: &Used) -> usize {
        let kept = used.fixed.max(self.bytes / KEPT);
        self.bytes.saturating_sub(kept) / used.spillers.max(1)
    }
}

impl Used {
    fn of(&mut self, reservation: &MemoryReservation) -> &mut usize {
        if reservation.consumer().can_spill() { &mut self.spillable } else { &mut self.fixed }
    }
}

impl Display for QueryMemory {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.reserved(), self.bytes)
    }
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.lock().spillers += usize::from(consumer.can_spill());
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut used = self.lock();
        used.spillers = used.spillers.saturating_sub(usize::from(consumer.can_spill()));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.lock().of(reservation) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut used = self.lock();
        let part = used.of(reservation);
        *part = part.saturating_sub(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut used = self.lock();
        let consumer = reservation.consumer();
        let free = if consumer.can_spill() {
            self.share(&used).saturating_sub(reservation.size())
        } else {
            self.bytes.saturating_sub(used.fixed + used.spillable)
        };
        if additional > free {
            return resources_err!("{} needs {additional} bytes more and may have {free}", consumer.name());
        }
        *used.of(reservation) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        let used = self.lock();
        used.fixed + used.spillable
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn operators_that_spill_share_evenly_and_leave_a_quarter() {
        let pool: Arc<dyn MemoryPool> = Arc::new(QueryMemory::new(1_000));
        let sort = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        sort.try_grow(750).unwrap();
        assert!(sort.try_grow(1).is_err());
        let merge = MemoryConsumer::new("merge").register(&pool);
        merge.try_grow(250).unwrap();
        assert!(merge.try_grow(1).is_err());
        sort.free();
        let other = MemoryConsumer::new("other").with_can_spill(true).register(&pool);
        other.try_grow(375).unwrap();
        assert!(other.try_grow(1).is_err());
        drop(sort);
        other.try_grow(375).unwrap();
        merge.shrink(250);
        assert_eq!(pool.reserved(), 750);
    }

    #[test]
    fn what_others_hold_beyond_the_quarter_is_taken_from_those_that_spill() {
        let pool: Arc<dyn MemoryPool> = Arc::new(QueryMemory::new(1_000));
        let join = MemoryConsumer::new("join").register(&pool);
        join.try_grow(600).unwrap();
        let sort = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        assert!(sort.try_grow(401).is_err());
        sort.try_grow(400).unwrap();
    }
}
