/*
 * The poller from inside: what its files share.
 *
 *   poll.c           its life, its turns, its configuration
 *   poll_device.c    devices: schedule, health, slots
 *   poll_job.c       jobs: one walk each, its slot, its deadlines and its end
 *   poll_request.c   requests: what is asked for, and how it stands on the wire
 *   poll_answer.c    what came, and what it is an answer to
 *   poll_walk.c      rows of the values in an answer
 *   poll_usm.c       version 3: engines, their clocks, Reports
 *   poll_search.c    discovery of prefixes
 */
#ifndef VNM_COLLECTORS_POLL_PART_H
#define VNM_COLLECTORS_POLL_PART_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/timer.h"
#include "collectors/poll.h"

#define POLLER_MAGIC 0x766e706fU /* "vnpo" */

#define POLL_CELLS 2048	     /* values that one answer may hold */
#define POLL_IDS (1U << 16)  /* numbers of their indices */
#define POLL_BUDGET_START 50 /* values asked for at a time until more is known */
/* Octets of a request: as many names as a plan has columns, each as long as one can be. */
#define POLL_REQUEST_MAX (VNM_PLAN_COLUMNS * (5 * VNM_OID_MAX + 16) + 1024)

/* ---- queues and timers ---------------------------------------------------------------------- */

/* What has a timer, and may stand in one queue. The first member of its owner. */
struct poll_node {
	struct vnm_timer timer;
	enum poll_what { POLL_DEVICE, POLL_JOB, POLL_LANE } what;
	struct poll_queue *queue; /* NULL: in none */
	struct poll_node *prev, *next;
};

struct poll_queue {
	struct poll_node *first, *last;
};

void poll_enqueue(struct poll_queue *q, struct poll_node *n);
void poll_dequeue(struct poll_node *n); /* also of one that is in no queue */

/* ---- lanes: what devices of a group share ---------------------------------------------------- */

struct poll_lane {
	struct poll_node node; /* its timer is the search's */
	char *name;	       /* the group's; owned */
	struct poll_lane *next;
	const struct vnm_poll_group *group; /* of the current configuration; NULL: gone */
	uint32_t devices, found;
	uint32_t in_flight;	  /* requests in their first try */
	uint32_t doubtful;	  /* requests that were not answered in time, or are probes */
	struct poll_queue ready;  /* devices with tables to ask for */
	struct poll_queue doubts; /* jobs and devices that wait for a doubtful slot */
	uint32_t search_prefix;	  /* where the search is */
	uint64_t search_at;
};

/* ---- devices --------------------------------------------------------------------------------- */

/* An SNMPv3 engine, as its device showed it. */
struct poll_usm {
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];
	uint8_t n; /* octets of the id; 0: not known yet */
	struct vnm_usm_clock clock;
	struct vnm_usm_keys *keys; /* owned; NULL without authentication */
};

enum poll_health { POLL_NEW, POLL_HEALTHY, POLL_DEAD };

struct poll_device {
	struct poll_node node; /* its timer is the next turn, its queue a lane's */
	struct vnm_endpoint at;
	const struct vnm_poll_group *group;
	const struct vnm_poll_access *access;
	struct vnm_poll_config *config; /* in which group and access are; counted */
	struct poll_lane *lane;
	struct poll_job *jobs; /* list */
	struct poll_usm *usm;  /* owned; NULL: not version 3, or not asked yet */
	void *state;	       /* of who makes records; NULL until the first walk's answer */
	uint64_t *unwanted;    /* for each plan: columns that need not be asked for; owned */
	uint64_t pending;      /* plans to ask for in this turn */
	uint64_t due_ns[VNM_PLAN_CLASSES];
	uint64_t demand_ns; /* when it was last asked on demand */
	uint64_t answer_ns; /* when it last answered */
	uint64_t uptime_ns; /* when it told its uptime */
	uint32_t uptime;
	uint32_t if_changed; /* ifTableLastChange */
	uint32_t missed;     /* turns that it had not since it does not answer */
	uint32_t index;	     /* in the poller's array */
	uint16_t budget;     /* values to ask for at a time */
	uint16_t ceiling;    /* so many, and one more is too much; 0: not known */
	uint16_t walks;	     /* since what it lacks was learnt anew */
	uint8_t good;	     /* answers since the last that was too large or did not come */
	uint8_t health;	     /* enum poll_health */
	uint8_t failures;    /* turns without an answer, one behind the other */
	uint8_t job_count;
	bool demanded; /* when the gap is over */
	bool found;    /* by discovery */
	bool has_uptime, has_if_changed;
};

/* ---- jobs: a walk of one table of one device --------------------------------------------------
 */

