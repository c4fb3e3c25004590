/* One batch through the service: prefetch, handle, dead letters, flush, and only then the
 * positions. Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_TURN_H
#define CARTWRIGHT_SERVICE_TURN_H

#include "service/feed.h"

/** Works on the runtime's batch, all of which belongs to feed. */
void turn_handle(struct feed *feed);

#endif
