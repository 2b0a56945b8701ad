/*
 * decoders/bgp*.c: recorded UPDATEs of several exporters against what another reading of the same
 * octets found (tests/data/bgp), and messages written by hand from the RFCs' definitions.
 */
#include "bgp_desk.h"

/* ---- recorded messages -------------------------------------------------------------------------
 */

/* The next line that is no comment, without its end; false at the end of the file. */
static bool
next_line(FILE *f, char line[LINE])
{
	while (fgets(line, LINE, f) != NULL) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] != '#')
			return true;
	}
	return false;
}

static void
compare(const char *head, unsigned index, const char *want)
{
	const char *got = index < line_count ? lines[index] : "(none)";

	if (strcmp(got, want) != 0)
		fprintf(stderr, "\n%s\n want: %s\n  got: %s\n", head, want, got);
	CU_ASSERT_STRING_EQUAL(got, want);
}

static void
test_recorded(void)
{
	static char line[LINE], head[LINE];
	FILE *f = fopen(VNM_TEST_DATA "/bgp/families.txt", "r");
	unsigned updates = 0, index = 0;
	bool more;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	do {
		more = next_line(f, line);
		if (more && line[0] != 'U') {
			compare(head, index++, line);
			continue;
		}
		if (updates > 0 && index != line_count)
			fprintf(stderr, "\n%s\n %u records, not %u: %s\n", head, line_count, index,
			    index < line_count ? lines[index] : "");
		CU_ASSERT_TRUE(updates == 0 || index == line_count);
		if (!more)
			break;
		char families[256], guessed[4];
		int width, at = 0;
		memcpy(head, line, LINE);
		CU_ASSERT_EQUAL_FATAL(
		    sscanf(line, "U %d %255s %3s %n", &width, families, guessed, &at), 3);
		CU_ASSERT_EQUAL(update(width == 4, families, line + at), VNM_OK);
		CU_ASSERT_EQUAL(result.add_path_guessed, strchr(guessed, 'p') != NULL);
		CU_ASSERT_EQUAL(result.as_width_guessed, strchr(guessed, 'w') != NULL);
		updates++;
		index = 0;
	} while (more);
	fclose(f);
	CU_ASSERT_TRUE(updates > 100);
}

/* ---- messages by hand --------------------------------------------------------------------------
 */

/* An UPDATE of these parts in hex: withdrawn routes, path attributes, NLRI. */
static enum vnm_reason
send(
    bool as4, const char *families, const char *withdrawn, const char *attributes, const char *nlri)
{
	static char hex[4 * LINE];
	static uint8_t octets[LINE];

	snprintf(hex, sizeof(hex), "%04zx%s%04zx%s%s", from_hex(octets, withdrawn), withdrawn,
	    from_hex(octets, attributes), attributes, nlri);
	return update(as4, families, hex);
}

static void
expect_text(unsigned index, const char *text)
{
	const char *got = index < line_count ? json[index] : "(none)";

	if (strstr(got, text) == NULL)
		fprintf(stderr, "\nwant: %s\n  in: %s\n", text, got);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, text));
}

static void
expect_line(unsigned index, const char *want)
{
	compare("by hand", index, want);
}

#define ORIGIN "40010100"
#define PATH "40020602010000fde9" /* 65001 */
#define HOP "400304c0000201"	  /* 192.0.2.1 */
#define GOOD ORIGIN PATH HOP
#define ROUTE "18cb0071" /* 203.0.113.0/24 */

