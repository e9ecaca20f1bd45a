//! A Windows user's desk, under Wine: a profile with a Japanese name, a registry, programs.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use fs_err::File;

use crate::{
    cross::Wine,
    package::archive,
    paths::Paths,
    proc::{self, cmd},
};

/// The user's name, as it stands in every path.
const USER: &str = "蔵守 太郎";
/// How long anything may take on a loaded machine.
const PATIENCE: u32 = 600;
const TICK: Duration = Duration::from_millis(100);

/// The desk.
pub(super) struct Desk {
    wine: Wine,
    /// Where the locale of Japan was made, if it could be.
    japan: Option<PathBuf>,
}

/// How a program ended.
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) said: String,
}

impl Desk {
    /// Makes the desk tidy: nothing of an earlier try is left.
    pub(super) fn tidy(paths: &Paths) -> Result<Self> {
        let wine = Wine::prefix(paths, "installer")?;
        let desk = Self { wine, japan: japan(paths)? };
        for folder in [desk.local(), desk.shortcuts(), desk.temporary()] {
            if folder.exists() {
                fs_err::remove_dir_all(&folder)?;
            }
        }
        fs_err::create_dir_all(desk.temporary())?;
        for key in [
            r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall",
            r"HKCU\Software\Classes\AppUserModelId",
            r"HKCU\Software\Wine\Credential Manager",
            r"HKLM\Software\Wow6432Node\Microsoft\EdgeUpdate",
        ] {
            desk.registry(&["delete", key, "/f"])?; // or it was not there
        }
        let folders = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders";
        let local = format!(r"C:\users\{USER}\AppData\Local");
        desk.set(folders, "Local AppData", &local)?;
        Ok(desk)
    }

    /// `%LOCALAPPDATA%`, as this system sees it.
    pub(super) fn local(&self) -> PathBuf {
        self.drive().join("users").join(USER).join("AppData/Local")
    }

    /// Where the installer puts the program.
    pub(super) fn program(&self) -> PathBuf {
        self.local().join("Programs/Kuramori")
    }

    /// Where the program keeps its state.
    pub(super) fn state(&self) -> PathBuf {
        self.local().join("Kuramori")
    }

    /// The disk `C:`.
    pub(super) fn drive(&self) -> PathBuf {
        self.wine.folder().join("drive_c")
    }

    fn home(&self) -> PathBuf {
        let name = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        self.drive().join("users").join(name)
    }

    fn shortcuts(&self) -> PathBuf {
        self.home().join("AppData/Roaming/Microsoft/Windows/Start Menu/Programs")
    }

    /// The program's entry in the start menu.
    pub(super) fn shortcut(&self) -> PathBuf {
        self.shortcuts().join("Kuramori.lnk")
    }

    /// `%TEMP%`.
    pub(super) fn temporary(&self) -> PathBuf {
        self.home().join("Temp")
    }

    /// Runs a program to its end.
    pub(super) fn run(&self, program: &Path, args: &[&str]) -> Result<Ended> {
        self.ended(self.wine.start(program).args(args))
    }

    /// The same on a Windows in Japanese; `None` where there is no such locale to be had.
    pub(super) fn run_in_japanese(&self, program: &Path, args: &[&str]) -> Result<Option<Ended>> {
        let Some(japan) = &self.japan else { return Ok(None) };
        let mut command = self.wine.start(program);
        command.args(args).env("LOCPATH", japan).env("LC_ALL", "ja_JP.UTF-8");
        self.ended(&mut command).map(Some)
    }

    /// Runs a program that reads `input`.
    pub(super) fn feed(&self, program: &Path, args: &[&str], input: &str) -> Result<Ended> {
        use std::io::Write;
        let mut child = self.start(program, args)?;
        let mut stdin = child.stdin.take().context("the standard input was asked for")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        Ok(read(child.wait_with_output()?))
    }

