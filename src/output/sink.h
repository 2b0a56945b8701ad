/*
 * Sinks: where encoded records go. A sink is shared by all workers and takes batches; it
 * copies what it takes, never blocks on a slow or absent peer, and says what it did not take.
 */
#ifndef VNM_OUTPUT_SINK_H
#define VNM_OUTPUT_SINK_H

#include "base/counters.h"
#include "base/err.h"
#include "base/option.h"
#include "output/encoder.h"
#include "record/record.h"

#include <stdatomic.h>

struct vnm_batch_entry {
	struct vnm_frame frame; /* in the batch's bytes */
	enum vnm_kind kind;
	uint32_t key_at; /* offset of the key in the batch's `keys`; key_n 0: no key */
	uint32_t key_n;
};

/* Records of one worker's turn, in order. Borrowed for the call. */
struct vnm_batch {
	const uint8_t *bytes; /* the frames, one behind the other without gaps */
	size_t n;	      /* octets */
	const uint8_t *keys;
	const struct vnm_batch_entry *entries;
	size_t count;
	/* Its sources can be made to wait: what there is no room for stays with the output. */
	bool patient;
};

/*
 * A sink's part of the books, by kind: offered = published + dropped + in flight. Written by
 * any thread: `offered` by the outputs (output/output.h), the rest by the sink.
 */
struct vnm_sink_books {
	_Atomic uint64_t offered[VNM_KIND_COUNT];
	_Atomic uint64_t published[VNM_KIND_COUNT];
	_Atomic uint64_t dropped[VNM_KIND_COUNT];
	_Atomic uint64_t reasons[VNM_REASON_COUNT]; /* the drops, by reason */
};

struct vnm_sink {
	uint32_t magic;
	const struct vnm_sink_type *type;
	const char *name;		   /* of the output; borrowed from the configuration */
	const struct vnm_encoder *encoder; /* what the batches hold */
	const void *options;		   /* type->options_size octets; borrowed */
	bool never_waits; /* for a slow reader of its pipe: a daemon; set before the first batch */
	uint32_t outputs; /* that share it, one a worker; set before the first batch */
	struct vnm_sink_books books;
	void *state; /* the type's; owned */
};

struct vnm_sink_type {
	const char *name; /* in the configuration: file, kafka, null */
	const char *summary;
	bool keyed; /* it looks at the keys of a batch: without it there are none */

	/*
	 * Whether the options of the output of that name make sense, without opening anything:
	 * 0, or -1 and err->text. May be NULL.
	 */
	int (*check)(const char *output, const void *options, struct vnm_err *err);

	/* Ready to take batches (a broker may still be away): 0, or -1 and *err. */
	int (*open)(struct vnm_sink *s, struct vnm_err *err);

	/* Records that it will surely take now; TCP sources pause when this is short. Any thread.
	 */
	size_t (*room)(struct vnm_sink *s);

	/*
	 * Takes a batch and counts in s->books what it drops of it. Any thread; never blocks on a
	 * peer. Returns how many entries from the first on it took or dropped: all of them, but
	 * of a patient batch only those that there was room for.
	 */
	size_t (*publish)(struct vnm_sink *s, const struct vnm_batch *batch);

	/*
	 * Worker 0, about every 100 ms of wall time: writes out what lingers, reopens files,
	 * takes delivery reports. May be NULL.
	 */
	void (*tick)(struct vnm_sink *s, uint64_t mono_ns);

	/* The file may have been moved away (SIGHUP): opens it anew. Any thread. May be NULL. */
	void (*reopen)(struct vnm_sink *s);

	/* All that is in flight out or dropped (counted) by then. 0, or -1 when some was dropped.
	 */
	int (*flush)(struct vnm_sink *s, uint64_t deadline_mono_ns);

	void (*close)(struct vnm_sink *s);

	bool discards; /* looks at nothing but the kinds: records are not encoded for it */
	const struct vnm_option *options; /* keys of its own in an output */
	size_t options_size;
};

/* The list of sinks.def, ended by NULL. */
extern const struct vnm_sink_type *const vnm_sink_types[];

/* By name, or NULL. */
const struct vnm_sink_type *vnm_sink_type_find(const char *name);

/* Makes and opens a sink; name, encoder and options are borrowed. NULL, and err->text. */
struct vnm_sink *vnm_sink_open(const struct vnm_sink_type *type, const char *name,
    const struct vnm_encoder *encoder, const void *options, struct vnm_err *err);

/* Closes and frees; what is still in flight was for flush() to get out. NULL is nothing. */
void vnm_sink_close(struct vnm_sink *s);

/* Records offered that are neither published nor dropped yet. */
uint64_t vnm_sink_in_flight(const struct vnm_sink *s);

/* Records of all kinds that it dropped so far. */
static inline uint64_t
vnm_sink_drops(const struct vnm_sink *s)
{
	uint64_t sum = 0;

	for (size_t kind = 0; kind < VNM_KIND_COUNT; kind++)
		sum += atomic_load_explicit(&s->books.dropped[kind], memory_order_relaxed);
	return sum;
}

static inline void
vnm_sink_count_drop(struct vnm_sink *s, enum vnm_kind kind, enum vnm_reason reason, uint64_t n)
{
	atomic_fetch_add_explicit(&s->books.dropped[kind], n, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->books.reasons[reason], n, memory_order_relaxed);
}

/* How many records of each kind a batch holds, added to `counts`. */
static inline void
vnm_batch_count(const struct vnm_batch *batch, uint64_t counts[VNM_KIND_COUNT])
{
	for (size_t i = 0; i < batch->count; i++)
		counts[batch->entries[i].kind]++;
}

/* Adds counts by kind to one column of the books. */
static inline void
vnm_sink_add(_Atomic uint64_t column[VNM_KIND_COUNT], const uint64_t counts[VNM_KIND_COUNT])
{
	for (size_t kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (counts[kind] != 0)
			atomic_fetch_add_explicit(
			    &column[kind], counts[kind], memory_order_relaxed);
	}
}

#endif
