#!/bin/bash
# Runs a command in a private desktop session: its own home, X display, D-Bus, keychain (unlocked,
# empty), notification daemon, and a disk of 8 MiB (KURAMORI_SMALL_DISK). Nothing of the caller's desktop is seen or changed.
#
#   tests/e2e/session.sh COMMAND [ARG...]
set -euo pipefail

# A mount table of its own, so that there can be a disk that is soon full.
if [ -z "${KURAMORI_SMALL_DISK:-}" ]; then
    export KURAMORI_SMALL_DISK=to-be-made
    if [ "$(id -u)" = 0 ]; then exec unshare -m "$0" "$@"; else exec unshare -rm "$0" "$@"; fi
fi

# The home changes below; the tools stay where they are.
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"

session="$(mktemp -d "${TMPDIR:-/tmp}/kuramori-session.XXXXXX")"
export KURAMORI_SMALL_DISK="$session/small disk"
trap 'umount "$KURAMORI_SMALL_DISK" || true; rm -rf "$session"' EXIT
mkdir "$KURAMORI_SMALL_DISK"
mount -t tmpfs -o size=8m tmpfs "$KURAMORI_SMALL_DISK"
export HOME="$session/home" XDG_RUNTIME_DIR="$session/run"
export XDG_CONFIG_HOME="$HOME/.config" XDG_DATA_HOME="$HOME/.local/share"
export XDG_CACHE_HOME="$HOME/.cache" XDG_STATE_HOME="$HOME/.local/state"
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/dunst" "$XDG_DATA_HOME" "$XDG_CACHE_HOME"
chmod 700 "$XDG_RUNTIME_DIR"
printf '[global]\n    history_length = 100\n    idle_threshold = 0\n' > "$XDG_CONFIG_HOME/dunst/dunstrc"

# Without these a start may wait 25 s for an accessibility bus that is not there.
export NO_AT_BRIDGE=1 GTK_A11Y=none GSETTINGS_BACKEND=memory GDK_BACKEND=x11 LC_ALL=C.UTF-8
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS

# Asks the bus whether the notification daemon is there; asking the daemon would start a second.
export NAMED='dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /
    org.freedesktop.DBus.NameHasOwner string:org.freedesktop.Notifications'

# The locale of the command need not be generated: web views only read its name.
rc=0
xvfb-run -a -s "-screen 0 ${KURAMORI_SCREEN:-1440x900x24} -nolisten tcp" \
    dbus-run-session -- bash -euc '
        printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
        dunst >"$HOME/dunst.log" 2>&1 & dunst=$!
        for _ in $(seq 100); do $NAMED | grep -q true && break; sleep 0.1; done
        rc=0; env -u NAMED LC_ALL=en_US.UTF-8 "$@" || rc=$?
        kill "$dunst" 2>/dev/null || true
        exit "$rc"' session "$@" 2> >(grep -v "Failed to set fd limit" >&2) || rc=$?
exit "$rc"
