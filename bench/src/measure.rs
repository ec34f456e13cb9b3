//! The measures of the design, each beside its peers in the same run.

pub(crate) mod archive;
pub(crate) mod delivery;
pub(crate) mod ingest;
pub(crate) mod integrity;
pub(crate) mod lag;
pub(crate) mod proofs;
pub(crate) mod protocols;

use indelible_testkit::generator::Generator;

use crate::peers::Places;

/// What all measures are given.
pub(crate) struct Context<'a> {
    pub(crate) places: &'a Places,
    pub(crate) generator: &'a Generator,
    pub(crate) knobs: &'a Knobs,
}

/// Sizes and times; the defaults fit a run of three quarters of an hour on two cores.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Knobs {
    /// Seed of the events
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Organizations the events belong to
    #[arg(long, default_value_t = 4)]
    pub(crate) organizations: usize,
    /// Times each ingest measure is repeated, the systems taking turns
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Counted seconds of one ingest run, after one or two to warm up
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u64,
    /// Events made beforehand for an ingest run of batches (850 bytes of memory each)
    #[arg(long, default_value_t = 5_000_000)]
    pub(crate) pool: u64,
    /// Events made beforehand for an ingest run of single events
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) pool_single: u64,
    /// Events in the archive that is measured, searched and verified
    #[arg(long, default_value_t = 2_000_000)]
    pub(crate) archive_events: u64,
    /// Events compressed by zstd -19, which manages about 2,000 a second
    #[arg(long, default_value_t = 200_000)]
    pub(crate) zstd_events: u64,
    /// Events sent a second while the lag of the archive is measured
    #[arg(long, default_value_t = 10_000)]
    pub(crate) lag_rate: u64,
    /// How long, for each bucket
    #[arg(long, default_value_t = 270)]
    pub(crate) lag_seconds: u64,
    /// How long the bucket is away
    #[arg(long, default_value_t = 60)]
    pub(crate) outage_seconds: u64,
    /// Events that are exported
    #[arg(long, default_value_t = 2_000_000)]
    pub(crate) export_events: u64,
    /// Events in the archive from which a sink delivers one organization's
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) sink_events: u64,
}
