/*
 * What a decoder is: a const struct of pure functions of bytes, exporter state and the
 * datagram's clock. No I/O, no time(), no log; long-lived memory only through vnm_alloc and
 * owned by the exporter's state.
 *
 * A new decoder is one file, a line in decoders.def and its cases.
 */
#ifndef VNM_DECODERS_DECODER_H
#define VNM_DECODERS_DECODER_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/err.h"
#include "base/option.h"
#include "base/reader.h"
#include "base/scratch.h"
#include "mibs/mib.h"
#include "record/datagram.h"
#include "record/fact.h"
#include "record/record.h"

/* Bounds that all decoders keep (configuration: `limits`). */
#define VNM_LIMITS_OPTIONS(X)                                                                     \
	X(struct vnm_limits, exporters, NUMBER, "20000", RESTART,                                 \
	    "exporters known at a time, each worker; the longest silent makes room")              \
	X(struct vnm_limits, templates, NUMBER, "4096", RELOAD,                                   \
	    "templates kept for one exporter, of 64 fields on average; the longest unused makes " \
	    "room")                                                                               \
	X(struct vnm_limits, template_fields, NUMBER, "1024", RELOAD, "fields of one template")   \
	X(struct vnm_limits, domains, NUMBER, "256", RELOAD,                                      \
	    "sessions and observation domains of one exporter")                                   \
	X(struct vnm_limits, options_entries, NUMBER, "8192", RELOAD,                             \
	    "samplers, interfaces, VRFs and applications learnt from one exporter; what it "      \
	    "did not tell again makes room; of a polled device interfaces, ports and facts: "     \
	    "those beyond have no rates, name nothing, and are never taken back")                 \
	X(struct vnm_limits, held_octets, SIZE, "512K", RELOAD,                                   \
	    "memory for data of one exporter held until its template comes")                      \
	X(struct vnm_limits, held_time, DURATION, "10m", RELOAD, "how long it is held")           \
	X(struct vnm_limits, peers, NUMBER, "16000", RELOAD, "BGP peers of one BMP session")      \
	X(struct vnm_limits, facts, NUMBER, "131072", RESTART,                                    \
	    "facts about the topology remembered by each worker, so that repeats are not told; "  \
	    "24 octets each; 0: all are told")                                                    \
	X(struct vnm_limits, facts_refresh, DURATION, "1h", RELOAD,                               \
	    "a fact that is repeated is told again after so long; 0: never")                      \
	X(struct vnm_limits, records_per_message, NUMBER, "16384", RELOAD,                        \
	    "records that one message may yield")                                                 \
	X(struct vnm_limits, output_per_message, SIZE, "16M", RELOAD,                             \
	    "encoded octets that one message may yield")

