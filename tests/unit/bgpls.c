/*
 * decoders/bgpls*.c: TLVs and NLRI written octet by octet as the RFCs define them, and all that
 * routers sent (tests/data/bgpls/recorded.tsv) against another decoder's reading. What is decoded
 * is compared as JSON.
 */
#include "unit.h"

#include "decoders/bgpls.h"
#include "output/encoder.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#define OCTETS 4096

static struct vnm_record record;
static struct vnm_scratch scratch;
static struct vnm_counters counters;
static struct vnm_out out;
static uint8_t *given;

static void
begin(size_t scratch_octets)
{
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&scratch, scratch_octets), 0);
	memset(&counters, 0, sizeof(counters));
	out = (struct vnm_out){.rec = &record, .scratch = &scratch, .counters = &counters};
	vnm_out_begin(&out, VNM_KIND_linkstate);
}

static void
end(void)
{
	vnm_scratch_free(&scratch);
	free(given);
	given = NULL;
}

/* Octets of hexadecimal digits among which there may be blanks; returns how many. */
static size_t
unhex(uint8_t *p, const char *text)
{
	size_t n = 0;
	int digits = 0;

	for (; *text != '\0'; text++) {
		const char *at = strchr("0123456789abcdef", *text);
		if (at == NULL)
			continue;
		CU_ASSERT_FATAL(n < OCTETS);
		p[n] = (uint8_t)((digits % 2 == 0 ? 0 : p[n] << 4) | (at - "0123456789abcdef"));
		n += digits++ % 2 == 1;
	}
	CU_ASSERT_EQUAL_FATAL(digits % 2, 0);
	return n;
}

/* The record is what the JSON text says, and no more. */
static void
expect(const char *text)
{
	struct vnm_selection s;
	struct vnm_strings none = {0};
	struct vnm_buffer b = {0};
	struct vnm_frame frame;
	json_object *got;
	json_object *want;

	CU_ASSERT_EQUAL_FATAL(vnm_selection_make(&s, &none, NULL), 0);
	CU_ASSERT_FATAL(vnm_json_encoder.encode(&s, &record, &b, &frame));
	b.p[b.n - 1] = '\0';
	got = json_tokener_parse((char *)b.p);
	want = json_tokener_parse(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_PTR_NOT_NULL_FATAL(want);
	if (!json_object_equal(got, want)) {
		fprintf(stderr, "\ngot  %s\nwant %s\n", (char *)b.p, text);
		CU_FAIL("not what was expected");
	}
	json_object_put(got);
	json_object_put(want);
	vnm_buffer_free(&b);
}

/* Octets in memory of their own, so that a sanitizer sees a read past them; end() frees it. */
static bool
give(char kind, const uint8_t *p, size_t n)
{
	struct vnm_pairs pairs;
	bool good;

	free(given);
	given = malloc(n);
	CU_ASSERT_FATAL(given != NULL || n == 0);
	if (n > 0)
		memcpy(given, p, n);
	vnm_out_begin(&out, VNM_KIND_linkstate);
	if (kind == 'N') {
		CU_ASSERT_FATAL(n >= 4);
		return vnm_bgpls_nlri(vnm_be16(given), vnm_reader_of(given + 4, n - 4), &out);
	}
	good = vnm_bgpls_attributes(vnm_reader_of(given, n), &out, &pairs);
	if (pairs.n > 0)
		VNM_SET(&record, linkstate, attributes, pairs);
	return good;
}

static void
expect_of(char kind, bool good, const char *hex, const char *text)
{
	uint8_t p[OCTETS];
	size_t n = unhex(p, hex);

	begin(1 << 16);
	CU_ASSERT_EQUAL(give(kind, p, n), good);
	CU_ASSERT_EQUAL(out.faults, 0);
	expect(text);
	end();
}

/* The attribute of these TLVs has these members. */
static void
attributes(const char *hex, const char *members)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"attributes\":{%s}}", members);
	expect_of('A', true, hex, text);
}

/* An NLRI of that type, from its Protocol-ID on; `members` behind object and object_id. */
static void
nlri(uint16_t type, bool good, const char *hex, const char *object, const char *members)
{
	uint8_t p[OCTETS];
	size_t n = unhex(p, hex);
	char whole[2 * OCTETS + 16];
	char text[3 * OCTETS];
	size_t at = (size_t)snprintf(whole, sizeof(whole), "%04x%04zx", type, n);

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(whole + at, sizeof(whole) - at, "%02x", p[i]);
	snprintf(text, sizeof(text), "{\"object\":\"%s\",\"object_id\":\"%s\"%s}", object, whole,
	    members);
	expect_of('N', good, whole, text);
}

