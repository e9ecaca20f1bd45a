//! A disk that becomes full, a real one: nothing that was saved is lost, the cause is said, and
//! once there is room everything goes on.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::bench::{Answer, Bench, answer, noise};

const MIB: u64 = 1 << 20;
const SIZE: u64 = 24 * MIB;

/// A file system of its own of 24 MiB, seen by the processes that enter its name space alone.
struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    fn mount(folder: &Path) -> Self {
        std::fs::create_dir(folder).unwrap();
        let script =
            format!("mount -t tmpfs -o size={SIZE} small \"$0\" && echo there && exec cat");
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "there\n", "this system lets nobody mount a file system of their own");
        Self { holder, folder: folder.to_owned() }
    }

    /// A command that sees the file system.
    fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside.args(["--preserve-credentials", "--user", "--mount", "--target"]);
        inside.arg(self.holder.id().to_string()).arg(command.get_program());
        inside.args(command.get_args());
        inside
    }

    fn run(&self, bench: &Bench, args: &[&str]) -> Answer {
        let mut program = bench.program();
        program.args(args);
        answer(&mut self.enter(&program), "")
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut fill = Command::new("dd");
        fill.args(["if=/dev/zero", "bs=4k", "status=none"]);
        fill.arg(format!("of={}", self.folder.join("others").display()));
        assert!(!self.enter(&fill).status().unwrap().success(), "it was full before");
    }

    fn free(&self) {
        let mut remove = Command::new("rm");
        remove.arg(self.folder.join("others"));
        assert!(self.enter(&remove).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Its input ends, and with it the last process that holds the file system.
        drop(self.holder.stdin.take());
        let _ended = self.holder.wait();
    }
}

fn says_full(refused: &Answer) {
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    assert!(refused.stderr.contains("full"), "the cause is said: {}", refused.stderr);
}

#[test]
fn a_full_disk_loses_nothing_and_is_named() {
    let bench = Bench::new();
    let disk = SmallDisk::mount(&bench.path("small"));
    let key = bench.text("repository.key");
    std::fs::write(&key, noise(7, 64)).unwrap();
    let place = bench.text("small/repository");
    disk.run(&bench, &["repo", "create", &place, "--name", "place", "--key-file", &key]).ok();
    let image = |name: &str, seed, size| {
        let bytes = noise(seed, size);
        std::fs::write(bench.path(name), &bytes).unwrap();
        (bench.text(name), bytes)
    };
    let backup = |file: &str, name: &str| {
        disk.run(&bench, &["image", "backup", file, "--repo", "place", "--name", name])
    };
    let same = |point: &str, bytes: &[u8]| {
        let out = bench.text("out");
        disk.run(&bench, &["image", "restore", point, "--repo", "place", "-o", &out]).ok();
        assert!(std::fs::read(&out).unwrap() == bytes, "{point} differs");
        std::fs::remove_file(&out).unwrap();
    };
    let (small, kept) = image("small.img", 1, 6 * MIB);
    let (large, _) = image("large.img", 2, 40 * MIB);
    let (second, also) = image("second.img", 3, 5 * MIB);
    let (forgotten, _) = image("forgotten.img", 4, 5 * MIB);
    backup(&small, "kept").ok();
    backup(&forgotten, "forgotten").ok();

    says_full(&backup(&large, "large"));
    let forget = ["points", "forget", "forgotten@latest", "--repo", "place", "--now"];
    disk.run(&bench, &forget).ok();
    disk.fill();
    same("kept@latest", &kept);
    says_full(&backup(&second, "second"));
    let prune = ["repo", "prune", "--repo", "place", "--confirm"];
    says_full(&disk.run(&bench, &prune));
    same("kept@latest", &kept);

    disk.free();
    let pruned = disk.run(&bench, &prune).ok();
    backup(&second, "second").ok();
    disk.run(&bench, &["repo", "check", "--repo", "place", "--read-data"]).ok();
    same("kept@latest", &kept);
    same("second@latest", &also);
    let points = disk.run(&bench, &["points", "list", "--json"]).ok();
    assert_eq!(points.stdout.matches("\"vm_name\"").count(), 2, "{}", pruned.stdout);
}
