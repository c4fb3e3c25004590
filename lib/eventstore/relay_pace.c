/* How often the relay looks at what is offered. Pure.
 * Owner: lib/eventstore. Thread: the relay's.
 */
#include "eventstore/relay_pace.h"

void relay_pace_note(struct relay_pace *pace, int64_t now_us, int64_t events)
{
    if (now_us - pace->begin_us >= RELAY_PACE_US) {
        pace->begin_us = now_us;
        pace->events = 0;
    }
    pace->events += events;
    if (pace->events >= RELAY_PACE_EVENTS)
        pace->due_us = now_us + RELAY_PACE_US;
}
