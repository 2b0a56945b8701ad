/*
 * Rows of polled devices in records: interfaces with their rates, other tables as they are, and
 * what tables teach about the topology as facts. As pure as a decoder: rows and the state of a
 * device in, records and facts out. What walks the tables is collectors/poll.h.
 */
#ifndef VNM_DECODERS_POLL_H
#define VNM_DECODERS_POLL_H

#include "base/hash.h"
#include "decoders/decoder.h"
#include "mibs/mib.h"
#include "snmp/plan.h"

/* What is kept of one device: readings of its interfaces, and what was told of it. */
struct vnm_poll_state;

/* NULL when memory is short. */
struct vnm_poll_state *vnm_poll_state_new(const struct vnm_addr *device);
void vnm_poll_state_free(struct vnm_poll_state *s);

/*
 * Fills in the notes of a plan: what its columns are in the catalogue, which must live as long.
 * Once for each plan, while a configuration is made.
 */
void vnm_poll_prepare(struct vnm_plan *plan, const struct vnm_mib *mib);

/* A row, within a message whose envelope out has. */
void vnm_poll_row(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out);

/*
 * A walk is over. Whole: what it did not find is not there any more, and what was told of it is
 * taken back: some of it at a time, true: once more.
 */
bool vnm_poll_end(
    struct vnm_poll_state *s, const struct vnm_plan *plan, bool whole, struct vnm_out *out);

/* ---- between its files -------------------------------------------------------------------------
 */

/* One interface as it was when it was last read. */
struct vnm_poll_reading {
	uint64_t key;	/* a hash of its name, or of its index where it has none */
	uint64_t at_ns; /* on our clock, which nobody sets; 0: not read yet */
	uint64_t in_octets, out_octets;
	uint64_t descr, alias; /* hashes of ifDescr and ifAlias; 0: none */
	char *name;	       /* owned; NULL: none */
	uint32_t if_index;
	uint32_t walk; /* in which it was read */
	uint32_t uptime;
	uint32_t discontinuity;
	struct vnm_mac mac;
	bool has_in, has_out, in_wide, out_wide, has_uptime, has_discontinuity, has_mac;
	bool shared; /* its name is another interface's too: the index tells them apart */
};

/* What was told, so that it can be taken back. */
struct vnm_poll_told {
	uint64_t hash; /* of sort, object and claim */
	uint32_t walk; /* in which it was told */
	uint8_t sort;  /* enum vnm_plan_sort */
	uint8_t kind;  /* enum vnm_fact_kind */
	uint16_t object_n;
	uint16_t claim_n;
	char *text; /* object and claim, one behind the other; owned */
};

/* A number that a table gives for another: base ports, VLANs; or a text. */
struct vnm_poll_link {
	uint64_t from;
	uint32_t to;
	char *text; /* owned; NULL: none */
};

struct vnm_poll_links {
	struct vnm_poll_link *p; /* owned; in the order of `from` as tables are */
	uint32_t n, cap;
};

/* A port as LLDP numbers it. */
struct vnm_poll_port {
	uint32_t number;
	uint8_t subtype;
	char *id;   /* as text; owned */
	char *desc; /* owned; NULL: none */
	struct vnm_mac mac;
	bool is_mac;
};

struct vnm_poll_ports {
	struct vnm_poll_port *p; /* owned */
	uint32_t n, cap;
};

struct vnm_poll_state {
	uint32_t magic;
	struct vnm_addr device;
	struct vnm_poll_reading *readings; /* owned */
	uint32_t reading_n, reading_cap;
	uint32_t hand;			/* the reading that will probably be next */
	struct vnm_table reading_index; /* by key */
	uint32_t walk;			/* of interfaces */
	struct vnm_poll_told *told;	/* owned */
	uint32_t told_n, told_cap;
	struct vnm_table told_index;
	uint32_t walks[VNM_PLAN_BUILTIN]; /* of each table */
	struct vnm_poll_links bridge_ports, vlans, vms, entities, cdp_ports;
	struct vnm_poll_links neighbours, neighbours2; /* LLDP-MIB, LLDP-V2-MIB */
	struct vnm_poll_ports ports, ports2;	       /* LLDP-MIB, LLDP-V2-MIB */
	char *chassis;	  /* own chassis id as text; owned; NULL: not known */
	char *cdp_device; /* as CDP announces it; owned; NULL: not known */
};

