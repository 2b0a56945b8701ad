/*
 * Times as devices write them: RFC 3164 section 4.1.2 with and without a year, RFC 3339, and
 * the forms of Cisco, Huawei, Palo Alto and others.
 *
 * What is not written is taken so that the time is nearest to that of receipt: the year always,
 * the zone where that brings it near.
 */
#include "decoders/syslog_part.h"

#include "base/clock.h"

#include <stdlib.h>

#define NS_PER_MINUTE (60 * (int64_t)VNM_NS_PER_S)
#define NEAR_MINUTES 15
#define YEARS_AROUND 8 /* within which there is a leap year, also around 2100 */

static const struct {
	const char *name;
	int16_t offset; /* minutes east of UTC */
} zones[] = {
#define VNM_SYSLOG_ZONE(name, offset) {name, offset},
#include "decoders/syslog_zones.def"
#undef VNM_SYSLOG_ZONE
};

/* Offsets from UTC that are in use somewhere, in minutes. */
static const int16_t offsets[] = {0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480,
    525, 540, 570, 600, 630, 660, 720, 765, 780, 825, 840, -60, -120, -150, -180, -210, -240, -300,
    -360, -420, -480, -540, -570, -600, -660, -720};

/* ---- reading ------------------------------------------------------------------------------- */

static bool
take_small(struct vnm_reader *r, unsigned most, uint8_t *v)
{
	uint64_t n;

	if (!vnm_take_number(r, most, &n) || n > UINT8_MAX)
		return false;
	*v = (uint8_t)n;
	return true;
}

static bool
take_month_name(struct vnm_reader *r, uint8_t *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char name[3];

	if (vnm_reader_left(r) < 3)
		return false;
	for (unsigned i = 0; i < 3; i++)
		name[i] = (char)(r->p[i] | 0x20);
	for (unsigned i = 0; i < 12; i++) {
		if (memcmp(names + 3 * (size_t)i, name, 3) != 0)
			continue;
		r->p += 3;
		*month = (uint8_t)(i + 1);
		return true;
	}
	return false;
}

static bool
take_year(struct vnm_reader *r, int32_t *year)
{
	struct vnm_reader ahead = *r;
	uint64_t v;

	if (!vnm_take_number(&ahead, 4, &v) || v < 1970 || v > 2199)
		return false;
	*year = (int32_t)v;
	*r = ahead;
	return true;
}

/* A fraction of a second of any length, of which 9 digits count. */
static bool
take_fraction(struct vnm_reader *r, uint32_t *ns)
{
	uint32_t unit = 100000000;

	if (!vnm_is_digit(vnm_peek(r, 1)) || (vnm_peek(r, 0) != '.' && vnm_peek(r, 0) != ','))
		return false;
	for (r->p++; vnm_is_digit(vnm_peek(r, 0)); r->p++) {
		*ns += (uint32_t)(r->p[0] - '0') * unit;
		unit /= 10;
	}
	return true;
}

/* hh:mm:ss with an optional fraction. */
static bool
take_clock(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	if (!take_small(r, 2, &t->hour) || !vnm_skip_char(r, ':') ||
	    !take_small(r, 2, &t->minute) || !vnm_skip_char(r, ':') ||
	    !take_small(r, 2, &t->second))
		return false;
	(void)take_fraction(r, &t->ns);
	return true;
}

/* Z, +hh, +hh:mm or +hhmm right behind the time. */
static bool
take_offset(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	struct vnm_reader ahead = *r;
	uint8_t hours, minutes = 0;
	int sign = vnm_peek(r, 0);

	if (sign == 'Z') {
		r->p++;
		t->has_offset = true;
		return true;
	}
	if (sign != '+' && sign != '-')
		return false;
	ahead.p++;
	if (!vnm_is_digit(vnm_peek(&ahead, 0)) || !vnm_is_digit(vnm_peek(&ahead, 1)))
		return false;
	hours = (uint8_t)((ahead.p[0] - '0') * 10 + (ahead.p[1] - '0'));
	ahead.p += 2;
	if (vnm_skip_char(&ahead, ':') || vnm_is_digit(vnm_peek(&ahead, 0))) {
		if (!take_small(&ahead, 2, &minutes))
			return false;
	}
	if (hours > 15 || minutes > 59)
		return false;
	t->has_offset = true;
	t->offset = (int16_t)((hours * 60 + minutes) * (sign == '-' ? -1 : 1));
	*r = ahead;
	return true;
}

