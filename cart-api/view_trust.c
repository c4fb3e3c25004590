/* Whether the views in Redis are as new as everything that this process has shown.
 * Owner: cart-api. Thread: any, but for view_trust_aim and view_trust_reach.
 */
#include "cart-api/view_trust.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

void view_trust_init(struct view_trust *trust, int partitions)
{
    trust->partitions = partitions;
    trust->of = mem_calloc((size_t)partitions, sizeof(trust->of[0]));
    for (int i = 0; i < partitions; i++)
        atomic_init(&trust->of[i].doubt, 1);
}

void view_trust_free(struct view_trust *trust)
{
    free(trust->of);
    trust->of = NULL;
}

uint32_t view_trust_of(const struct view_trust *trust, int partition)
{
    CHECK(partition >= 0 && partition < trust->partitions);
    const struct partition_trust *of = &trust->of[partition];
    uint32_t doubt = atomic_load(&of->doubt);
    return atomic_load(&of->settled) == doubt ? doubt : 0;
}

void view_trust_doubt(struct view_trust *trust, int partition)
{
    CHECK(partition >= 0 && partition < trust->partitions);
    atomic_fetch_add(&trust->of[partition].doubt, 1);
}

void view_trust_doubt_all(struct view_trust *trust)
{
    for (int i = 0; i < trust->partitions; i++)
        view_trust_doubt(trust, i);
}

enum view_trust_need view_trust_look(struct view_trust *trust)
{
    enum view_trust_need need = VIEW_TRUST_ALL_IS_WELL;
    for (int i = 0; i < trust->partitions; i++) {
        struct partition_trust *of = &trust->of[i];
        of->seen = atomic_load(&of->doubt);
        if (atomic_load(&of->settled) == of->seen)
            continue;
        if (of->aimed != of->seen)
            need = VIEW_TRUST_NEEDS_HEADS;
        else if (need == VIEW_TRUST_ALL_IS_WELL)
            need = VIEW_TRUST_NEEDS_POSITIONS;
    }
    return need;
}

void view_trust_aim(struct view_trust *trust, const int64_t *heads)
{
    for (int i = 0; i < trust->partitions; i++) {
        struct partition_trust *of = &trust->of[i];
        if (of->aimed == of->seen)
            continue;
        of->aimed = of->seen;
        of->target = heads[i];
    }
}

void view_trust_reach(struct view_trust *trust, const int64_t *positions)
{
    for (int i = 0; i < trust->partitions; i++) {
        struct partition_trust *of = &trust->of[i];
        if (of->aimed == of->seen && positions[i] >= of->target)
            atomic_store(&of->settled, of->seen);
    }
}
