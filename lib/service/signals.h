/* Signals as flags: SIGTERM and SIGINT ask for a drain, SIGHUP for new settings.
 * Owner: lib/service. Thread: signals_start before any other thread; the flags from any.
 */
#ifndef CARTWRIGHT_SERVICE_SIGNALS_H
#define CARTWRIGHT_SERVICE_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>

/** Zero-initialise; lives until the process ends. */
struct signals {
    atomic_bool drain, reload;
    int drain_timeout_ms;
};

/** Blocks the signals for this and all later threads and starts a thread that waits for them. Once
 * a drain was asked for, that thread ends the process with code 1 if it is still there after
 * drain_timeout_ms: whatever hangs, the supervisor never has to kill. */
void signals_start(struct signals *signals, int drain_timeout_ms);

#endif
