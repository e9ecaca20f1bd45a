//! zig as the C compiler for macOS: it comes with the headers, Apple's kit is not needed.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// Makes `command` compile C with zig.
pub(super) fn environment<'c>(paths: &Paths, command: &'c mut Command) -> Result<&'c mut Command> {
    command.env("CC_aarch64_apple_darwin", script(paths, "zig-cc", &compiler(paths))?);
    command.env("AR_aarch64_apple_darwin", script(paths, "zig-ar", &archiver(paths))?);
    // What the compiler is given by default is for Apple's own.
    Ok(command.env("CRATE_CC_NO_DEFAULTS", "1"))
}

/// Passes everything on but what only Apple's compiler understands. Objective-C needs the headers
/// of Apple's kit: an empty object stands in for it, which is enough where nothing is linked.
fn compiler(paths: &Paths) -> String {
    format!(
        r#"#!/bin/bash
args=() skip= objective= out=
for arg; do
  if [ -n "$skip" ]; then skip=; continue; fi
  case "$arg" in
    --target=*|-mmacosx-version-min=*) continue ;;
    -target|-arch|-isysroot) skip=1; continue ;;
    -o) out=next ;;
    *.m) objective=1 ;;
    *) [ "$out" = next ] && out=$arg ;;
  esac
  args+=("$arg")
done
zig=('{}' -m ziglang cc -target aarch64-macos)
[ -n "$objective" ] && exec "${{zig[@]}}" -x c -c -o "$out" /dev/null
exec "${{zig[@]}}" "${{args[@]}}"
"#,
        paths.python().display()
    )
}

fn archiver(paths: &Paths) -> String {
    format!("#!/bin/bash\nexec '{}' -m ziglang ar \"$@\"\n", paths.python().display())
}

/// Writes an executable into the cache's `bin`, when it is not already there.
fn script(paths: &Paths, name: &str, text: &str) -> Result<PathBuf> {
    let file = paths.cache.join("bin").join(name);
    if fs_err::read_to_string(&file).is_ok_and(|there| there == text) {
        return Ok(file);
    }
    fs_err::create_dir_all(paths.cache.join("bin"))?;
    fs_err::write(&file, text)?;
    proc::capture(cmd("chmod", &["+x"]).arg(&file))?;
    Ok(file)
}