struct poll_job {
	struct poll_node node;	    /* its timer is the deadline; its queue lane->doubts */
	struct poll_device *device; /* NULL: of a search */
	struct poll_job *sibling;   /* next of the device */
	struct poll_lane *lane;
	const struct vnm_plan *plan; /* NULL: a probe: does it answer? */
	const struct vnm_poll_access *access;
	struct vnm_endpoint at;
	uint64_t begun_ns;
	uint64_t ended;	  /* columns of which all was told */
	uint64_t seen;	  /* columns that had a value in some row */
	uint64_t lacking; /* columns that had none in some row */
	uint64_t wanted;  /* columns that the next rows are of */
	uint64_t whole;	  /* columns that were asked for from the first row on */
	uint32_t slot;	  /* in the poller's array */
	uint32_t id;	  /* request-id and msgID; 0: no request is out */
	uint32_t varbinds;
	uint32_t reps;
	uint8_t plan_index;
	uint8_t tries;	     /* that were sent */
	uint8_t resyncs;     /* answered Reports */
	uint8_t heads;	     /* varbinds in front of the columns' */
	uint8_t first_heads; /* of the first part */
	uint8_t part;	     /* which part of the columns is being asked for */
	uint8_t parts;	     /* into so many parts the columns are cut */
	uint8_t asked_n;
	bool doubtful;	  /* holds a slot for doubtful ones, not one of in_flight */
	bool slotted;	  /* holds a slot at all */
	bool waits;	  /* for the gap behind the device's last answer */
	bool discovering; /* the request that is out asks for the engine id */
	bool lost;	  /* a value was not given for an error of the agent's: not whole */
	bool rows;	  /* there were some */
	bool ending;	  /* the walk was whole, and its end is being dealt with */
	uint8_t asked[VNM_PLAN_COLUMNS]; /* the columns that the request asks for, in order */
	struct vnm_buffer held;		 /* answers for other parts of the same rows */
	uint16_t cursor_ber_n;
	uint32_t cursor_n; /* the index behind which to go on */
	uint32_t cursor[VNM_OID_MAX];
	uint8_t cursor_ber[5 * VNM_OID_MAX];
};

/* ---- values of an answer ----------------------------------------------------------------------
 */

struct poll_cell {
	const uint32_t *index;
	uint32_t index_n;
	uint32_t next; /* cell of the same column, + 1; 0: none */
	uint8_t column;
	uint8_t tag;
	struct vnm_slice raw; /* the index as it came */
	struct vnm_slice contents;
};

struct poll_batch {
	uint32_t n, id_n;
	uint64_t over;	/* columns that ended in this batch */
	uint64_t stray; /* columns whose last value came in the place of another's */
	uint32_t first[VNM_PLAN_COLUMNS], last[VNM_PLAN_COLUMNS]; /* cells, + 1 */
	struct poll_cell cells[POLL_CELLS];
	uint32_t ids[POLL_IDS];
	struct vnm_varbind row[VNM_PLAN_COLUMNS];
	uint32_t row_ids[VNM_PLAN_COLUMNS][VNM_OID_MAX];
};

/* ---- the poller --------------------------------------------------------------------------------
 */

struct vnm_poller {
	uint32_t magic;
	struct vnm_poll_calls calls;
	uint32_t share, shares;
	uint64_t seed;
	uint64_t draws; /* numbers drawn of the seed */
	uint64_t salt;	/* of the last message that was encrypted: anyone reads it */
	struct vnm_timers timers;
	struct poll_lane *lanes; /* owned list */
	uint32_t lane_count;
	struct poll_device **devices; /* owned, as are the devices */
	uint32_t device_count, device_cap;
	struct vnm_table device_index; /* by vnm_poll_hash() */
	struct poll_job **jobs;	       /* owned; by slot; NULL: free */
	uint32_t job_cap;
	uint32_t *free_slots;
	uint32_t free_count;
	struct vnm_table job_index;	/* by request id */
	struct poll_job *spare;		/* list of jobs without use */
	struct vnm_table engine_index;	/* of devices, by engine id */
	struct vnm_poll_config *config; /* the current one; counted */
	uint32_t adopt_hand;		/* devices below it are of the current configuration */
	uint32_t add_hand;		/* targets of it below this are there */
	bool crowded; /* slots are free, and more wait for them than one call serves */
	uint8_t request[POLL_REQUEST_MAX];
	uint8_t list[POLL_REQUEST_MAX];
	uint8_t plain[VNM_USM_PLAIN_ROOM(VNM_SNMP_MESSAGE_MAX)];
	struct poll_batch batch;
};

/* A number that nobody outside can guess. */
uint64_t poll_random(struct vnm_poller *p);

static inline void
poll_count(struct vnm_poller *p, enum vnm_counter c)
{
	p->calls.counters->v[c]++;
}

struct vnm_poll_source poll_source(const struct poll_device *d);

/* The lane of a group, made where there is none of its name; NULL when memory is short. */
struct poll_lane *poll_lane_of(struct vnm_poller *p, const struct vnm_poll_group *group);