static void
test_paths(void)
{
	/* RFC 6793 section 4.2.3: AS_TRANS is replaced, the leading AS kept. */
	CU_ASSERT_EQUAL(
	    send(false, "-", "", ORIGIN "4002080203fde95ba05ba0" HOP "c0110a0202000186a0000186a1",
		ROUTE),
	    VNM_OK);
	expect_text(
	    0, "\"as_path\":\"65001 100000 100001\",\"as_path_length\":3,\"origin_as\":100001");
	/* AS4_PATH longer than AS_PATH: ignored. */
	send(false, "-", "", ORIGIN "4002040201fde9" HOP "c0110a0202000186a0000186a1", ROUTE);
	expect_text(0, "\"as_path\":\"65001\"");
	/* AGGREGATOR is not of AS_TRANS: both of the four octets are ignored. */
	send(false, "-", "",
	    ORIGIN "4002060202fde95ba0" HOP "c00706fde9c0000209"
		   "c0110602010001"
		   "86a0"
		   "c01208000186a0c000020a",
	    ROUTE);
	expect_text(0, "\"as_path\":\"65001 23456\"");
	expect_text(0, "\"aggregator_as\":65001,\"aggregator_addr\":\"192.0.2.9\"");
	/* Two octets where four are expected, with a set and confederations (RFC 5065). */
	send(true, "-", "",
	    ORIGIN "40021003020001000204010003"
		   "0102000400"
		   "05" HOP,
	    ROUTE);
	CU_ASSERT_TRUE(result.as_width_guessed);
	expect_text(0, "\"as_path\":\"(1 2) [3] {4,5}\",\"as_path_length\":1");
	expect_text(0, "\"inferred\":[\"as-width\"]");
	/* An empty path is that of a route of one's own AS. */
	send(true, "-", "", ORIGIN "400200" HOP, ROUTE);
	expect_text(0, "\"as_path\":\"\",\"as_path_length\":0");
}

static void
test_verdicts(void)
{
	/* RFC 7606 section 7: treat as withdraw. */
	CU_ASSERT_EQUAL(send(true, "-", "18c63364", "40010103" PATH HOP, ROUTE "18cb0072"), VNM_OK);
	expect_line(0, "withdraw 1/1 prefix=198.51.100.0/24");
	CU_ASSERT_PTR_NULL(strstr(json[0], "verdict"));
	expect_line(1, "withdraw 1/1 prefix=203.0.113.0/24");
	expect_text(
	    1, "\"verdict\":\"treat-as-withdraw\",\"verdict_reason\":\"origin: malformed\"");
	expect_line(2, "withdraw 1/1 prefix=203.0.114.0/24");
	CU_ASSERT_EQUAL(result.withdrawn, 3);
	CU_ASSERT_EQUAL(counters.parts[VNM_R_attribute_malformed], 1);
	send(true, "-", "", GOOD "c0080300fde9", ROUTE);
	expect_text(0, "\"verdict_reason\":\"communities: wrong length\"");
	send(true, "-", "", PATH HOP, ROUTE);
	expect_text(0, "\"verdict_reason\":\"origin: missing\"");
	send(true, "-", "", "80010100" PATH HOP, ROUTE);
	expect_text(0, "\"verdict_reason\":\"origin: wrong flags\"");
	/* A router's own routes come without AS_PATH and NEXT_HOP. */
	send(true, "-", "", ORIGIN, ROUTE);
	expect_line(0, "announce 1/1 prefix=203.0.113.0/24 origin=igp");
	expect_text(0, "\"verdict_reason\":\"as_path: missing\"");
	CU_ASSERT_PTR_NULL(strstr(json[0], "\"verdict\":"));
	/* Attribute discard: the route stands. */
	send(true, "-", "", GOOD "c007050000000001", ROUTE);
	expect_line(0, "announce 1/1 prefix=203.0.113.0/24 nh=192.0.2.1 origin=igp path=\"65001\"");
	expect_text(
	    0, "\"verdict\":\"attribute-discard\",\"verdict_reason\":\"aggregator: wrong length\"");
	/* Section 3 (g): the first of several counts. */
	send(true, "-", "",
	    GOOD "80040400000001"
		 "80040400000002",
	    ROUTE);
	expect_text(0, "\"med\":1");
	expect_text(0, "\"verdict_reason\":\"med: more than once\"");
	/* Section 4: an attribute that overruns the attributes does not hide the routes. */
	send(true, "-", "", GOOD "c00840fde90001", ROUTE);
	expect_line(0, "withdraw 1/1 prefix=203.0.113.0/24");
	/* Section 5.3: routes that do not fit are told as they came. */
	send(true, "-", "", GOOD, "21cb0071");
	expect_text(0, "\"nlri_octets\":\"21cb0071\",\"verdict\":\"afi-safi-disable\"");
	CU_ASSERT_EQUAL(counters.parts[VNM_R_nlri_malformed], 1);
	/* Sections 3 and 7.11: what would reset a session. */
	CU_ASSERT_EQUAL(send(true, "-", "",
			    "800f03000101"
			    "800f03000101",
			    ""),
	    VNM_R_update_malformed);
	CU_ASSERT_EQUAL(send(true, "-", "", "800e05000101ff00", ""), VNM_R_update_malformed);
	CU_ASSERT_EQUAL(update(true, "-", "00ff0000"), VNM_R_bad_length);
	CU_ASSERT_EQUAL(line_count, 0);
}