/* ---- recorded ------------------------------------------------------------------------------ */

/* Runs each line of the file: kind, octets, JSON. Returns how many there were. */
static unsigned
recorded(void (*run)(char kind, const char *hex, const char *text))
{
	static char line[1 << 16];
	FILE *f = fopen(VNM_TEST_DATA "/bgpls/recorded.tsv", "r");
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *save = NULL;
		char *kind = strtok_r(line, "\t\n", &save);
		char *hex = strtok_r(NULL, "\t\n", &save);
		char *text = strtok_r(NULL, "\n", &save);

		if (line[0] == '#')
			continue;
		CU_ASSERT_FATAL(kind != NULL && hex != NULL && text != NULL);
		run(kind[0], hex, text);
		n++;
	}
	fclose(f);
	return n;
}

static void
same_as_recorded(char kind, const char *hex, const char *text)
{
	expect_of(kind, true, hex, text);
}

static void
test_recorded(void)
{
	CU_ASSERT_EQUAL(recorded(same_as_recorded), 63);
}

/* Cut anywhere, it is read without harm; an NLRI is known to be malformed, or is another one. */
static void
cut(char kind, const char *hex, const char *text)
{
	uint8_t p[OCTETS];
	size_t n = unhex(p, hex);
	unsigned object = VNM_F_linkstate_object;

	(void)text;
	begin(1 << 16);
	for (size_t i = kind == 'N' ? 4 : 0; i < n; i++) {
		scratch.n = 0;
		if (!give(kind, p, i) && kind == 'N') {
			CU_ASSERT(vnm_record_has(&record, object));
			CU_ASSERT(!VNM_HAS(&record, linkstate, local_node));
			CU_ASSERT(!VNM_HAS(&record, linkstate, ls_protocol));
		}
	}
	CU_ASSERT_EQUAL(out.faults, 0);
	end();
}

static void
test_cut(void)
{
	CU_ASSERT_EQUAL(recorded(cut), 63);
}

/* With any scratch there is a fault, or all is as it was recorded. */
static void
little_scratch(char kind, const char *hex, const char *text)
{
	uint8_t p[OCTETS];
	size_t n = unhex(p, hex);

	for (size_t room = 16;; room += 48) {
		unsigned faults;

		begin(room);
		CU_ASSERT_TRUE(give(kind, p, n));
		faults = out.faults;
		CU_ASSERT(faults <= 1);
		CU_ASSERT_EQUAL(counters.parts[VNM_R_scratch_full], faults);
		if (faults == 0)
			expect(text);
		end();
		if (faults == 0)
			break;
	}
}

static void
test_little_scratch(void)
{
	CU_ASSERT_EQUAL(recorded(little_scratch), 63);
}

/* ---- values -------------------------------------------------------------------------------- */

static void
test_table(void)
{
	static const uint16_t types[] = {
#define VNM_BGPLS_TLV(type, name, read) type,
#define VNM_BGPLS_OBJECT(type, name, layout) type,
#include "decoders/bgpls_tlvs.def"
#undef VNM_BGPLS_TLV
#undef VNM_BGPLS_OBJECT
	};

	for (size_t i = 1; i < VNM_ARRAY_LEN(types); i++)
		CU_ASSERT(types[i - 1] < types[i]);
}

static void
test_metrics(void)
{
	/* RFC 9552 section 5.3.2.4: 6, 16 and 24 bits. */
	attributes("0447 0001 ff", "\"igp_metric\":63");
	attributes("0447 0002 ffff", "\"igp_metric\":65535");
	attributes("0447 0003 fffffe", "\"igp_metric\":16777214");
	attributes("0447 0004 00000001", "\"tlv_1095\":\"00000001\"");
	attributes("0447 0000", "\"tlv_1095\":\"\"");
	attributes("0444 0003 010203", "\"te_default_metric\":66051");
	attributes("0444 0004 ffffffff", "\"te_default_metric\":4294967295");
	attributes("0444 0005 0000000001", "\"tlv_1092\":\"0000000001\"");
	attributes("0483 0004 0000000a", "\"prefix_metric\":10");
}

