/*
 * Plays mutated messages of captures to one worker after the other: many more than the fuzzers do
 * in the same time, since a worker lives for thousands of them, but blindly. What is mutated:
 * octets, cuts, parts of one message in another, numbers, repetitions.
 *
 *   mutate [-n MESSAGES] [-s SEED] DECODER FILE...
 *
 * The books must balance and all memory must come back; the last line tells how many there were.
 */
#include "station.h"

#include "base/alloc.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LIFE 20000	/* messages of one worker */
#define OCTETS_MAX 8192 /* of one message */
#define STEP_NS 1000000U

struct mutator {
	struct vnm_messages files[256];
	size_t file_count;
	const struct vnm_decoder *decoder;
	uint64_t random;
	uint8_t octets[OCTETS_MAX];
	size_t n;
};

static uint32_t
draw(struct mutator *m, size_t below)
{
	m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return below > 0 ? (uint32_t)((m->random >> 33) % below) : 0;
}

/* A message of the captures that is this decoder's. */
static const struct vnm_test_message *
pick(struct mutator *m)
{
	for (;;) {
		const struct vnm_messages *list = &m->files[draw(m, m->file_count)];
		const struct vnm_test_message *t = &list->m[draw(m, list->n)];

		if (!t->end && t->decoder == m->decoder)
			return t;
	}
}

static void
insert(struct mutator *m, size_t at, const uint8_t *p, size_t n)
{
	if (n > OCTETS_MAX - m->n)
		n = OCTETS_MAX - m->n;
	memmove(m->octets + at + n, m->octets + at, m->n - at);
	memmove(m->octets + at, p, n);
	m->n += n;
}

static void
mutate_once(struct mutator *m)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, ' ', ':', '<', '>', '[', ']', '"',
	    '\\', '=', '%', '|', '{', '}', '\n', '-', '.', '9'};
	size_t at = draw(m, m->n), length;
	const struct vnm_test_message *other;
	uint8_t copy[256];

	switch (draw(m, 7)) {
	case 0:
		m->octets[at] ^= (uint8_t)(1U << draw(m, 8));
		break;
	case 1:
		m->octets[at] = odd[draw(m, sizeof(odd))];
		break;
	case 2:
		m->n = at;
		break;
	case 3: /* a part is gone */
		length = draw(m, m->n - at);
		memmove(m->octets + at, m->octets + at + length, m->n - at - length);
		m->n -= length;
		break;
	case 4: /* a part comes again */
		length = draw(m, m->n - at < sizeof(copy) ? m->n - at : sizeof(copy));
		memcpy(copy, m->octets + at, length);
		insert(m, draw(m, m->n), copy, length);
		break;
	case 5: /* a part of another message */
		other = pick(m);
		length = draw(m, other->d.n);
		insert(m, at, other->d.p + draw(m, other->d.n - length), length);
		break;
	default: /* a run of one octet */
		memset(copy, odd[draw(m, sizeof(odd))], sizeof(copy));
		insert(m, at, copy, draw(m, sizeof(copy)));
	}
}

static void
play_one(struct mutator *m, struct vnm_station *s, uint64_t number)
{
	struct vnm_test_message t = *pick(m);
	uint8_t *exact;

	m->n = t.d.n < OCTETS_MAX ? t.d.n : OCTETS_MAX;
	memcpy(m->octets, t.d.p, m->n);
	for (uint32_t i = draw(m, 4); i < 4 && m->n > 0; i++)
		mutate_once(m);
	exact = malloc(m->n > 0 ? m->n : 1); /* so that ASan sees a read beyond */
	if (exact == NULL)
		abort();
	memcpy(exact, m->octets, m->n);
	t.d.p = exact;
	t.d.n = m->n;
	t.d.rx_ns = 1767225600000000000ULL + number * STEP_NS;
	vnm_station_play(s, &t);
	free(exact);
}

static void
demand(const char *wrong, uint64_t number)
{
	if (wrong == NULL)
		return;
	fprintf(stderr, "mutate: %s, before message %" PRIu64 "\n", wrong, number);
	abort();
}

static void
play(struct mutator *m, uint64_t count)
{
	uint64_t records = 0;

	for (uint64_t number = 0; number < count;) {
		size_t before = vnm_alloc_used();
		struct vnm_station s;

		if (vnm_station_open(&s, &vnm_judge_sink, VNM_STATION_BOTH) != 0)
			abort();
		for (uint64_t end = number + LIFE; number < end && number < count; number++)
			play_one(m, &s, number);
		vnm_station_finish(&s);
		demand(vnm_station_check(&s, true), number);
		for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
			records += vnm_pipeline_counters(s.pipeline)->records[k];
		vnm_station_close(&s);
		demand(vnm_alloc_used() != before ? "memory was not given back" : NULL, number);
	}
	printf("%" PRIu64 " messages, %" PRIu64 " records without a finding\n", count, records);
}

static int
usage(void)
{
	fputs("usage: mutate [-n MESSAGES] [-s SEED] DECODER FILE...\n", stderr);
	return 2;
}

static bool
has_messages(const struct vnm_messages *list, const struct vnm_decoder *decoder)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!list->m[i].end && list->m[i].decoder == decoder)
			return true;
	}
	return false;
}

int
main(int argc, char **argv)
{
	static struct mutator m = {.random = 1};
	uint64_t count = 100000;
	struct vnm_err err;
	int option;

	while ((option = getopt(argc, argv, "n:s:")) >= 0) {
		if (option == 'n')
			count = strtoull(optarg, NULL, 10);
		else if (option == 's')
			m.random = strtoull(optarg, NULL, 10);
		else
			return usage();
	}
	if (argc - optind < 2 || (m.decoder = vnm_decoder_find(argv[optind++])) == NULL)
		return usage();
	for (; optind < argc && m.file_count < VNM_ARRAY_LEN(m.files); optind++) {
		struct vnm_messages *list = &m.files[m.file_count];

		if (vnm_messages_read(list, argv[optind], &err) == 0 &&
		    has_messages(list, m.decoder))
			m.file_count++;
		else
			vnm_messages_free(list);
	}
	if (m.file_count == 0) {
		fputs("mutate: no message of that decoder\n", stderr);
		return 1;
	}
	play(&m, count);
	while (m.file_count > 0)
		vnm_messages_free(&m.files[--m.file_count]);
	return 0;
}
