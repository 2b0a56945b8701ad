/*
 * The sink for files, pipes and standard output. Workers share one buffer, which is written
 * out when it is full and ten times a second; only whole records go out.
 *
 * A daemon waits for a slow reader of a pipe, for space on a full disk and for a file that cannot
 * be opened: the buffer is kept, sources that can wait do so, and records of the others are
 * dropped and counted once it is full. What a file or a closed pipe refuses for good is counted
 * record by record.
 */
#include "output/sink.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x66696c65u
#define BUFFER_OCTETS (256u << 10)
#define BUFFER_RECORDS 4096
#define PIPE_PATIENCE_NS (20 * VNM_NS_PER_MS) /* for a reader that begins to be slow */
#define KEEP_MAX 1000			      /* old files; each is renamed when a new one begins */
#define SUFFIX_MAX 5			      /* octets of ".1000" */

#define FILE_OPTIONS(X)                                                                         \
	X(struct file_options, path, STRING, "-", RESTART, "the file; - is standard output")    \
	X(struct file_options, rotate_size, SIZE, "0", RESTART,                                 \
	    "begin a new file before this one grows larger; 0: never")                          \
	X(struct file_options, rotate_interval, DURATION, "0", RESTART,                         \
	    "begin a new file when this one is so old; 0: never")                               \
	X(struct file_options, keep, NUMBER, "5", RESTART,                                      \
	    "how many old files are kept, as path.1 (the youngest), path.2 and so on; 1000 at " \
	    "most")

struct file_options {
	FILE_OPTIONS(VNM_OPTION_MEMBER)
};
static const struct vnm_option file_options[] = {FILE_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

struct mark {
	uint32_t n; /* octets of the record */
	enum vnm_kind kind;
};

struct file {
	uint32_t magic;
	struct vnm_sink *sink; /* borrowed */
	const struct file_options *options;
	bool is_stdout;
	pthread_mutex_t lock;	 /* of all that follows */
	int fd;			 /* -1: could not be opened; tried again by tick() */
	int open_error;		 /* why */
	bool regular;		 /* of a regular file a broken tail can be cut off */
	bool pipe;		 /* or a socket: it has a reader, who may be slow */
	atomic_bool stalled;	 /* what is in the buffer waits; read without the lock, too */
	uint64_t size;		 /* octets in the file */
	uint64_t since_ns;	 /* monotonic: when it was opened */
	uint64_t flush_until_ns; /* 0: not at the end yet */
	struct vnm_log_gate gate;
	size_t n;	/* octets in the buffer */
	size_t records; /* of which the marks tell */
	size_t cap;	/* of the buffer's octets that are used */
	struct mark marks[BUFFER_RECORDS];
	uint8_t buffer[BUFFER_OCTETS];
};

static const char *
path_text(const struct file *f)
{
	return f->is_stdout ? "standard output" : f->options->path;
}

/* ---- the file ------------------------------------------------------------------------------ */

/* Without O_NONBLOCK, opening a named pipe would wait for its reader. */
static int
open_path(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

static int
file_open_path(struct file *f)
{
	struct stat st;

	f->fd = f->is_stdout ? STDOUT_FILENO : open_path(f->options->path);
	if (f->fd < 0 || fstat(f->fd, &st) != 0) {
		f->open_error = errno;
		return -1;
	}
	f->regular = S_ISREG(st.st_mode) && !f->is_stdout;
	f->pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	f->size = f->regular ? (uint64_t)st.st_size : 0;
	f->since_ns = vnm_clock_mono_ns();
	return 0;
}

static void
file_close_path(struct file *f)
{
	if (f->fd >= 0 && !f->is_stdout)
		close(f->fd);
	f->fd = -1;
}

/* What the operator can do about a file that cannot be opened. */
static const char *
hint_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return ": the user that vnmcd runs as may not write there";
	case EISDIR:
		return ": name a file in it";
	case ENOENT:
		return ": its directory does not exist";
	case ENXIO:
		return ": nobody reads this pipe yet; start its reader first";
	case EROFS:
		return ": a systemd unit needs the directory in ReadWritePaths=";
	default:
		return "";
	}
}

