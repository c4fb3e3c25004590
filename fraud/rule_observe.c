/* Sightings against rules: who is meant, what is observed.
 * Owner: fraud. Thread: any.
 */
#include "fraud/rules.h"

bool rule_has_item(const struct rule *rule)
{
    return rule->value < FIELD_TEXTS;
}

/* Blanks separate fields and % escapes: two different pairs of values never make one key. */
static void append_escaped(struct buf *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == ' ')
            buf_text(out, "%20");
        else if (value.data[i] == '%')
            buf_text(out, "%25");
        else
            buf_char(out, value.data[i]);
    }
}

bool rule_key(const struct rule *rule, const struct sighting *sighting, struct buf *out)
{
    size_t begin = out->len;
    for (size_t i = 0; i < rule->key_count; i++) {
        struct slice value = sighting->texts[rule->key[i]];
        if (value.len == 0) {
            out->len = begin;
            return false;
        }
        if (i > 0)
            buf_char(out, ' ');
        buf_text(out, sighting_field_name(rule->key[i]));
        buf_char(out, ':');
        append_escaped(out, value);
    }
    CHECK(out->len - begin <= FRAUD_KEY_MAX);
    return true;
}

static bool holds_number(const struct rule_condition *condition, const struct sighting *sighting)
{
    int64_t number;
    bool has = sighting_number(sighting, condition->field, &number);
    switch (condition->operator) {
    case OPERATOR_IS:
        return has && number == condition->number;
    case OPERATOR_IS_NOT:
        return has && number != condition->number;
    case OPERATOR_LESS:
        return has && number < condition->number;
    case OPERATOR_MORE:
        return has && number > condition->number;
    case OPERATOR_HAS:
        return has;
    case OPERATOR_NO:
        return !has;
    }
    NOT_REACHED();
}

static bool holds(const struct rule_condition *condition, const struct sighting *sighting)
{
    if (condition->field >= FIELD_TEXTS)
        return holds_number(condition, sighting);
    struct slice text = sighting->texts[condition->field];
    switch (condition->operator) {
    case OPERATOR_IS:
        return slice_equal(text, slice_of(condition->text));
    case OPERATOR_IS_NOT:
        return !slice_equal(text, slice_of(condition->text));
    case OPERATOR_HAS:
        return text.len > 0;
    case OPERATOR_NO:
        return text.len == 0;
    case OPERATOR_LESS:
    case OPERATOR_MORE:
        break;
    }
    NOT_REACHED();
}

bool rule_observes(const struct rule *rule, const struct sighting *sighting, struct buf *out,
                   int64_t *ret_number, struct slice *ret_item)
{
    if ((rule->kinds & 1u << sighting->kind) == 0)
        return false;
    for (size_t i = 0; i < rule->condition_count; i++) {
        if (!holds(&rule->conditions[i], sighting))
            return false;
    }
    int64_t number = 0;
    struct slice item = {0};
    if (rule_has_item(rule))
        item = sighting->texts[rule->value];
    else if (rule->value != FIELD_COUNT && !sighting_number(sighting, rule->value, &number))
        return false;
    if ((rule_has_item(rule) && item.len == 0) || !rule_key(rule, sighting, out))
        return false;
    *ret_number = number;
    *ret_item = item;
    return true;
}
