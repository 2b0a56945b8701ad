/*
 * Sinks and outputs as the configuration wants them.
 */
#include "daemon/outputs.h"

#include "base/alloc.h"
#include "base/clock.h"

int
vnm_sinks_open(struct vnm_sinks *sinks, const struct vnm_conf *conf, struct vnm_err *err)
{
	*sinks = (struct vnm_sinks){.p = vnm_alloc_zero(conf->output_count, sizeof(*sinks->p))};
	if (sinks->p == NULL)
		return vnm_err_text(err, "out of memory");
	for (uint32_t i = 0; i < conf->output_count; i++) {
		const struct vnm_conf_output *o = &conf->outputs[i];

		sinks->p[i] = vnm_sink_open(o->type, o->common.name, o->encoder, o->options, err);
		if (sinks->p[i] == NULL) {
			vnm_sinks_close(sinks);
			return -1;
		}
		sinks->n++;
	}
	return 0;
}

void
vnm_sinks_tick(struct vnm_sinks *sinks, uint64_t mono_ns)
{
	for (size_t i = 0; i < sinks->n; i++) {
		if (sinks->p[i]->type->tick != NULL)
			sinks->p[i]->type->tick(sinks->p[i], mono_ns);
	}
}

void
vnm_sinks_reopen(struct vnm_sinks *sinks)
{
	for (size_t i = 0; i < sinks->n; i++) {
		if (sinks->p[i]->type->reopen != NULL)
			sinks->p[i]->type->reopen(sinks->p[i]);
	}
}

int
vnm_sinks_flush(struct vnm_sinks *sinks, uint64_t timeout_ns)
{
	uint64_t deadline = vnm_clock_mono_ns() + timeout_ns;
	int rc = 0;

	for (size_t i = 0; i < sinks->n; i++) {
		if (sinks->p[i]->type->flush(sinks->p[i], deadline) != 0)
			rc = -1;
	}
	return rc;
}

void
vnm_sinks_close(struct vnm_sinks *sinks)
{
	for (size_t i = 0; i < sinks->n; i++)
		vnm_sink_close(sinks->p[i]);
	vnm_free(sinks->p);
	*sinks = (struct vnm_sinks){0};
}

int
vnm_outputs_open(struct vnm_outputs *outputs, const struct vnm_conf *conf,
    const struct vnm_sinks *sinks, struct vnm_err *err)
{
	*outputs = (struct vnm_outputs){
	    .p = vnm_alloc_zero(sinks->n, sizeof(*outputs->p)),
	    .list = vnm_alloc_zero(sinks->n, sizeof(struct vnm_output *)),
	};
	if (outputs->p == NULL || outputs->list == NULL) {
		vnm_err_text(err, "out of memory");
		goto failed;
	}
	for (; outputs->n < sinks->n; outputs->n++) {
		struct vnm_output *o = &outputs->p[outputs->n];

		if (vnm_output_open(
			o, &conf->outputs[outputs->n].common, sinks->p[outputs->n], err) != 0)
			goto failed;
		outputs->list[outputs->n] = o;
	}
	return 0;
failed:
	vnm_outputs_close(outputs);
	return -1;
}

void
vnm_outputs_close(struct vnm_outputs *outputs)
{
	for (size_t i = 0; i < outputs->n; i++)
		vnm_output_close(&outputs->p[i]);
	vnm_free(outputs->p);
	vnm_free(outputs->list);
	*outputs = (struct vnm_outputs){0};
}
