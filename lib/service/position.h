/* The position check: by one comparison an event is next, already there, or beyond a gap. Pure.
 * Owner: lib/service. Thread: any.
 */
#ifndef CARTWRIGHT_SERVICE_POSITION_H
#define CARTWRIGHT_SERVICE_POSITION_H

#include <stdint.h>

enum position_verdict { POSITION_NEXT, POSITION_DUPLICATE, POSITION_GAP };

static inline enum position_verdict position_check(int64_t last, int64_t position)
{
    if (position <= last)
        return POSITION_DUPLICATE;
    return position == last + 1 ? POSITION_NEXT : POSITION_GAP;
}

#endif
