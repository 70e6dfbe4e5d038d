/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/ownership.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static uint64_t read_ns(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return (int64_t)read_ns(CLOCK_REALTIME);
}

/* Civil date from days since the epoch, by 400-year eras that start in March. */
static void civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
	days += 719468;
	const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	const unsigned of_era = (unsigned)(days - era * 146097);
	const unsigned year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const unsigned shifted = (5 * of_year + 2) / 153;

	*day = of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = (int)((int64_t)year_of_era + era * 400) + (*month <= 2);
}

static int64_t days_from_civil(int year, unsigned month, unsigned day)
{
	year -= month <= 2;
	const int64_t era = (year >= 0 ? year : year - 399) / 400;
	const unsigned year_of_era = (unsigned)(year - era * 400);
	const unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	const unsigned of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;

	return era * 146097 + (int64_t)of_era - 719468;
}

static void put_digits(char *out, unsigned number, unsigned digits)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

size_t clock_format_utc(char out[CLOCK_TEXT_MAX], int64_t wall_ns)
{
	const int64_t second_ns = (int64_t)NS_PER_SEC;
	const int64_t rest_ns = wall_ns % second_ns; /* negative before 1970 */
	const int64_t seconds = wall_ns / second_ns - (rest_ns < 0);
	const unsigned micros = (unsigned)((rest_ns + (rest_ns < 0 ? second_ns : 0)) / 1000);
	const int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	const unsigned of_day = (unsigned)(seconds - days * 86400);
	unsigned month, day;
	int year;

	civil_from_days(days, &year, &month, &day);
	memcpy(out, "0000-00-00T00:00:00.000000Z", 28);
	put_digits(out, (unsigned)year, 4);
	put_digits(out + 5, month, 2);
	put_digits(out + 8, day, 2);
	put_digits(out + 11, of_day / 3600, 2);
	put_digits(out + 14, of_day / 60 % 60, 2);
	put_digits(out + 17, of_day % 60, 2);
	put_digits(out + 20, micros, 6);
	return 27;
}

static bool take_number(struct text *text, size_t digits, uint64_t max, unsigned *out)
{
	uint64_t number;

	if (text->len < digits || !text_parse_number(text_until(*text, digits), max, &number))
		return false;
	*out = (unsigned)number;
	*text = text_from(*text, digits);
	return true;
}

