/*
 * TCP connections of a capture (RFC 9293), cut into messages.
 */
#include "collectors/tcp_stream.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/reader.h"
#include "collectors/framer.h"
#include "collectors/tcp_order.h"

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4 };

/* After this time without a segment, the ports of a closed connection are another's. */
#define REUSE_NS 60000000000ULL

enum state {
	STREAM_ASKING,	/* gathers octets until it is known whether it is ours */
	STREAM_FRAMING, /* it is */
	STREAM_IGNORED, /* it is not, or cannot be followed */
	STREAM_CLOSED
};

struct key {
	struct vnm_endpoint src;
	struct vnm_endpoint dst;
};

struct stream {
	struct key key;
	uint64_t hash;
	struct vnm_streams *table;
	uint64_t session;
	uint64_t last_ns;
	enum state state;
	bool from_start;   /* octets were seen from the SYN on, without a hole */
	bool syn_data;	   /* the SYN carried octets */
	bool claimed;	   /* `stream` named a framing at some time */
	uint64_t messages; /* since the start or the last hole */
	uint64_t handed_over;
	uint64_t packets; /* that gave the octets gathered so far */
	struct vnm_tcp_order order;
	struct vnm_framer framer;
};

struct vnm_streams {
	const struct vnm_streams_user *user;
	struct vnm_table index;
	struct stream *streams[VNM_STREAMS]; /* owned; the first n */
	uint32_t n;
	uint64_t sessions; /* so far */
};

struct segment {
	struct key key;
	unsigned flags;
	struct vnm_segment data;
};

struct vnm_streams *
vnm_streams_new(const struct vnm_streams_user *user)
{
	struct vnm_streams *t = vnm_alloc_zero(1, sizeof(*t));

	if (t != NULL)
		t->user = user;
	return t;
}

static struct vnm_datagram
datagram_of(const struct stream *s, struct vnm_slice octets)
{
	return (struct vnm_datagram){.p = octets.p,
	    .n = octets.n,
	    .rx_ns = s->last_ns,
	    .src = s->key.src,
	    .dst = s->key.dst,
	    .transport = VNM_TRANSPORT_TCP,
	    .session = s->session,
	    .frame = s->framer.frame};
}

static void
ignore_gathered(struct stream *s)
{
	vnm_framer_free(&s->framer);
	if (s->packets > 0)
		s->table->user->ignored(s->table->user->ctx, s->packets);
	s->packets = 0;
}

static void
hand_over(struct stream *s, struct vnm_slice octets)
{
	struct vnm_datagram d = datagram_of(s, octets);

	s->packets = 0;
	s->messages++;
	s->handed_over++;
	s->table->user->message(s->table->user->ctx, &d);
}

static void
refuse_rest(struct stream *s, enum vnm_reason reason)
{
	struct vnm_datagram d = datagram_of(s, vnm_framer_rest(&s->framer));

	s->packets = 0;
	s->table->user->refused(s->table->user->ctx, &d, reason);
	vnm_framer_free(&s->framer);
}

static void
tell_end(struct stream *s)
{
	struct vnm_datagram d = datagram_of(s, (struct vnm_slice){NULL, 0});

	if (s->handed_over > 0)
		s->table->user->end(s->table->user->ctx, &d);
	s->handed_over = 0;
}

static void
give_up(struct stream *s, enum vnm_reason reason)
{
	refuse_rest(s, reason);
	tell_end(s);
	s->state = STREAM_IGNORED;
}

/* A framing for what was gathered: whether there is one now. */
static bool
ask(struct stream *s)
{
	struct vnm_slice rest = vnm_framer_rest(&s->framer);
	const struct vnm_streams_user *user = s->table->user;
	const struct vnm_datagram d = datagram_of(s, rest);

	s->framer.frame = user->stream(user->ctx, &d);
	if (s->framer.frame != NULL) {
		s->state = STREAM_FRAMING;
		s->claimed = true;
		return true;
	}
	if (rest.n >= VNM_STREAM_PROBE) {
		ignore_gathered(s);
		if (s->from_start)
			s->state = STREAM_IGNORED;
	}
	return false;
}

