/* How often the relay looks at what is offered: at once while little is, the less often the more
 * there is. Pure. Owner: lib/eventstore. Thread: the relay's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_PACE_H
#define CARTWRIGHT_EVENTSTORE_RELAY_PACE_H

#include <stdint.h>

enum {
    RELAY_PACE_WINDOW_US = 50000, /* the time over which events are counted */
    RELAY_PACE_FREE_PER_S = 800,  /* with fewer events a second each offer is taken at once */
    RELAY_PACE_STEP_US = 10,      /* between two looks, for each event a second above that */
    RELAY_PACE_MAX_US = 100000,
};

/** Zero-initialise. */
struct relay_pace {
    int64_t due_us;   /* offers are not looked at before; read only */
    int64_t begin_us; /* of the window */
    int64_t events;   /* in the window so far */
    int64_t per_s;    /* in the window before */
};

/** Call after each look, with the monotonic time at which it began and the events that it sent. */
void relay_pace_note(struct relay_pace *pace, int64_t now_us, int64_t events);

#endif
