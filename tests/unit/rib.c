/*
 * decoders/rib.c: tables against a plain list that is looked through, memory that comes back,
 * and what tells routes apart.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "decoders/rib.h"

#include <stdlib.h>

#define LIMIT 100000

static const uint8_t some_attributes[] = {0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 192, 0, 2, 1};

static struct vnm_rib_attrs *
attributes(struct vnm_rib *rib, uint32_t number)
{
	uint8_t octets[sizeof(some_attributes) + 7] = {0};
	const struct vnm_rib_about about = {.as4 = true, .attributes = {octets, sizeof(octets)}};

	memcpy(octets, some_attributes, sizeof(some_attributes));
	octets[sizeof(some_attributes)] = 0x80;
	octets[sizeof(some_attributes) + 1] = 4;
	octets[sizeof(some_attributes) + 2] = 4;
	memcpy(octets + sizeof(some_attributes) + 3, &number, 4);
	return vnm_rib_attrs_get(rib, &about);
}

static enum vnm_rib_result
put(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k, uint32_t number)
{
	struct vnm_rib_having having = {.attrs = attributes(rib, number)};
	enum vnm_rib_result result = vnm_rib_put(rib, t, k, &having, LIMIT);

	vnm_rib_attrs_put(rib, having.attrs);
	return result;
}

/* ---- against a list --------------------------------------------------------------------------
 */

#define PREFIXES 400

static struct {
	bool there, stale;
	uint32_t attributes;
} list[PREFIXES];

/* Prefixes of 17 to 24 bits; some have path identifiers, some long NLRI in another table. */
static struct vnm_bgp_kept
route(unsigned i, uint8_t nlri[64])
{
	struct vnm_bgp_kept k = {.afi = 1, .safi = 1, .as4 = true, .path_id = i % 3 == 0};
	size_t n = k.path_id ? 4 : 0;

	memset(nlri, 0, 64);
	if (k.path_id)
		nlri[3] = (uint8_t)(i % 2);
	nlri[n] = (uint8_t)(17 + i % 8);
	nlri[n + 1] = (uint8_t)(i >> 8);
	nlri[n + 2] = (uint8_t)i;
	k.nlri = (struct vnm_slice){nlri, n + 4};
	return k;
}

static void
step_put(struct vnm_rib *rib, struct vnm_rib_table *t, unsigned i, uint32_t number)
{
	uint8_t nlri[64];
	struct vnm_bgp_kept k = route(i, nlri);
	enum vnm_rib_result want = VNM_RIB_NEW;

	if (list[i].there)
		want = t->full && list[i].attributes == number ? VNM_RIB_SAME : VNM_RIB_CHANGED;
	CU_ASSERT_EQUAL(put(rib, t, &k, number), want);
	list[i].there = true;
	list[i].stale = false;
	list[i].attributes = number;
}

static void
step_take(struct vnm_rib *rib, struct vnm_rib_table *t, unsigned i)
{
	uint8_t nlri[64];
	struct vnm_bgp_kept k = route(i, nlri);

	CU_ASSERT_EQUAL(vnm_rib_take(rib, t, &k), list[i].there);
	list[i].there = false;
}

static void
step_mark(struct vnm_rib_table *t)
{
	vnm_rib_mark(t, 0);
	for (unsigned i = 0; i < PREFIXES; i++)
		list[i].stale = true;
}

static void
step_sweep(struct vnm_rib *rib, struct vnm_rib_table *t)
{
	if (!t->full)
		(void)vnm_rib_sweep_prints(rib, t);
	for (uint32_t i = t->full ? t->n : 0; i > 0; i--) {
		if (vnm_rib_is_stale(t, &t->paths[i - 1]))
			vnm_rib_remove(rib, t, i - 1);
	}
	for (unsigned i = 0; i < PREFIXES; i++)
		list[i].there &= !list[i].stale;
}

