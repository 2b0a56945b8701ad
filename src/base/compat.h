/*
 * Compiler and platform differences: the only file with #ifdefs of that sort.
 */
#ifndef VNM_BASE_COMPAT_H
#define VNM_BASE_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define VNM_LIKELY(x) __builtin_expect(!!(x), 1)
#define VNM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define VNM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VNM_MUST_CHECK __attribute__((warn_unused_result))
#define VNM_UNUSED __attribute__((unused))
#define VNM_PREFETCH(p) __builtin_prefetch(p)
#else
#define VNM_LIKELY(x) (x)
#define VNM_UNLIKELY(x) (x)
#define VNM_PRINTF(fmt, args)
#define VNM_MUST_CHECK
#define VNM_UNUSED
#define VNM_PREFETCH(p) ((void)(p))
#endif

/* Fall through to the next case on purpose. */
#if defined(__GNUC__) && __GNUC__ >= 7
#define VNM_FALLTHROUGH __attribute__((fallthrough))
#else
#define VNM_FALLTHROUGH ((void)0)
#endif

#define VNM_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
