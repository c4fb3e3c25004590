/* The keys of a rule, as a table of readers.
 * Owner: fraud. Thread: any.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "fraud/rules_internal.h"

enum { NUMBER_TEXT_MAX = 32, AT_LEAST_DEFAULT = 3, AT_LEAST_MAX = 1000, DURATION_MAX_DAYS = 400 };

static const char *const aggregate_names[] = {
    [AGGREGATE_COUNT] = "count",
    [AGGREGATE_SUM] = "sum",
    [AGGREGATE_DISTINCT] = "distinct",
    [AGGREGATE_MIN] = "min",
    [AGGREGATE_MAX] = "max",
    [AGGREGATE_RATIO] = "ratio_to_median",
    [AGGREGATE_DEVIATION] = "deviation_from_median",
};

const char *rule_aggregate_name(enum rule_aggregate aggregate)
{
    CHECK((size_t)aggregate < ARRAY_SIZE(aggregate_names));
    return aggregate_names[aggregate];
}

struct rule rule_defaults(void)
{
    return (struct rule){
        .value = FIELD_COUNT, .keep = RULE_KEEP_DEFAULT, .at_least = AT_LEAST_DEFAULT};
}

/* ---- words and numbers */

/* Cuts the next word off text; empty at its end. */
static struct slice next_word(struct slice *text)
{
    size_t begin = 0, end;
    while (begin < text->len && (text->data[begin] == ' ' || text->data[begin] == '\t'))
        begin++;
    for (end = begin; end < text->len && text->data[end] != ' ' && text->data[end] != '\t';)
        end++;
    struct slice word = {text->data + begin, end - begin};
    *text = (struct slice){text->data + end, text->len - end};
    return word;
}

static bool is_word(struct slice word, const char *text)
{
    return slice_equal(word, slice_of(text));
}

int rule_number(struct slice text, int64_t min, int64_t max, int64_t *ret_number)
{
    char digits[NUMBER_TEXT_MAX];
    char *end;
    if (text.len == 0 || text.len >= sizeof(digits) || text.data[0] == ' ' || text.data[0] == '+')
        return -1;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    errno = 0;
    long long number = strtoll(digits, &end, 10);
    if (errno != 0 || *end != '\0' || number < min || number > max)
        return -1;
    *ret_number = number;
    return 0;
}

static int refuse_word(const char *what, struct slice word, struct error *err)
{
    return error_set(err, ERROR_PERMANENT, "`%.*s` is no %s", (int)(word.len < 64 ? word.len : 64),
                     word.data, what);
}

static int take_count(const char *key, struct slice text, int min, int max, int *ret_count,
                      struct error *err)
{
    int64_t number;
    if (rule_number(text, min, max, &number) != 0)
        return error_set(err, ERROR_PERMANENT, "%s must be a whole number from %d to %d", key, min,
                         max);
    *ret_count = (int)number;
    return 0;
}

static int take_duration(const char *key, struct slice text, int64_t *ret_us, struct error *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t number;
    for (size_t i = 0; text.len > 1 && i < ARRAY_SIZE(units); i++) {
        if (text.data[text.len - 1] == units[i].unit &&
            rule_number((struct slice){text.data, text.len - 1}, 1,
                        DURATION_MAX_DAYS * INT64_C(86400) / units[i].seconds, &number) == 0) {
            *ret_us = number * units[i].seconds * 1000000;
            return 0;
        }
    }
    return error_set(err, ERROR_PERMANENT,
                     "%s must be a time such as 90s, 15m, 24h or 7d, at most %dd", key,
                     DURATION_MAX_DAYS);
}

/* ---- the keys */

static int take_events(struct rule *rule, struct slice value, struct error *err)
{
    struct slice word;
    while ((word = next_word(&value)).len > 0) {
        enum sighting_kind kind;
        if (sighting_kind_parse(word, &kind) != 0)
            return refuse_word("event that rules know", word, err);
        rule->kinds |= 1u << kind;
    }
    return rule->kinds != 0 ? 0 : error_set(err, ERROR_PERMANENT, "event names none");
}

static int take_key_fields(struct rule *rule, struct slice value, struct error *err)
{
    struct slice word;
    while ((word = next_word(&value)).len > 0) {
        enum sighting_field field;
        if (sighting_field_parse(word, &field) != 0 || field >= FIELD_CODE)
            return refuse_word(
                "key; keys are cart, user, ip, device, product, card_token, currency", word, err);
        if (rule->key_count == RULE_KEY_FIELDS_MAX)
            return error_set(err, ERROR_PERMANENT, "key has more than %d fields",
                             RULE_KEY_FIELDS_MAX);
        if (rule->key_count > 0 && rule->key[0] == field)
            return error_set(err, ERROR_PERMANENT, "key names a field twice");
        rule->key[rule->key_count++] = field;
    }
    return rule->key_count > 0 ? 0 : error_set(err, ERROR_PERMANENT, "key names no field");
}

