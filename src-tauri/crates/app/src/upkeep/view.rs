//! Answers about a repository as people and programs see them.

use chrono::{DateTime, Utc};
use kuramori_repo::{
    CheckReport, DamagedObject, Hit, MissingPoint, RebuildReport, RepairReport, RepairedHow,
    RepositoryStats,
};
use serde::Serialize;

use crate::dto::Language;
use crate::messages;

/// What a check found. Sizes are bytes.
#[derive(Clone, Debug, Serialize)]
pub struct CheckView {
    /// The result in one or two sentences.
    pub verdict: String,
    /// Whether nothing is damaged or missing.
    pub sound: bool,
    /// Recovery points that were looked at.
    pub points: usize,
    /// Recovery points that cannot be restored whole.
    pub lost_points: Vec<String>,
    /// Files.
    pub files: u64,
    /// Packs.
    pub packs: u64,
    /// Bytes of all packs.
    pub pack_bytes: u64,
    /// Packs that were read to the end.
    pub packs_read: u64,
    /// Their bytes.
    pub bytes_read: u64,
    /// Different chunks in use.
    pub chunks: u64,
    /// Damaged objects.
    pub damaged: Vec<DamageView>,
    /// Recovery points that are gone without a record of their deletion.
    pub missing: Vec<MissingView>,
    /// Chunks nobody uses.
    pub spare_chunks: u64,
    /// Their bytes, and those of second copies.
    pub spare_bytes: u64,
    /// Manifests that were never committed.
    pub uncommitted: u64,
    /// Files with names of others.
    pub strangers: Vec<String>,
    /// Packs that were read to the end and found good at least once.
    pub proven_packs: u64,
    /// When the pack was read whose reading lies back longest; `null` while some were never read.
    pub proven_since: Option<DateTime<Utc>>,
    /// Whether the result could be kept in the repository.
    pub recorded: bool,
}

/// A damaged object.
#[derive(Clone, Debug, Serialize)]
pub struct DamageView {
    /// Its name in the repository.
    pub object: String,
    /// What is wrong with it. Always English.
    pub reason: String,
    /// What is lost with it.
    pub hits: Vec<HitView>,
}

/// A disk that has lost bytes.
#[derive(Clone, Debug, Serialize)]
pub struct HitView {
    /// The recovery point.
    pub point_id: String,
    /// Name of its VM.
    pub vm_name: String,
    /// When its state was frozen.
    pub taken_at: Option<DateTime<Utc>>,
    /// Position of the disk; `null` for all of the recovery point.
    pub disk: Option<usize>,
    /// Name of the disk.
    pub label: String,
    /// Lost areas, the first few.
    pub ranges: Vec<RangeView>,
    /// Lost bytes.
    pub bytes: u64,
    /// Whether there are more areas.
    pub more: bool,
}

/// An area of a disk.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RangeView {
    /// Where it begins.
    pub offset: u64,
    /// How long it is.
    pub len: u64,
}

/// A recovery point that is gone.
#[derive(Clone, Debug, Serialize)]
pub struct MissingView {
    /// What is missing, as a sentence.
    pub text: String,
    /// The hash of its manifest.
    pub manifest: String,
    /// The recovery point that follows it.
    pub follower: String,
}

/// What a repair did.
#[derive(Clone, Debug, Serialize)]
pub struct RepairView {
    /// What was done, in order.
    pub repaired: Vec<RepairedView>,
    /// Lost chunks and map nodes that are there again.
    pub healed: u64,
    /// The state afterwards.
    pub after: CheckView,
}

/// A repaired object.
#[derive(Clone, Debug, Serialize)]
pub struct RepairedView {
    /// Its name in the repository.
    pub object: String,
    /// What was done: `from-copy`, `set-aside` or `salvaged`.
    pub how: &'static str,
    /// The same as a sentence.
    pub text: String,
}

/// What a rebuilding of the index did.
#[derive(Clone, Debug, Serialize)]
pub struct RebuildView {
    /// Packs that are indexed now.
    pub packs: u64,
    /// Their chunks.
    pub chunks: u64,
    /// Index objects that were written.
    pub written: u64,
    /// Index objects that were removed.
    pub removed: u64,
    /// Index objects that stay since they tell of lost packs.
    pub kept: u64,
    /// Damaged objects.
    pub damaged: Vec<DamageView>,
}

