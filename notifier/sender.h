/* Sends what is due: one recorded message at a time, and writes down how it ended.
 * Owner: notifier. Thread: runners of lib/service/work; sender_reload from any.
 *
 *   waiting ──claim──> (policy) ──> sending ──> sent
 *      ^                  │            ├──> waiting      surely not sent: again, with back-off
 *      │                  │            ├──> maybe_sent   nobody knows: again, with the same
 * Message-ID └── later ─────────┤            └──> dead         refused, or too many tries; an SMS
 * nobody └──> suppressed                knows of: its reader could not tell a second
 *
 * A message that is found in `sending` was being sent by a process that died: it may be sent.
 */
#ifndef CARTWRIGHT_NOTIFIER_SENDER_H
#define CARTWRIGHT_NOTIFIER_SENDER_H

#include "notifier/settings.h"

struct sender;

/** Starts the threads. settings are kept by pointer. -1: the templates cannot be loaded. */
int sender_start(const struct notifier_settings *settings, const struct pg_options *pg,
                 struct metrics *metrics, struct error *err,
                 struct sender **ret_sender) WARN_UNUSED;

/** Something was recorded. */
void sender_kick(struct sender *sender);

/** Loads the templates anew from folder; -1: the old ones stay. */
int sender_reload(struct sender *sender, const char *folder, struct error *err) WARN_UNUSED;

/** Finishes what is under way. NULL is fine. */
void sender_stop(struct sender *sender);

#endif
