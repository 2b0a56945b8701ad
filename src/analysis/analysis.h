/*
 * All analysers of one worker, and their options.
 */
#ifndef VNM_ANALYSIS_ANALYSIS_H
#define VNM_ANALYSIS_ANALYSIS_H

#include "analysis/analyser.h"
#include "base/err.h"
#include "base/option.h"

#include <stdio.h>

/* What is made of log records (configuration: `logs`). */
#define VNM_LOGS_OPTIONS(X)                                                                     \
	X(struct vnm_logs_options, alarms, BOOL, "true", RELOAD,                                \
	    "records of kind alarm for messages that the rules know: links, neighbours, power") \
	X(struct vnm_logs_options, templates, BOOL, "false", RELOAD,                            \
	    "find the template of each message: template_id, template_params and records of "   \
	    "kind log_template")                                                                \
	X(struct vnm_logs_options, templates_max, NUMBER, "4096", RELOAD,                       \
	    "templates kept by each worker; the longest unused makes room")                     \
	X(struct vnm_logs_options, template_rates, DURATION, "0", RELOAD,                       \
	    "how often records of kind log_rate tell how many messages of each template a "     \
	    "source sent; 0: never")                                                            \
	X(struct vnm_logs_options, expand_repeats, BOOL, "false", RELOAD,                       \
	    "\"last message repeated\" becomes the message itself, with repeat_count")          \
	X(struct vnm_logs_options, duplicates, DURATION, "0", RELOAD,                           \
	    "a message that a source repeats within this time is held back and counted in "     \
	    "repeat_count of one that follows; 0: never")                                       \
	X(struct vnm_logs_options, rate, NUMBER, "0", RELOAD,                                   \
	    "messages a second that one source may send; more are dropped; 0: any number")      \
	X(struct vnm_logs_options, burst, NUMBER, "1000", RELOAD,                               \
	    "messages that it may send at once before `rate` holds")                            \
	X(struct vnm_logs_options, sources, NUMBER, "8192", RELOAD,                             \
	    "sources whose messages are known by each worker; the longest silent makes room")

struct vnm_logs_options {
	VNM_LOGS_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_logs_options[];

/* A rule that makes alarms of log records (configuration: `alarm_rules`). */
#define VNM_RULE_OPTIONS(X)                                                                      \
	X(struct vnm_rule_options, name, STRING, NULL, RELOAD, "name, for messages and -o")      \
	X(struct vnm_rule_options, dialect, STRING, NULL, RELOAD,                                \
	    "only records of this `dialect`")                                                    \
	X(struct vnm_rule_options, app, STRING, NULL, RELOAD, "only records of this `app_name`") \
	X(struct vnm_rule_options, mnemonic, STRING, NULL, RELOAD,                               \
	    "only records of this `mnemonic`")                                                   \
	X(struct vnm_rule_options, match, STRING, NULL, RELOAD,                                  \
	    "what is in `message`: * for any text, {resource}, {if}, {peer} and {vrf} for a "    \
	    "word that the alarm is about; upper and lower case are the same")                   \
	X(struct vnm_rule_options, alarm_type, STRING, NULL, RELOAD,                             \
	    "alarm_type of the record, the same in raise and clear")                             \
	X(struct vnm_rule_options, state, STRING, "raise", RELOAD,                               \
	    "raise, clear, or event for what has no end")                                        \
	X(struct vnm_rule_options, severity, STRING, "major", RELOAD,                            \
	    "perceived_severity of a raise: critical, major, minor, warning or indeterminate")   \
	X(struct vnm_rule_options, cause, STRING, NULL, RELOAD,                                  \
	    "probable_cause, in the words of X.733")                                             \
	X(struct vnm_rule_options, event_type, STRING, "equipment", RELOAD,                      \
	    "event_type: communications, quality-of-service, processing-error, equipment, "      \
	    "environmental, security or other")

struct vnm_rule_options {
	VNM_RULE_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_rule_options[];

/* Whether a rule can be used: 0, or -1 and err->text. */
int vnm_rule_check(const struct vnm_rule_options *rule, struct vnm_err *err);

/* The rules that vnmcd has of its own, a line each: rule, alarm_type, whom it is for and match. */
void vnm_rules_print(FILE *f);

/* All of it; borrowed by the analysis until the next reload. */
struct vnm_analysis_options {
	struct vnm_logs_options logs;
	const struct vnm_rule_options *rules; /* the operator's, which come first */
	uint32_t rule_count;
};

struct vnm_analysis;

/* NULL when memory is short. `seed` is for hashes of what strangers write. */
struct vnm_analysis *vnm_analysis_new(const struct vnm_analysis_options *o, uint64_t seed);
void vnm_analysis_free(struct vnm_analysis *a);

/* Other options from the next record on: false when memory was short for some of it. */
bool vnm_analysis_reload(struct vnm_analysis *a, const struct vnm_analysis_options *o);

/* A record, named and about to go out: VNM_OK, or the reason for which it does not. */
enum vnm_reason vnm_analysis_record(
    struct vnm_analysis *a, struct vnm_record *r, struct vnm_analysis_out *out);

void vnm_analysis_tick(
    struct vnm_analysis *a, uint64_t now_ns, bool final, struct vnm_analysis_out *out);

#endif