/* How many timers so many devices and jobs may have. */
static inline uint32_t
poll_timers_for(const struct vnm_poller *p, uint32_t devices, uint32_t jobs)
{
	return devices + jobs + p->lane_count;
}

/* poll_device.c */
struct poll_device *poll_device_find(struct vnm_poller *p, const struct vnm_endpoint *at);
/* NULL when memory is short. */
struct poll_device *poll_device_add(struct vnm_poller *p, const struct vnm_poll_target *t,
    struct poll_lane *lane, bool found, uint64_t now_ns);
void poll_device_remove(struct vnm_poller *p, struct poll_device *d);
/* Whether the current configuration has it. */
bool poll_device_stays(const struct vnm_poller *p, const struct poll_device *d);
/* Takes a device without jobs over into the current configuration: false: it is gone. */
bool poll_device_adopt(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
void poll_device_due(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
/* It did not answer, or refused. */
void poll_device_silent(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
void poll_device_answered(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
void poll_device_uptime(
    struct vnm_poller *p, struct poll_device *d, uint32_t ticks, uint64_t now_ns);
/* Its ifTableLastChange. */
void poll_device_changed(struct poll_device *d, uint32_t ticks);
void poll_device_demand(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
/* Starts what it has to ask for, as far as there are slots. */
void poll_device_go(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns);
/* Slots are free: those that wait for one go on, some at once, the others with the next run. */
void poll_lane_go(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns);

/* poll_job.c */
struct poll_job *poll_job_new(
    struct vnm_poller *p, struct poll_lane *lane, struct poll_device *d, uint64_t now_ns);
struct poll_job *poll_job_find(struct vnm_poller *p, uint32_t id);
/* Sends the request that is next, or waits until the device may have one. */
void poll_job_go(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns);
void poll_job_due(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns);
/* The answer to what is out has come: nothing is out, and the slot is a good one again. */
void poll_job_settle(struct vnm_poller *p, struct poll_job *j);
/* Nothing is out any more: what comes next is another request. */
void poll_job_forget(struct vnm_poller *p, struct poll_job *j);
/* The table is done; the job is gone afterwards, or goes with the next run. */
void poll_job_end(struct vnm_poller *p, struct poll_job *j, bool whole, uint64_t now_ns);
/* The device does not answer, or refuses; the job is gone afterwards. */
void poll_job_fail(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns);
/* Takes it from everything it is in; its slot is free. */
void poll_job_free(struct vnm_poller *p, struct poll_job *j);

/* poll_request.c */
/* What to ask for next. */
void poll_request_choose(struct poll_job *j);
/* The columns of one of j->parts; returns how many. */
uint8_t poll_request_part(const struct poll_job *j, uint8_t part, uint8_t *asked);
/* The request on the wire, in p->request; n is 0 where it could not be made. */
struct vnm_slice poll_request_make(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns);
/*
 * Fewer values at a time: false where there is nothing less to ask for. `certain`: what was asked
 * for was too much; else it may have been lost.
 */
bool poll_request_shrink(struct vnm_poller *p, struct poll_job *j, bool certain);
/* What an answer of that size teaches. */
void poll_request_learn(struct poll_job *j, size_t octets, uint32_t values);
/* Rows go on behind this index. */
void poll_request_cursor(struct poll_job *j, struct vnm_oid index);

/* poll_answer.c */
/* The job whose answer has this id, and may come from there; else NULL, and why. */
struct poll_job *poll_answer_job(
    struct vnm_poller *p, uint32_t id, const struct vnm_datagram *d, enum vnm_reason *reason);
/* A PDU that answers j; the job may be gone afterwards. */
enum vnm_reason poll_answer(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu,
    const struct vnm_datagram *d, uint64_t now_ns);

/* poll_walk.c */
enum vnm_reason poll_walk(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu,
    const struct vnm_datagram *d, uint64_t now_ns);
/* What a walk that is over taught about the columns that a device has. */
void poll_walk_learn(struct poll_job *j);

/* poll_usm.c */
bool poll_usm_wrap(
    struct vnm_poller *p, struct poll_job *j, struct vnm_ber_writer *w, uint64_t now_ns);
enum vnm_reason poll_usm_receive(struct vnm_poller *p, struct vnm_snmp_message *m,
    const struct vnm_datagram *d, uint64_t now_ns);
/* Forgets the engine of a device. */
void poll_usm_free(struct vnm_poller *p, struct poll_device *d);
/* The device goes to another place of the poller's array. */
void poll_usm_moved(struct vnm_poller *p, const struct poll_device *d, uint32_t to);

/* poll_search.c */
void poll_search_begin(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns);
/* Questions that are open are no longer: they are of a configuration that goes. */
void poll_search_forget(struct vnm_poller *p);
void poll_search_due(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns);
void poll_search_found(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns);

#endif
