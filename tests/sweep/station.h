/*
 * A whole worker in memory, for tests: a pipeline with its limits and outputs whose records are
 * encoded and, with the judging sink, read again.
 */
#ifndef VNM_TESTS_STATION_H
#define VNM_TESTS_STATION_H

#include "daemon/pipeline.h"
#include "judge.h"
#include "messages.h"

#define VNM_STATION_OUTPUTS 2

struct vnm_station {
	struct vnm_limits limits;
	struct vnm_analysis_options analysis; /* all of it, with little memory */
	struct vnm_self self;		      /* of one that is alive, where that is wanted */
	struct vnm_pipeline *pipeline;
	struct vnm_sink sinks[VNM_STATION_OUTPUTS];
	struct vnm_output outputs[VNM_STATION_OUTPUTS];
	struct vnm_output *list[VNM_STATION_OUTPUTS];
	unsigned open;			  /* outputs */
	uint64_t unheard[VNM_KIND_COUNT]; /* records that were made while it was mute */
	bool rib; /* BMP has a standing RIB, which is swept, dumped and asked */
};

/* Which encodings a station's outputs have. */
enum { VNM_STATION_NONE = 0, VNM_STATION_JSON = 1, VNM_STATION_PROTOBUF = 2, VNM_STATION_BOTH = 3 };

/*
 * Once, before all else: options of decoders, with users of SNMPv3 as the recordings have them.
 * They are kept to the end.
 */
void vnm_station_setup(void);

/* An output for each encoding, into sinks of this type. 0, or -1 when memory was short. */
int vnm_station_open(struct vnm_station *s, const struct vnm_sink_type *sink, unsigned encodings);
void vnm_station_close(struct vnm_station *s);

/* From the next message on BMP keeps its routes: few, withholding repeats, with dumps. */
void vnm_station_keep_routes(struct vnm_station *s);

/* One message, after the clock came to its time. */
void vnm_station_play(struct vnm_station *s, const struct vnm_test_message *m);

/*
 * The same, but what it yields goes to no output: for messages that only lead up to others, and
 * whose records were looked at elsewhere.
 */
void vnm_station_play_mute(struct vnm_station *s, const struct vnm_test_message *m);

/*
 * Ends what is held, as at the end of a replay. Then, and only then, every message must have
 * come to its outcome.
 */
void vnm_station_finish(struct vnm_station *s);

/* NULL, or what does not add up. */
const char *vnm_station_check(const struct vnm_station *s, bool finished);

#endif