struct vnm_limits {
	VNM_LIMITS_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_limits_options[];

/*
 * One source of messages of one decoder, by address. What lies below it (transport sessions,
 * observation domains, sFlow agents, peers) is in the decoder's state.
 */
struct vnm_exporter {
	uint32_t magic;
	const struct vnm_decoder *decoder;
	struct vnm_addr addr;
	uint64_t last_ns; /* when it was last heard, on the packets' clock */
	const void
	    *options;	    /* the decoder's own, of the listener; borrowed, may change by reload */
	bool dirty;	    /* the state changed in a way worth saving; cleared by who saves it */
	bool waits;	    /* there is something for work() to do */
	uint64_t hash_seed; /* for tables of what strangers may choose; 0 in a replay */
	void *state;	    /* decoder->state_size octets, zeroed before open(); owned */
};

/* Who vnmcd is to those who ask it: constant while it runs. */
struct vnm_self {
	bool live;		    /* false: a replay, which answers nobody */
	uint64_t epoch_ns;	    /* when it started */
	struct vnm_slice engine_id; /* as an SNMP engine (RFC 3411 section 5) */
	uint32_t engine_boots;	    /* grows with every start */
};

/*
 * Where a decoder's results go. The record is one and reused: begin, fill, emit. Envelope
 * fields that hold for a whole message are set once, between message start and vnm_out_base().
 */
struct vnm_out {
	struct vnm_record *rec;
	uint64_t base[VNM_HAS_WORDS]; /* presence of the message's own envelope fields */
	struct vnm_scratch *scratch;  /* reset after every message */
	struct vnm_counters *counters;
	const struct vnm_limits *limits;
	uint32_t records_left;	     /* of limits->records_per_message */
	uint32_t emitted;	     /* records of this message so far */
	uint32_t good;		     /* other parts that were understood: templates, options data */
	uint32_t faults;	     /* part faults of this message so far */
	enum vnm_reason first_fault; /* where faults is not 0 */
	uint32_t held;		     /* parts of this message that wait for a template */
	bool again;		     /* it was read before, and its faults were counted then */
	void (*emit)(struct vnm_out *out);				/* the pipeline's */
	void (*fact)(struct vnm_out *out, const struct vnm_fact *fact); /* ... or NULL */
	void (*reply)(struct vnm_out *out, struct vnm_slice reply, bool acknowledges); /* or NULL */
	const struct vnm_self *self;	     /* NULL: a replay */
	const struct vnm_set_back *set_back; /* datagrams' clock, since then; NULL: never */
	const struct vnm_mib *mib;	     /* what OIDs mean; NULL: only what is built in */
	uint64_t turn;			     /* this one's number, from 1 */
	uint64_t lost_turn; /* the latest of whose records an output did not take all; 0: none */
};

/* Envelope presence as it is now holds for all records to come of this message. */
static inline void
vnm_out_base(struct vnm_out *out)
{
	memcpy(out->base, out->rec->has, sizeof(out->base));
}

/* The record, empty but for the message's envelope. */
static inline struct vnm_record *
vnm_out_begin(struct vnm_out *out, enum vnm_kind kind)
{
	memcpy(out->rec->has, out->base, sizeof(out->base));
	out->rec->kind_id = kind;
	return out->rec;
}

/*
 * A fault within the message: it will be `partial`, or, where nothing of it was understood,
 * fail for its first fault.
 */
static inline void
vnm_out_fault(struct vnm_out *out, enum vnm_reason reason)
{
	if (out->again)
		return;
	out->counters->parts[reason]++;
	if (out->faults++ == 0)
		out->first_fault = reason;
}

/* Hands the record on. False (and nothing done) when the message has yielded all it may. */
static inline bool
vnm_out_emit(struct vnm_out *out)
{
	if (VNM_UNLIKELY(out->records_left == 0)) {
		vnm_out_fault(out, VNM_R_record_limit);
		return false;
	}
	out->records_left--;
	out->emitted++;
	out->emit(out);
	return true;
}

/*
 * Tells what the protocol teaches about the topology (record/fact.h), with the message's envelope.
 * It takes the record: call it between records, never while one is filled. Repeats are not told
 * again; whoever can tell cheaply that nothing changed need not call at all.
 */
static inline void
vnm_out_fact(struct vnm_out *out, const struct vnm_fact *fact)
{
	if (out->fact != NULL)
		out->fact(out, fact);
}

static inline void
vnm_out_count(struct vnm_out *out, enum vnm_counter c, uint64_t n)
{
	out->counters->v[c] += n;
}

/*
 * Answers the message by the way that it came (nobody where there is none). What acknowledges it
 * is sent at the turn's end, and only if every output has taken the turn's records: who gets no
 * answer sends again.
 */
static inline void
vnm_out_reply(struct vnm_out *out, struct vnm_slice reply, bool acknowledges)
{
	if (out->reply != NULL)
		out->reply(out, reply, acknowledges);
}

static inline const struct vnm_mib *
vnm_out_mib(const struct vnm_out *out)
{
	return out->mib != NULL ? out->mib : &vnm_mib_builtin;
}

/* A message that was held has come to its end: `outcome` is not HELD; reason for FAILED. */
void vnm_out_release(struct vnm_out *out, enum vnm_outcome outcome, enum vnm_reason reason);

/* What a configuration has for all listeners of a decoder; lives as long as its options. */
struct vnm_decoder_setting {
	bool live;
	const struct vnm_snmp_access *snmp; /* NULL: nobody is named */
};

struct vnm_rib_query; /* decoders/rib_query.h */

struct vnm_decoder {
	const char *name;    /* in the configuration and for -m */
	const char *summary; /* one line for the documentation */
	uint16_t ports[8];   /* where its messages are usually sent; 0 ends the list */
	size_t state_size;   /* octets of state for each exporter */
	bool answers;	     /* it may answer messages (vnm_out_reply) */