static void
test_add_path(void)
{
	/* Expected and there; not expected and there; expected and not there. */
	send(true, "1/1", "", GOOD, "00000007" ROUTE);
	expect_line(
	    0, "announce 1/1 id=7 prefix=203.0.113.0/24 nh=192.0.2.1 origin=igp path=\"65001\"");
	CU_ASSERT_FALSE(result.add_path_guessed);
	send(true, "-", "00000001180a0102", "", "");
	expect_line(0, "withdraw 1/1 id=1 prefix=10.1.2.0/24");
	CU_ASSERT_TRUE(result.add_path_guessed);
	expect_text(0, "\"inferred\":[\"add-path\"]");
	send(true, "-", "0000000020c0000217", "",
	    ""); /* identifiers of 0 read as 0.0.0.0/0, often */
	expect_line(0, "withdraw 1/1 id=0 prefix=192.0.2.23/32");
	send(true, "1/1", "18c63364180a0102", "", "");
	expect_line(0, "withdraw 1/1 prefix=198.51.100.0/24");
	expect_line(1, "withdraw 1/1 prefix=10.1.2.0/24");
	CU_ASSERT_TRUE(result.add_path_guessed);
	/* Bits beyond the length are the exporter's way, where nothing else fits (RFC 4271 4.3). */
	send(true, "-", "120a01ff", "", "");
	expect_line(0, "withdraw 1/1 prefix=10.1.192.0/18");
	CU_ASSERT_FALSE(result.add_path_guessed);
}

static void
test_families(void)
{
	/* Order: withdrawn, unreachable, reachable, NLRI; a link-local next hop; RFC 8950. */
	send(true, "-", "080a",
	    ORIGIN PATH HOP "800e2c"
			    "000201"
			    "20"
			    "20010db8000000000000000000000001"
			    "fe800000000000000000000000000001"
			    "00"
			    "3020010db80001"
			    "800f0a"
			    "000201"
			    "3020010db80002",
	    ROUTE);
	expect_line(0, "withdraw 1/1 prefix=10.0.0.0/8");
	expect_line(1, "withdraw 2/1 prefix=2001:db8:2::/48");
	expect_line(2, "announce 2/1 prefix=2001:db8:1::/48 nh=2001:db8::1 ll=fe80::1 origin=igp "
		       "path=\"65001\"");
	expect_line(3, "announce 1/1 prefix=203.0.113.0/24 nh=192.0.2.1 origin=igp path=\"65001\"");
	CU_ASSERT_EQUAL(line_count, 4);
	/* RFC 4724 section 2. */
	send(true, "-", "", "", "");
	expect_line(0, "end 1/1");
	send(true, "-", "", "800f03001946", "");
	expect_line(0, "end 25/70");
	CU_ASSERT_EQUAL(result.ends, 1);
}

static void
test_labels(void)
{
	/* RFC 8277: one label, whatever its S bit; several with the capability. */
	send(true, "-", "",
	    "800f0a000104"
	    "30000100cb0071",
	    "");
	expect_line(0, "withdraw 1/4 labels=16 prefix=203.0.113.0/24");
	multiple_labels = true;
	send(true, "-", "",
	    "800f0d000104"
	    "48000100000111cb0071",
	    "");
	expect_line(0, "withdraw 1/4 labels=16,17 prefix=203.0.113.0/24");
	multiple_labels = false;
	send(true, "-", "",
	    "800f0d000104"
	    "48000100000111cb0071",
	    "");
	expect_text(0, "\"inferred\":[\"labels\"]");
}

static void
test_multicast(void)
{
	/* RFC 6514: a source active route; RFC 9251: a selective multicast route. */
	send(true, "-", "",
	    "800f17000105"
	    "05120000fde90000000120c000020120e8010101",
	    "");
	expect_text(0, "\"route_type_name\":\"source-active\"");
	expect_text(0, "\"nlri\":{\"source\":\"192.0.2.1\",\"group\":\"232.1.1.1\"}");
	send(true, "-", "",
	    "800f21001946"
	    "061c0000fde9000000010000000020c000020120e801010120c000020902",
	    "");
	expect_line(0, "withdraw 25/70 rd=65001:1 type=6 etag=0 source=192.0.2.1 group=232.1.1.1 "
		       "originator=192.0.2.9 flags=2");
	/* A distinguisher of four octets never reads like one of two (RFC 4364 section 4.2). */
	send(true, "-", "",
	    "800f12000180"
	    "700001010002"
	    "0000fde90001"
	    "cb0071",
	    "");
	expect_line(0, "withdraw 1/128 rd=0.65001:1 labels=16 prefix=203.0.113.0/24");
}

