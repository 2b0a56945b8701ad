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

#endif