static void
cut_messages(struct stream *s)
{
	struct vnm_slice message;
	enum vnm_framed framed;

	while ((framed = vnm_framer_next(&s->framer, &message)) == VNM_FRAMED_MESSAGE)
		hand_over(s, message);
	if (framed == VNM_FRAMED_NONE) {
		vnm_framer_trim(&s->framer);
	} else if (s->from_start || s->messages > 0) {
		give_up(s, VNM_R_bad_length);
	} else { /* it was the middle of a message: perhaps the next segment begins one */
		ignore_gathered(s);
		s->state = STREAM_ASKING;
	}
}

static void
on_data(void *ctx, const uint8_t *p, size_t n)
{
	struct stream *s = ctx;

	s->packets++;
	if (s->state == STREAM_IGNORED) {
		ignore_gathered(s);
		return;
	}
	if (!vnm_framer_add(&s->framer, p, n)) {
		give_up(s, VNM_R_out_of_memory);
		return;
	}
	if (s->state == STREAM_FRAMING || ask(s))
		cut_messages(s);
}

/* A begun message that will not be completed: its decoder will say what is wrong with it. */
static void
leave_message(struct stream *s)
{
	struct vnm_slice rest = vnm_framer_rest(&s->framer);

	if (s->state == STREAM_FRAMING && rest.n > 0)
		hand_over(s, rest);
	ignore_gathered(s);
}

static void
on_gap(void *ctx)
{
	struct stream *s = ctx;

	if (s->state == STREAM_IGNORED)
		return;
	leave_message(s);
	s->state = STREAM_ASKING;
	s->from_start = false;
	s->messages = 0;
}

static void
close_stream(struct stream *s)
{
	const struct vnm_order_user user = {s, on_data, on_gap};

	if (s->state == STREAM_CLOSED)
		return;
	vnm_tcp_order_flush(&s->order, &user);
	leave_message(s);
	if (s->claimed && s->handed_over == 0 && s->state == STREAM_ASKING)
		refuse_rest(s, VNM_R_bad_length);
	tell_end(s);
	s->state = STREAM_CLOSED;
}

static void
free_stream(struct stream *s)
{
	close_stream(s);
	vnm_tcp_order_free(&s->order);
	vnm_framer_free(&s->framer);
	vnm_free(s);
}

/* The same ports begin a new connection. */
static void
begin_anew(struct stream *s)
{
	struct vnm_streams *table = s->table;

	close_stream(s);
	vnm_tcp_order_free(&s->order);
	vnm_framer_free(&s->framer);
	*s = (struct stream){.key = s->key, .hash = s->hash, .table = table};
	s->session = ++table->sessions;
}

static void
remove_stream(struct vnm_streams *t, uint32_t i)
{
	struct stream *last = t->streams[t->n - 1];

	vnm_table_remove(&t->index, t->streams[i]->hash, i);
	free_stream(t->streams[i]);
	if (i != t->n - 1) {
		vnm_table_move(&t->index, last->hash, t->n - 1, i);
		t->streams[i] = last;
	}
	t->n--;
}

static void
make_room(struct vnm_streams *t)
{
	uint32_t oldest = 0;

	if (t->n < VNM_STREAMS)
		return;
	for (uint32_t i = 1; i < t->n; i++) {
		if (t->streams[i]->last_ns < t->streams[oldest]->last_ns)
			oldest = i;
	}
	remove_stream(t, oldest);
}

void
vnm_streams_free(struct vnm_streams *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		free_stream(t->streams[i]);
	vnm_table_free(&t->index);
	vnm_free(t);
}

static struct stream *
find(struct vnm_streams *t, const struct key *key, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->index, hash, &at)) != VNM_TABLE_NONE) {
		if (memcmp(&t->streams[i]->key, key, sizeof(*key)) == 0)
			return t->streams[i];
	}
	return NULL;
}