static bool take_char(struct text *text, char wanted)
{
	if (text->len == 0 || char_lower(text->ptr[0]) != wanted)
		return false;
	*text = text_from(*text, 1);
	return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static unsigned take_fraction_ns(struct text *text)
{
	unsigned ns = 0, scale = 100000000;

	while (text->len > 0 && char_is_digit(text->ptr[0])) {
		ns += (unsigned)(text->ptr[0] - '0') * scale;
		scale /= 10;
		*text = text_from(*text, 1);
	}
	return ns;
}

static bool take_offset(struct text *text, int64_t *seconds)
{
	unsigned hours, minutes;

	*seconds = 0;
	if (take_char(text, 'z'))
		return true;

	const bool west = text->len > 0 && text->ptr[0] == '-';

	if (!(take_char(text, '+') || take_char(text, '-')) || !take_number(text, 2, 23, &hours)
	    || !take_char(text, ':') || !take_number(text, 2, 59, &minutes))
		return false;
	*seconds = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool clock_parse_utc(struct text text, int64_t *wall_ns)
{
	unsigned year, month, day, hour, minute, second, fraction_ns = 0;
	int64_t offset;

	if (!take_number(&text, 4, 9999, &year) || !take_char(&text, '-')
	    || !take_number(&text, 2, 12, &month) || !take_char(&text, '-')
	    || !take_number(&text, 2, 31, &day) || !take_char(&text, 't')
	    || !take_number(&text, 2, 23, &hour) || !take_char(&text, ':')
	    || !take_number(&text, 2, 59, &minute) || !take_char(&text, ':')
	    || !take_number(&text, 2, 60, &second))
		return false;
	if (month == 0 || day == 0 || day > days_in_month(year, month))
		return false;
	if (take_char(&text, '.')) {
		if (text.len == 0 || !char_is_digit(text.ptr[0]))
			return false;
		fraction_ns = take_fraction_ns(&text);
	}
	if (!take_offset(&text, &offset) || text.len > 0)
		return false;

	const int64_t of_day = INT64_C(3600) * hour + INT64_C(60) * minute + second;
	const int64_t seconds = days_from_civil((int)year, month, day) * 86400 + of_day - offset;

	return !__builtin_mul_overflow(seconds, (int64_t)NS_PER_SEC, wall_ns)
	       && !__builtin_add_overflow(*wall_ns, (int64_t)fraction_ns, wall_ns);
}

static const struct {
	struct text name;
	uint64_t ns;
} units[] = {
	/* longest spelling first where one begins another */
	{ { "ns", 2 }, 1 },
	{ { "us", 2 }, NS_PER_US },
	{ { "\xc2\xb5s", 3 }, NS_PER_US },
	{ { "ms", 2 }, NS_PER_MS },
	{ { "s", 1 }, NS_PER_SEC },
	{ { "m", 1 }, 60 * NS_PER_SEC },
	{ { "h", 1 }, 3600 * NS_PER_SEC },
};

static bool take_unit(struct text *text, uint64_t *ns)
{
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (text_starts_with(*text, units[i].name)) {
			*ns = units[i].ns;
			*text = text_from(*text, units[i].name.len);
			return true;
		}
	}
	return false;
}

static size_t count_digits(struct text text)
{
	size_t count = 0;

	while (count < text.len && char_is_digit(text.ptr[count]))
		count++;
	return count;
}

static bool take_part(struct text *text, uint64_t *ns)
{
	const size_t whole_digits = count_digits(*text);
	uint64_t whole = 0, unit, part;
	unsigned fraction = 0;

	if (whole_digits > 0
	    && !text_parse_number(text_until(*text, whole_digits), UINT64_MAX, &whole))
		return false;
	*text = text_from(*text, whole_digits);
	if (take_char(text, '.')) {
		if (whole_digits == 0 && count_digits(*text) == 0)
			return false;
		fraction = take_fraction_ns(text);
	} else if (whole_digits == 0) {
		return false;
	}
	if (!take_unit(text, &unit) || __builtin_mul_overflow(whole, unit, &part))
		return false;
	/* a fraction counts in 1e-9 of its unit */
	const uint64_t more = (uint64_t)((unsigned __int128)fraction * unit / NS_PER_SEC);

	return !__builtin_add_overflow(part, more, &part) && !__builtin_add_overflow(*ns, part, ns)
	       && *ns <= INT64_MAX;
}

bool duration_parse(struct text text, uint64_t *ns)
{
	uint64_t total = 0;

	if (text_is(text, "0")) {
		*ns = 0;
		return true;
	}
	if (text.len == 0)
		return false;
	while (text.len > 0)
		if (!take_part(&text, &total))
			return false;
	*ns = total;
	return true;
}

/* "1.5s" of 1500 ms: `ns` in `unit`, with what digits it takes and no more. */
static size_t put_decimal(char *out, size_t room, uint64_t ns, uint64_t unit, const char *name)
{
	uint64_t fraction = ns % unit;
	size_t used = (size_t)snprintf(out, room, "%" PRIu64, ns / unit);

	if (fraction > 0)
		out[used++] = '.';
	for (; fraction > 0; fraction %= unit) {
		fraction *= 10;
		out[used++] = (char)('0' + fraction / unit);
	}
	return used + (size_t)snprintf(out + used, room - used, "%s", name);
}

const char *duration_format(char out[DURATION_TEXT_MAX], uint64_t ns)
{
	const uint64_t hour = 3600 * NS_PER_SEC, minute = 60 * NS_PER_SEC;
	const uint64_t hours = ns / hour, minutes = ns % hour / minute, rest = ns % minute;
	const size_t room = DURATION_TEXT_MAX;
	size_t used = 0;

	if (ns < NS_PER_SEC) {
		put_decimal(out, room, ns, NS_PER_MS, "ms");
		return out;
	}
	if (hours > 0)
		used += put_decimal(out, room, hours, 1, "h");
	if (minutes > 0)
		used += put_decimal(out + used, room - used, minutes, 1, "m");
	if (rest > 0)
		put_decimal(out + used, room - used, rest, NS_PER_SEC, "s");
	return out;
}