static void
test_measurements(void)
{
	/* RFC 8570 section 4: the A bit is no part of the number; loss in 0.000003 %. */
	attributes("045d 0004 80000003",
	    "\"unidirectional_link_loss\":{\"anomalous\":1,\"loss_percent\":9e-06}");
	attributes("045d 0004 00fffffe",
	    "\"unidirectional_link_loss\":{\"anomalous\":0,\"loss_percent\":50.331642}");
	attributes("045a 0004 800003e8",
	    "\"unidirectional_link_delay\":{\"anomalous\":1,\"delay_us\":1000}");
	attributes("045b 0008 80000001 ff000002",
	    "\"min_max_unidirectional_link_delay\":"
	    "{\"anomalous\":1,\"min_delay_us\":1,\"max_delay_us\":2}");
	attributes("045c 0004 ff000005", "\"unidirectional_delay_variation\":5");
	/* IEEE 754: 0x4e9502f9 is 1.25e9 rounded to 24 bits; 0x3f000000 is a half. */
	attributes("045e 0004 4e9502f9", "\"unidirectional_residual_bandwidth\":1250000000");
	attributes("0441 0004 3f000000", "\"maximum_link_bandwidth\":0.5");
	attributes("0443 0008 3f000000 40000000", "\"unreserved_bandwidth\":[0.5,2]");
	attributes("0441 0003 3f0000", "\"tlv_1089\":\"3f0000\"");
}

static void
test_sids(void)
{
	/* RFC 9085 section 2.2: V and L with a label of 20 bits; an index of 4 octets. */
	attributes("044b 0007 30 05 0000 ff5dc1",
	    "\"adjacency_sid\":{\"flags\":48,\"weight\":5,\"sid_type\":\"label\",\"sid\":1007041}");
	attributes("044b 0008 00 00 0000 00000009",
	    "\"adjacency_sid\":{\"flags\":0,\"weight\":0,\"sid_type\":\"index\",\"sid\":9}");
	attributes("044b 0006 00 00 0000 0009", "\"tlv_1099\":\"000000000009\"");
	attributes("044c 000b 60 00 0000 0a000001 000010",
	    "\"lan_adjacency_sid\":{\"flags\":96,\"weight\":0,\"neighbor_id\":\"10.0.0.1\","
	    "\"sid_type\":\"label\",\"sid\":16}");
	attributes("044c 000c 00 00 0000 0a000001 00000010",
	    "\"lan_adjacency_sid\":{\"flags\":0,\"weight\":0,\"neighbor_id\":\"10.0.0.1\","
	    "\"sid_type\":\"index\",\"sid\":16}");
	attributes("044c 000e 60 00 0000 192168001001 00000010",
	    "\"lan_adjacency_sid\":{\"flags\":96,\"weight\":0,\"neighbor_id\":\"1921.6800.1001\","
	    "\"sid_type\":\"index\",\"sid\":16}");
	attributes("0486 0008 40 80 0000 00000065",
	    "\"prefix_sid\":{\"flags\":64,\"algorithm\":128,\"sid_type\":\"index\",\"sid\":101}");
	/* Two blocks; a mapping server's range with its Prefix-SID; a bundle's member. */
	attributes("040a 0017 80 00 001f40 0489 0003 003e80 0003e8 0489 0004 00007530",
	    "\"sr_capabilities\":{\"flags\":128,\"ranges\":["
	    "{\"size\":8000,\"sid_type\":\"label\",\"sid\":16000},"
	    "{\"size\":1000,\"sid_type\":\"index\",\"sid\":30000}]}");
	attributes("040a 0009 80 00 001f40 0488 0000", "\"tlv_1034\":\"8000001f4004880000\"");
	attributes("0487 0010 80 00 0064 0486 0008 00 00 0000 00000007",
	    "\"range\":{\"flags\":128,\"range_size\":100,\"prefix_sid\":{\"flags\":0,"
	    "\"algorithm\":0,\"sid_type\":\"index\",\"sid\":7}}");
	attributes("0494 0013 00000007 044b 0007 30 00 0000 000011 0444 0000",
	    "\"l2_bundle_member_attributes\":{\"member_descriptor\":7,\"adjacency_sid\":"
	    "{\"flags\":48,\"weight\":0,\"sid_type\":\"label\",\"sid\":17},\"tlv_1092\":\"\"}");
	/* RFC 9086 section 4.2 */
	attributes("044d 0007 c0 00 0000 006144 044f 0007 c0 00 0000 006146",
	    "\"peer_node_sid\":{\"flags\":192,\"weight\":0,\"sid_type\":\"label\",\"sid\":24900},"
	    "\"peer_set_sid\":{\"flags\":192,\"weight\":0,\"sid_type\":\"label\",\"sid\":24902}");
}

