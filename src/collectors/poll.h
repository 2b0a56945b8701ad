/*
 * Polling: who asks thousands of SNMP devices for their tables.
 *
 * The poller is an engine without sockets and without a clock: time is a parameter, datagrams go
 * out and rows come back through calls. It holds each device's schedule, health and what it
 * learnt of it, and walks tables so that a device, however slow, broken or hostile, costs neither
 * more memory than its share nor the others' turns. snmp_poll.c gives it sockets on the loop.
 *
 * A walk asks for all columns of a table from one index on (GETBULK; GETNEXT of version 1), takes
 * the rows that are whole, and goes on behind the last of them. Rows are joined by their index,
 * never by position.
 */
#ifndef VNM_COLLECTORS_POLL_H
#define VNM_COLLECTORS_POLL_H

#include "base/counters.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/option.h"
#include "base/timer.h"
#include "record/datagram.h"
#include "snmp/plan.h"
#include "snmp/usm.h"

struct event_base;

/* ---- configuration --------------------------------------------------------------------------- */

/* Of a group (configuration: `polls`). */
#define VNM_POLL_OPTIONS(X)                                                                      \
	X(struct vnm_poll_options, name, STRING, NULL, RELOAD, "name, for messages and -o")      \
	X(struct vnm_poll_options, devices_file, STRING, NULL, RELOAD,                           \
	    "YAML file with a list `devices` of further devices")                                \
	X(struct vnm_poll_options, tables, STRINGS, "interfaces", RELOAD,                        \
	    "what is asked for every `interval`: profiles, or tables by their name in a MIB")    \
	X(struct vnm_poll_options, scalars, STRINGS, NULL, RELOAD,                               \
	    "scalars that are asked for every `interval`, by their name in a MIB")               \
	X(struct vnm_poll_options, topology, STRINGS, NULL, RELOAD,                              \
	    "what is asked for every `topology_interval` and when a device says that something " \
	    "changed: profiles, or tables by name; facts are taken back when a walk does not "   \
	    "find them again, not when a reload ends the polling")                               \
	X(struct vnm_poll_options, interval, DURATION, "60s", RELOAD,                            \
	    "how often a device has its turn; turns are spread over it")                         \
	X(struct vnm_poll_options, topology_interval, DURATION, "10m", RELOAD,                   \
	    "the same of what `topology` names")                                                 \
	X(struct vnm_poll_options, jitter, DURATION, "0", RELOAD,                                \
	    "a turn begins up to so much later, at random")                                      \
	X(struct vnm_poll_options, in_flight, NUMBER, "1000", RELOAD,                            \
	    "requests that wait for their first answer at a time, each worker")                  \
	X(struct vnm_poll_options, dead_in_flight, NUMBER, "64", RELOAD,                         \
	    "requests to devices that did not answer in time, besides those")                    \
	X(struct vnm_poll_options, backoff_max, DURATION, "15m", RELOAD,                         \
	    "a device that does not answer is asked less and less often, but so often")          \
	X(struct vnm_poll_options, on_demand, BOOL, "true", RELOAD,                              \
	    "a notification that something changed has its sender asked at once")                \
	X(struct vnm_poll_options, demand_gap, DURATION, "10s", RELOAD,                          \
	    "but not again before so much time")                                                 \
	X(struct vnm_poll_options, discover, PREFIXES, NULL, RELOAD,                             \
	    "prefixes of which every address is asked whether it speaks SNMP; empty: none")      \
	X(struct vnm_poll_options, discover_rate, NUMBER, "10", RELOAD,                          \
	    "addresses asked in a second, each worker")                                          \
	X(struct vnm_poll_options, discover_interval, DURATION, "1d", RELOAD,                    \
	    "how long after the end of a search the next one begins")                            \
	X(struct vnm_poll_options, discover_devices, NUMBER, "1000", RELOAD,                     \
	    "devices that may be found, each worker")

