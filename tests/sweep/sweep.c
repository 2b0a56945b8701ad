/*
 * The sweep: every message of every case is cut at every length and has single bits flipped,
 * with its exporter's state as it was before the message; then each case is played with each
 * of vnmcd's allocations failing in turn. BMP keeps its routes in half of the mutations and with
 * all failures. Nothing may crash, hang or leak, and the books must
 * balance: each message has exactly one outcome and each record one end.
 *
 *   sweep [-n VARIANTS] [-a RUNS] [-j JOBS] [-v] PATH...
 *
 * PATH is a capture file or a folder of such. A case gets at most VARIANTS mutations (0: all,
 * which for a long capture takes hours) and RUNS allocation failures, spread evenly. JOBS cases are
 * played at a time (as many as there are processors).
 */
#include "station.h"

#include "base/alloc.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX_MAX 64	 /* messages by which a state is rebuilt: the first and the last of them */
#define SMALL_CASE 65536 /* octets; larger cases are sampled more thinly */
#define MEMORY_MAX (256u << 20) /* octets that one case may make a worker use */
#define RECORDS_MAX 100000 /* that one mutated message may add, held ones that it released too */
#define VARIANT_SECONDS 60 /* of CPU time that a thousand of them may take */
#define WAITING_SECONDS \
	1200 /* the same on the clock: whoever waits for nothing, or is never let run */

/* Where the child is, so that the parent can tell where it died. */
struct progress {
	const char *part;
	size_t message, variant;
	char wrong[256];
	uint64_t variants, failures;
};

/* A capture file, and what became of it. */
struct capture {
	char *path; /* owned */
	pid_t child;
	bool done;
	int status;
	struct progress *progress; /* shared with the child */
};

struct sweep {
	uint64_t variants_max, failures_max;
	bool verbose;
	struct capture *captures; /* owned */
	size_t n, begun, running, told;
	unsigned passed, failed;
	uint64_t variants, failures;
};

static struct sweep *walker; /* nftw(3) has no argument for its callback's context */

static void
fail(struct progress *p, const char *why)
{
	if (p->wrong[0] == '\0')
		(void)snprintf(p->wrong, sizeof(p->wrong), "%s", why);
}

/* Whoever goes on for longer hangs. */
static void
limit_time(void)
{
	const struct itimerval most = {.it_value.tv_sec = VARIANT_SECONDS};

	(void)setitimer(ITIMER_PROF, &most, NULL);
	(void)alarm(WAITING_SECONDS);
}

static bool
hung(int status)
{
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM);
}

/* ---- mutations ------------------------------------------------------------------------------ */

static uint64_t
variants_of(const struct vnm_test_message *m)
{
	return m->end ? 0 : (uint64_t)m->d.n * 9; /* n cuts and 8 n flips */
}

static bool
same_exporter(const struct vnm_test_message *a, const struct vnm_test_message *b)
{
	return a->decoder == b->decoder && vnm_addr_equal(&a->d.src.addr, &b->d.src.addr);
}

/* The messages before i that made its exporter's state. */
static size_t
prefix_of(const struct vnm_messages *list, size_t i, size_t *prefix)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++) {
		if (!same_exporter(&list->m[k], &list->m[i]))
			continue;
		if (n == PREFIX_MAX) { /* templates come first, sequence numbers last */
			memmove(prefix + PREFIX_MAX / 2, prefix + PREFIX_MAX / 2 + 1,
			    (PREFIX_MAX / 2 - 1) * sizeof(*prefix));
			n--;
		}
		prefix[n++] = k;
	}
	return n;
}

static uint64_t
records_of(const struct vnm_station *s)
{
	const struct vnm_counters *c = vnm_pipeline_counters(s->pipeline);
	uint64_t n = 0;

	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		n += c->records[k];
	return n;
}

/* The variant's octets, in a block of exactly their size so that ASan sees a read beyond. */
static uint8_t *
mutate(const struct vnm_datagram *d, uint64_t variant, size_t *n)
{
	uint8_t *p;

	*n = variant < d->n ? (size_t)variant : d->n;
	p = malloc(*n != 0 ? *n : 1);
	if (p == NULL)
		abort();
	memcpy(p, d->p, *n);
	if (variant >= d->n)
		p[(variant - d->n) / 8] ^= (uint8_t)(1u << (variant - d->n) % 8);
	return p;
}