static void
test_srv6(void)
{
	/* RFC 9514 sections 4.1, 4.2, 5.1, 7 and 8 */
	attributes("0452 001e 0039 00 80 01 00 fcbbbb0000010000e001000000000000"
		   "04e4 0004 20101000",
	    "\"srv6_end_x_sid\":{\"endpoint_behavior\":57,\"flags\":0,\"algorithm\":128,"
	    "\"weight\":1,\"sid\":\"fcbb:bb00:1:0:e001::\",\"srv6_sid_structure\":"
	    "{\"locator_block_length\":32,\"locator_node_length\":16,\"function_length\":16,"
	    "\"argument_length\":0}}");
	attributes("0454 001a 0005 00 00 00 00 0a000002 20010db8000000000000000000000001",
	    "\"ospfv3_srv6_lan_end_x_sid\":{\"endpoint_behavior\":5,\"flags\":0,\"algorithm\":0,"
	    "\"weight\":0,\"neighbor_id\":\"10.0.0.2\",\"sid\":\"2001:db8::1\"}");
	attributes("048a 0008 80 80 0000 00000005",
	    "\"srv6_locator\":{\"flags\":128,\"algorithm\":128,\"metric\":5}");
	attributes("0452 0010 0039 00 80 01 00 fcbbbb0000010000e001",
	    "\"tlv_1106\":\"003900800100fcbbbb0000010000e001\"");
	attributes("04e3 000c c0 01 0000 0000fde7 0aff0909",
	    "\"srv6_bgp_peer_node_sid\":{\"flags\":192,\"weight\":1,\"peer_as_number\":64999,"
	    "\"peer_bgp_identifier\":\"10.255.9.9\"}");
	/* An SRv6 SID needs no Multi-Topology Identifier. */
	nlri(6, true,
	    "02 0000000000000000 0100 000a 0203 0006 000000000001"
	    "0206 0010 fcbbbb00000100010000000000000000",
	    "srv6-sid",
	    ",\"ls_protocol\":\"isis-2\",\"instance_id\":0,"
	    "\"local_node\":{\"igp_router_id\":\"0000.0000.0001\"},"
	    "\"local_igp_router_id\":\"0000.0000.0001\","
	    "\"descriptors\":{\"srv6_sid_information\":\"fcbb:bb00:1:1::\"}");
}

static void
test_applications(void)
{
	/* RFC 9294 section 3: masks of 0, 4 or 8 octets; anything else is not to be used. */
	attributes("0462 0010 04 00 0000 10000000 0444 0004 0000004d",
	    "\"application_specific_link_attributes\":{\"standard_applications\":\"10000000\","
	    "\"te_default_metric\":77}");
	attributes("0462 0014 08 04 0000 8000000000000000 00000001 0440 0000",
	    "\"application_specific_link_attributes\":{"
	    "\"standard_applications\":\"8000000000000000\","
	    "\"user_defined_applications\":\"00000001\",\"tlv_1088\":\"\"}");
	attributes("0462 0004 00 00 0000", "\"application_specific_link_attributes\":{}");
	attributes("0462 0007 03 00 0000 100000", "\"tlv_1122\":\"03000000100000\"");
	attributes("0462 0006 04 00 0000 1000", "\"tlv_1122\":\"040000001000\"");
}

static void
test_flexible_algorithm(void)
{
	/* RFC 9351 sections 3 and 4 */
	attributes("040f 0025 80 01 00 c8 0410 0004 00000001 0413 0004 80000000"
		   "0415 0004 0000000b 0416 0005 02 01020304",
	    "\"flexible_algorithm_definition\":{\"flex_algorithm\":128,\"metric_type\":1,"
	    "\"calculation_type\":0,\"priority\":200,"
	    "\"flexible_algorithm_exclude_any_affinity\":[1],"
	    "\"flexible_algorithm_definition_flags\":\"80000000\","
	    "\"flexible_algorithm_exclude_srlg\":[11],"
	    "\"flexible_algorithm_unsupported\":{\"protocol_id\":2,"
	    "\"sub_tlv_types\":\"01020304\"}}");
	attributes("0414 0008 80 00 0000 00000064 0414 0008 81 80 0000 000000c8",
	    "\"flexible_algorithm_prefix_metric\":["
	    "{\"flex_algorithm\":128,\"flags\":0,\"metric\":100},"
	    "{\"flex_algorithm\":129,\"flags\":128,\"metric\":200}]");
}