    /// Starts a program that waits for input, and returns once it runs.
    pub(super) fn hold(&self, program: &Path, args: &[&str]) -> Result<Child> {
        let child = self.start(program, args)?;
        let name = program.file_name().context("a program has a name")?.to_string_lossy();
        let maps = format!("/proc/{}/maps", child.id());
        let loaded = || fs_err::read_to_string(&maps).is_ok_and(|maps| maps.contains(&*name));
        self.until(|| loaded().then_some(())).with_context(|| format!("{name} did not start"))?;
        Ok(child)
    }

    fn start(&self, program: &Path, args: &[&str]) -> Result<Child> {
        let mut command = self.wine.start(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().with_context(|| format!("starting {}", proc::line_of(&command)))
    }

    /// Its output goes to a file: Windows' own desktop may start with the program and outlive it,
    /// and with it the end of a pipe.
    fn ended(&self, command: &mut Command) -> Result<Ended> {
        let line = proc::line_of(command);
        eprintln!("$ {line}");
        let out = self.wine.folder().join("said.txt");
        let file = File::create(&out)?.into_parts().0;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let status = command.status().with_context(|| format!("starting {line}"))?;
        let said = String::from_utf8_lossy(&fs_err::read(&out)?).into_owned();
        let ended = Ended { code: status.code().unwrap_or(-1), said };
        eprintln!("  ended with {}: {}", ended.code, ended.said.trim().replace('\n', "\n  "));
        Ok(ended)
    }

    /// Waits until `path` is gone: an uninstaller goes on from a copy of itself.
    pub(super) fn until_gone(&self, path: &Path) -> Result<()> {
        let gone = self.until(|| (!path.exists()).then_some(()));
        gone.with_context(|| format!("{} is still there", path.display()))
    }

    /// Asks until there is an answer, or nobody would wait any longer.
    #[expect(clippy::unused_self, reason = "one waits at a desk")]
    pub(super) fn until<T>(&self, ask: impl Fn() -> Option<T>) -> Option<T> {
        (0..PATIENCE).find_map(|_| {
            ask().or_else(|| {
                std::thread::sleep(TICK);
                None
            })
        })
    }

    /// Waits until every program has ended and the registry is on disk.
    pub(super) fn settle(&self) -> Result<()> {
        self.wine.wait()
    }

    /// Puts a value into the registry.
    pub(super) fn set(&self, key: &str, name: &str, value: &str) -> Result<()> {
        let done = self.registry(&["add", key, "/v", name, "/d", value, "/f"])?;
        ensure!(done.code == 0, "{key}: {}", done.said);
        Ok(())
    }

    /// Returns what stands under a key, empty when it is not there.
    pub(super) fn look(&self, key: &str) -> Result<String> {
        let found = self.registry(&["query", key, "/s"])?;
        Ok(if found.code == 0 { found.said } else { String::new() })
    }

    fn registry(&self, args: &[&str]) -> Result<Ended> {
        Ok(read(self.wine.tool("reg", args).output()?))
    }

    /// All files of users, but for what Windows itself forgets to delete before it restarts.
    pub(super) fn files(&self) -> Result<BTreeSet<PathBuf>> {
        let mut files = archive::files(&self.drive().join("users"))?;
        files.retain(|path| !path.to_string_lossy().contains("/~nsu"));
        Ok(files)
    }
}

fn read(output: Output) -> Ended {
    let said = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    Ended { code: output.status.code().unwrap_or(-1), said: said.concat() }
}

/// Makes the locale of Japan in a folder of our own.
fn japan(paths: &Paths) -> Result<Option<PathBuf>> {
    let dir = paths.target.join("tmp/locale");
    let locale = dir.join("ja_JP.UTF-8");
    if locale.exists() {
        return Ok(Some(dir));
    }
    if !proc::on_path("localedef") || !Path::new("/usr/share/i18n/locales/ja_JP").exists() {
        eprintln!("the installer's Japanese is not tried: the package locales is not installed");
        return Ok(None);
    }
    fs_err::create_dir_all(&dir)?;
    proc::run(cmd("localedef", &["-i", "ja_JP", "-f", "UTF-8"]).arg(&locale))?;
    Ok(Some(dir))
}