static int take_operand(struct rule_condition *condition, struct slice *rest, struct error *err)
{
    struct slice word = next_word(rest);
    if (is_word(word, "<") || is_word(word, ">")) {
        condition->operator= is_word(word, "<") ? OPERATOR_LESS : OPERATOR_MORE;
        if (condition->field < FIELD_TEXTS)
            return error_set(err, ERROR_PERMANENT, "%s is a text, < and > are for numbers",
                             sighting_field_name(condition->field));
        word = next_word(rest);
        if (rule_number(word, INT64_MIN, INT64_MAX, &condition->number) != 0)
            return refuse_word("whole number", word, err);
        return 0;
    }
    if (!is_word(word, "is"))
        return refuse_word("comparison; they are: is, is not, <, >", word, err);
    condition->operator= OPERATOR_IS;
    word = next_word(rest);
    if (is_word(word, "not")) {
        condition->operator= OPERATOR_IS_NOT;
        word = next_word(rest);
    }
    if (word.len == 0 || word.len > RULE_WORD_MAX)
        return refuse_word("value to compare with", word, err);
    if (condition->field >= FIELD_TEXTS)
        return rule_number(word, INT64_MIN, INT64_MAX, &condition->number) == 0
                   ? 0
                   : refuse_word("whole number", word, err);
    memcpy(condition->text, word.data, word.len);
    condition->text[word.len] = '\0';
    return 0;
}

/* `has FIELD`, `no FIELD`, `FIELD is X`, `FIELD is not X`, `FIELD < N`, `FIELD > N`. */
static int take_condition(struct rule_condition *condition, struct slice *rest, struct error *err)
{
    struct slice word = next_word(rest);
    bool has = is_word(word, "has"), lacks = is_word(word, "no");
    if (has || lacks)
        word = next_word(rest);
    if (sighting_field_parse(word, &condition->field) != 0)
        return refuse_word("field", word, err);
    if (!has && !lacks)
        return take_operand(condition, rest, err);
    condition->operator= has ? OPERATOR_HAS : OPERATOR_NO;
    return 0;
}

static int take_where(struct rule *rule, struct slice value, struct error *err)
{
    for (;;) {
        if (rule->condition_count == RULE_CONDITIONS_MAX)
            return error_set(err, ERROR_PERMANENT, "where has more than %d conditions",
                             RULE_CONDITIONS_MAX);
        if (take_condition(&rule->conditions[rule->condition_count++], &value, err) != 0)
            return -1;
        struct slice word = next_word(&value);
        if (word.len == 0)
            return 0;
        if (!is_word(word, "and"))
            return refuse_word("`and`", word, err);
    }
}

static int take_aggregate(struct rule *rule, struct slice value, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(aggregate_names); i++) {
        if (is_word(value, aggregate_names[i])) {
            rule->aggregate = (enum rule_aggregate)i;
            return 0;
        }
    }
    return refuse_word("aggregate; they are: count, sum, distinct, min, max, ratio_to_median, "
                       "deviation_from_median",
                       value, err);
}

static int take_value(struct rule *rule, struct slice value, struct error *err)
{
    return sighting_field_parse(value, &rule->value) == 0 ? 0 : refuse_word("field", value, err);
}

static int take_window(struct rule *rule, struct slice value, struct error *err)
{
    return take_duration("window", value, &rule->window_us, err);
}

static int take_within(struct rule *rule, struct slice value, struct error *err)
{
    return take_duration("within", value, &rule->within_us, err);
}

static int take_keep(struct rule *rule, struct slice value, struct error *err)
{
    return take_count("keep", value, 1, RULE_KEEP_MAX, &rule->keep, err);
}

static int take_at_least(struct rule *rule, struct slice value, struct error *err)
{
    return take_count("at_least", value, 1, AT_LEAST_MAX, &rule->at_least, err);
}

static int take_fires(struct rule *rule, struct slice value, struct error *err)
{
    rule->below = is_word(value, "below");
    if (!rule->below && !is_word(value, "above"))
        return error_set(err, ERROR_PERMANENT, "fires must be above or below");
    return 0;
}

static int take_threshold(struct rule *rule, struct slice value, struct error *err)
{
    char text[NUMBER_TEXT_MAX];
    char *end;
    size_t digits = 0;
    while (digits < value.len && strchr("0123456789.", value.data[digits]) != NULL)
        digits++;
    if (value.len > 0 && digits == value.len && value.len < sizeof(text)) {
        memcpy(text, value.data, value.len);
        text[value.len] = '\0';
        rule->threshold = strtod(text, &end);
        if (end != text && *end == '\0' && isfinite(rule->threshold))
            return 0;
    }
    return error_set(err, ERROR_PERMANENT, "threshold must be a number such as 30 or 2.5");
}

static int take_score(struct rule *rule, struct slice value, struct error *err)
{
    return take_count("score", value, 0, RULE_SCORE_MAX, &rule->score, err);
}

static int take_mode(struct rule *rule, struct slice value, struct error *err)
{
    if (fraud_mode_parse(value, &rule->mode) != 0)
        return error_set(err, ERROR_PERMANENT, "mode must be shadow, review or block");
    return 0;
}