static void
play_variant(struct progress *progress, const struct vnm_messages *list, size_t i,
    const size_t *prefix, size_t prefix_n, uint64_t variant)
{
	struct vnm_test_message m = list->m[i];
	struct vnm_station s;
	size_t before = vnm_alloc_used(), n;
	uint8_t *octets = mutate(&list->m[i].d, variant, &n);
	const char *wrong;
	uint64_t records;

	if (vnm_station_open(&s, &vnm_judge_sink, VNM_STATION_BOTH) != 0)
		abort();
	if (variant % 2 != 0)
		vnm_station_keep_routes(&s);
	for (size_t k = 0; k < prefix_n; k++)
		vnm_station_play_mute(&s, &list->m[prefix[k]]);
	records = records_of(&s);
	m.d.p = octets;
	m.d.n = n;
	vnm_station_play(&s, &m);
	if (records_of(&s) - records > RECORDS_MAX)
		fail(progress, "too many records from one message");
	if (vnm_alloc_used() - before > MEMORY_MAX)
		fail(progress, "too much memory");
	if ((wrong = vnm_station_check(&s, false)) != NULL)
		fail(progress, wrong);
	vnm_station_finish(&s);
	if ((wrong = vnm_station_check(&s, true)) != NULL)
		fail(progress, wrong);
	vnm_station_close(&s);
	if (vnm_alloc_used() != before)
		fail(progress, "memory was not given back");
	free(octets);
}

/* Every step-th variant of every message; the first one is chosen so that steps differ. */
static void
sweep_mutations(struct progress *progress, const struct vnm_messages *list, uint64_t limit)
{
	size_t prefix[PREFIX_MAX];
	uint64_t total = 0, step = 1, next = 0, at = 0;

	for (size_t i = 0; i < list->n; i++)
		total += variants_of(&list->m[i]);
	if (limit != 0 && list->octets > SMALL_CASE)
		limit = limit / 2 + 1;
	if (limit != 0 && total > limit)
		step = total / limit + 1;
	progress->part = "mutation";
	for (size_t i = 0; i < list->n; i++) {
		uint64_t end = at + variants_of(&list->m[i]);
		size_t prefix_n = next < end ? prefix_of(list, i, prefix) : 0;
		progress->message = i;
		for (; next < end && progress->wrong[0] == '\0'; next += step) {
			progress->variant = (size_t)(next - at);
			if (progress->variants++ % 1000 == 0)
				limit_time();
			play_variant(progress, list, i, prefix, prefix_n, next - at);
		}
		at = end;
	}
}

/* ---- allocation failures ----------------------------------------------------------------------
 */

/* Plays the case with its n-th allocation failing; returns how many there were. */
static uint64_t
play_with_failure(struct progress *progress, const struct vnm_messages *list, uint64_t n)
{
	size_t before = vnm_alloc_used();
	struct vnm_station s;
	const char *wrong;
	uint64_t count;

	(void)vnm_alloc_fail_at(n);
	if (vnm_station_open(&s, &vnm_judge_sink, VNM_STATION_BOTH) == 0) {
		vnm_station_keep_routes(&s);
		for (size_t i = 0; i < list->n; i++)
			vnm_station_play(&s, &list->m[i]);
		vnm_station_finish(&s);
		if ((wrong = vnm_station_check(&s, true)) != NULL)
			fail(progress, wrong);
		vnm_station_close(&s);
	}
	count = vnm_alloc_fail_at(0);
	if (vnm_alloc_used() != before)
		fail(progress, "memory was not given back");
	return count;
}

static void
sweep_failures(struct progress *progress, const struct vnm_messages *list, uint64_t limit)
{
	uint64_t count, step;

	progress->part = "allocation failure";
	progress->message = 0;
	limit_time();
	count = play_with_failure(progress, list, 0);
	if (list->octets > SMALL_CASE)
		limit = limit / 10 + 1;
	step = limit != 0 && count > limit ? count / limit + 1 : 1;
	for (uint64_t n = 1; n <= count && progress->wrong[0] == '\0'; n += step) {
		progress->variant = (size_t)n;
		progress->failures++;
		limit_time();
		(void)play_with_failure(progress, list, n);
	}
}

/* ---- cases --------------------------------------------------------------------------------------
 */

