#!/bin/sh
# Make the virtual environment in the folder $1 with $PYTHON, or else with the first Python that
# fits. A file made.begun in it says that it is ours, made.stamp that it is complete, and for which
# checkout; ours is made again where it is not complete, or was made for another place.
set -u

folder=$1
stamp=$folder/made.stamp

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null; }
fits() { case $(version "$1") in 3.11 | 3.12 | 3.13) true ;; *) false ;; esac; }
has_venv() { "$1" -c 'import venv, ensurepip' > /dev/null 2>&1; }
complete() { grep -qsxF "$(pwd -P)" "$stamp" && "$folder/bin/python" -c 'import pip' 2> /dev/null; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

refuse() {  # name the chosen Python, and what is wrong with it
  fail "PYTHON is '$1', $2." "Name a Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.12"
}

without_venv() {
  fail "$1 is Python $(version "$1") but lacks the modules venv and ensurepip." \
    "On Debian and Ubuntu: apt install python$(version "$1")-venv"
}

chosen=${PYTHON-}
if [ -n "$chosen" ]; then
  command -v "$chosen" > /dev/null 2>&1 || refuse "$chosen" "which is not a command here"
  found=$(version "$chosen")
  [ -n "$found" ] || refuse "$chosen" "which does not run as a Python"
  fits "$chosen" || refuse "$chosen" "which is Python $found"
  if [ "$(version "$folder/bin/python")" = "$found" ] && complete; then exit 0; fi
  if [ -e "$stamp" ] && fits "$folder/bin/python"; then
    fail "$folder has Python $(version "$folder/bin/python"), PYTHON is '$chosen' ($found)." \
      "Remove it first (make distclean), or make another one: make VENV=.venv-$found"
  fi
  has_venv "$chosen" || without_venv "$chosen"
else
  lame=""
  for candidate in python3.12 python3.13 python3.11 python3 python; do
    fits "$candidate" || continue
    if has_venv "$candidate"; then chosen=$candidate; break; fi
    lame=$candidate
  done
  if [ -z "$chosen" ] && [ -n "$lame" ]; then without_venv "$lame"; fi
  [ -n "$chosen" ] || fail "No Python 3.11 to 3.13 was found on the PATH." \
    "Install one, or name it: make PYTHON=/path/to/python3.12"
fi

if [ -e "$folder" ] || [ -L "$folder" ]; then
  if [ ! -e "$folder/made.begun" ] && [ ! -e "$folder/book.stamp" ] \
    && [ -n "$(find "$folder/" -type f 2>&1 | head -n 1)" ]; then
    fail "$folder is there, but make has not made it: move it away, or use make VENV=.venv-book"
  fi
  rm -rf "$folder" 2> /dev/null
  if [ -e "$folder" ] || [ -L "$folder" ]; then
    fail "$folder is not complete and cannot be removed: remove it, or use make VENV=.venv-book"
  fi
  echo "$folder was not complete, or made for another place: it is made again."
fi

echo "Making a virtual environment in $folder with $("$chosen" --version)."
if ! { mkdir -p "$folder" && : > "$folder/made.begun" && "$chosen" -m venv "$folder"; }; then
  fail "The virtual environment in $folder could not be made (see above)."
fi
pwd -P > "$stamp"