static void
test_others(void)
{
	/* Of unknown type, repeated, and in any order. */
	attributes("fde8 0003 010203 0400 0001 80 fde8 0000 0402 0002 c3a9",
	    "\"tlv_65000\":[\"010203\",\"\"],\"node_flag_bits\":128,\"node_name\":\"\u00e9\"");
	attributes("0404 0004 c0a8af31 0404 0004 c0a8af33",
	    "\"ipv4_router_id_of_local_node\":[\"192.168.175.49\",\"192.168.175.51\"]");
	attributes("0107 0004 8000 f002", "\"multi_topology_id\":[0,2]");
	attributes("010a 0004 010a 2906",
	    "\"node_msd\":[{\"type\":1,\"value\":10},{\"type\":41,\"value\":6}]");
	attributes("010b 0003 010a29", "\"tlv_267\":\"010a29\"");
	attributes("0408 0008 00000001 000000ff", "\"sbfd_discriminators\":[1,255]");
	attributes(
	    "0403 0009 4900000000ff980000", "\"isis_area_identifier\":\"49.0000.0000.ff98.0000\"");
	attributes("0461 0000", "\"graceful_link_shutdown\":1");
	attributes(
	    "0495 0008 00000001 80000000", "\"extended_administrative_group\":[1,2147483648]");
	attributes("0482 0008 0000010000000000", "\"igp_extended_route_tag\":[1099511627776]");
	attributes("0484 0010 20010db8000000000000000000000009",
	    "\"ospf_forwarding_address\":\"2001:db8::9\"");
	attributes("0484 0005 0102030405", "\"tlv_1156\":\"0102030405\"");
	attributes("0492 0001 20 0496 0004 0a000003",
	    "\"prefix_attribute_flags\":\"20\",\"source_ospf_router_id\":\"10.0.0.3\"");
}

static void
test_bad_lengths(void)
{
	/* What stands in front of the TLV that is too long is kept. */
	expect_of(
	    'A', false, "0447 0001 0a 0444 0004 000001", "{\"attributes\":{\"igp_metric\":10}}");
	expect_of('A', false, "0447 0001 0a 0444", "{\"attributes\":{\"igp_metric\":10}}");
	expect_of('A', false, "0447 0002 0a", "{}");
	expect_of('A', true, "", "{}");
	/* Within a value it is that value's own matter. */
	attributes("0462 000a 00 00 0000 0444 0004 0001 0447 0001 0a",
	    "\"tlv_1122\":\"00000000044400040001\",\"igp_metric\":10");
}

/* TLVs within TLVs are read to a depth that is enough for all standards. */
static void
test_depth(void)
{
	/* However many stand side by side. */
	attributes("0462 0009 00000000 0447 0001 01 0462 0009 00000000 0447 0001 02"
		   "0462 0009 00000000 0447 0001 03 0462 0009 00000000 0447 0001 04"
		   "0462 0009 00000000 0447 0001 05",
	    "\"application_specific_link_attributes\":[{\"igp_metric\":1},{\"igp_metric\":2},"
	    "{\"igp_metric\":3},{\"igp_metric\":4},{\"igp_metric\":5}]");
	attributes("0462 0018 00000000 0462 0010 00000000 0462 0008 00000000 0447 0000",
	    "\"application_specific_link_attributes\":{\"application_specific_link_attributes\":"
	    "{\"application_specific_link_attributes\":{\"tlv_1095\":\"\"}}}");
	attributes("0462 002c 00000000 0462 0024 00000000 0462 001c 00000000 0462 0014 00000000"
		   "0462 000c 00000000 0462 0004 00000000",
	    "\"application_specific_link_attributes\":{\"application_specific_link_attributes\":"
	    "{\"application_specific_link_attributes\":{\"application_specific_link_attributes\":"
	    "{\"sub_tlvs\":\"0462000c000000000462000400000000\"}}}}");
}

/* ---- SR policies (RFC 9857) ------------------------------------------------------------------ */

