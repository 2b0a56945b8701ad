#!/bin/sh
# Makes ./configure from configure.ac: for builds from a git clone.
set -eu
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --force --install --warnings=all,no-obsolete