static void
compare(const struct vnm_rib *rib, const struct vnm_rib_table *t)
{
	uint32_t there = 0, fresh = 0;

	for (unsigned i = 0; i < PREFIXES; i++) {
		uint8_t nlri[64];
		struct vnm_bgp_kept k = route(i, nlri);
		const struct vnm_rib_path *path = t->full ? vnm_rib_find(rib, t, &k) : NULL;

		there += list[i].there;
		fresh += list[i].there && !list[i].stale;
		if (!t->full)
			continue;
		CU_ASSERT_EQUAL(path != NULL, list[i].there);
		if (path != NULL)
			CU_ASSERT_EQUAL(vnm_rib_is_stale(t, path), list[i].stale);
	}
	CU_ASSERT_EQUAL(t->n, there);
	CU_ASSERT_EQUAL(t->fresh, fresh);
	CU_ASSERT_EQUAL(rib->paths, there);
}

static void
check_table(bool full)
{
	size_t before = vnm_alloc_used();
	struct vnm_rib rib = {.seed = 4711};
	struct vnm_rib_table *t = vnm_rib_table_new(&rib, full, LIMIT);
	uint64_t random = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	t->afi = 1;
	t->safi = 1;
	memset(list, 0, sizeof(list));
	for (unsigned n = 0; n < 40000; n++) {
		random = vnm_hash(&random, sizeof(random), n);
		unsigned i = (unsigned)(random % PREFIXES), what = (unsigned)(random >> 32) % 1000;

		if (what < 4)
			step_mark(t);
		else if (what < 6)
			step_sweep(&rib, t);
		else if (what < 400)
			step_take(&rib, t, i);
		else
			step_put(&rib, t, i, (uint32_t)(random >> 50) % 3);
		if (n % 500 == 0)
			compare(&rib, t);
	}
	compare(&rib, t);
	CU_ASSERT_EQUAL(rib.octets, vnm_alloc_used() - before);
	vnm_rib_drop(&rib, t);
	CU_ASSERT_EQUAL(rib.paths, 0);
	vnm_rib_free(&rib);
	CU_ASSERT_EQUAL(vnm_alloc_used(), before);
}

static void
test_full(void)
{
	check_table(true);
}

static void
test_count(void)
{
	check_table(false);
}

/* Generations have 8 bits: after 255 marks nothing that is old is fresh again. */
static void
test_generations(void)
{
	for (int full = 0; full < 2; full++) {
		struct vnm_rib rib = {.seed = 1};
		struct vnm_rib_table *t = vnm_rib_table_new(&rib, full, LIMIT);

		t->afi = 1;
		t->safi = 1;
		memset(list, 0, sizeof(list));
		for (unsigned n = 0; n < 700; n++) {
			if (n % 7 == 0)
				step_put(&rib, t, n % PREFIXES, 1);
			step_mark(t);
			CU_ASSERT_EQUAL(t->fresh, 0);
			compare(&rib, t);
		}
		step_sweep(&rib, t);
		CU_ASSERT_EQUAL(t->n, 0);
		vnm_rib_drop(&rib, t);
		vnm_rib_free(&rib);
	}
}

/* ---- what tells routes apart -----------------------------------------------------------------
 */

static struct vnm_bgp_kept
nlri_of(uint16_t afi, uint8_t safi, const void *octets, size_t n)
{
	return (struct vnm_bgp_kept){.afi = afi, .safi = safi, .as4 = true, .nlri = {octets, n}};
}