struct vnm_poll_options {
	VNM_POLL_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_poll_options[];

/* Of a group for all of its devices, and of a device for itself. */
#define VNM_POLL_DEVICE_OPTIONS(X)                                                              \
	X(struct vnm_poll_device_options, address, STRING, NULL, RELOAD,                        \
	    "IP address, of a device only")                                                     \
	X(struct vnm_poll_device_options, port, NUMBER, "161", RELOAD, "UDP port")              \
	X(struct vnm_poll_device_options, version, STRING, "2c", RELOAD, "SNMP: 1, 2c or 3")    \
	X(struct vnm_poll_device_options, community, STRING, NULL, RELOAD,                      \
	    "community of versions 1 and 2c; { file: PATH } keeps it out of here")              \
	X(struct vnm_poll_device_options, user, STRING, NULL, RELOAD,                           \
	    "user of version 3, by the name in snmp.users")                                     \
	X(struct vnm_poll_device_options, context, STRING, NULL, RELOAD,                        \
	    "context name of version 3")                                                        \
	X(struct vnm_poll_device_options, timeout, DURATION, "1s", RELOAD,                      \
	    "how long an answer may take; twice as long with every retry")                      \
	X(struct vnm_poll_device_options, retries, NUMBER, "2", RELOAD,                         \
	    "how often a request is sent again")                                                \
	X(struct vnm_poll_device_options, device_in_flight, NUMBER, "1", RELOAD,                \
	    "tables of one device that are asked for at a time; those of one profile come one " \
	    "behind the other")                                                                 \
	X(struct vnm_poll_device_options, gap, DURATION, "0", RELOAD,                           \
	    "time between an answer and the next request to the same device")                   \
	X(struct vnm_poll_device_options, max_repetitions, NUMBER, "50", RELOAD,                \
	    "rows asked for at a time, at the most; how many is learnt")                        \
	X(struct vnm_poll_device_options, response_octets, SIZE, "1400", RELOAD,                \
	    "size of an answer that is aimed at")                                               \
	X(struct vnm_poll_device_options, walk_varbinds, NUMBER, "1000000", RELOAD,             \
	    "values of one table in one turn, at the most")                                     \
	X(struct vnm_poll_device_options, walk_time, DURATION, "5m", RELOAD,                    \
	    "how long a table may take")                                                        \
	X(struct vnm_poll_device_options, any_source, BOOL, "false", RELOAD,                    \
	    "answers may come from another address than the one that was asked")

struct vnm_poll_device_options {
	VNM_POLL_DEVICE_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_poll_device_options[];

/* How devices are asked: what their options say, made ready. Equal ones are one. */
struct vnm_poll_access {
	enum vnm_snmp_version version;
	struct vnm_slice community;
	struct vnm_usm_user user;
	struct vnm_slice context;
	uint64_t timeout_ns, gap_ns, walk_ns;
	uint32_t retries, in_flight, max_repetitions, response_octets, walk_varbinds;
	bool any_source;
};

struct vnm_poll_group {
	struct vnm_poll_options options; /* owned */
	const struct vnm_plan *plans;	 /* at the most VNM_POLL_PLANS; owned by the config */
	uint32_t plan_count;
	uint64_t class_mask[VNM_PLAN_CLASSES]; /* which plans are of it */
	const struct vnm_poll_access *access;  /* of devices that are found; NULL: none are */
	uint16_t port;			       /* of devices that are found */
};

#define VNM_POLL_PORTS 64 /* different ones of a configuration that are looked up by address */
#define VNM_POLL_PLANS 64 /* of one group: they are bits of a number */

struct vnm_poll_target {
	struct vnm_endpoint at;
	const struct vnm_poll_group *group;
	const struct vnm_poll_access *access;
};

/*
 * All groups and devices: immutable once made, shared by all workers. Each device keeps the one
 * that it belongs to in use.
 */
struct vnm_poll_config {
	const struct vnm_poll_group *const *groups;
	uint32_t group_count;
	const struct vnm_poll_target *targets; /* no two with the same address and port */
	uint32_t target_count;
	struct vnm_table index; /* of targets, by vnm_poll_hash() */
	const uint16_t *ports;	/* all that targets have; at the most VNM_POLL_PORTS */
	uint32_t port_count;
	/* Of whoever owns it and all that it points to: one user more, or less. From any thread. */
	void *owner;
	void (*use)(struct vnm_poll_config *config);
	void (*leave)(struct vnm_poll_config *config);
};

uint64_t vnm_poll_hash(const struct vnm_endpoint *at);

static inline struct vnm_poll_config *
vnm_poll_config_use(struct vnm_poll_config *c)
{
	if (c != NULL)
		c->use(c);
	return c;
}

static inline void
vnm_poll_config_leave(struct vnm_poll_config *c)
{
	if (c != NULL)
		c->leave(c);
}

/* ---- the engine ----------------------------------------------------------------------------- */

enum vnm_poll_event {
	VNM_POLL_UP,	    /* a device answers, for the first time or again: n turns were missed */
	VNM_POLL_DOWN,	    /* it does not answer any more */
	VNM_POLL_RESTARTED, /* its uptime began anew */
	VNM_POLL_REFUSED,   /* it answers, but refuses us: n is the enum vnm_usm_stat */
	VNM_POLL_ENGINE_TWICE, /* its engine id is another device's too */
	VNM_POLL_FOUND	       /* discovery found it */
};

/* Of whom the engine tells; borrowed for the call. */
struct vnm_poll_source {
	struct vnm_endpoint at;
	const struct vnm_poll_group *group;
	void *state; /* what attach() gave; NULL before the first answer that is walked */
};

/* What the engine calls. */
struct vnm_poll_calls {
	void *ctx;
	/* A request: its octets are the engine's. */
	void (*send)(void *send_ctx, const struct vnm_endpoint *to, const uint8_t *p, size_t n);
	void *send_ctx;
	/* State of a device for who makes records, NULL when memory is short; and its end. */
	void *(*attach)(void *ctx, const struct vnm_endpoint *at);
	void (*detach)(void *ctx, void *state);
	/* Within vnm_poller_receive(). */
	void (*row)(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan_row *row);
	/* A walk is over; whole: all of the table came. True: it is to be called once more, soon.
	 */
	bool (*end)(
	    void *ctx, const struct vnm_poll_source *from, const struct vnm_plan *plan, bool whole);
	void (*event)(
	    void *ctx, const struct vnm_poll_source *from, enum vnm_poll_event event, uint64_t n);
	struct vnm_counters *counters;
};

struct vnm_poller;

/* Polls the devices of which share(at) % shares is its own. NULL when memory is short. */
struct vnm_poller *vnm_poller_new(
    const struct vnm_poll_calls *calls, uint32_t share, uint32_t shares, uint64_t seed);
void vnm_poller_free(struct vnm_poller *p);

/*
 * Another configuration, which takes effect a few devices at a time with vnm_poller_run(): those
 * that go go at once, those that stay keep what is known of them, those that come have their
 * first turn within one interval. NULL: no devices.
 */
void vnm_poller_configure(struct vnm_poller *p, struct vnm_poll_config *config, uint64_t now_ns);

/*
 * What is due now, in small bites: sends requests, gives up waiting, begins turns. Returns when it
 * wants to be called next (now_ns: at once, between two turns of the loop).
 */
uint64_t vnm_poller_run(struct vnm_poller *p, uint64_t now_ns);

/*
 * A datagram that came: VNM_OK, or the reason for which it is no answer or no good one. Rows are
 * handed over within the call.
 */
enum vnm_reason vnm_poller_receive(
    struct vnm_poller *p, const struct vnm_datagram *d, uint64_t now_ns);

/* A device said that something changed, or began anew: it has all of its tables asked soon. */
void vnm_poller_demand(struct vnm_poller *p, const struct vnm_addr *addr, uint64_t now_ns);

/* Which of `shares` workers polls a device: the one that its datagrams are steered to. */
uint32_t vnm_poll_share(const struct vnm_addr *addr, uint32_t shares);

#endif