static void
complain(struct file *f, const char *what, int error)
{
	const char *fate = f->stalled ? "sources over TCP wait, and other records are dropped and "
					"counted as write-failed"
				      : "records are dropped and counted as write-failed";

	if (!vnm_log_gate_open(&f->gate, vnm_clock_mono_ns()))
		return;
	if (error == EPIPE)
		vnm_warning(
		    "output %s: the reader of %s has gone; %s", f->sink->name, path_text(f), fate);
	else if (error == ETIMEDOUT)
		vnm_warning("output %s: the reader of %s is too slow; %s", f->sink->name,
		    path_text(f), fate);
	else
		vnm_warning("output %s: cannot %s %s: %s%s; %s", f->sink->name, what, path_text(f),
		    strerror(error), hint_of(error), fate);
}

/* The path of the i-th old file; 0: of the one that is written. */
static void
old_path(const struct file *f, uint32_t i, char path[PATH_MAX])
{
	int n = i > 0 ? snprintf(path, PATH_MAX, "%s.%u", f->options->path, i)
		      : snprintf(path, PATH_MAX, "%s", f->options->path);

	assert(n > 0 && n < PATH_MAX); /* sink_check() */
}

/*
 * path.1 becomes path.2 and so on; the oldest is overwritten. False when the file could not be
 * moved away itself; gaps in the numbers are no failure.
 */
static bool
shift_old_files(const struct file *f)
{
	char from[PATH_MAX], to[PATH_MAX];
	int rc = 0;

	if (f->options->keep == 0)
		return unlink(f->options->path) == 0;
	for (uint32_t i = f->options->keep; i > 0; i--) {
		old_path(f, i - 1, from);
		old_path(f, i, to);
		rc = rename(from, to);
	}
	return rc == 0;
}

static void
rotate(struct file *f)
{
	/* One that somebody else has moved away or removed is begun anew as well. */
	if (!shift_old_files(f) && errno != ENOENT) {
		if (vnm_log_gate_open(&f->gate, vnm_clock_mono_ns()))
			vnm_warning("output %s: cannot move %s away to begin a new file: %s%s; it "
				    "grows on",
			    f->sink->name, path_text(f), strerror(errno), hint_of(errno));
		return;
	}
	file_close_path(f);
	if (file_open_path(f) != 0)
		complain(f, "open", errno);
}

/* Before n further octets. */
static bool
must_rotate(const struct file *f, size_t n)
{
	uint64_t age_ns;

	if (!f->regular || f->size == 0)
		return false;
	if (n > 0 && f->options->rotate_size != 0 && f->size + n > f->options->rotate_size)
		return true;
	age_ns = vnm_clock_mono_ns() - f->since_ns;
	return f->options->rotate_interval != 0 && age_ns >= f->options->rotate_interval;
}

/* ---- writing out --------------------------------------------------------------------------- */

/* Whether to try again; a pipe that somebody made non-blocking is waited for. */
static bool
may_retry(int fd)
{
	struct pollfd full = {.fd = fd, .events = POLLOUT};

	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return poll(&full, 1, -1) > 0 || errno == EINTR;
	return errno == EINTR;
}

/* How much of n octets went out; less only after a failure, which is in errno. */
static size_t
write_all(int fd, const uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = write(fd, p + done, n - done);
		if (k < 0 && may_retry(fd))
			continue;
		if (k <= 0)
			break;
		done += (size_t)k;
	}
	return done;
}

/* Whether the pipe takes PIPE_BUF octets, now or until then. */
static bool
pipe_has_room(struct file *f, uint64_t until_mono_ns)
{
	struct pollfd full = {.fd = f->fd, .events = POLLOUT};
	uint64_t now_ns = vnm_clock_mono_ns();
	int ms = now_ns < until_mono_ns ? (int)((until_mono_ns - now_ns) / VNM_NS_PER_MS) : 0;

	return poll(&full, 1, ms) > 0;
}

/* How many octets the records from i on have together that fit PIPE_BUF; one at the least. */
static size_t
pipe_group(const struct file *f, size_t *i)
{
	size_t n = f->marks[*i].n;

	for (++*i; *i < f->records && n + f->marks[*i].n <= PIPE_BUF; ++*i)
		n += f->marks[*i].n;
	return n;
}

/*
 * As write_all(), in whole records and only while the pipe has room: up to PIPE_BUF octets are
 * taken at once or not at all (pipe(7)). A longer record waits for its reader to go on.
 */
static size_t
write_pipe(struct file *f, const uint8_t *p, uint64_t until_mono_ns)
{
	size_t done = 0;

	for (size_t i = 0; i < f->records;) {
		if (!pipe_has_room(f, until_mono_ns)) {
			errno = ETIMEDOUT;
			break;
		}
		size_t n = pipe_group(f, &i);
		size_t k = write_all(f->fd, p + done, n);
		done += k;
		if (k < n)
			break;
	}
	return done;
}