static void
test_policy(void)
{
	nlri(5, true,
	    "09 0000000000000007 0100 0010 0200 0004 0000fde9 0204 0004 0a000001"
	    "022a 0024 03 80 0000 20010db8000000000000000000000005 00000064"
	    "0000fde9 0a000001 00000002",
	    "sr-policy",
	    ",\"ls_protocol\":\"segment-routing\",\"instance_id\":7,"
	    "\"local_node\":{\"autonomous_system\":65001,\"bgp_router_id\":\"10.0.0.1\"},"
	    "\"descriptors\":{\"sr_policy_candidate_path_descriptor\":{\"protocol_origin\":3,"
	    "\"flags\":128,\"endpoint\":\"2001:db8::5\",\"color\":100,"
	    "\"originator_as_number\":65001,\"originator_address\":\"10.0.0.1\","
	    "\"discriminator\":2}}");
	attributes("04b1 000c 4000 0000 05dc1000 00000000 04b2 0008 0f 00 4800 00000064"
		   "04b3 0002 6370 04bd 0003 706f6c",
	    "\"sr_binding_sid\":{\"flags\":16384,\"binding_sid\":24001,"
	    "\"specified_binding_sid\":0},"
	    "\"sr_candidate_path_state\":{\"priority\":15,\"flags\":18432,\"preference\":100},"
	    "\"sr_candidate_path_name\":\"cp\",\"sr_policy_name\":\"pol\"");
	attributes("04b1 0024 8000 0000 fcbbbb00000100010000000000000000"
		   "00000000000000000000000000000000",
	    "\"sr_binding_sid\":{\"flags\":32768,\"binding_sid\":\"fcbb:bb00:1:1::\","
	    "\"specified_binding_sid\":\"::\"}");
	attributes("04b1 0006 8000 0000 fcbb", "\"tlv_1201\":\"80000000fcbb\"");
}

/* Of drafts: what has no known form is octets with a name. */
static void
test_drafts(void)
{
	attributes("0226 0002 0007 0228 0004 0a000001 0488 0001 ff",
	    "\"tunnel_id\":7,\"tunnel_head_end_address\":\"10.0.0.1\","
	    "\"isis_flood_reflection\":\"ff\"");
}

static void
test_policy_originator(void)
{
	nlri(5, true,
	    "09 0000000000000007 0100 0008 0204 0004 0a000001"
	    "022a 0024 02 40 0000 0a000005 00000064"
	    "0000fde9 20010db8000000000000000000000005 00000002",
	    "sr-policy",
	    ",\"ls_protocol\":\"segment-routing\",\"instance_id\":7,"
	    "\"local_node\":{\"bgp_router_id\":\"10.0.0.1\"},"
	    "\"descriptors\":{\"sr_policy_candidate_path_descriptor\":{\"protocol_origin\":2,"
	    "\"flags\":64,\"endpoint\":\"10.0.0.5\",\"color\":100,"
	    "\"originator_as_number\":65001,\"originator_address\":\"2001:db8::5\","
	    "\"discriminator\":2}}");
}

static void
test_segment_list(void)
{
	attributes("04b5 0039 a000 0000 0002 80 00 00000001"
		   "04b6 0009 01 00 b000 05dc1000 00"
		   "04b6 0010 06 00 9000 05dc2000 0a000001 0a000002"
		   "04b7 0008 0000 0000 00000000",
	    "\"sr_segment_list\":{\"flags\":40960,\"multi_topology_id\":2,\"algorithm\":128,"
	    "\"weight\":1,\"sr_segment\":["
	    "{\"segment_type\":1,\"flags\":45056,\"sid\":24001,\"algorithm\":0},"
	    "{\"segment_type\":6,\"flags\":36864,\"sid\":24002,\"local_address\":\"10.0.0.1\","
	    "\"remote_address\":\"10.0.0.2\"}],\"tlv_1207\":\"0000000000000000\"}");
	attributes("04b6 001d 02 00 8000 fcbbbb00000100010000000000000000 00"
		   "04e4 0004 20101000",
	    "\"sr_segment\":{\"segment_type\":2,\"flags\":32768,\"sid\":\"fcbb:bb00:1:1::\","
	    "\"algorithm\":0,\"srv6_sid_structure\":{\"locator_block_length\":32,"
	    "\"locator_node_length\":16,\"function_length\":16,\"argument_length\":0}}");
	attributes("04b6 0005 0c 00 8000 00", "\"tlv_1206\":\"0c00800000\"");
	attributes("04b4 0024 4000 0000 0000 00 00 04b8 0010 01 00 02 00 00000001 00000002 00000003"
		   "04ba 0004 3f000000",
	    "\"sr_candidate_path_constraints\":{\"flags\":16384,\"multi_topology_id\":0,"
	    "\"algorithm\":0,\"sr_affinity_constraint\":{\"exclude_any\":[1],"
	    "\"include_all\":[2,3]},\"sr_bandwidth_constraint\":0.5}");
	attributes("04b8 0004 ff000000", "\"tlv_1208\":\"ff000000\"");
}