#define NLRI(afi, safi, ...) \
	nlri_of(afi, safi, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define RD 0, 1, 192, 0, 2, 1, 0, 7
#define ESI(last) 0, 0, 0, 0, 0, 0, 0, 0, 0, last
#define MAC 2, 0, 0, 0, 0, 1

/* Whether the second route takes the place of the first. */
static bool
replaces(struct vnm_bgp_kept a, struct vnm_bgp_kept b)
{
	struct vnm_rib rib = {.seed = 1};
	struct vnm_rib_table *t = vnm_rib_table_new(&rib, true, LIMIT);

	t->afi = a.afi;
	t->safi = a.safi;
	CU_ASSERT_EQUAL(put(&rib, t, &a, 1), VNM_RIB_NEW);
	enum vnm_rib_result result = put(&rib, t, &b, 1);
	CU_ASSERT_NOT_EQUAL(result, VNM_RIB_REFUSED);
	CU_ASSERT_EQUAL(t->n, result == VNM_RIB_NEW ? 2 : 1);
	CU_ASSERT_TRUE(vnm_rib_take(&rib, t, &b));
	CU_ASSERT_EQUAL(vnm_rib_take(&rib, t, &a), result == VNM_RIB_NEW);
	vnm_rib_drop(&rib, t);
	vnm_rib_free(&rib);
	return result != VNM_RIB_NEW;
}

static void
test_prefix_keys(void)
{
	struct vnm_bgp_kept with_id = NLRI(1, 1, 0, 0, 0, 1, 20, 10, 1, 0x10);

	CU_ASSERT_TRUE(replaces(NLRI(1, 1, 20, 10, 1, 0x10), NLRI(1, 1, 20, 10, 1, 0x1f)));
	CU_ASSERT_FALSE(replaces(NLRI(1, 1, 20, 10, 1, 0x10), NLRI(1, 1, 21, 10, 1, 0x10)));
	with_id.path_id = true;
	CU_ASSERT_FALSE(replaces(NLRI(1, 1, 20, 10, 1, 0x10), with_id));
	CU_ASSERT_TRUE(replaces(with_id, with_id));
	struct vnm_bgp_kept other = NLRI(1, 1, 0, 0, 0, 2, 20, 10, 1, 0x10);
	other.path_id = true;
	CU_ASSERT_FALSE(replaces(with_id, other));
	/* RFC 8277, RFC 4364: the label is not of it, the distinguisher is. */
	CU_ASSERT_TRUE(replaces(NLRI(1, 4, 40, 0, 1, 1, 10, 1), NLRI(1, 4, 40, 0x80, 0, 0, 10, 1)));
	CU_ASSERT_FALSE(replaces(NLRI(1, 4, 40, 0, 1, 1, 10, 1), NLRI(1, 4, 40, 0, 1, 1, 10, 2)));
	CU_ASSERT_TRUE(
	    replaces(NLRI(1, 128, 104, 0, 1, 1, RD, 10, 1), NLRI(1, 128, 104, 0, 2, 1, RD, 10, 1)));
	CU_ASSERT_FALSE(replaces(NLRI(1, 128, 104, 0, 1, 1, RD, 10, 1),
	    NLRI(1, 128, 104, 0, 1, 1, 0, 1, 192, 0, 2, 1, 0, 8, 10, 1)));
	struct vnm_bgp_kept two = NLRI(1, 4, 64, 0, 1, 0, 0, 2, 1, 10, 1);
	two.multiple_labels = true;
	CU_ASSERT_TRUE(replaces(NLRI(1, 4, 40, 0, 1, 1, 10, 1), two));
}

/* RFC 7432 section 7, RFC 9136 section 3.1, RFC 9251 section 9, RFC 4761 section 3.2.2. */
static void
test_other_keys(void)
{
	/* Type 1: labels are not of it, the segment is. */
	CU_ASSERT_TRUE(replaces(NLRI(25, 70, 1, 25, RD, ESI(1), 0, 0, 0, 1, 0, 0, 0x11),
	    NLRI(25, 70, 1, 25, RD, ESI(1), 0, 0, 0, 1, 0, 0, 0x21)));
	CU_ASSERT_FALSE(replaces(NLRI(25, 70, 1, 25, RD, ESI(1), 0, 0, 0, 1, 0, 0, 0x11),
	    NLRI(25, 70, 1, 25, RD, ESI(2), 0, 0, 0, 1, 0, 0, 0x11)));
	/* Type 2: neither is; a second label makes it longer. The address is. */
	CU_ASSERT_TRUE(replaces(NLRI(25, 70, 2, 33, RD, ESI(1), 0, 0, 0, 1, 48, MAC, 0, 0, 0, 0x11),
	    NLRI(25, 70, 2, 36, RD, ESI(2), 0, 0, 0, 1, 48, MAC, 0, 0, 0, 0x21, 0, 0, 9)));
	CU_ASSERT_FALSE(
	    replaces(NLRI(25, 70, 2, 33, RD, ESI(1), 0, 0, 0, 1, 48, MAC, 0, 0, 0, 0x11),
		NLRI(25, 70, 2, 37, RD, ESI(1), 0, 0, 0, 1, 48, MAC, 32, 10, 0, 0, 1, 0, 0, 0x11)));
	/* Type 5: gateway, segment and label are not. */
	CU_ASSERT_TRUE(replaces(
	    NLRI(25, 70, 5, 34, RD, ESI(1), 0, 0, 0, 1, 24, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11),
	    NLRI(
		25, 70, 5, 34, RD, ESI(2), 0, 0, 0, 1, 24, 10, 0, 0, 0, 192, 0, 2, 1, 0, 0, 0x21)));
	CU_ASSERT_FALSE(replaces(
	    NLRI(25, 70, 5, 34, RD, ESI(1), 0, 0, 0, 1, 24, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11),
	    NLRI(25, 70, 5, 34, RD, ESI(1), 0, 0, 0, 1, 24, 10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x11)));
	/* Type 6: all but the flags. */
	CU_ASSERT_TRUE(
	    replaces(NLRI(25, 70, 6, 24, RD, 0, 0, 0, 1, 0, 32, 239, 1, 1, 1, 32, 192, 0, 2, 1, 2),
		NLRI(25, 70, 6, 24, RD, 0, 0, 0, 1, 0, 32, 239, 1, 1, 1, 32, 192, 0, 2, 1, 4)));
	CU_ASSERT_FALSE(
	    replaces(NLRI(25, 70, 6, 24, RD, 0, 0, 0, 1, 0, 32, 239, 1, 1, 1, 32, 192, 0, 2, 1, 2),
		NLRI(25, 70, 6, 24, RD, 0, 0, 0, 1, 0, 32, 239, 1, 1, 2, 32, 192, 0, 2, 1, 2)));
	/* VPLS: the block's size and first label are not. */
	CU_ASSERT_TRUE(replaces(NLRI(25, 65, 0, 17, RD, 0, 1, 0, 2, 0, 8, 0, 0x10, 1),
	    NLRI(25, 65, 0, 17, RD, 0, 1, 0, 2, 0, 9, 0, 0x20, 1)));
	CU_ASSERT_FALSE(replaces(NLRI(25, 65, 0, 17, RD, 0, 1, 0, 2, 0, 8, 0, 0x10, 1),
	    NLRI(25, 65, 0, 17, RD, 0, 1, 0, 3, 0, 8, 0, 0x10, 1)));
	/* Link state: all octets. */
	CU_ASSERT_FALSE(replaces(NLRI(16388, 71, 0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 1),
	    NLRI(16388, 71, 0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 2)));
}

/* ---- memory ----------------------------------------------------------------------------------
 */

/* What finds no memory is refused and not there; nothing is lost of what was. */
static void
test_short_memory(void)
{
	size_t before = vnm_alloc_used();

	for (unsigned fail = 1; fail < 60; fail++) {
		struct vnm_rib rib = {.seed = 1};
		struct vnm_rib_table *t = vnm_rib_table_new(&rib, fail % 2 == 0, LIMIT);
		uint32_t there = 0;

		t->afi = 1;
		t->safi = 1;
		(void)vnm_alloc_fail_at(fail);
		for (unsigned i = 0; i < 120; i++) {
			uint8_t nlri[64];
			struct vnm_bgp_kept k = route(i, nlri);
			enum vnm_rib_result result = put(&rib, t, &k, i % 5);

			there += result != VNM_RIB_REFUSED;
			CU_ASSERT(
			    result == VNM_RIB_NEW || (result == VNM_RIB_REFUSED && t->incomplete));
		}
		(void)vnm_alloc_fail_at(0);
		CU_ASSERT_EQUAL(t->n, there);
		CU_ASSERT(there >= 118);
		vnm_rib_drop(&rib, t);
		vnm_rib_free(&rib);
		CU_ASSERT_EQUAL(vnm_alloc_used(), before);
	}
}

/* At the limit what is there can still change and go. */
static void
test_limit(void)
{
	for (int full = 0; full < 2; full++) {
		struct vnm_rib rib = {.seed = 1};
		struct vnm_rib_table *t = vnm_rib_table_new(&rib, full, LIMIT);
		const uint8_t a[] = {8, 10}, b[] = {8, 11};
		struct vnm_bgp_kept first = nlri_of(1, 1, a, 2), second = nlri_of(1, 1, b, 2);
		struct vnm_rib_having having = {.attrs = attributes(&rib, 1)};

		t->afi = 1;
		t->safi = 1;
		CU_ASSERT_EQUAL(vnm_rib_put(&rib, t, &first, &having, 1), VNM_RIB_NEW);
		CU_ASSERT_EQUAL(vnm_rib_put(&rib, t, &second, &having, 1), VNM_RIB_REFUSED);
		CU_ASSERT_TRUE(t->incomplete);
		CU_ASSERT_EQUAL(vnm_rib_put(&rib, t, &first, &having, 1),
		    full ? VNM_RIB_SAME : VNM_RIB_CHANGED);
		CU_ASSERT_TRUE(vnm_rib_take(&rib, t, &first));
		CU_ASSERT_EQUAL(vnm_rib_put(&rib, t, &second, &having, 1), VNM_RIB_NEW);
		vnm_rib_attrs_put(&rib, having.attrs);
		vnm_rib_drop(&rib, t);
		vnm_rib_free(&rib);
	}
}

/* Nor may what is there become heavy, or tables be many. */
static void
test_heavy(void)
{
	struct vnm_rib rib = {.seed = 1};
	struct vnm_rib_table *t = vnm_rib_table_new(&rib, true, 100), *many[2 * VNM_RIB_LEAST];
	static uint8_t octets[60000];
	struct vnm_rib_about about = {.as4 = true, .attributes = {octets, sizeof(octets)}};
	unsigned refused = 0;

	t->afi = 1;
	t->safi = 1;
	for (unsigned i = 0; i < 50; i++) {
		uint8_t nlri[64];
		struct vnm_bgp_kept k = route(i, nlri);

		CU_ASSERT_EQUAL(put(&rib, t, &k, 1), VNM_RIB_NEW);
	}
	for (unsigned i = 0; i < 50; i++) {
		uint8_t nlri[64];
		struct vnm_bgp_kept k = route(i, nlri);

		octets[0] = (uint8_t)i;
		struct vnm_rib_having having = {.attrs = vnm_rib_attrs_get(&rib, &about)};
		refused += vnm_rib_put(&rib, t, &k, &having, 100) == VNM_RIB_REFUSED;
		vnm_rib_attrs_put(&rib, having.attrs);
		CU_ASSERT(rib.octets < 1100 * 1024 + 100 * 256);
	}
	CU_ASSERT(refused > 20 && refused < 40);
	CU_ASSERT_EQUAL(t->n, 50 - refused);
	unsigned made = 0;
	for (; made < VNM_ARRAY_LEN(many); made++) {
		many[made] = vnm_rib_table_new(&rib, true, 100);
		if (many[made] == NULL)
			break;
	}
	CU_ASSERT_EQUAL(made, VNM_RIB_LEAST + 100 / VNM_RIB_TABLE_PATHS - 1);
	while (made > 0)
		vnm_rib_drop(&rib, many[--made]);
	vnm_rib_drop(&rib, t);
	vnm_rib_free(&rib);
}

/* Tables that are dropped are freed piece by piece, faster than others grow. */
static void
test_reap(void)
{
	struct vnm_rib rib = {.seed = 1};
	struct vnm_rib_table *old = vnm_rib_table_new(&rib, true, LIMIT),
			     *t = vnm_rib_table_new(&rib, true, LIMIT);

	old->afi = t->afi = 1;
	old->safi = t->safi = 1;
	memset(list, 0, sizeof(list));
	for (unsigned i = 0; i < PREFIXES; i++)
		step_put(&rib, old, i, i);
	size_t peak = rib.octets;
	vnm_rib_drop(&rib, old);
	memset(list, 0, sizeof(list));
	for (unsigned i = 0; i < PREFIXES; i++)
		step_put(&rib, t, i, PREFIXES + i);
	CU_ASSERT_PTR_NULL(rib.dying);
	CU_ASSERT(rib.octets <= peak + peak / 4);
	CU_ASSERT_FALSE(vnm_rib_reap(&rib, 1));
	vnm_rib_drop(&rib, t);
	CU_ASSERT_TRUE(vnm_rib_reap(&rib, 10));
	vnm_rib_free(&rib);
}

CU_TestInfo suite_rib[] = {{"paths against a list", test_full},
    {"fingerprints against a list", test_count}, {"many generations", test_generations},
    {"keys of prefixes", test_prefix_keys}, {"keys of other routes", test_other_keys},
    {"short memory", test_short_memory}, {"limit", test_limit}, {"weight", test_heavy},
    {"freed in pieces", test_reap}, CU_TEST_INFO_NULL};