static const struct {
    const char *name;
    int (*take)(struct rule *rule, struct slice value, struct error *err);
    bool required;
} keys[] = {
    {"event", take_events, true},        {"where", take_where, false},
    {"key", take_key_fields, true},      {"aggregate", take_aggregate, true},
    {"value", take_value, false},        {"window", take_window, true},
    {"within", take_within, false},      {"keep", take_keep, false},
    {"at_least", take_at_least, false},  {"fires", take_fires, false},
    {"threshold", take_threshold, true}, {"score", take_score, true},
    {"mode", take_mode, true},
};

int rule_set(struct rule *rule, struct slice key, struct slice value, unsigned *seen,
             struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (!is_word(key, keys[i].name))
            continue;
        if ((*seen & 1u << i) != 0)
            return error_set(err, ERROR_PERMANENT, "%s is set twice in rule %s", keys[i].name,
                             rule->name);
        *seen |= 1u << i;
        return keys[i].take(rule, value, err);
    }
    return refuse_word("key of a rule; fraud/README.md lists them", key, err);
}

const char *rule_keys_missing(unsigned seen)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (keys[i].required && (seen & 1u << i) == 0)
            return keys[i].name;
    }
    return NULL;
}

/* ---- the whole rule */

static bool is_median(const struct rule *rule)
{
    return rule->aggregate == AGGREGATE_RATIO || rule->aggregate == AGGREGATE_DEVIATION;
}

static int judge_value(const struct rule *rule, struct error *err)
{
    bool wants_none = rule->aggregate == AGGREGATE_COUNT;
    bool wants_text = rule->aggregate == AGGREGATE_DISTINCT;
    bool has = rule->value != FIELD_COUNT, is_text = has && rule->value < FIELD_TEXTS;
    if (wants_none && has)
        return error_set(err, ERROR_PERMANENT, "rule %s: count takes no value", rule->name);
    if (wants_none || (has && wants_text == is_text))
        return 0;
    return error_set(err, ERROR_PERMANENT, "rule %s: %s needs a value that is a %s", rule->name,
                     rule_aggregate_name(rule->aggregate), wants_text ? "text" : "number");
}

/* The feed in words, always the same for the same meaning. */
static void describe_feed(const struct rule *rule, struct buf *out)
{
    buf_printf(out, "%x|", rule->kinds);
    for (size_t i = 0; i < rule->condition_count; i++)
        buf_printf(out, "%s %d %s %ld|", sighting_field_name(rule->conditions[i].field),
                   (int)rule->conditions[i].operator, rule->conditions[i].text,
                   rule->conditions[i].number);
    for (size_t i = 0; i < rule->key_count; i++)
        buf_printf(out, "%s|", sighting_field_name(rule->key[i]));
    buf_text(out, rule->value == FIELD_COUNT ? "none" : sighting_field_name(rule->value));
}

/* A cart's events are in its own stream; payments have streams of their own. */
static bool is_of_own_cart(const struct rule *rule)
{
    static const unsigned elsewhere =
        1u << SIGHTING_PAYMENT_REQUESTED | 1u << SIGHTING_PAYMENT_CAPTURED |
        1u << SIGHTING_PAYMENT_FAILED | 1u << SIGHTING_PAYMENT_REFUNDED;
    bool about_cart = false;
    for (size_t i = 0; i < rule->key_count; i++)
        about_cart = about_cart || rule->key[i] == FIELD_CART;
    return about_cart && (rule->kinds & elsewhere) == 0;
}

int rule_finish(struct rule *rule, struct error *err)
{
    struct buf words = {0};
    if (rule->within_us == 0)
        rule->within_us = rule->window_us;
    if (judge_value(rule, err) != 0)
        return -1;
    if (rule->within_us < rule->window_us)
        return error_set(err, ERROR_PERMANENT, "rule %s: within is shorter than window",
                         rule->name);
    if (is_median(rule) && rule->at_least >= rule->keep)
        return error_set(err, ERROR_PERMANENT, "rule %s: at_least must be less than keep (%d)",
                         rule->name, rule->keep);
    if ((rule->aggregate == AGGREGATE_COUNT || rule->aggregate == AGGREGATE_DISTINCT) &&
        rule->threshold >= rule->keep)
        return error_set(err, ERROR_PERMANENT,
                         "rule %s can never speak: its threshold must be less than keep (%d)",
                         rule->name, rule->keep);
    describe_feed(rule, &words);
    rule->feed = hash_murmur2(words.data, words.len);
    rule->of_own_cart = is_of_own_cart(rule);
    buf_free(&words);
    return 0;
}

bool rule_feeds_collide(const struct rule *a, const struct rule *b)
{
    struct buf words_a = {0}, words_b = {0};
    describe_feed(a, &words_a);
    describe_feed(b, &words_b);
    bool same = slice_equal(buf_slice(&words_a), buf_slice(&words_b));
    buf_free(&words_a);
    buf_free(&words_b);
    return a->feed == b->feed && !same;
}
