/* How often the relay looks at what is offered. Pure.
 * Owner: lib/eventstore. Thread: the relay's.
 */
#include "eventstore/relay_pace.h"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void relay_pace_note(struct relay_pace *pace, int64_t now_us, int64_t events)
{
    int64_t elapsed_us = now_us - pace->begin_us;
    pace->events += events;
    if (elapsed_us >= RELAY_PACE_WINDOW_US) {
        pace->per_s = pace->events * 1000000 / elapsed_us;
        pace->begin_us = now_us;
        pace->events = 0;
    }
    /* A load that begins is noticed before its first window ends. */
    int64_t per_s = larger(pace->per_s, pace->events * 1000000 / RELAY_PACE_WINDOW_US);
    int64_t step_us = (per_s - RELAY_PACE_FREE_PER_S) * RELAY_PACE_STEP_US;
    if (step_us > 0)
        pace->due_us = now_us + (step_us < RELAY_PACE_MAX_US ? step_us : RELAY_PACE_MAX_US);
}
