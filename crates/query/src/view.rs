//! What one query may see: the right it was asked with, as far as the engine needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use indelible_event::pseudonym::PseudonymKey;
use indelible_event::{Organization, Part, Reach};

/// Organizations, how much of their entries, and whose people are shown as pseudonyms. Made of a [`Reach`] only.
#[derive(Debug, Clone)]
pub(crate) struct View(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    organizations: Vec<Organization>,
    part: Part,
    pseudonyms: BTreeMap<String, PseudonymKey>,
}

impl View {
    pub(crate) fn of(reach: &impl Reach) -> View {
        let organizations = reach.organizations().to_vec();
        let keyed = organizations.iter().filter_map(|organization| {
            reach.pseudonyms(organization).map(|key| (organization.as_str().to_owned(), key.clone()))
        });
        let pseudonyms = keyed.collect();
        View(Arc::new(Inner { organizations, part: reach.part(), pseudonyms }))
    }

    /// Sorted, without repeats.
    pub(crate) fn organizations(&self) -> &[Organization] {
        &self.0.organizations
    }

    pub(crate) fn contains(&self, organization: &Organization) -> bool {
        self.0.organizations.binary_search(organization).is_ok()
    }

    pub(crate) fn part(&self) -> Part {
        self.0.part
    }

    /// Keys of the organizations, by RID, whose people, sessions and tokens are shown as pseudonyms.
    pub(crate) fn pseudonyms(&self) -> &BTreeMap<String, PseudonymKey> {
        &self.0.pseudonyms
    }

    /// Whether those of `organization` are.
    pub(crate) fn hides(&self, organization: &Organization) -> bool {
        self.0.pseudonyms.contains_key(organization.as_str())
    }
}
