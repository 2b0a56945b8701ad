/*
 * Units of time. vnmcd counts in nanoseconds: since 1970 for times, plain for spans. Only
 * collectors and the daemon may ask what time it is; decoders live on the datagram's clock.
 */
#ifndef VNM_BASE_CLOCK_H
#define VNM_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define VNM_NS_PER_US 1000ULL
#define VNM_NS_PER_MS 1000000ULL
#define VNM_NS_PER_S 1000000000ULL

/* CLOCK_REALTIME, ns since 1970. */
static inline uint64_t
vnm_clock_wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * VNM_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* CLOCK_MONOTONIC, ns since some start. */
static inline uint64_t
vnm_clock_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * VNM_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* By how much the wall clock was set back in all, for what must never go back. Zeroed: not yet. */
struct vnm_set_back {
	uint64_t wall_ns, mono_ns; /* when it was looked at last */
	uint64_t total_ns;
};

#define VNM_SET_BACK_MIN_NS (10 * VNM_NS_PER_MS) /* less is a pause between two readings */

/* Both clocks go at one pace: what the wall clock lacks, as of now, it was set back by. */
static inline void
vnm_set_back_look(struct vnm_set_back *s, uint64_t wall_ns, uint64_t mono_ns)
{
	uint64_t due_ns = s->wall_ns + (mono_ns - s->mono_ns);

	if (s->mono_ns != 0 && due_ns > wall_ns + VNM_SET_BACK_MIN_NS)
		s->total_ns += due_ns - wall_ns;
	s->wall_ns = wall_ns;
	s->mono_ns = mono_ns;
}

#endif