	/* Whether these bytes look like one of its messages (replay without -m). */
	bool (*probe)(const uint8_t *p, size_t n);

	/*
	 * The size in octets of the message that begins at p, of which n octets are there:
	 * 0 when more must come to tell, VNM_FRAME_BAD when the stream cannot be followed.
	 * NULL: not for streams.
	 */
	size_t (*frame)(const uint8_t *p, size_t n);

	/* A new exporter; a stream's begin. 0, or -1 when memory is short. May be NULL. */
	int (*open)(struct vnm_exporter *x);

	/*
	 * One message: VNM_OK, or the reason for which all of it is refused. Faults of parts go
	 * to vnm_out_fault(), data that waits is added to out->held; the pipeline makes the
	 * message's one outcome of these.
	 */
	enum vnm_reason (*decode)(
	    struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out);

	/*
	 * Time passes: about once a second, on the packets' clock in a replay. Ages templates
	 * and held data, emits visibility records. With `final` set it is the last call: all
	 * that is held ends. out's envelope is the pipeline's for this exporter. May be NULL.
	 */
	void (*tick)(struct vnm_exporter *x, uint64_t now_ns, bool final, struct vnm_out *out);

	/*
	 * A bounded piece of what need not be done at once (x->waits says that there is some).
	 * Called between turns, while outputs have room for all records of a message. May be NULL.
	 */
	void (*work)(struct vnm_exporter *x, uint64_t now_ns, struct vnm_out *out);

	/*
	 * Records of the routes that are kept and asked for: they go to who asks, not to outputs.
	 * May be NULL.
	 */
	void (*query)(struct vnm_exporter *x, struct vnm_rib_query *q, struct vnm_out *out);

	/* All routes that are kept are to be told again, by work(). May be NULL. */
	void (*dump)(struct vnm_exporter *x);

	/* A stream ended: d->session, src and dst tell which. May be NULL. */
	void (*end)(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out);

	/* Frees what the state owns. May be NULL. */
	void (*close)(struct vnm_exporter *x, struct vnm_counters *counters);

	/*
	 * Persistence over a restart: save appends to b (nothing where there is nothing worth
	 * it); load gets the same octets, which may be damaged: 0, or -1 where they were refused.
	 */
	bool (*save)(const struct vnm_exporter *x, struct vnm_buffer *b);
	int (*load)(struct vnm_exporter *x, struct vnm_reader *r, struct vnm_counters *counters);

	const struct vnm_option *options; /* keys of its own in a listener; NULL: none */
	size_t options_size;		  /* octets of the struct they fill */

	/* Whether they make sense: 0, or -1 and err->text. May be NULL. */
	int (*check)(const void *options, struct vnm_err *err);

	/*
	 * Once its options are read, while nobody uses them: what they need besides. 0, or -1 and
	 * err->text. release() frees what it made, also after it failed. Both may be NULL.
	 */
	int (*prepare)(
	    void *options, const struct vnm_decoder_setting *setting, struct vnm_err *err);
	void (*release)(void *options);
};

/* The list of decoders.def, ended by NULL. */
extern const struct vnm_decoder *const vnm_decoders[];

/* By name, or NULL. */
const struct vnm_decoder *vnm_decoder_find(const char *name);

/* The first whose probe() takes the bytes, else the first that names the port, else NULL. */
const struct vnm_decoder *vnm_decoder_guess(const uint8_t *p, size_t n, uint16_t port);

#endif
