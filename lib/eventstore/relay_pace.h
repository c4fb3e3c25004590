/* How often the relay looks at what is offered: at once while little is, in steps while much is.
 * Pure. Owner: lib/eventstore. Thread: the relay's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_PACE_H
#define CARTWRIGHT_EVENTSTORE_RELAY_PACE_H

#include <stdint.h>

enum {
    RELAY_PACE_US = 10000, /* a step, and the time over which is counted */
    RELAY_PACE_EVENTS = 5, /* as many within a step are much */
};

/** Zero-initialise. */
struct relay_pace {
    int64_t due_us; /* offers are not looked at before; read only */
    int64_t begin_us;
    int64_t events; /* since begin_us */
};

/** Call after each look, with the monotonic time at which it began and the events that it sent. */
void relay_pace_note(struct relay_pace *pace, int64_t now_us, int64_t events);

#endif