/* ---- NLRI ---------------------------------------------------------------------------------- */

static void
node(const char *protocol, const char *hex, const char *name, const char *id)
{
	char octets[256];
	char members[512];

	snprintf(octets, sizeof(octets), "%s 0000000000000001 0100 %04zx 0203 %04zx %s", protocol,
	    strlen(hex) / 2 + 4, strlen(hex) / 2, hex);
	snprintf(members, sizeof(members),
	    ",\"ls_protocol\":\"%s\",\"instance_id\":1,\"local_node\":{\"igp_router_id\":\"%s\"},"
	    "\"local_igp_router_id\":\"%s\"",
	    name, id, id);
	nlri(1, true, octets, "node", members);
}

static void
test_node_ids(void)
{
	node("01", "000000000001", "isis-1", "0000.0000.0001");
	node("02", "192168001001ff", "isis-2", "1921.6800.1001.ff");
	node("03", "0aff0003", "ospf-2", "10.255.0.3");
	node("03", "0aff00030a000d01", "ospf-2", "10.255.0.3:10.0.13.1");
	node("06", "0aff000300000007", "ospf-3", "10.255.0.3:7");
	node("04", "20010db8000000000000000000000001", "direct", "2001:db8::1");
	node("05", "0102030405", "static", "0102030405");
	node("2a", "0aff0003", "42", "10.255.0.3");
}

static void
prefix(uint16_t type, const char *hex, const char *text)
{
	char octets[256];
	char members[512];

	snprintf(octets, sizeof(octets),
	    "03 0000000000000000 0100 0008 0203 0004 0aff0003 0109 %04zx %s", strlen(hex) / 2, hex);
	snprintf(members, sizeof(members),
	    ",\"ls_protocol\":\"ospf-2\",\"instance_id\":0,"
	    "\"local_node\":{\"igp_router_id\":\"10.255.0.3\"},"
	    "\"local_igp_router_id\":\"10.255.0.3\",\"prefix\":\"%s\","
	    "\"descriptors\":{\"ip_reachability_information\":\"%s\"}",
	    text, text);
	nlri(type, text[0] != '\0', octets, type == 3 ? "prefix-v4" : "prefix-v6",
	    text[0] != '\0' ? members : "");
}

static void
test_prefixes(void)
{
	prefix(3, "00", "0.0.0.0/0");
	prefix(4, "00", "::/0");
	prefix(3, "180a1421", "10.20.33.0/24");
	prefix(3, "1e0a86025b", "10.134.2.88/30"); /* bits behind the prefix mean nothing */
	prefix(3, "080a000000", "10.0.0.0/8");
	prefix(4,
	    "40"
	    "20010db800120000",
	    "2001:db8:12::/64");
	prefix(3, "", "");
	prefix(3, "210a00000000", "");
	prefix(3, "180a14", "");
	prefix(3, "080a00000000", "");
	prefix(4,
	    "81"
	    "20010db800000000000000000000000100",
	    "");
}

/* Two of them: which one is the prefix is not known. */
static void
test_two_prefixes(void)
{
	nlri(3, true,
	    "03 0000000000000000 0100 0008 0203 0004 0aff0003 0109 0002 080a 0109 0001 00",
	    "prefix-v4",
	    ",\"ls_protocol\":\"ospf-2\",\"instance_id\":0,"
	    "\"local_node\":{\"igp_router_id\":\"10.255.0.3\"},"
	    "\"local_igp_router_id\":\"10.255.0.3\",\"descriptors\":"
	    "{\"ip_reachability_information\":[\"10.0.0.0/8\",\"0.0.0.0/0\"]}");
}

#define LOCAL "0100 000a 0203 0006 000000000001"
#define REMOTE "0101 000a 0203 0006 000000000002"