static void
test_flowspec(void)
{
	/* RFC 8955 section 4.3, examples 1 to 3. */
	send(true, "-", "",
	    "800f0f000185"
	    "0b0118c0000203810604"
	    "8119",
	    "");
	expect_text(0, "\"flowspec\":\"dst 192.0.2.0/24; proto =6; port =25\"");
	send(true, "-", "",
	    "800f16000185"
	    "120118c000020218cb00710403894"
	    "58b911f90",
	    "");
	expect_text(0, "\"flowspec\":\"dst 192.0.2.0/24; src 203.0.113.0/24; "
		       "port >=137&<=139,=8080\"");
	send(true, "-", "",
	    "800f0d000185"
	    "090120c00002010c8005",
	    "");
	expect_text(0, "\"flowspec\":\"dst 192.0.2.1/32; frag 0x05\"");
	/* RFC 8956 section 3.8, example 2: a prefix from bit 64 on. */
	send(true, "-", "",
	    "800f0c000285"
	    "080168401234"
	    "56789a",
	    "");
	expect_text(0, "\"flowspec\":\"dst ::1234:5678:9a00:0/64-104\"");
	/* A component that runs over. */
	send(true, "-", "",
	    "800f07000185"
	    "03030111",
	    "");
	expect_text(0, "\"nlri_octets\":\"03030111\"");
}

static void
test_values(void)
{
	send(true, "-", "",
	    GOOD "c0081c"
		 "fde90001"
		 "ffffff01"
		 "ffffff02"
		 "ffffff03"
		 "ffff029a"
		 "ffff0000"
		 "ffff0006",
	    ROUTE);
	expect_text(0,
	    "\"communities\":[\"65001:1\",\"no-export\",\"no-advertise\","
	    "\"no-export-subconfed\",\"blackhole\",\"graceful-shutdown\",\"llgr-stale\"]");
	send(true, "-", "",
	    GOOD "c01048"
		 "0002fde900000064"
		 "0102c00002030007"
		 "0203000186a00005"
		 "030c000000000008"
		 "0600010000000007"
		 "0603020000000601"
		 "80080000"
		 "fde900"
		 "01"
		 "800600004974"
		 "2400"
		 "0b40000000000064",
	    ROUTE);
	expect_text(0, "\"ext_communities\":[\"rt:65001:100\",\"rt:192.0.2.3:7\",\"soo:100000:5\","
		       "\"encapsulation:vxlan\",\"mac-mobility:sticky:7\","
		       "\"router-mac:02:00:00:00:06:01\",\"redirect:0:4259905537\","
		       "\"rate-limit:0:1000000\",\"type-0b40:000000000064\"]");
	send(true, "-", "",
	    GOOD "c0200c000186a00000000100000002"
		 "80090401020304"
		 "800a0801010101"
		 "02020202"
		 "801a0b01000b0000000000000064"
		 "c023040000fde9",
	    ROUTE);
	expect_text(0, "\"large_communities\":[\"100000:1:2\"],\"originator_id\":\"1.2.3.4\","
		       "\"cluster_list\":[\"1.1.1.1\",\"2.2.2.2\"],\"aigp\":100,\"otc\":65001");
}

