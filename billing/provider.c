/* The providers by name, and what they have in common.
 * Owner: billing. Thread: any.
 */
#include "billing/provider.h"

#include <stdio.h>
#include <string.h>

const struct provider *provider_find(const char *name)
{
    static const struct provider *const all[] = {&provider_simulated, &provider_stripe};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

void provider_text(char *to, size_t size, struct slice from)
{
    size_t length = from.len < size ? from.len : size - 1;
    while (length < from.len && length > 0 && ((unsigned char)from.data[length] & 0xc0) == 0x80)
        length--; /* never half of a character */
    if (length > 0)
        memcpy(to, from.data, length);
    to[length] = '\0';
}

void provider_say(struct provider_answer *answer, enum charge_input word, const char *code,
                  const char *detail)
{
    answer->word = word;
    provider_text(answer->code, sizeof(answer->code), slice_of(code));
    provider_text(answer->detail, sizeof(answer->detail), slice_of(detail));
}
