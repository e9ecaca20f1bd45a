/// The kind of controller a disk was written for. A host that is given a disk of another kind than
/// its controller's may refuse it, or show the guest another geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adapter {
    /// All of SCSI but BusLogic, and SATA and NVMe.
    #[default]
    LsiLogic,
    /// BusLogic SCSI.
    BusLogic,
    /// IDE.
    Ide,
}

impl Adapter {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LsiLogic => "lsilogic",
            Self::BusLogic => "buslogic",
            Self::Ide => "ide",
        }
    }

    /// Returns cylinders, heads, and sectors of a track, as hosts choose them for a disk of so many
    /// sectors.
    pub(super) fn geometry(self, sectors: u64) -> (u64, u64, u64) {
        const GIB: u64 = 1 << 21;
        let (heads, track, most) = match self {
            Self::Ide => (16, 63, 16_383),
            Self::LsiLogic | Self::BusLogic if sectors < GIB => (64, 32, 65_535),
            Self::LsiLogic | Self::BusLogic if sectors < 2 * GIB => (128, 32, 65_535),
            Self::LsiLogic | Self::BusLogic => (255, 63, 65_535),
        };
        ((sectors / (heads * track)).clamp(1, most), heads, track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Field failure 26: geometry and adapter that are not those of the disk.
    #[test]
    fn j26_geometry_is_that_of_hosts() {
        let gib = 1u64 << 21;
        assert_eq!(Adapter::LsiLogic.geometry(gib / 2), (512, 64, 32));
        assert_eq!(Adapter::BusLogic.geometry(gib), (512, 128, 32));
        assert_eq!(Adapter::LsiLogic.geometry(40 * gib), (5221, 255, 63));
        assert_eq!(Adapter::Ide.geometry(gib), (2080, 16, 63));
        assert_eq!(Adapter::Ide.geometry(1000 * gib), (16_383, 16, 63));
        assert_eq!(Adapter::LsiLogic.geometry(1), (1, 64, 32));
    }
}
