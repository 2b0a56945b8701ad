/*
 * A network for the fuzzed poller: agents that answer well, and what an input makes of each answer
 * before it arrives.
 *
 * For every request that is sent, the input says in two octets what becomes of its answer (enum
 * fate, and when it comes), and behind them, by fate, how it is changed. Behind the end of the
 * input, agents are as they should be again, and all answers come.
 */
#ifndef VNM_FUZZ_POLL_NET_H
#define VNM_FUZZ_POLL_NET_H

#include "agent.h"
#include "base/reader.h"
#include "record/datagram.h"

#define NET_AGENTS 16
#define NET_IDS 8192	/* request ids of one input: a power of two */
#define NET_PACKETS 256 /* on their way at a time */
#define NET_MESSAGE 16384
#define NET_COMMUNITY "sesame"
#define NET_START_NS UINT64_C(1767225600000000000)

/* What becomes of an answer: the first octet, modulo FATES. */
enum fate {
	FATE_GOOD,
	FATE_LOST,
	FATE_EDIT,   /* u8 edits, each: u8 how, u8 which varbind, ... (enum edit) */
	FATE_LIST,   /* u16 n, n octets: the list of varbinds is these */
	FATE_ERROR,  /* u8 error status, u8 error index, as signed numbers */
	FATE_ID,     /* u8: the request id is another one */
	FATE_TYPE,   /* u8: the tag of the PDU */
	FATE_FLIP,   /* u8 n, n times u16 where, u8: octets of the message are changed */
	FATE_CUT,    /* u16: only so many octets come */
	FATE_OCTETS, /* u16 n, n octets: these come in place of it */
	FATE_SOURCE, /* u8: it comes from elsewhere */
	FATE_REPORT, /* u8: a Report in place of the answer; + 0x80: an authentic one */
	FATE_AGENT,  /* u8: the agent begins to do harm, or reboots (enum deed) */
	FATE_AGAIN,  /* an earlier answer comes with it */
	FATE_CONF,   /* u8: the poller gets another configuration */
	FATE_DEMAND, /* u8: a device is to be asked at once */
	FATES
};

/* When it comes, the second octet: bits 0-2 the delay, bit 3 a second time, bits 4-6 how much later
 * that is. */
#define NET_TWICE 0x08

/* How a list of varbinds is changed, modulo EDITS. */
enum edit {
	EDIT_DELETE,
	EDIT_DOUBLE,
	EDIT_SWAP,     /* u8 with which */
	EDIT_END,      /* nothing behind it */
	EDIT_TAG,      /* u8 of the value */
	EDIT_VALUE,    /* u8 n, n octets: contents of the value */
	EDIT_ARC,      /* u8: the last octet of the name */
	EDIT_LONGER,   /* u8 n, n octets at the end of the name */
	EDIT_SHORTER,  /* the name, by one octet */
	EDIT_NAME,     /* u8: the name of that one */
	EDIT_OCTET,    /* u16 where, u8: an octet of the list */
	EDIT_VARBINDS, /* u8 n, n octets of varbinds in front of it */
	EDITS
};

/* What an agent does from then on, modulo DEEDS. */
enum deed {
	DEED_HEAL,
	DEED_REBOOT,
	DEED_FORGET, /* how often it booted */
	DEED_JUMP,   /* its clock */
	DEED_CLONE,  /* it has another one's engine id */
	DEED_STRANGER,
	DEED_TOO_BIG,
	DEED_LOOP,
	DEED_STUCK,
	DEED_ENDLESS,
	DEED_NO_BULK,
	DEED_OMIT,
	DEED_GEN_ERR,
	DEED_SMALL, /* answers of 100 octets */
	DEED_OTHER, /* another recording */
	DEEDS
};

struct net_packet {
	uint64_t due_ns;
	uint64_t seq;
	struct vnm_endpoint from;
	uint8_t *p;
	size_t n;
	bool shaped; /* the input had a say in it */
};

struct net {
	struct vnm_reader input; /* what is left of it */
	struct vnm_reader whole; /* all of it */
	struct agent agents[NET_AGENTS];
	uint64_t now_ns;
	/* Answers on their way: a heap. */
	struct net_packet packets[NET_PACKETS];
	uint32_t packet_n;
	uint64_t seq;
	struct net_packet last; /* owned: an answer that may come again; n 0: none */
	/* What is to be done between two calls of the poller. */
	bool configure, demand;
	uint8_t config_wanted, device_wanted;
	/* Of the answer in the making. */
	enum fate fate;
	bool shaping;
	/* Books. */
	uint64_t sends;			/* requests that the poller sent */
	uint64_t shaped;		/* answers that the input had a say in, and that came */
	uint64_t since_end[NET_AGENTS]; /* requests since a walk of the device ended */
	uint32_t id_n;
	struct net_id {
		uint32_t id; /* 0: free */
		bool answered;
		struct vnm_endpoint at; /* who was asked */
	} ids[NET_IDS];
};

/* Once: agents with their recordings and keys. user() is that of a device, or NULL. */
void net_setup(const struct vnm_usm_user *(*user)(uint32_t device));

/* All is well, and the input says what becomes of it. */
void net_open(struct net *k, struct vnm_reader input);
void net_close(struct net *k);

/* Agents are as they should be, whatever they did, and the input has no say any more. */
void net_heal(struct net *k);

struct vnm_endpoint net_at(uint32_t device);
uint32_t net_device(const struct vnm_endpoint *at);

/* Whether the input has a say in the next answer: a short one is read more than once. */
bool net_shapes(const struct net *k);

/* The poller's request. */
void net_send(struct net *k, const struct vnm_endpoint *to, const uint8_t *p, size_t n);

/* The next answer that is due by then: p is to be freed. False: there is none. */
bool net_next(struct net *k, uint64_t until_ns, struct net_packet *x);

/* When the next one is due; UINT64_MAX: none is. */
uint64_t net_next_ns(const struct net *k);

/* The id of a message; 0 where it has none. */
uint32_t net_id(const uint8_t *p, size_t n);

/* An answer was taken for one: NULL, or why it may not be. `anywhere`: whoever it comes from. */
const char *net_taken(struct net *k, const struct net_packet *x, bool anywhere);

#endif