static void
test_links(void)
{
	nlri(2, true,
	    "02 0000000000000000" LOCAL REMOTE "0102 0008 00000065 000000ca 0107 0002 0002", "link",
	    ",\"ls_protocol\":\"isis-2\",\"instance_id\":0,"
	    "\"local_node\":{\"igp_router_id\":\"0000.0000.0001\"},"
	    "\"remote_node\":{\"igp_router_id\":\"0000.0000.0002\"},"
	    "\"local_igp_router_id\":\"0000.0000.0001\","
	    "\"remote_igp_router_id\":\"0000.0000.0002\",\"descriptors\":{"
	    "\"link_local_remote_identifiers\":{\"local\":101,\"remote\":202},"
	    "\"multi_topology_id\":[2]}");
	/* EPE: no IGP router id (RFC 9086 section 4.1). */
	nlri(2, true,
	    "07 0000000000000000 0100 0010 0200 0004 0000fde9 0204 0004 0a000001"
	    "0101 0008 0205 0004 0000fdea ffff 0001 07",
	    "link",
	    ",\"ls_protocol\":\"bgp\",\"instance_id\":0,"
	    "\"local_node\":{\"autonomous_system\":65001,\"bgp_router_id\":\"10.0.0.1\"},"
	    "\"remote_node\":{\"member_asn\":65002},\"descriptors\":{\"tlv_65535\":\"07\"}");
}

static void
test_malformed(void)
{
	nlri(1, false, "02 00000000000000", "node", "");
	nlri(1, false, "02 0000000000000000", "node", "");
	nlri(1, false, "02 0000000000000000 0100 000b 0203 0006 000000000001", "node", "");
	nlri(1, false, "02 0000000000000000 0100 0009 0203 0006 0000000000", "node", "");
	nlri(1, false, "02 0000000000000000 0100 0007 0200 0003 000001", "node", "");
	nlri(1, false, "02 0000000000000000" LOCAL "01", "node", "");
	nlri(1, false, "02 0000000000000000" LOCAL LOCAL, "node", "");
	nlri(1, false, "02 0000000000000000" LOCAL REMOTE, "node", "");
	nlri(2, false, "02 0000000000000000" LOCAL, "link", "");
	nlri(2, false, "02 0000000000000000" LOCAL REMOTE "0103 0003 0a0000", "link", "");
	nlri(3, false, "02 0000000000000000" LOCAL, "prefix-v4", "");
	nlri(6, false, "02 0000000000000000" LOCAL, "srv6-sid", "");
	nlri(99, true, "02 0000000000000000 0100 00ff 01", "nlri-99", "");
	nlri(99, true, "", "nlri-99", "");
}

/* As many TLVs as fit into an attribute, of one type and of all: neither slow nor a fault. */
static void
test_many(void)
{
	static uint8_t p[65532];
	struct vnm_pairs pairs;

	begin(1 << 22);
	for (size_t i = 0; i < sizeof(p); i += 4)
		memcpy(p + i, (uint8_t[]){0xff, 0xff, 0, 0}, 4);
	CU_ASSERT_TRUE(vnm_bgpls_attributes(vnm_reader_of(p, sizeof(p)), &out, &pairs));
	CU_ASSERT_EQUAL_FATAL(pairs.n, 1);
	CU_ASSERT_EQUAL(pairs.p[0].count, sizeof(p) / 4);
	scratch.n = 0;
	for (size_t i = 0; i < sizeof(p); i += 4)
		memcpy(p + i, (uint8_t[]){(uint8_t)(i >> 10), (uint8_t)(i >> 2), 0, 0}, 4);
	CU_ASSERT_TRUE(vnm_bgpls_attributes(vnm_reader_of(p, sizeof(p)), &out, &pairs));
	CU_ASSERT_EQUAL(pairs.n, sizeof(p) / 4);
	CU_ASSERT_EQUAL(out.faults, 0);
	end();
}

CU_TestInfo suite_bgpls[] = {
    {"what routers sent", test_recorded},
    {"cut anywhere", test_cut},
    {"with little scratch", test_little_scratch},
    {"the table is in order", test_table},
    {"metrics", test_metrics},
    {"performance measurements", test_measurements},
    {"SIDs", test_sids},
    {"SRv6", test_srv6},
    {"attributes of applications", test_applications},
    {"flexible algorithms", test_flexible_algorithm},
    {"other attributes", test_others},
    {"lengths that contradict", test_bad_lengths},
    {"TLVs within TLVs", test_depth},
    {"SR policies", test_policy},
    {"TLVs of drafts", test_drafts},
    {"SR policies of IPv6 originators", test_policy_originator},
    {"segment lists and constraints", test_segment_list},
    {"node ids", test_node_ids},
    {"prefixes", test_prefixes},
    {"two prefixes in one NLRI", test_two_prefixes},
    {"links", test_links},
    {"malformed NLRI", test_malformed},
    {"many TLVs", test_many},
    CU_TEST_INFO_NULL,
};
