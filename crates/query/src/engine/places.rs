//! Places for queries, and who may hold how many of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indelible_event::{Organization, Part};
use tokio::sync::Notify;

use crate::view::View;

/// Whose places are counted together: those of an organization, or of the operator's view (`None`).
type Holder = Option<Organization>;

/// A fixed number of places, of which no holder ever has more than its share.
#[derive(Debug)]
pub(super) struct Places {
    taken: Mutex<Taken>,
    all: usize,
    share: usize,
    given_back: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_holder: BTreeMap<Holder, usize>,
}

/// A place. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    holders: Vec<Holder>,
}

impl Places {
    /// `all` places, at least one; a holder has at most `share` of them, at least one.
    pub(super) fn new(all: usize, share: usize) -> Arc<Self> {
        let (taken, given_back) = (Mutex::default(), Notify::new());
        Arc::new(Self { taken, all: all.max(1), share: share.max(1), given_back })
    }

    /// Waits for a place for a query over what `view` shows. It counts for each organization in it.
    pub(super) async fn take(self: &Arc<Self>, view: &View) -> Place {
        let holders = match view.part() {
            Part::Infrastructure => vec![None],
            Part::Entry => view.organizations().iter().cloned().map(Some).collect(),
        };
        loop {
            // Listens before it looks, so that no place is given back unheard in between.
            let given_back = self.given_back.notified();
            if self.try_take(&holders) {
                return Place { places: Arc::clone(self), holders };
            }
            given_back.await;
        }
    }

    fn try_take(&self, holders: &[Holder]) -> bool {
        let mut taken = self.lock();
        let has_share = |holder| taken.by_holder.get(holder).is_none_or(|held| *held < self.share);
        if taken.all >= self.all || !holders.iter().all(has_share) {
            return false;
        }
        taken.all += 1;
        for holder in holders {
            *taken.by_holder.entry(holder.clone()).or_default() += 1;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        for holder in &self.holders {
            match taken.by_holder.get_mut(holder) {
                Some(held) if *held > 1 => *held -= 1,
                _ => drop(taken.by_holder.remove(holder)),
            }
        }
        drop(taken);
        self.places.given_back.notify_waiters();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::fixture::{ACME, BOLT, operator, scope};

    /// Of so many places with such a share each view in turn gets one, or does not get it at once.
    fn check(all: usize, share: usize, asked: &[(View, bool)]) {
        let places = Places::new(all, share);
        let mut taken = Vec::new();
        for (at, (view, expected)) in asked.iter().enumerate() {
            let polled = pin!(places.take(view)).poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(polled.is_ready(), *expected, "{all} places, share {share}, query {at}");
            taken.push(polled);
        }
        drop(taken);
        let left = places.lock();
        assert_eq!((left.all, left.by_holder.len()), (0, 0), "all are given back");
    }

    #[test]
    fn nobody_takes_all_places() {
        let (acme, bolt, both) =
            (|| View::of(&scope(&[ACME])), || View::of(&scope(&[BOLT])), || View::of(&scope(&[ACME, BOLT])));
        let observer = || View::of(&operator(&[ACME, BOLT]));
        check(2, 2, &[(acme(), true), (acme(), true), (bolt(), false)]);
        check(2, 1, &[(acme(), true), (acme(), false), (bolt(), true), (bolt(), false)]);
        check(3, 2, &[(acme(), true), (acme(), true), (acme(), false), (bolt(), true)]);
        // One over both is one of each.
        check(4, 2, &[(both(), true), (acme(), true), (acme(), false), (both(), false), (bolt(), true)]);
        // The operator's view takes nothing from the organizations' shares.
        check(4, 2, &[(observer(), true), (observer(), true), (observer(), false), (acme(), true), (acme(), true)]);
        check(0, 0, &[(acme(), true), (bolt(), false)]);
    }

    #[tokio::test]
    async fn whoever_waits_gets_what_is_given_back() {
        let places = Places::new(2, 1);
        let view = View::of(&scope(&[ACME]));
        let held = places.take(&view).await;
        let mut waits = pin!(places.take(&view));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(waits.as_mut().poll(&mut context), Poll::Pending));
        drop(held);
        assert!(waits.poll(&mut context).is_ready());
    }
}
