#!/bin/sh
# Installs what is missing of the Debian packages that vnmcd needs:
#   scripts/deps.sh [build] [test] [kafka]      (default: build)
# build: to compile and to run quickstart; test: for ./run-tests; kafka: for its run with a broker.
# With --list it prints the packages and installs nothing.
set -eu

build="autoconf automake libtool pkg-config gcc make libc6-dev libevent-dev libpcap-dev
	librdkafka-dev libssl-dev libjson-c-dev libyaml-dev libfixbuf-dev libsnmp-dev python3"
test="libcunit1-dev clang llvm libclang-rt-14-dev protobuf-compiler python3-protobuf
	mandoc xz-utils procps iproute2 openssl frr gobgpd
	rsyslog rsyslog-gnutls rsyslog-openssl bsdutils openssl snmp snmpd snmptrapd"
kafka="openjdk-17-jdk-headless maven kcat"

list_only=no
if [ "${1:-}" = --list ]; then
	list_only=yes
	shift
fi
[ $# -gt 0 ] || set -- build
packages=
for group; do
	case $group in
	build) packages="$packages $build" ;;
	test) packages="$packages $test" ;;
	kafka) packages="$packages $kafka" ;;
	*)
		echo "deps.sh: no group \`$group\` (build, test, kafka)" >&2
		exit 2
		;;
	esac
done
if [ $list_only = yes ]; then
	printf '%s\n' $packages
	exit 0
fi

missing=
for package in $packages; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "deps.sh: this is not Debian; install by hand what corresponds to:$missing" >&2
	exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		echo "deps.sh: not root and no sudo; as root run: apt-get install$missing" >&2
		exit 1
	fi
fi

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

install() {
	# shellcheck disable=SC2086 # a list of words
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 install $missing >"$log" 2>&1
}
# The network is asked for new lists of packages only where those at hand do not do.
if ! install; then
	$as_root apt-get -q update >"$log" 2>&1 && install || {
		tail -n 20 "$log" >&2
		echo "deps.sh: apt-get could not install:$missing" >&2
		exit 1
	}
fi