static void
test_nested(void)
{
	/* Unknown, an octet each, and a set of attributes (RFC 6368). */
	send(true, "-", "",
	    GOOD "c0c803010203"
		 "c08018"
		 "0000fdea" ORIGIN "40020602010000fdeb"
		 "40050400000064",
	    ROUTE);
	expect_text(0,
	    "\"attributes\":{\"attr_200\":{\"flags\":192,\"octets\":\"010203\"},"
	    "\"attr_set\":{\"set_origin_as\":65002,\"origin\":\"igp\",\"as_path\":\"65003\","
	    "\"as_path_length\":1,\"origin_as\":65003,\"local_pref\":100}}");
	/* Ingress replication of a VNI (RFC 8365), label index and SRGB (RFC 8669). */
	send(true, "-", "",
	    GOOD "c01609000600139cc0000206"
		 "c01008030c000000000008"
		 "c0281501000700000000"
		 "00002a"
		 "0300080000003e80001f40",
	    ROUTE);
	expect_text(0,
	    "\"pmsi_tunnel\":{\"flags\":0,\"type\":6,\"type_name\":\"ingress-replication\","
	    "\"vni\":5020,\"endpoint\":\"192.0.2.6\"}");
	expect_text(0, "\"prefix_sid\":{\"label_index_flags\":0,\"label_index\":42,"
		       "\"srgb\":[{\"base\":16000,\"range\":8000}]}");
	/* An SR policy (RFC 9830): preference, binding SID, a list of two labels. */
	send(true, "-", "",
	    GOOD "c01730"
		 "000f002c"
		 "0c060000000000c8"
		 "0d06000003a99000"
		 "800019"
		 "00"
		 "09060000"
		 "00000001"
		 "0106000003e81000"
		 "0106000003e89000",
	    ROUTE);
	expect_text(0, "\"tunnel_encap\":{\"sr_policy\":{\"preference\":200,\"binding_sid\":15001,"
		       "\"segment_list\":{\"weight\":1,\"segments\":[{\"type\":1,\"flags\":0,"
		       "\"label\":16001},{\"type\":1,\"flags\":0,\"label\":16009}]}}}");
}

/* RFC 9012: two tunnels of one type; RFC 9830 section 2.4: two candidate segment lists. */
static void
test_tunnels(void)
{
	send(true, "-", "",
	    GOOD "c0175a"
		 "0008001a"
		 "060a00000000"
		 "0001c0000205" /* Tunnel Egress Endpoint */
		 "010cc0"
		 "00138c"
		 "020000000605"
		 "0000" /* V and M flags, VNI 5004, MAC address */
		 "00080008"
		 "0606000000000000"
		 "000f002c"
		 "800011"
		 "00"
		 "090600000000000a"
		 "0106000003e81000"
		 "80000900"
		 "0106000003e89000"
		 "0e0300"
		 "0002"
		 "820004"
		 "00"
		 "616263",
	    ROUTE);
	expect_text(0, "\"tunnel_encap\":{\"vxlan\":[{\"egress_endpoint\":\"192.0.2.5\","
		       "\"vni\":5004,\"mac\":\"02:00:00:00:06:05\"},"
		       "{\"egress_endpoint\":\"000000000000\"}],");
	expect_text(0, "\"sr_policy\":{\"segment_list\":[{\"weight\":10,\"segments\":[{\"type\":1,"
		       "\"flags\":0,\"label\":16001}]},{\"segments\":[{\"type\":1,\"flags\":0,"
		       "\"label\":16009}]}],\"enlp\":2,\"policy\":\"abc\"}}");
	/* One that does not fit is octets; a length that runs over is the attribute's fault. */
	send(true, "-", "",
	    GOOD "c01708"
		 "00020004"
		 "07020102",
	    ROUTE);
	expect_text(0, "\"gre\":{\"sub_tlv_7\":\"0102\"}");
	send(true, "-", "",
	    GOOD "c01708"
		 "00020004"
		 "07030102",
	    ROUTE);
	expect_text(0, "\"verdict_reason\":\"tunnel_encap: malformed\"");
}

/* What separates one part of an NLRI from the next. */
static void
test_parts(void)
{
	/* RFC 9572 section 3.3: the key of a leaf route has its own length, whatever is in it. */
	send(true, "-", "",
	    "800f1e001946"
	    "0b19"
	    "0912"
	    "0000fde900000001" /* an inclusive key that is cut: 18 octets, with a 128 in it */
	    "00000000"
	    "8000000000"
	    "01"
	    "20c0000209",
	    "");
	expect_text(0, "\"route_key\":\"09120000fde90000000100000000800000000001\","
		       "\"originator\":\"192.0.2.9\"");
	/* Multicast in VPNs has no label, though some send one. */
	send(true, "-", "",
	    "800f0f000181"
	    "58"
	    "0000fde900000001"
	    "cb0071",
	    "");
	expect_line(0, "withdraw 1/129 rd=65001:1 prefix=203.0.113.0/24");
	send(true, "-", "",
	    "800f12000181"
	    "70"
	    "100001"
	    "0000fde900000001"
	    "cb0071",
	    "");
	expect_line(0, "withdraw 1/129 rd=65001:1 labels=65536 prefix=203.0.113.0/24");
	/* RFC 8956 section 3.1: an offset is less than the length; section 3.7: of IPv6 alone. */
	send(true, "-", "",
	    "800f07000285"
	    "03"
	    "014040",
	    "");
	expect_text(0, "\"nlri_octets\":\"03014040\"");
	send(true, "-", "",
	    "800f07000285"
	    "03"
	    "010000",
	    "");
	expect_text(0, "\"flowspec\":\"dst ::/0\"");
	send(true, "-", "",
	    "800f07000285"
	    "03"
	    "0d8105",
	    "");
	expect_text(0, "\"flowspec\":\"flow-label =5\"");
	send(true, "-", "",
	    "800f07000185"
	    "03"
	    "0d8105",
	    "");
	expect_text(0, "\"nlri_octets\":\"030d8105\"");
	/* A family that is not read is named and kept (RFC 9015). */
	send(true, "-", "",
	    "800f05001f09"
	    "0102",
	    "");
	expect_text(0, "\"afi\":31,\"afi_name\":\"sfc\",\"safi\":9,\"safi_name\":\"sfc\"");
}