/*
 * Books for records of which `done` octets went out; returns the octets of the whole ones. The
 * others are dropped, or become the first of the marks where they are kept; of a broken one that
 * cannot be cut off, the rest is.
 */
static size_t
settle(struct file *f, size_t done, bool keep)
{
	struct vnm_sink_books *books = &f->sink->books;
	uint64_t published[VNM_KIND_COUNT] = {0}, dropped[VNM_KIND_COUNT] = {0};
	size_t end = 0, whole = 0, left = 0;

	for (size_t i = 0; i < f->records; i++) {
		end += f->marks[i].n;
		if (end <= done) {
			published[f->marks[i].kind]++;
			whole = end;
		} else if (keep) {
			f->marks[left] = f->marks[i];
			if (left++ == 0 && !f->regular) {
				f->marks[0].n = (uint32_t)(end - done);
				whole = done;
			}
		} else {
			dropped[f->marks[i].kind]++;
		}
	}
	f->records = left;
	vnm_sink_add(books->published, published);
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (dropped[kind] != 0)
			vnm_sink_count_drop(f->sink, kind, VNM_R_write_failed, dropped[kind]);
	}
	return whole;
}

/* A broken record at the end of a regular file is cut off. */
static void
cut_tail(struct file *f)
{
	if (f->regular && ftruncate(f->fd, (off_t)f->size) != 0)
		complain(f, "cut a broken record off", errno);
}

/* How much of n octets went out; where it is less, the reason is in errno. */
static size_t
write_somewhere(struct file *f, const uint8_t *p, size_t n)
{
	uint64_t until_ns = f->flush_until_ns;

	if (f->fd < 0) {
		errno = f->open_error;
		return 0;
	}
	if (!f->pipe || !f->sink->never_waits)
		return write_all(f->fd, p, n);
	if (until_ns == 0 && !f->stalled)
		until_ns = vnm_clock_mono_ns() + PIPE_PATIENCE_NS;
	return write_pipe(f, p, until_ns);
}

/* Whether what could not be written for this reason may be written later. */
static bool
may_come_right(const struct file *f, int error)
{
	if (!f->sink->never_waits || f->flush_until_ns != 0)
		return false;
	return f->fd < 0 || error == ETIMEDOUT || error == ENOSPC || error == EDQUOT;
}

/* Writes n octets at p, of which the marks tell; returns how many of them are still to be. */
static size_t
write_records(struct file *f, const uint8_t *p, size_t n)
{
	size_t done = write_somewhere(f, p, n);
	int error = errno;
	bool keep = done < n && may_come_right(f, error);

	atomic_store_explicit(&f->stalled, keep, memory_order_relaxed);
	if (done < n)
		complain(f, f->fd < 0 ? "open" : "write to", error);
	size_t whole = settle(f, done, keep);
	f->size += whole;
	if (done > whole)
		cut_tail(f);
	return keep ? n - whole : 0;
}

static void
write_out(struct file *f)
{
	size_t left;

	if (f->records == 0) { /* one that was too large for the buffer may come again */
		atomic_store_explicit(&f->stalled, false, memory_order_relaxed);
		return;
	}
	if (must_rotate(f, f->n))
		rotate(f);
	left = write_records(f, f->buffer, f->n);
	if (left > 0)
		memmove(f->buffer, f->buffer + f->n - left, left);
	f->n = left;
}

/* A record that is larger than the buffer goes out by itself; false: it is to come again. */
static bool
take_large(struct file *f, const uint8_t *p, uint32_t n, enum vnm_kind kind)
{
	if (f->records > 0)
		return false;
	f->marks[f->records++] = (struct mark){n, kind};
	if (must_rotate(f, n))
		rotate(f);
	if (write_records(f, p, n) == 0)
		return true;
	f->records = 0; /* it stays where it is */
	return false;
}

/* False: there is no room for it now. */
static bool
take(struct file *f, const uint8_t *p, uint32_t n, enum vnm_kind kind)
{
	if ((n > f->cap - f->n || f->records == BUFFER_RECORDS) && !f->stalled)
		write_out(f);
	if (VNM_UNLIKELY(n > f->cap))
		return take_large(f, p, n, kind);
	if (n > f->cap - f->n || f->records == BUFFER_RECORDS)
		return false;
	f->marks[f->records++] = (struct mark){n, kind};
	memcpy(f->buffer + f->n, p, n);
	f->n += n;
	return true;
}

/* ---- the sink ------------------------------------------------------------------------------ */

