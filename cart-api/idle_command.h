/* Commands that nobody sent: idle carts are told so through the committer, so that a click that
 * races with it wins. Owner: cart-api. Thread: as each function says.
 */
#ifndef CARTWRIGHT_CART_API_IDLE_COMMAND_H
#define CARTWRIGHT_CART_API_IDLE_COMMAND_H

#include "cart-api/decide_idle.h"
#include "eventstore/committer.h"

struct idle_order {
    enum idle_kind kind;
    int64_t after_us;    /* how long a cart has to be idle */
    int64_t deadline_us; /* monotonic; of the commands */
};

/** What became of the carts. */
struct idle_outcome {
    int told;      /* got the event */
    int undecided; /* have to be asked again: the store was away, or others kept changing them */
};

/** Submits a command for each cart and waits until all have an outcome. The janitor's thread. */
struct idle_outcome idle_commands_run(struct committer *committer, const struct idle_order *order,
                                      const struct slice *cart_ids, size_t count);

/** Whether a command is one of these; then idle_command_done takes it. A lane's thread. */
bool idle_command_is(const struct command *command);
void idle_command_done(struct command *command);

#endif