static _Noreturn void
run_child(const struct sweep *s, const struct capture *c)
{
	struct vnm_messages list;
	struct vnm_err err;
	char text[512];

	if (vnm_messages_read(&list, c->path, &err) != 0) {
		fail(c->progress, vnm_err_format(&err, text, sizeof(text)));
		exit(1);
	}
	sweep_mutations(c->progress, &list, s->variants_max);
	if (c->progress->wrong[0] == '\0')
		sweep_failures(c->progress, &list, s->failures_max);
	vnm_messages_free(&list);
	exit(c->progress->wrong[0] != '\0');
}

static void
begin(struct sweep *s)
{
	struct capture *c = &s->captures[s->begun++];

	c->progress = mmap(
	    NULL, sizeof(*c->progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->progress == MAP_FAILED)
		abort();
	c->progress->part = "reading";
	(void)fflush(NULL);
	c->child = fork();
	if (c->child < 0)
		abort();
	if (c->child == 0)
		run_child(s, c);
	s->running++;
}

static void
tell(struct sweep *s, const struct capture *c)
{
	const struct progress *p = c->progress;

	s->variants += p->variants;
	s->failures += p->failures;
	if (WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0) {
		s->passed++;
		if (s->verbose)
			printf("ok %s: %" PRIu64 " mutations, %" PRIu64 " allocation failures\n",
			    c->path, p->variants, p->failures);
		return;
	}
	s->failed++;
	printf("FAIL %s: %s, message %zu, number %zu: %s\n", c->path, p->part, p->message,
	    p->variant,
	    p->wrong[0] != '\0' ? p->wrong
	    : hung(c->status)	? "hangs"
				: "crashed");
}

/* Waits for a child, whichever it is; they are told of in the order in which they began. */
static void
end_one(struct sweep *s)
{
	int status = 0;
	pid_t child = wait(&status);

	if (child < 0)
		abort();
	for (size_t i = s->told; i < s->begun; i++) {
		struct capture *c = &s->captures[i];

		if (c->child != child)
			continue;
		c->done = true;
		c->status = status;
	}
	s->running--;
	for (; s->told < s->begun && s->captures[s->told].done; s->told++) {
		struct capture *c = &s->captures[s->told];

		tell(s, c);
		(void)munmap(c->progress, sizeof(*c->progress));
		free(c->path);
	}
}

static void
sweep_all(struct sweep *s, size_t jobs)
{
	while (s->begun < s->n) {
		if (s->running >= jobs)
			end_one(s);
		begin(s);
	}
	while (s->running > 0)
		end_one(s);
}

static int
visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	struct capture *grown;

	(void)st;
	(void)ftw;
	if (type != FTW_F || n <= 5 ||
	    (strcmp(path + n - 5, ".pcap") != 0 && strcmp(path + n - 4, ".bin") != 0))
		return 0;
	grown = realloc(walker->captures, (walker->n + 1) * sizeof(*grown));
	if (grown == NULL)
		abort();
	walker->captures = grown;
	grown[walker->n++] = (struct capture){.path = strdup(path)};
	return 0;
}

static size_t
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 1 ? (size_t)n : 1;
}

int
main(int argc, char **argv)
{
	struct sweep s = {.variants_max = 4000, .failures_max = 400};
	size_t jobs = processors();
	int c;

	vnm_station_setup();
	while ((c = getopt(argc, argv, "n:a:j:v")) != -1) {
		if (c == 'n')
			s.variants_max = strtoull(optarg, NULL, 10);
		else if (c == 'a')
			s.failures_max = strtoull(optarg, NULL, 10);
		else if (c == 'j')
			jobs = strtoull(optarg, NULL, 10);
		else if (c == 'v')
			s.verbose = true;
		else
			return 2;
	}
	walker = &s;
	for (int i = optind; i < argc; i++) {
		if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
			fprintf(stderr, "sweep: %s: %s\n", argv[i], strerror(errno));
			return 2;
		}
	}
	sweep_all(&s, jobs > 0 ? jobs : 1);
	free(s.captures);
	printf("%" PRIu64 " mutations, %" PRIu64 " allocation failures\n", s.variants, s.failures);
	printf("%u passed, %u failed, 0 skipped\n", s.passed, s.failed);
	return s.failed != 0 || s.passed == 0;
}
