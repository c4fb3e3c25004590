/* Reads one topic: as a member of a group, or partitions that the owner names.
 * Owner: lib/io. Thread: all calls from one thread; callbacks run inside kafka_consumer_poll and
 * kafka_consumer_close on that thread.
 *
 * Offsets are never committed, stored or reset behind the owner's back: a partition starts where
 * the owner says, and an offset that the broker does not have is reported.
 */
#ifndef CARTWRIGHT_IO_KAFKA_CONSUMER_H
#define CARTWRIGHT_IO_KAFKA_CONSUMER_H

#include "base/error.h"
#include "io/kafka_message.h"

struct kafka_consumer;

/** Where to start a partition, besides an offset >= 0. */
enum {
    KAFKA_OFFSET_END = -1,
    KAFKA_OFFSET_BEGINNING = -2,
    /* Not known yet: the partition is paused until kafka_consumer_seek and kafka_consumer_resume.
     */
    KAFKA_OFFSET_HOLD = -3,
    /* Where the group's last commit points; without one KAFKA_POLL_OUT_OF_RANGE is reported. */
    KAFKA_OFFSET_COMMITTED = -1000,
};

struct kafka_start {
    int partition;
    int64_t offset;
};

struct kafka_consumer_options {
    const char *bootstrap_servers;
    const char *client_id;
    const char *topic;
    const char *group_id;     /* NULL: no group, kafka_consumer_assign names the partitions */
    const char *instance_id;  /* static membership, only for fixed fleets; or NULL */
    int session_timeout_ms;   /* 6000 … 10000; 0: 10000 */
    int max_poll_interval_ms; /* a silent owner loses its partitions after that; 0: 300000 */
    size_t prefetch_bytes;    /* bound on fetched and not yet polled; 0: 16 MiB */
    int fetch_bytes;          /* of one partition in one answer, at least a batch; 0: 1 MiB */
    int fetch_wait_ms;   /* how long the broker holds a fetch that has less than fetch_min_bytes to
                          * give; 0: 500 */
    int fetch_min_bytes; /* 0: 1, each record ends the wait */
    bool report_end;     /* KAFKA_POLL_END each time the end of a partition is reached */

    /* Partitions were given to this member. starts[i].offset comes as KAFKA_OFFSET_COMMITTED; the
     * owner overwrites it. May take its time (below the session time-out is fine, above
     * max_poll_interval is not). NULL: committed offsets. */
    void (*assigned)(void *context, struct kafka_start *starts, size_t count);
    /* Partitions are about to be taken away: finish or drop their work, commit synchronously. lost:
     * another member may own them already, a commit would fail. May be NULL. */
    void (*revoked)(void *context, const int *partitions, size_t count, bool lost);
    void *context;
};

/** Makes the client and, with a group, subscribes. Does not wait for a broker: fails only for bad
 * options. */
int kafka_consumer_open(const struct kafka_consumer_options *options, struct error *err,
                        struct kafka_consumer **ret_consumer) WARN_UNUSED;

enum kafka_poll {
    KAFKA_POLL_NOTHING,      /* time-out, or only callbacks ran */
    KAFKA_POLL_MESSAGE,      /* *ret_message is the caller's: kafka_message_free */
    KAFKA_POLL_END,          /* report_end: ret_message's partition was read up to its offset */
    KAFKA_POLL_OUT_OF_RANGE, /* ret_message's partition: the broker does not have its start offset
                              * (deleted by retention, topic made anew, or nothing committed).
                              * Nothing comes from it until kafka_consumer_seek. */
    KAFKA_POLL_ERROR, /* err: retriable, the client goes on by itself; permanent (fatal client,
                       * topic or group refused): close and open anew after a while */
};

/** The next message or event; waits at most timeout_ms (0: does not wait). err and ret_message are
 * written only for the results that say so. */
enum kafka_poll kafka_consumer_poll(struct kafka_consumer *consumer, int timeout_ms,
                                    struct error *err, struct kafka_message *ret_message);

/** Without a group: reads exactly these partitions from these offsets; replaces what was before.
 * count 0: none. */
int kafka_consumer_assign(struct kafka_consumer *consumer, const struct kafka_start *starts,
                          size_t count, struct error *err) WARN_UNUSED;

/** The next message of an assigned partition is the one at offset (or BEGINNING, END). What was
 * fetched before is dropped. Does not change whether it is paused. Waits at most timeout_ms. */
int kafka_consumer_seek(struct kafka_consumer *consumer, int partition, int64_t offset,
                        int timeout_ms, struct error *err) WARN_UNUSED;

/** A paused partition keeps its place: after resume the next message is the one after the last
 * polled. */
int kafka_consumer_pause(struct kafka_consumer *consumer, int partition,
                         struct error *err) WARN_UNUSED;
int kafka_consumer_resume(struct kafka_consumer *consumer, int partition,
                          struct error *err) WARN_UNUSED;

/** Commits offsets (of the next message to read, i.e. last handled + 1) for the group and waits for
 * the broker's answer, at most timeout_ms. */
int kafka_consumer_commit(struct kafka_consumer *consumer, const struct kafka_start *offsets,
                          size_t count, int timeout_ms, struct error *err) WARN_UNUSED;

/** The same without waiting; a failure is found by kafka_consumer_trouble and repaired by the next
 * commit. */
int kafka_consumer_commit_async(struct kafka_consumer *consumer, const struct kafka_start *offsets,
                                size_t count, struct error *err) WARN_UNUSED;

/** The group's committed offset of each offsets[i].partition into its offset;
 * KAFKA_OFFSET_COMMITTED when there is none. */
int kafka_consumer_committed(struct kafka_consumer *consumer, struct kafka_start *offsets,
                             size_t count, int timeout_ms, struct error *err) WARN_UNUSED;

/** First offset of a partition and the one after its last, asked from the broker now, within
 * timeout_ms. Opens a connection of its own: for decisions, not for each message. */
int kafka_consumer_watermarks(struct kafka_consumer *consumer, int partition, int timeout_ms,
                              struct error *err, int64_t *ret_low, int64_t *ret_high) WARN_UNUSED;

/** Makes the client library fetch now, if the last answers told of more than was polled: when its
 * queue has been full it looks again only after up to a second (2.0; later ones have a setting for
 * it), however soon the queue is empty. Puts a question to the leader of such a partition, which
 * wakes the thread that fetches, and waits for the answer, at most timeout_ms. What comes of it
 * does not matter. */
void kafka_consumer_fetch_now(struct kafka_consumer *consumer, int timeout_ms);

/** First offset and the one after the last record, as of the last fetch, without asking; false: not
 * known. For lag. */
bool kafka_consumer_last_watermarks(struct kafka_consumer *consumer, int partition,
                                    int64_t *ret_low, int64_t *ret_high);

/** Whether the client reported an error within the last within_ms (brokers down, commit failed);
 * the last one into err. While brokers are down it is reported again at least each second. */
bool kafka_consumer_trouble(const struct kafka_consumer *consumer, int within_ms,
                            struct error *err);

/** Calls revoked for what is assigned, leaves the group, frees. While brokers are away the client
 * keeps a commit that was asked for up to 10 s. Returns after timeout_ms in any case; false: the
 * client is left to a thread of its own (end the process with _exit). */
bool kafka_consumer_close(struct kafka_consumer *consumer, int timeout_ms);

#endif
