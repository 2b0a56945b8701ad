/*
 * The engine's id and boots, in a file `snmp-engine` of the state directory: both on one line.
 */
#include "daemon/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_OCTETS (2 * VNM_SNMP_ENGINE_ID_MAX + 32)
#define YEAR_2020_S 1577836800ULL /* since 1970 */

enum { FORMAT_TEXT = 4, FORMAT_OCTETS = 5, PREFIX = 5, DIGEST_OCTETS = 16 };

/*
 * RFC 3411 section 5: the highest bit set, an enterprise, a format, and what is unique. vnmcd has
 * no enterprise: IANA's 0 is nobody's, and the IETF itself makes an id of it that is to belong to
 * no enterprise (RFC 5343: 80 00 00 00 06, of a format that is not used here). Others' numbers
 * are theirs to give, and that of RFC 5612 is for examples. A name that is too long is told by its
 * SHA-256, which no version of ours changes.
 */
static void
make_id(struct vnm_engine *e, const char *collector)
{
	static const uint8_t prefix[] = {0x80, 0x00, 0x00, 0x00};
	size_t n = strlen(collector), room = sizeof(e->id) - PREFIX;

	memcpy(e->id, prefix, sizeof(prefix));
	e->id[PREFIX - 1] = n <= room ? FORMAT_TEXT : FORMAT_OCTETS;
	if (n <= room) {
		memcpy(e->id + PREFIX, collector, n);
	} else {
		uint8_t digest[EVP_MAX_MD_SIZE] = {0};

		(void)EVP_Digest(collector, n, digest, NULL, EVP_sha256(), NULL);
		n = DIGEST_OCTETS;
		memcpy(e->id + PREFIX, digest, n);
	}
	e->self.engine_id = (struct vnm_slice){e->id, PREFIX + n};
}

/* How often the engine of that id had started before; 0: never, as far as is known. */
static uint32_t
read_boots(const char *path, const char *id)
{
	char line[LINE_OCTETS] = "";
	FILE *f = fopen(path, "re");
	size_t n = strlen(id);
	unsigned long boots;
	char *end;

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	if (strncmp(line, id, n) != 0 || line[n] != ' ')
		return 0;
	boots = strtoul(line + n + 1, &end, 10);
	return *end == '\n' && boots < VNM_USM_BOOTS_MAX ? (uint32_t)boots : 0;
}

/* 0, or -1 and errno: the old file is there until the new one is whole. */
static int
write_boots(const char *path, const char *id, uint32_t boots)
{
	char aside[PATH_MAX + 8];
	int error;
	FILE *f;

	snprintf(aside, sizeof(aside), "%s.new", path);
	f = fopen(aside, "we");
	if (f == NULL)
		return -1;
	bool written =
	    fprintf(f, "%s %u\n", id, boots) > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
	error = errno;
	if (fclose(f) == 0 && written && rename(aside, path) == 0)
		return 0;
	if (!written)
		errno = error;
	return -1;
}

/* Every ten seconds another number, for four hundred years. */
static uint32_t
boots_of_time(uint64_t epoch_ns)
{
	uint64_t now_s = epoch_ns / VNM_NS_PER_S;

	return now_s > YEAR_2020_S ? (uint32_t)((now_s - YEAR_2020_S) / 10) : 1;
}

/*
 * One more than the last time, but not less than by the clock: whoever has heard a greater number
 * of us believes no smaller one (RFC 3414 section 3.2 step 7b), and the file may be new, damaged,
 * older than a start at which it could not be written, or of a machine that was restored.
 */
static bool
keep_boots(struct vnm_engine *e, const char *dir)
{
	char path[PATH_MAX], id[2 * VNM_SNMP_ENGINE_ID_MAX + 1];
	uint32_t last;

	if (dir == NULL || snprintf(path, sizeof(path), "%s/snmp-engine", dir) >= (int)sizeof(path))
		return false;
	*vnm_text_hex(id, e->self.engine_id.p, e->self.engine_id.n) = '\0';
	last = read_boots(path, id);
	if (last >= e->self.engine_boots)
		e->self.engine_boots = last + 1;
	return write_boots(path, id, e->self.engine_boots) == 0;
}

/*
 * Only listeners of SNMP are spoken to as an engine. Whether they have users is no question: those
 * a reload may bring, but no listener.
 */
static bool
is_asked(const struct vnm_conf *conf)
{
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		if (strcmp(conf->listeners[i].decoder->name, "snmp") == 0)
			return true;
	}
	return false;
}

void
vnm_engine_start(struct vnm_engine *e, const struct vnm_conf *conf, uint64_t epoch_ns)
{
	e->self = (struct vnm_self){.live = true, .epoch_ns = epoch_ns};
	make_id(e, conf->main.collector);
	if (conf->snmp.engine_id != NULL)
		e->self.engine_id.n =
		    vnm_engine_id_read(conf->snmp.engine_id, strlen(conf->snmp.engine_id), e->id);
	if (!is_asked(conf))
		return;
	e->self.engine_boots = boots_of_time(epoch_ns);
	errno = 0;
	if (keep_boots(e, conf->main.state_dir) || conf->user_count == 0)
		return;
	if (conf->main.state_dir == NULL)
		vnm_warning("snmp: without state_dir it is not known how often vnmcd has started; "
			    "its engine's boots are made of the time");
	else
		vnm_warning("snmp: %s/snmp-engine cannot be written: %s; the engine's boots are "
			    "made of the time",
		    conf->main.state_dir, strerror(errno));
}
