//! The systems that packages are made for.

/// A system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    Windows,
    Macos,
}

impl System {
    /// The system this runs on.
    pub(super) const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::Macos
    } else {
        Self::Linux
    };

    /// As in names of files and of update packages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Macos => "macos",
        }
    }

    /// The kind of processor its packages are for.
    pub(super) fn arch(self) -> &'static str {
        match self {
            Self::Linux | Self::Windows => "x86_64",
            Self::Macos => "universal",
        }
    }

    /// The compiler's name of the system whose dependencies the packages hold.
    pub(super) fn triple(self) -> &'static str {
        match self {
            Self::Linux => "x86_64-unknown-linux-gnu",
            Self::Windows => "x86_64-pc-windows-msvc",
            Self::Macos => "aarch64-apple-darwin",
        }
    }

    /// How a program of this name is called as a file.
    pub(super) fn program(self, name: &str) -> String {
        match self {
            Self::Windows => format!("{name}.exe"),
            Self::Linux | Self::Macos => name.to_owned(),
        }
    }
}
