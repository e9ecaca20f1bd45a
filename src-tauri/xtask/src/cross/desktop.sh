# Starts the app ($1) on a display of its own, closes the message it shows, and ends with the
# app's exit code. The picture and what it printed go to the folder $2.
set -u
wine "$1" >"$2/output" 2>&1 &
app=$!
window=
for _ in $(seq 300); do
  window=$(xdotool search --onlyvisible --name '^Kuramori$' 2>/dev/null | head -n 1)
  [ -n "$window" ] && break
  if ! kill -0 "$app" 2>/dev/null; then
    wait "$app"
    echo "the app ended with $? and showed no message" >&2
    exit 100
  fi
  sleep 0.2
done
if [ -z "$window" ]; then
  import -window root "$2/nothing.png"
  kill "$app"
  echo "no message after a minute" >&2
  exit 101
fi
# Painted when two pictures in a row are the same.
before=
for _ in $(seq 50); do
  import -window "$window" "$2/message.png"
  now=$(identify -format '%#' "$2/message.png")
  [ "$now" = "$before" ] && break
  before=$now
  sleep 0.2
done
xdotool windowfocus "$window" key Return
wait "$app"
