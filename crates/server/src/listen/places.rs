//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places for connections.
#[derive(Debug)]
pub(super) struct Places {
    max: usize,
    of_address_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// As many are open as may be.
    Server,
    /// As many are open as one address may have.
    Address,
}

/// A taken place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub(super) fn new(max: usize, of_address_max: usize) -> Self {
        Self { max, of_address_max, taken: Mutex::default() }
    }

    /// Takes a place for a connection from `peer`.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, NoPlace> {
        let address = one_peer(peer);
        let mut taken = self.lock();
        if taken.all >= self.max {
            return Err(NoPlace::Server);
        }
        let of_address = taken.by_address.entry(address).or_default();
        if *of_address >= self.of_address_max {
            return Err(NoPlace::Address);
        }
        *of_address += 1;
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), address })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Entry::Occupied(mut entry) = taken.by_address.entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// What counts as one peer: an IPv4 address, or a network of 64 bits, of which a single machine has every address.
pub(super) fn one_peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// `connections`, or fewer if the process may not have so many open files beside `reserved` others: a journal that cannot open
/// its next segment is worse than a connection that is refused.
pub(super) fn within_open_files(connections: usize, reserved: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map_or(connections, |files| connections.min(files.saturating_sub(reserved).max(1)))
}

/// The soft limit of open files in Linux's table of limits; `None` if it does not say, or there is none.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_address() {
        let places = Arc::new(Places::new(4, 2));
        let take = |address: &str| places.take(address.parse().unwrap());
        let (a, _b) = (take("192.0.2.1").unwrap(), take("::ffff:192.0.2.1").unwrap());
        assert_eq!(take("192.0.2.1").unwrap_err(), NoPlace::Address, "an address is one however it is written");
        let (_c, _d) = (take("2001:db8::1").unwrap(), take("2001:db8::2:0:0:1").unwrap());
        assert_eq!(places.taken(), 4);
        assert_eq!(take("198.51.100.1").unwrap_err(), NoPlace::Server);
        drop(a);
        assert_eq!(take("2001:db8::3").unwrap_err(), NoPlace::Address, "64 bits are one peer");
        let last = take("192.0.2.1").unwrap();
        drop(last);
        assert_eq!(places.taken(), 3);
        drop((_b, _c, _d));
        assert!(places.lock().by_address.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn open_files_leave_room_for_the_journal() {
        let check = |text: &str, expected| assert_eq!(open_files(text), expected, "{text}");
        check(
            "Limit Soft Hard Units\nMax open files            1024                 524288               files\n",
            Some(1024),
        );
        check("Max open files            unlimited            unlimited            files\n", None);
        check("", None);
        assert!(within_open_files(usize::MAX, 10) >= 1);
    }
}
