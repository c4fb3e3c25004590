/* Commands that nobody sent: idle carts are told so through the committer.
 * Owner: cart-api. Thread: the janitor's, but for deciding and idle_command_done: the lanes'.
 */
#include "cart-api/idle_command.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proto/cart_codec.h"

/* All of a run; its lock guards what the lanes change. */
struct idle_run {
    struct idle_order order;
    pthread_mutex_t lock;
    pthread_cond_t all_done;
    size_t pending;
    struct idle_outcome outcome;
};

struct idle_command {
    struct command command;
    struct idle_run *run;
    bool told;
};

static void decide(struct command *command, const void *state, struct decision *decision)
{
    struct idle_command *idle = CONTAINER_OF(command, struct idle_command, command);
    const struct idle_order *order = &idle->run->order;
    const struct cart *cart = state;
    command->status = 200;
    idle->told = idle_is_due(cart, order->kind, decision_time_us(decision), order->after_us);
    if (!idle->told)
        return;
    struct cart_event event = {
        .cart_id = command->stream_id,
        .version = cart->version + 1,
        .event_id = decision_event_id(decision),
        .occurred_at_us = decision_time_us(decision),
        .actor = command->actor,
        .correlation_id = command->correlation_id,
        .causation_id = command->id,
    };
    idle_event(cart, order->kind, &event);
    buf_clear(&command->body);
    cart_event_encode(&event, &command->body);
    decision_event(decision, &event.event_id, cart_event_type_name(event.type),
                   buf_slice(&command->body));
}

bool idle_command_is(const struct command *command)
{
    return command->decide == decide;
}

/* A cart that cannot be folded stays as it is: asking again would only ask for ever. */
static bool is_decided(enum command_outcome outcome)
{
    return outcome == COMMAND_ANSWERED || outcome == COMMAND_BROKEN;
}

static void end_one(struct idle_run *run, bool told, bool decided)
{
    pthread_mutex_lock(&run->lock);
    run->outcome.told += told ? 1 : 0;
    run->outcome.undecided += decided ? 0 : 1;
    if (--run->pending == 0)
        pthread_cond_signal(&run->all_done);
    pthread_mutex_unlock(&run->lock);
}

void idle_command_done(struct command *command)
{
    struct idle_command *idle = CONTAINER_OF(command, struct idle_command, command);
    bool told = idle->told && command->outcome == COMMAND_ANSWERED;
    end_one(idle->run, told, is_decided(command->outcome));
}

static void submit(struct committer *committer, struct idle_command *idle, struct slice cart_id,
                   struct uuid_source *ids)
{
    idle->command = (struct command){
        .stream_id = cart_id,
        .principal = slice_of("janitor"),
        .actor = slice_of("janitor"),
        .id = uuid_v7(ids, clock_wall_us()),
        .deadline_us = idle->run->order.deadline_us,
        .decide = decide,
        .body_position = SIZE_MAX,
    };
    uuid_random(ids, idle->command.correlation_id.bytes, sizeof(idle->command.correlation_id));
    if (!committer_submit(committer, &idle->command))
        end_one(idle->run, false, false);
}

struct idle_outcome idle_commands_run(struct committer *committer, const struct idle_order *order,
                                      const struct slice *cart_ids, size_t count)
{
    struct idle_run run = {
        .order = *order,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .all_done = PTHREAD_COND_INITIALIZER,
        .pending = count,
    };
    struct idle_command *commands = mem_calloc(count, sizeof(*commands));
    struct uuid_source ids = {0};
    for (size_t i = 0; i < count; i++) {
        commands[i].run = &run;
        submit(committer, &commands[i], cart_ids[i], &ids);
    }
    /* The committer gives every command an outcome by its deadline and commit_timeout_ms. */
    pthread_mutex_lock(&run.lock);
    while (run.pending > 0)
        pthread_cond_wait(&run.all_done, &run.lock);
    pthread_mutex_unlock(&run.lock);
    for (size_t i = 0; i < count; i++)
        buf_free(&commands[i].command.body);
    free(commands);
    pthread_mutex_destroy(&run.lock);
    pthread_cond_destroy(&run.all_done);
    return run.outcome;
}