static int
sink_check(const char *output, const void *values, struct vnm_err *err)
{
	const struct file_options *options = values;
	size_t n = options->path != NULL ? strlen(options->path) : 0;

	if (n == 0)
		return vnm_err_text(err, "output %s: path: missing; - is standard output", output);
	if (n + SUFFIX_MAX >= PATH_MAX)
		return vnm_err_text(err, "output %s: path: longer than %d octets", output,
		    PATH_MAX - SUFFIX_MAX - 1);
	if (options->keep > KEEP_MAX)
		return vnm_err_text(err, "output %s: keep: %d is the most", output, KEEP_MAX);
	return 0;
}

static int
sink_open(struct vnm_sink *s, struct vnm_err *err)
{
	const struct file_options *options = s->options;
	struct file *f;

	if (sink_check(s->name, options, err) != 0)
		return -1;
	f = vnm_alloc_zero(1, sizeof(*f));
	if (f == NULL)
		return vnm_err_text(err, "output %s: out of memory", s->name);
	f->magic = MAGIC;
	f->sink = s;
	f->options = options;
	f->is_stdout = strcmp(options->path, "-") == 0;
	f->cap = BUFFER_OCTETS;
	if (options->rotate_size != 0 && options->rotate_size < f->cap)
		f->cap = options->rotate_size;
	pthread_mutex_init(&f->lock, NULL);
	if (file_open_path(f) != 0)
		goto not_open;
	s->state = f;
	return 0;

not_open:
	vnm_err_text(err, "output %s: cannot open %s: %s%s", s->name, path_text(f), strerror(errno),
	    hint_of(errno));
	file_close_path(f);
	pthread_mutex_destroy(&f->lock);
	vnm_free(f);
	return -1;
}

static struct file *
lock_file(struct vnm_sink *s)
{
	struct file *f = s->state;

	assert(f->magic == MAGIC);
	pthread_mutex_lock(&f->lock);
	return f;
}

static size_t
sink_room(struct vnm_sink *s)
{
	const struct file *f = s->state;

	return atomic_load_explicit(&f->stalled, memory_order_relaxed) ? 0 : SIZE_MAX;
}

static size_t
sink_publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	struct file *f = lock_file(s);
	size_t i = 0;

	if (f->stalled)
		write_out(f);
	for (; i < batch->count; i++) {
		const struct vnm_batch_entry *e = &batch->entries[i];

		if (VNM_LIKELY(take(f, batch->bytes + e->frame.at, e->frame.n, e->kind)))
			continue;
		if (batch->patient)
			break;
		vnm_sink_count_drop(s, e->kind, VNM_R_write_failed, 1);
	}
	pthread_mutex_unlock(&f->lock);
	return i;
}

static void
sink_tick(struct vnm_sink *s, uint64_t mono_ns)
{
	struct file *f = lock_file(s);

	(void)mono_ns;
	if (f->fd < 0 && file_open_path(f) != 0)
		complain(f, "open", errno);
	write_out(f);
	if (must_rotate(f, 0))
		rotate(f);
	pthread_mutex_unlock(&f->lock);
}

static void
sink_reopen(struct vnm_sink *s)
{
	struct file *f = lock_file(s);

	write_out(f);
	file_close_path(f);
	if (file_open_path(f) != 0)
		complain(f, "open", errno);
	pthread_mutex_unlock(&f->lock);
}

static int
sink_flush(struct vnm_sink *s, uint64_t deadline_mono_ns)
{
	struct file *f = lock_file(s);
	uint64_t before = atomic_load(&s->books.reasons[VNM_R_write_failed]);

	f->flush_until_ns = deadline_mono_ns;
	write_out(f);
	pthread_mutex_unlock(&f->lock);
	return atomic_load(&s->books.reasons[VNM_R_write_failed]) == before ? 0 : -1;
}

static void
sink_close(struct vnm_sink *s)
{
	struct file *f = lock_file(s);

	write_out(f);
	file_close_path(f);
	pthread_mutex_unlock(&f->lock);
	pthread_mutex_destroy(&f->lock);
	vnm_free(f);
	s->state = NULL;
}

const struct vnm_sink_type vnm_file_sink = {
    .name = "file",
    .summary = "a file with rotation, a pipe or standard output",
    .check = sink_check,
    .open = sink_open,
    .room = sink_room,
    .publish = sink_publish,
    .tick = sink_tick,
    .reopen = sink_reopen,
    .flush = sink_flush,
    .close = sink_close,
    .options = file_options,
    .options_size = sizeof(struct file_options),
};
