# Read by tests that have programs of their own, built with clang, ASan and UBSan.

top=$(cd "$(dirname "$0")/../.." && pwd)

# build_sanitized FOLDER TARGET [OPTION...]: makes TARGET in VNM_BUILD, or in FOLDER of the top, and
# says in `build` where that is. It is configured, with these options besides, where it is not yet.
build_sanitized() {
	build=${VNM_BUILD:-$top/$1}
	target=$2
	shift 2
	mkdir -p "$build"
	build=$(cd "$build" && pwd)
	if [ ! -f "$build/Makefile" ]; then
		[ -x "$top/configure" ] || (cd "$top" && ./autogen.sh >/dev/null)
		(cd "$build" && CC=clang "$top/configure" -q --enable-sanitizers "$@")
	fi
	make -s -C "$build" -j"$(nproc)" "$target" >&2
}