/* "Nov 22 20:00:03", "May 21 2017 00:00:00", "Nov 22 20:00:03 2026". */
static bool
read_month_first(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	struct vnm_reader ahead;

	if (!take_month_name(r, &t->month) || vnm_peek(r, 0) != ' ')
		return false;
	vnm_skip_spaces(r);
	if (!take_small(r, 2, &t->day) || vnm_peek(r, 0) != ' ')
		return false;
	vnm_skip_spaces(r);
	if (vnm_peek(r, 2) != ':' && vnm_peek(r, 1) != ':') {
		if (!take_year(r, &t->year) || !vnm_skip_char(r, ' '))
			return false;
		vnm_skip_spaces(r);
	}
	if (!take_clock(r, t))
		return false;
	ahead = *r;
	if (t->year == 0 && vnm_skip_char(&ahead, ' ') && take_year(&ahead, &t->year)) {
		if (vnm_peek(&ahead, 0) == ' ' || vnm_peek(&ahead, 0) == ':')
			*r = ahead;
		else
			t->year = 0;
	}
	(void)take_offset(r, t);
	return true;
}

/* The date's parts behind its year: "-11-22", "-7-3", "/12/11", "-Nov- 9" or " Apr 20". */
static bool
take_month_and_day(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	int separator = vnm_peek(r, 0);

	if (separator != '-' && separator != '/' && separator != ' ')
		return false;
	r->p++;
	if (vnm_is_alpha(vnm_peek(r, 0))) {
		if (!take_month_name(r, &t->month))
			return false;
		t->year_first = separator == ' ';
	} else if (separator == ' ' || !take_small(r, 2, &t->month)) {
		return false;
	}
	if (!vnm_skip_char(r, (char)separator))
		return false;
	vnm_skip_spaces(r);
	return take_small(r, 2, &t->day);
}

/* RFC 3339, "2018-7-23 01:00:34.270.1", "2018/12/11 13:31:42", "2018 Apr 20 13:15:07" … */
static bool
read_year_first(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	bool with_t;
	uint32_t more = 0;

	if (!take_year(r, &t->year) || !take_month_and_day(r, t))
		return false;
	with_t = vnm_skip_char(r, 'T');
	if (!with_t && !vnm_skip_char(r, ' '))
		return false;
	if (!take_clock(r, t))
		return false;
	(void)take_fraction(r, &more); /* Huawei's second one is no part of the time */
	t->rfc3339 = take_offset(r, t) && with_t;
	return true;
}

static bool
is_time(const struct vnm_syslog_time *t)
{
	static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= days[t->month - 1] &&
	       t->hour <= 23 && t->minute <= 59 && t->second <= 60;
}

bool
vnm_syslog_time_read(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	struct vnm_reader ahead = *r;
	const uint8_t *start;
	int first = vnm_peek(r, 0);

	*t = (struct vnm_syslog_time){.year = 0};
	if (first == '*' || first == '.') {
		t->clock = (char)first;
		ahead.p++;
	}
	start = ahead.p;
	first = vnm_peek(&ahead, 0);
	if (vnm_is_digit(first) ? !read_year_first(&ahead, t) : !read_month_first(&ahead, t))
		return false;
	if (!is_time(t))
		return false;
	t->text = (struct vnm_str){(const char *)start, (uint32_t)(ahead.p - start), false};
	*r = ahead;
	return true;
}

static bool
is_zone(const char *name, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (name[i] != (char)(p[i] & ~0x20))
			return false;
	}
	return name[n] == '\0';
}

bool
vnm_syslog_zone_read(struct vnm_reader *r, struct vnm_syslog_time *t)
{
	struct vnm_reader ahead = *r;
	const uint8_t *start = r->p;
	bool known = false;
	size_t n = 0;

	while (n < 5 && vnm_is_alpha(vnm_peek(r, n)))
		n++;
	for (size_t i = 0; i < VNM_ARRAY_LEN(zones) && n > 0 && !known; i++)
		known = is_zone(zones[i].name, start, n);
	if (!known)
		return false;
	ahead.p += n;
	(void)take_offset(&ahead, t); /* "UTC+07:30" */
	if (vnm_peek(&ahead, 0) != ':' && vnm_peek(&ahead, 0) != ' ')
		return false;
	t->zone = (struct vnm_str){(const char *)start, (uint32_t)(ahead.p - start), true};
	*r = ahead;
	return true;
}