/* ---- OPEN --------------------------------------------------------------------------------------
 */

static void
expect_open(const char *hex, const char *capabilities)
{
	static char got[LINE];
	struct vnm_bgp_open open;
	struct vnm_reader r = vnm_reader_of(message, wrap(1, hex));

	ready();
	CU_ASSERT_EQUAL(vnm_bgp_open(&r, &out, &open), VNM_OK);
	got[0] = 0;
	put_strs(got, "is", open.capabilities);
	if (strcmp(got + 4, capabilities) != 0)
		fprintf(stderr, "\nwant: %s\n got: %s\n", capabilities, got + 4);
	CU_ASSERT_STRING_EQUAL(got + 4, capabilities);
	CU_ASSERT_EQUAL(open.as, 100000);
	CU_ASSERT_EQUAL(open.hold_time_s, 90);
	CU_ASSERT_TRUE(open.as4);
	CU_ASSERT_EQUAL(open.families[0].afi, 1);
	CU_ASSERT_EQUAL(open.families[0].safi, 1);
	CU_ASSERT_EQUAL(open.families[0].add_path, 3);
}

static void
test_open(void)
{
	static const char names[] = "multiprotocol:ipv4/unicast,four-octet-as,"
				    "add-path:ipv4/unicast:both,role:customer,fqdn:vm,cap_200";

	expect_open("04"
		    "5ba0"
		    "005a"
		    "c0000201"
		    "1f"
		    "021d"
		    "010400010001"
		    "4104000186a0"
		    "450400010103"
		    "090103"
		    "490402766d00"
		    "c800",
	    names);
	/* RFC 9072: lengths of two octets. */
	expect_open("04"
		    "5ba0"
		    "005a"
		    "c0000201"
		    "ff"
		    "ff"
		    "0020"
		    "02001d"
		    "010400010001"
		    "4104000186a0"
		    "450400010103"
		    "090103"
		    "490402766d00"
		    "c800",
	    names);
	struct vnm_bgp_open open;
	struct vnm_reader r = vnm_reader_of(message, wrap(1, "045ba0005ac00002010402024105"));
	ready();
	CU_ASSERT_EQUAL(vnm_bgp_open(&r, &out, &open), VNM_OK);
	CU_ASSERT_EQUAL(counters.parts[VNM_R_capability_malformed], 1);
	r = vnm_reader_of(message, wrap(1, "035ba0005ac000020100"));
	CU_ASSERT_EQUAL(vnm_bgp_open(&r, &out, &open), VNM_R_bad_version);
	r = vnm_reader_of(message, wrap(2, ""));
	CU_ASSERT_EQUAL(vnm_bgp_open(&r, &out, &open), VNM_R_bad_header);
	r = vnm_reader_of(message, 18);
	CU_ASSERT_EQUAL(vnm_bgp_open(&r, &out, &open), VNM_R_truncated);
}

CU_TestInfo suite_bgp[] = {{"recorded updates", test_recorded}, {"AS paths", test_paths},
    {"verdicts of RFC 7606", test_verdicts}, {"path identifiers", test_add_path},
    {"families", test_families}, {"labels", test_labels}, {"multicast routes", test_multicast},
    {"nested values", test_nested}, {"tunnels", test_tunnels}, {"parts of NLRI", test_parts},
    {"flow specifications", test_flowspec}, {"values of attributes", test_values},
    {"OPEN", test_open}, CU_TEST_INFO_NULL};