/// The numbers of a repository, sizes in bytes.
#[derive(Clone, Debug, Serialize)]
pub struct StatsView {
    /// Recovery points.
    pub points: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub stored: u64,
    /// Packs.
    pub packs: u64,
    /// Their bytes.
    pub pack_bytes: u64,
    /// What all recovery points would take if each were kept by itself.
    pub logical: u64,
    /// Different chunks in use.
    pub chunks: u64,
    /// Their bytes in packs.
    pub used: u64,
    /// Bytes of all chunks before compression.
    pub raw: u64,
    /// Bytes of all chunks in packs.
    pub compressed: u64,
    /// Bytes in packs nobody uses.
    pub spare: u64,
    /// The VMs.
    pub vms: Vec<VmStatsView>,
}

/// The numbers of a VM.
#[derive(Clone, Debug, Serialize)]
pub struct VmStatsView {
    /// Its name.
    pub name: String,
    /// Its recovery points.
    pub points: u64,
    /// What they would take if each were kept by itself.
    pub logical: u64,
    /// What only they use.
    pub alone: u64,
}

pub(super) fn check(report: &CheckReport, language: Language) -> CheckView {
    let lost = report.lost_points();
    CheckView {
        verdict: messages::upkeep::verdict(report, language),
        sound: report.is_sound(),
        points: report.points,
        lost_points: lost.iter().map(kuramori_repo::RecoveryPointId::to_hex).collect(),
        files: report.files,
        packs: report.packs,
        pack_bytes: report.pack_bytes.get(),
        packs_read: report.packs_read,
        bytes_read: report.bytes_read.get(),
        chunks: report.chunks,
        damaged: report
            .damaged
            .iter()
            .map(|damage| DamageView {
                object: damage.object.clone(),
                reason: damage.reason.to_string(),
                hits: damage.hits.iter().map(hit).collect(),
            })
            .collect(),
        missing: report.missing.iter().map(|m| missing(m, language)).collect(),
        spare_chunks: report.spare.chunks,
        spare_bytes: report.spare.bytes.get(),
        uncommitted: report.spare.manifests,
        strangers: report.spare.strangers.clone(),
        proven_packs: report.proof.proven,
        proven_since: report.proof.oldest,
        recorded: report.recorded,
    }
}

fn hit(hit: &Hit) -> HitView {
    let range = |r: &kuramori_block::Extent| RangeView { offset: r.offset.get(), len: r.len.get() };
    HitView {
        point_id: hit.point.to_hex(),
        vm_name: hit.vm.clone(),
        taken_at: hit.time,
        disk: hit.disk,
        label: hit.label.clone(),
        ranges: hit.ranges.iter().map(range).collect(),
        bytes: hit.bytes.get(),
        more: hit.more,
    }
}

fn missing(missing: &MissingPoint, language: Language) -> MissingView {
    MissingView {
        text: messages::upkeep::missing(missing, language),
        manifest: missing.manifest.to_hex(),
        follower: missing.follower.to_hex(),
    }
}

pub(super) fn repair(report: &RepairReport, language: Language) -> RepairView {
    let repaired = report.repaired.iter().map(|done| RepairedView {
        object: done.object.clone(),
        how: match done.how {
            RepairedHow::FromCopy => "from-copy",
            RepairedHow::SetAside => "set-aside",
            RepairedHow::Salvaged => "salvaged",
        },
        text: messages::upkeep::repaired(done.how, language).to_owned(),
    });
    RepairView {
        repaired: repaired.collect(),
        healed: report.healed,
        after: check(&report.after, language),
    }
}

pub(super) fn rebuild(report: &RebuildReport) -> RebuildView {
    let damaged = |damaged: &DamagedObject| DamageView {
        object: damaged.object.clone(),
        reason: damaged.reason.to_string(),
        hits: Vec::new(),
    };
    RebuildView {
        packs: report.packs,
        chunks: report.chunks,
        written: report.written,
        removed: report.removed,
        kept: report.kept,
        damaged: report.damaged.iter().map(damaged).collect(),
    }
}

pub(super) fn stats(stats: &RepositoryStats) -> StatsView {
    StatsView {
        points: stats.points,
        files: stats.files,
        stored: stats.stored.get(),
        packs: stats.packs,
        pack_bytes: stats.pack_bytes.get(),
        logical: stats.logical.get(),
        chunks: stats.chunks,
        used: stats.used.get(),
        raw: stats.raw.get(),
        compressed: stats.compressed.get(),
        spare: stats.spare.get(),
        vms: stats
            .vms
            .iter()
            .map(|vm| VmStatsView {
                name: vm.name.clone(),
                points: vm.points,
                logical: vm.logical.get(),
                alone: vm.alone.get(),
            })
            .collect(),
    }
}