/* ---- resolving ----------------------------------------------------------------------------- */

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March here. */
static int64_t
days_from_civil(int32_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int32_t
year_of(uint64_t ns)
{
	int64_t days = (int64_t)(ns / VNM_NS_PER_S / 86400);
	int32_t year = (int32_t)(1970 + days / 366);

	while (days_from_civil(year + 1, 1, 1) <= days)
		year++;
	return year;
}

static bool
is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* ns since 1970 as if it were UTC. */
static int64_t
in_year(const struct vnm_syslog_time *t, int32_t year)
{
	unsigned second = t->second < 60 ? t->second : 59;
	uint32_t ns = t->second < 60 ? t->ns : (uint32_t)VNM_NS_PER_S - 1;
	int64_t minutes = (days_from_civil(year, t->month, t->day) * 24 + t->hour) * 60 + t->minute;

	return minutes * NS_PER_MINUTE + (int64_t)second * (int64_t)VNM_NS_PER_S + ns;
}

static bool
is_nearer(int64_t a, int64_t b, int64_t to)
{
	return llabs(a - to) < llabs(b - to);
}

/* False where no year has that day. */
static bool
nearest_year(const struct vnm_syslog_time *t, int64_t rx_ns, int64_t *ns)
{
	int32_t now = year_of((uint64_t)rx_ns);
	bool leap_day = t->month == 2 && t->day == 29;
	bool found = false;
	int32_t around = leap_day ? YEARS_AROUND : 1;

	for (int32_t year = now - around; year <= now + around; year++) {
		if (year < 1970 || (leap_day && !is_leap(year)))
			continue;
		int64_t candidate = in_year(t, year);
		if (!found || is_nearer(candidate, *ns, rx_ns))
			*ns = candidate;
		found = true;
	}
	return found;
}

/* The local time `ns` in the zone of that name that brings it nearest. */
static int64_t
in_named_zone(struct vnm_str name, int64_t ns, int64_t rx_ns)
{
	int64_t best = ns;
	bool found = false;

	for (size_t i = 0; i < VNM_ARRAY_LEN(zones); i++) {
		if (!is_zone(zones[i].name, (const uint8_t *)name.p, name.n))
			continue;
		int64_t candidate = ns - zones[i].offset * NS_PER_MINUTE;
		if (!found || is_nearer(candidate, best, rx_ns))
			best = candidate;
		found = true;
	}
	return best;
}

/*
 * The local time in the zone that brings it nearest to receipt. Zones are half an hour apart: a
 * time that is further than half of that from it in all of them tells nothing, and is UTC.
 */
static int64_t
in_nearest_zone(int64_t ns, int64_t rx_ns)
{
	int64_t best = ns;

	for (size_t i = 0; i < VNM_ARRAY_LEN(offsets); i++) {
		int64_t candidate = ns - offsets[i] * NS_PER_MINUTE;
		if (is_nearer(candidate, best, rx_ns))
			best = candidate;
	}
	return llabs(best - rx_ns) <= NEAR_MINUTES * NS_PER_MINUTE ? best : ns;
}

uint64_t
vnm_syslog_time_resolve(const struct vnm_syslog_time *t, uint64_t rx_ns, bool *year, bool *zone)
{
	int64_t ns = 0, now = (int64_t)rx_ns;

	*year = t->year == 0;
	*zone = !t->has_offset && t->zone.n == 0;
	if (*year && !nearest_year(t, now, &ns))
		return 0;
	if (!*year) {
		if (t->month == 2 && t->day == 29 && !is_leap(t->year))
			return 0;
		ns = in_year(t, t->year);
	}
	if (t->has_offset)
		ns -= t->offset * NS_PER_MINUTE;
	else if (t->zone.n != 0)
		ns = in_named_zone(t->zone, ns, now);
	else
		ns = in_nearest_zone(ns, now);
	return ns > 0 ? (uint64_t)ns : 0;
}