/* NULL when memory is short. */
static struct stream *
add(struct vnm_streams *t, const struct key *key, uint64_t hash)
{
	make_room(t);
	struct stream *s = vnm_alloc_zero(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	if (vnm_table_add(&t->index, hash, t->n) != 0) {
		vnm_free(s);
		return NULL;
	}
	t->streams[t->n++] = s;
	s->key = *key;
	s->hash = hash;
	s->table = t;
	s->session = ++t->sessions;
	return s;
}

/* False when the header is damaged or was not captured. */
static bool
read_segment(const struct vnm_packet *packet, struct segment *g)
{
	const uint8_t *h = packet->payload.p;

	if (packet->payload.n < 20)
		return false;
	size_t header = (size_t)(h[12] >> 4) * 4;
	if (header < 20 || header > packet->payload.n)
		return false;
	memset(g, 0, sizeof(*g)); /* the key is compared as octets */
	g->key.src.addr = packet->src;
	g->key.dst.addr = packet->dst;
	g->key.src.port = vnm_be16(h);
	g->key.dst.port = vnm_be16(h + 2);
	g->flags = h[13];
	g->data = (struct vnm_segment){.seq = vnm_be32(h + 4) + ((g->flags & FLAG_SYN) != 0),
	    .p = h + header,
	    .n = packet->payload.n - header,
	    .wire_n = packet->wire_n - header};
	return true;
}

/* Whether the segment begins a connection that is not the one known by these ports. */
static bool
is_anew(const struct stream *s, const struct segment *g, uint64_t now_ns)
{
	if (g->flags & FLAG_SYN)
		return s->order.begun && s->order.first != g->data.seq;
	return s->state == STREAM_CLOSED && now_ns > s->last_ns && now_ns - s->last_ns > REUSE_NS;
}

/*
 * Whether what follows a SYN with data begins at the number of that data's last octet: then who
 * made the capture up did not count the SYN. (A keepalive probe has one octet there, or none.)
 */
static bool
does_not_count_syn(const struct stream *s, const struct segment *g)
{
	return s->syn_data && (g->flags & FLAG_SYN) == 0 && g->data.wire_n > 1 &&
	       s->order.next == g->data.seq + 1;
}

static void
take_segment(struct stream *s, const struct segment *g)
{
	const struct vnm_order_user user = {s, on_data, on_gap};
	bool useful = false;

	if ((g->flags & FLAG_SYN) && !s->order.begun) {
		vnm_tcp_order_begin(&s->order, g->data.seq);
		s->from_start = true;
		s->syn_data = g->data.wire_n > 0;
	} else if (does_not_count_syn(s, g)) {
		vnm_tcp_order_uncount(&s->order);
		s->syn_data = false;
	} else if (g->data.seq == s->order.next && g->data.wire_n > 0) {
		s->syn_data = false;
	}
	if (g->data.wire_n > 0 && s->state != STREAM_CLOSED)
		useful = vnm_tcp_order_take(&s->order, &g->data, &user);
	if (!useful) /* carries nothing, or nothing new */
		s->table->user->ignored(s->table->user->ctx, 1);
	if (g->flags & FLAG_FIN)
		vnm_tcp_order_end(&s->order, g->data.seq + (uint32_t)g->data.wire_n);
	if (vnm_tcp_order_ended(&s->order) || (g->flags & FLAG_RST))
		close_stream(s);
}

void
vnm_streams_take(struct vnm_streams *t, const struct vnm_packet *packet, uint64_t now_ns)
{
	struct segment g;

	if (!read_segment(packet, &g)) {
		t->user->ignored(t->user->ctx, 1);
		return;
	}
	uint64_t hash = vnm_hash(&g.key, sizeof(g.key), 0);
	struct stream *s = find(t, &g.key, hash);
	/* Without octets or a SYN, it tells nothing of a connection that is not known. */
	if (s == NULL && (g.data.wire_n > 0 || (g.flags & FLAG_SYN)))
		s = add(t, &g.key, hash);
	if (s == NULL) {
		t->user->ignored(t->user->ctx, 1);
		return;
	}
	if (is_anew(s, &g, now_ns))
		begin_anew(s);
	s->last_ns = now_ns;
	take_segment(s, &g);
}
