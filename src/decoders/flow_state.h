/*
 * State of one exporter of NetFlow v9 or IPFIX, and the parts of its decoder that work on it:
 * domains and their templates (domain.c), options data (options_data.c), sets (set.c), held
 * data (held.c) and the completion of records (flow_finish.c).
 */
#ifndef VNM_DECODERS_FLOW_STATE_H
#define VNM_DECODERS_FLOW_STATE_H

#include "decoders/flow.h"
#include "decoders/learnt.h"
#include "decoders/sequence.h"
#include "decoders/template.h"

/* Where a domain was when its state was saved, to tell whether the exporter began anew since. */
struct vnm_flow_past {
	bool known;
	uint32_t next;	    /* the sequence number that was to come */
	uint32_t uptime_ms; /* NetFlow v9 */
	uint64_t rx_ns;
};

/* A transport session's observation domain: the scope of template ids (RFC 7011 section 8). */
struct vnm_flow_domain {
	uint32_t domain;
	uint16_t version;
	uint16_t src_port;
	uint16_t dst_port;
	uint64_t session; /* of a stream; 0: UDP */
	uint64_t last_ns;
	struct vnm_template **templates; /* owned, as are the templates; sorted by id */
	uint32_t count;
	uint32_t cap;
	uint32_t
	    refused; /* data sets without a template for which there was no room, since the tick */
	struct vnm_sequence sequence;
	struct vnm_flow_past past; /* of a domain restored and not heard since */
};

/* A message some of whose sets wait for a template. */
struct vnm_held_message {
	uint32_t waiting; /* sets */
	bool good;	  /* some part of it was understood */
	bool faulty;
};

/* One data set that waits; its octets stand behind it. */
struct vnm_held_set {
	struct vnm_held_set *next;
	struct vnm_held_message *message; /* shared; owned by its last set */
	struct vnm_flow_header header;
	struct vnm_endpoint src, dst;
	enum vnm_transport transport;
	uint64_t session;
	uint64_t rx_ns;
	uint16_t id;
	uint16_t n;
	uint8_t octets[];
};

struct vnm_flow_state {
	struct vnm_flow_domain **domains; /* owned, as are the domains */
	uint32_t domain_count;
	uint32_t domain_cap;
	uint32_t last_domain; /* index of the one used last */
	uint32_t template_count;
	uint32_t field_count;	   /* of all templates */
	uint64_t refresh_saved_ns; /* when refreshed templates last made the state worth saving */
	struct vnm_learnt learnt;
	struct vnm_sequence shared;	   /* for exporters with one sequence for all domains */
	bool shares_sequence;		   /* it seems to be one of these */
	uint32_t sequence_domain;	   /* of the message before */
	struct vnm_held_message *held_now; /* of the datagram at hand; NULL: none of it waits */
	struct vnm_held_set *held;	   /* owned, oldest first */
	struct vnm_held_set **held_end;
	size_t held_room; /* octets that they take, their own and ours */
};

/* One message on its way through the decoder. */
struct vnm_flow_message {
	struct vnm_exporter *x;
	struct vnm_flow_state *state;
	const struct vnm_datagram *d;
	struct vnm_out *out;
	struct vnm_flow_header header;
	struct vnm_flow_domain *domain;
	const struct vnm_flow_domain *source; /* whose template the current set is read by */
	struct vnm_held_message *held;	      /* NULL until a set of it waits */
	uint32_t units; /* data records, options data included: what IPFIX numbers */
	bool units_known;
	uint32_t searches;  /* for templates among the domain's other ports, so far */
	uint32_t evictions; /* of templates, so far */
};

static inline const struct vnm_flow_options *
vnm_flow_options_of(const struct vnm_exporter *x)
{
	return x->options;
}

/* Under which options data of a domain is learnt and looked up. */
static inline struct vnm_learnt_scope
vnm_flow_scope(const struct vnm_flow_domain *f)
{
	uint64_t ports = (uint64_t)f->version << 32 | (uint32_t)f->src_port << 16 | f->dst_port;

	return (struct vnm_learnt_scope){
	    f->session != 0 ? f->session : VNM_LEARNT_UDP | ports, f->domain};
}

/* ---- domain.c ---------------------------------------------------------------------------- */

/* The message's domain, made where it is new; NULL when memory is short. */
struct vnm_flow_domain *vnm_flow_domain_get(struct vnm_flow_message *m);

/*
 * The template for a set: the domain's own, else that of another port of the exporter where
 * there is no doubt which. NULL: none, or the message has had as many searches as it may.
 */
struct vnm_template *vnm_flow_template_find(struct vnm_flow_message *m, uint16_t id);

