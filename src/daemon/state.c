/*
 * Exporter state over a restart. A file is a line of text that names its format, a checksum
 * and the decoder's own octets; a damaged or foreign file is set aside as if it were not there.
 */
#include "daemon/state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER "vnmcd state 1\n"
#define HEADER_N (sizeof(HEADER) - 1)
#define SUM_N 8
#define FILE_MAX (64U << 20)

static void
state_path(char *out, size_t size, const char *dir, const struct vnm_exporter *x)
{
	char addr[VNM_ADDR_TEXT];

	snprintf(out, size, "%s/%s-%s.state", dir, x->decoder->name, vnm_addr_text(&x->addr, addr));
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool
write_file(const char *path, const struct vnm_buffer *b)
{
	char aside[4096];

	if (snprintf(aside, sizeof(aside), "%s.new", path) >= (int)sizeof(aside))
		return false;
	int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return false;
	bool ok = write_all(fd, b->p, b->n);
	ok = close(fd) == 0 && ok;
	ok = ok && rename(aside, path) == 0;
	if (!ok)
		unlink(aside);
	return ok;
}

void
vnm_state_save(const char *dir, struct vnm_exporter *x, struct vnm_log_gate *gate)
{
	struct vnm_buffer b = {0};
	char path[4096];

	if (dir == NULL || !x->dirty || x->decoder->save == NULL)
		return;
	state_path(path, sizeof(path), dir, x);
	bool ok = vnm_buffer_append(&b, HEADER, HEADER_N) && vnm_buffer_reserve(&b, SUM_N);
	if (ok) {
		b.n += SUM_N;
		ok = x->decoder->save(x, &b);
	}
	if (ok) {
		const size_t body = HEADER_N + SUM_N;
		uint64_t sum = vnm_hash(b.p + body, b.n - body, 0);
		memcpy(b.p + HEADER_N, &sum, SUM_N);
		ok = write_file(path, &b);
	}
	x->dirty = !ok;
	if (!ok && vnm_log_gate_open(gate, vnm_clock_mono_ns()))
		vnm_warning("cannot save %s, and perhaps others: %s; it is tried again, and until "
			    "then a restart would have templates learnt anew",
		    path, strerror(errno));
	vnm_buffer_free(&b);
}

void
vnm_state_forget(const char *dir, const struct vnm_exporter *x)
{
	char path[4096];

	if (dir == NULL || x->decoder->save == NULL)
		return;
	state_path(path, sizeof(path), dir, x);
	unlink(path);
}

/* The whole file, or false where there is none to be had. */
static bool
read_file(const char *path, struct vnm_buffer *b)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool ok = fstat(fd, &st) == 0 && st.st_size <= (off_t)FILE_MAX &&
		  vnm_buffer_reserve(b, (size_t)st.st_size + 1);
	while (ok) {
		ssize_t n = read(fd, b->p + b->n, b->cap - b->n);
		ok = n >= 0;
		if (n <= 0 || b->n + (size_t)n >= b->cap)
			break;
		b->n += (size_t)n;
	}
	close(fd);
	return ok;
}

void
vnm_state_load(const char *dir, struct vnm_exporter *x, struct vnm_counters *counters)
{
	struct vnm_buffer b = {0};
	char path[4096];
	uint64_t sum;

	if (dir == NULL || x->decoder->load == NULL)
		return;
	state_path(path, sizeof(path), dir, x);
	if (read_file(path, &b)) {
		struct vnm_reader r = vnm_reader_of(b.p, b.n);
		const uint8_t *header = vnm_reader_take(&r, HEADER_N);
		const uint8_t *stored = vnm_reader_take(&r, SUM_N);
		bool ok = stored != NULL && memcmp(header, HEADER, HEADER_N) == 0;

		if (ok) {
			memcpy(&sum, stored, SUM_N);
			ok = sum == vnm_hash(r.p, vnm_reader_left(&r), 0);
		}
		if (!ok || x->decoder->load(x, &r, counters) != 0)
			vnm_warning("%s is damaged or of another version: ignored", path);
	}
	vnm_buffer_free(&b);
}
