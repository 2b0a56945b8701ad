/*
 * The options of the Kafka sink: librdkafka reads most of them, but finds some mistakes only
 * when it connects, or never.
 */
#include "output/kafka_options.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MS_MAX INT32_MAX /* of librdkafka's message.timeout.ms, where 0 is for ever */

const struct vnm_option vnm_kafka_options[] = {VNM_KAFKA_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

/* What librdkafka is told before the operator's own properties. */
static const char *const defaults[][2] = {
    {"client.id", "vnmcd"},
    {"acks", "all"},
    {"enable.idempotence", "false"},
    {"linger.ms", "20"},
    {"compression.type", "none"},
    {"sticky.partitioning.linger.ms", "0"}, /* or vnm_kafka_partition_choose() is not asked */
    {"queue.buffering.max.messages", "100000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"socket.keepalive.enable", "true"},
    {"log.connection.close", "false"},
};

/* What the ordered producer is told after them. */
static const char *const order[][2] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
};

/* Properties of the operator's that the ordered producer is not told. */
static const char *const not_for_order[] = {"enable.idempotence", "acks", "request.required.acks",
    "max.in.flight", "max.in.flight.requests.per.connection", "retries", "message.send.max.retries",
    "queuing.strategy"};

static int
set_property(const char *output, rd_kafka_conf_t *conf, const char *name, const char *value,
    struct vnm_err *err)
{
	char why[256];

	if (strcmp(name, "transactional.id") == 0)
		return vnm_err_text(
		    err, "output %s: librdkafka: %s: vnmcd makes no transactions", output, name);
	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		return vnm_err_text(err, "output %s: librdkafka: %s: %s", output, name, why);
	return 0;
}

static int
set_table(const char *output, rd_kafka_conf_t *conf, const char *const table[][2], size_t n,
    struct vnm_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (set_property(output, conf, table[i][0], table[i][1], err) != 0)
			return -1;
	}
	return 0;
}

static bool
is_for_order(const char *name)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(not_for_order); i++) {
		if (strcmp(name, not_for_order[i]) == 0)
			return false;
	}
	return true;
}

int
vnm_kafka_configure(const char *output, const struct vnm_kafka_options *options, bool ordered,
    rd_kafka_conf_t *conf, struct vnm_err *err)
{
	const struct vnm_strings *own = &options->librdkafka;
	char timeout_ms[VNM_TEXT_NUMBER];

	snprintf(timeout_ms, sizeof(timeout_ms), "%llu",
	    (unsigned long long)(options->message_timeout / VNM_NS_PER_MS));
	if (set_table(output, conf, defaults, VNM_ARRAY_LEN(defaults), err) != 0 ||
	    set_property(output, conf, "message.timeout.ms", timeout_ms, err) != 0 ||
	    set_property(output, conf, "bootstrap.servers", options->brokers, err) != 0)
		return -1;
	for (uint32_t i = 0; i + 1 < own->n; i += 2) {
		if ((!ordered || is_for_order(own->p[i])) &&
		    set_property(output, conf, own->p[i], own->p[i + 1], err) != 0)
			return -1;
	}
	return ordered ? set_table(output, conf, order, VNM_ARRAY_LEN(order), err) : 0;
}

bool
vnm_kafka_has_own_partitioner(const struct vnm_kafka_options *options, bool ordered)
{
	const struct vnm_strings *own = &options->librdkafka;

	for (uint32_t i = 0; i + 1 < own->n; i += 2) {
		if (strcmp(own->p[i], "partitioner") == 0)
			return !ordered || strcmp(own->p[i + 1], "random") != 0;
	}
	return false;
}

static bool
is_port(const char *p, const char *end)
{
	uint32_t port = 0;

	for (const char *c = p; c < end && port <= UINT16_MAX; c++) {
		if (*c < '0' || *c > '9')
			return false;
		port = port * 10 + (uint32_t)(*c - '0');
	}
	return port >= 1 && port <= UINT16_MAX;
}

/* host, host:port, [IPv6]:port, or one of these behind a protocol's name and "://". */
static bool
is_broker(const char *p, const char *end)
{
	static const char *const protocols[] = {
	    "plaintext://", "ssl://", "sasl_plaintext://", "sasl_ssl://"};

	for (size_t i = 0; i < VNM_ARRAY_LEN(protocols); i++) {
		size_t n = strlen(protocols[i]);
		if ((size_t)(end - p) > n && strncasecmp(p, protocols[i], n) == 0) {
			p += n;
			break;
		}
	}
	for (const char *c = p; c < end; c++) {
		if (*c <= ' ' || *c == '/')
			return false;
	}
	const char *host_end = *p == '[' ? memchr(p, ']', (size_t)(end - p)) : p;
	const char *colon = host_end != NULL ? memchr(host_end, ':', (size_t)(end - host_end)) : p;
	if (p == end || colon == p)
		return false;
	return colon == NULL || is_port(colon + 1, end);
}

static int
check_brokers(const char *output, const char *brokers, struct vnm_err *err)
{
	unsigned n = 0;

	for (const char *p = brokers; *p != '\0';) {
		const char *end = p + strcspn(p, ",");
		const char *next = *end == ',' ? end + 1 : end;

		p += strspn(p, " ");
		while (end > p && end[-1] == ' ')
			end--;
		if (end > p && !is_broker(p, end))
			return vnm_err_text(err, "output %s: brokers: \"%.*s\" is not host:port",
			    output, (int)(end - p < 100 ? end - p : 100), p);
		n += end > p;
		p = next;
	}
	if (n == 0)
		return vnm_err_text(
		    err, "output %s: brokers: missing; for example \"kafka1:9092\"", output);
	return 0;
}

bool
vnm_kafka_topic(char name[VNM_KAFKA_TOPIC_TEXT], const char *template, const char *kind)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = 0;

	for (const char *p = template; *p != '\0';) {
		bool is_kind = strncmp(p, "{kind}", 6) == 0;
		const char *from = is_kind ? kind : p;
		size_t length = is_kind ? strlen(kind) : 1;

		if (n + length >= VNM_KAFKA_TOPIC_TEXT)
			return false;
		memcpy(name + n, from, length);
		n += length;
		p += is_kind ? 6 : 1;
	}
	name[n] = '\0';
	return n > 0 && strspn(name, allowed) == n;
}

static int
check_properties(
    const char *output, const struct vnm_kafka_options *options, bool ordered, struct vnm_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = vnm_kafka_configure(output, options, ordered, conf, err);

	rd_kafka_conf_destroy(conf);
	return rc;
}

int
vnm_kafka_check(const char *output, const void *values, struct vnm_err *err)
{
	const struct vnm_kafka_options *options = values;
	uint64_t timeout_ms = options->message_timeout / VNM_NS_PER_MS;
	char topic[VNM_KAFKA_TOPIC_TEXT];

	if (check_brokers(output, options->brokers != NULL ? options->brokers : "", err) != 0)
		return -1;
	if (timeout_ms < 1 || timeout_ms > TIMEOUT_MS_MAX)
		return vnm_err_text(
		    err, "output %s: message_timeout: 1ms to 24d, or it would be for ever", output);
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (!vnm_kafka_topic(topic, options->topic, vnm_kind_info(kind)->name))
			return vnm_err_text(err,
			    "output %s: topic: \"%s\" makes no topic's name; letters, digits, '.', "
			    "'_' and '-' may stand in it, besides {kind}",
			    output, options->topic);
	}
	if (check_properties(output, options, false, err) != 0)
		return -1;
	return check_properties(output, options, true, err);
}