/* poll_interface.c */
void vnm_poll_interface(
    struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out);
void vnm_poll_interfaces_end(struct vnm_poll_state *s);
const struct vnm_poll_reading *vnm_poll_reading_at(
    const struct vnm_poll_state *s, uint32_t if_index);

/* What readings keep of a text; 0 of an empty one. */
uint64_t vnm_poll_hash_text(struct vnm_str t);

/* poll_table.c */
void vnm_poll_table(const struct vnm_plan_row *row, struct vnm_out *out);

/* poll_fact.c: tables other than LLDP's and CDP's. */
void vnm_poll_fact(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out);

/* poll_lldp.c */
void vnm_poll_lldp(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out);

/* poll_cdp.c */
void vnm_poll_cdp(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out);

/* A fact in the making; all of it is in scratch memory, or borrowed. */
#define VNM_POLL_VALUES 16
struct vnm_poll_telling {
	enum vnm_fact_kind kind;
	struct vnm_str object, claim;
	struct vnm_pair values[VNM_POLL_VALUES + 1]; /* the last: for whom there is no room */
	uint32_t n;
};

/* Empty text, absent cells and numbers that are not known are left out. */
void vnm_poll_say_str(struct vnm_poll_telling *t, const char *name, struct vnm_str v);
void vnm_poll_say_u64(struct vnm_poll_telling *t, const char *name, uint64_t v);
void vnm_poll_say_addr(struct vnm_poll_telling *t, const char *name, struct vnm_addr v);
/* A cell as text, or as a number, by its type. */
void vnm_poll_say_cell(struct vnm_poll_telling *t, const char *name, const struct vnm_varbind *v);
/* The catalogue's word for the number in a column, or the number. */
void vnm_poll_say_label(
    struct vnm_poll_telling *t, const char *name, const struct vnm_plan_row *row, unsigned column);
/* Words of the n lowest bits that are set, with commas between them. */
void vnm_poll_say_words(struct vnm_poll_telling *t, struct vnm_scratch *s, const char *name,
    const char *const *words, size_t n, uint64_t bits);
/* if_index and, where it is known, if_name. */
void vnm_poll_say_interface(struct vnm_poll_telling *t, const struct vnm_poll_state *s,
    const char *index_name, const char *name_name, uint32_t if_index);

/* There is no room to remember something, or no memory. */
static inline void
vnm_poll_forgotten(const struct vnm_out *out)
{
	out->counters->v[VNM_C_poll_forgotten]++;
}

/* Tells it, and remembers that it did. */
void vnm_poll_tell(struct vnm_poll_state *s, const struct vnm_plan_row *row,
    struct vnm_poll_telling *t, struct vnm_out *out);

/* The link from there, or NULL. */
const struct vnm_poll_link *vnm_poll_link_find(const struct vnm_poll_links *l, uint64_t from);
/* Adds one, or replaces it; text (which may be NULL) is copied. */
void vnm_poll_link_add(struct vnm_poll_links *l, uint64_t from, uint32_t to, struct vnm_str text,
    const struct vnm_out *out);
void vnm_poll_links_clear(struct vnm_poll_links *l);

/* ---- cells
 * ----------------------------------------------------------------------------------------- */

/* A number that is not negative: false where the cell is none. */
bool vnm_poll_number(const struct vnm_varbind *v, uint64_t *n);

/* Octets as text where they are such (without NULs behind), else n is 0. */
struct vnm_str vnm_poll_text(const struct vnm_varbind *v);

/* A MAC address, or false. */
bool vnm_poll_mac(const struct vnm_varbind *v, struct vnm_mac *mac);

/* Text in scratch memory; n is 0 where that is used up. */
struct vnm_str vnm_poll_printf(struct vnm_scratch *s, const char *fmt, ...) VNM_PRINTF(2, 3);
struct vnm_str vnm_poll_mac_text(struct vnm_scratch *s, const struct vnm_mac *mac);
struct vnm_str vnm_poll_addr_text(struct vnm_scratch *s, const struct vnm_addr *a);

/*
 * An id as text, the same whoever tells it: MAC addresses, also six octets that are no text;
 * addresses behind the number of their family; text; else octets in hex.
 */
struct vnm_str vnm_poll_id_text(
    struct vnm_scratch *s, const struct vnm_varbind *v, bool is_mac, bool is_network);

#endif