/* Whether no port of the exporter lays t's id out differently from t in this domain. */
bool vnm_flow_template_sole(const struct vnm_flow_message *m, const struct vnm_template *t);

/*
 * Takes over t, which is confirmed, new or different; keeps it or frees it. A fault where there is
 * no room: a message may not clear the whole table.
 */
void vnm_flow_template_learn(struct vnm_flow_message *m, struct vnm_template *t);

/* Forgets one: whether it was there. */
bool vnm_flow_template_forget(struct vnm_flow_message *m, uint16_t id);

/* Forgets all (data templates or options templates). */
void vnm_flow_templates_forget_all(struct vnm_flow_message *m, bool options);

/* Forgets what was restored to f and never confirmed: the exporter began anew. */
void vnm_flow_templates_forget_provisional(struct vnm_flow_message *m, struct vnm_flow_domain *f);

/*
 * Before the first message of a domain is read: forgets what was restored to it, or to the same
 * domain at another port, where the message says that the exporter began anew in between.
 */
void vnm_flow_domain_first(struct vnm_flow_message *m);

/* Forgets UDP templates that are no longer refreshed. */
void vnm_flow_templates_expire(struct vnm_exporter *x, uint64_t now_ns, struct vnm_out *out);

/* Forgets the domains of a stream that ended. */
void vnm_flow_domains_end(struct vnm_exporter *x, uint64_t session, struct vnm_counters *counters);

void vnm_flow_domains_free(struct vnm_flow_state *state, struct vnm_counters *counters);

/* Adds a domain as it was saved; NULL when memory is short. */
struct vnm_flow_domain *vnm_flow_domain_add(struct vnm_flow_state *state);
/* Puts a template in its place; false when memory is short (and t is freed). */
bool vnm_flow_domain_put(
    struct vnm_flow_state *state, struct vnm_flow_domain *domain, struct vnm_template *t);

/* ---- set.c ------------------------------------------------------------------------------- */

enum vnm_reason vnm_netflow9_decode(
    struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out);
enum vnm_reason vnm_ipfix_decode(
    struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out);

/* All records of a data set by its template: false when it contradicts its lengths. */
bool vnm_flow_set_decode(
    struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader set);

/* ---- held.c ------------------------------------------------------------------------------ */

/* Keeps a data set until its template comes; a fault of the message where there is no room. */
void vnm_flow_hold(struct vnm_flow_message *m, uint16_t id, struct vnm_reader set);

/* Tells of data that could not be kept; the envelope is the domain's. */
void vnm_flow_held_tick(struct vnm_flow_domain *f, struct vnm_out *out);

/* Decodes what waited for this template. */
void vnm_flow_held_release(struct vnm_flow_message *m, const struct vnm_template *t);

/* A stream ended: what waited for its templates ends with it. */
void vnm_flow_held_end(
    struct vnm_exporter *x, uint64_t session, uint64_t now_ns, struct vnm_out *out);

/* The exporter is forgotten: what is held ends as template-missing, without a record. */
void vnm_flow_held_free(struct vnm_flow_state *s, struct vnm_counters *counters);

/* Gives up what has waited since before `before_ns`; UINT64_MAX: all. */
void vnm_flow_held_expire(
    struct vnm_exporter *x, uint64_t before_ns, uint64_t now_ns, struct vnm_out *out);

/* ---- options_data.c ---------------------------------------------------------------------- */

/* One options data record: false when it does not fit. */
bool vnm_flow_options_record(
    struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader *r);

/* The rate that sampling numbers give, 1 in N; 0: none. Absent numbers are 0. */
double vnm_flow_rate(uint64_t interval, uint64_t packet_interval, uint64_t packet_space,
    bool has_space, uint64_t size, uint64_t population);

/* ---- flow_finish.c ------------------------------------------------------------------------ */

/* Makes fields of raw values, sections and lists of a record that a template filled. */
void vnm_flow_complete(struct vnm_flow_message *m, const struct vnm_template *t,
    struct vnm_record *r, struct vnm_flow_work *w);

/* ---- ie_list.c ----------------------------------------------------------------------------- */

/* Structured data (RFC 6313) of an element: fills its list; a fault where it is malformed. */
void vnm_flow_list(struct vnm_flow_message *m, struct vnm_ie *ie);

/* ---- flow_save.c ----------------------------------------------------------------------------- */

bool vnm_flow_save(const struct vnm_exporter *x, struct vnm_buffer *b);
int vnm_flow_load(struct vnm_exporter *x, struct vnm_reader *r, struct vnm_counters *counters);

#endif
