/* Into the batch: each record or stored event is judged by its bytes and its position.
 * Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_INTAKE_H
#define CARTWRIGHT_SERVICE_INTAKE_H

#include "service/feed.h"

/** Makes the partitions ready for a new batch. */
void intake_begin(struct feed *feed);

/** Takes what the topic has now, waiting at most timeout_ms for the first record. */
void intake_topic(struct feed *feed, int timeout_ms);

/** Takes the next page of a FILLING partition. 1: something came; 0: the store has nothing after
 * the position; -1: it cannot be asked, or what it has does not follow (err says which). */
int intake_store(struct partition *partition, struct error *err) WARN_UNUSED;

#endif
