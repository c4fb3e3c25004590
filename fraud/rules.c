/* The rules' file, line by line. Format: fraud/README.md.
 * Owner: fraud. Thread: any.
 */
#include "fraud/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "fraud/rules_internal.h"

enum { SECTION_NONE = -2, SECTION_VERDICT = -1 }; /* others: the rule's index */

struct parser {
    const char *file;
    int line;
    int section;
    unsigned seen; /* keys of this section, a bit per row of its table */
    struct rules rules;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = (struct slice){text.data + 1, text.len - 1};
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static int at_line(const struct parser *parser, struct error *err)
{
    return error_prefix(err, "%s:%d", parser->file, parser->line);
}

/* ---- sections */

/* What only the whole rule shows, once its section has ended. */
static int finish_section(struct parser *parser, struct error *err)
{
    if (parser->section < 0)
        return 0;
    struct rule *rule = &parser->rules.items[parser->section];
    const char *lacks = rule_keys_missing(parser->seen);
    if (lacks != NULL)
        error_set(err, ERROR_PERMANENT, "rule %s has no `%s`", rule->name, lacks);
    if (lacks != NULL || rule_finish(rule, err) != 0)
        return error_prefix(err, "%s:%d", parser->file, rule->line);
    for (int i = 0; i < parser->section; i++) {
        if (rule_feeds_collide(&parser->rules.items[i], rule)) {
            error_set(err, ERROR_PERMANENT,
                      "rules %s and %s cannot be told apart in the store: write the key or the "
                      "conditions of one in another order",
                      parser->rules.items[i].name, rule->name);
            return error_prefix(err, "%s:%d", parser->file, rule->line);
        }
    }
    return 0;
}

static bool name_is_good(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (i > 0 && c == '-')))
            return false;
    }
    return name.len > 0 && name.len <= FRAUD_RULE_MAX;
}

static int begin_rule(struct parser *parser, struct slice name, struct error *err)
{
    struct rules *rules = &parser->rules;
    if (!name_is_good(name))
        return error_set(err, ERROR_PERMANENT,
                         "a rule's name is 1 to %d of a-z, 0-9 and -, as in [adds-per-minute]",
                         FRAUD_RULE_MAX);
    for (size_t i = 0; i < rules->count; i++) {
        if (slice_equal(name, slice_of(rules->items[i].name)))
            return error_set(err, ERROR_PERMANENT, "rule %s was defined in line %d already",
                             rules->items[i].name, rules->items[i].line);
    }
    if (rules->count == RULES_MAX)
        return error_set(err, ERROR_PERMANENT, "more than %d rules", RULES_MAX);
    struct rule *rule = &rules->items[rules->count];
    *rule = rule_defaults();
    snprintf(rule->name, sizeof(rule->name), "%.*s", (int)name.len, name.data);
    rule->line = parser->line;
    parser->section = (int)rules->count++;
    return 0;
}

static int take_section(struct parser *parser, struct slice line, struct error *err)
{
    if (finish_section(parser, err) != 0)
        return -1;
    int rc = 0;
    parser->seen = 0;
    if (line.data[line.len - 1] != ']')
        rc = error_set(err, ERROR_PERMANENT, "expected [name]");
    struct slice name = trim((struct slice){line.data + 1, line.len - (rc == 0 ? 2 : 1)});
    if (rc == 0 && slice_equal(name, slice_of("verdict"))) {
        if (parser->rules.count > 0 || parser->section != SECTION_NONE)
            rc = error_set(err, ERROR_PERMANENT, "[verdict] comes once and before the rules");
        parser->section = SECTION_VERDICT;
    } else if (rc == 0) {
        rc = begin_rule(parser, name, err);
    }
    return rc == 0 ? 0 : at_line(parser, err);
}

/* ---- keys */

static int take_verdict_key(struct parser *parser, struct slice key, struct slice value,
                            struct error *err)
{
    int64_t score;
    if (!slice_equal(key, slice_of("block_score")))
        return error_set(err, ERROR_PERMANENT, "[verdict] has only `block_score`");
    if (parser->seen != 0)
        return error_set(err, ERROR_PERMANENT, "block_score is set twice");
    if (rule_number(value, 0, RULE_SCORE_MAX, &score) != 0)
        return error_set(err, ERROR_PERMANENT, "block_score must be a whole number from 0 to %d",
                         RULE_SCORE_MAX);
    parser->seen = 1;
    parser->rules.block_score = (int32_t)score;
    return 0;
}

static int take_key(struct parser *parser, struct slice line, struct error *err)
{
    const char *equals = memchr(line.data, '=', line.len);
    if (equals == NULL)
        return error_set(err, ERROR_PERMANENT, "expected `key = value`, [rule] or # comment");
    struct slice key = trim((struct slice){line.data, (size_t)(equals - line.data)});
    struct slice value =
        trim((struct slice){equals + 1, line.len - (size_t)(equals + 1 - line.data)});
    if (parser->section == SECTION_NONE)
        return error_set(err, ERROR_PERMANENT, "`%.*s` stands before the first [rule]",
                         (int)(key.len < 64 ? key.len : 64), key.data);
    if (parser->section == SECTION_VERDICT)
        return take_verdict_key(parser, key, value, err);
    return rule_set(&parser->rules.items[parser->section], key, value, &parser->seen, err);
}

static int take_line(struct parser *parser, struct slice line, struct error *err)
{
    if (!utf8_valid(line.data, line.len) || memchr(line.data, '\0', line.len) != NULL) {
        error_set(err, ERROR_PERMANENT, "not UTF-8 text; is this the right file?");
        return at_line(parser, err);
    }
    line = trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return 0;
    if (line.data[0] == '[')
        return take_section(parser, line, err);
    return take_key(parser, line, err) == 0 ? 0 : at_line(parser, err);
}

static int take_lines(struct parser *parser, struct slice text, struct error *err)
{
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t length = end != NULL ? (size_t)(end - text.data) : text.len;
        size_t step = end != NULL ? length + 1 : length;
        parser->line++;
        if (take_line(parser, (struct slice){text.data, length}, err) != 0)
            return -1;
        text = (struct slice){text.data + step, text.len - step};
    }
    return finish_section(parser, err);
}

static void collect_feeds(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        size_t at = 0;
        while (at < rules->feed_count && rules->feeds[at].id != rule->feed)
            at++;
        struct feed *feed = &rules->feeds[at];
        if (at == rules->feed_count) {
            rules->feed_count++;
            *feed = (struct feed){.rule = rule,
                                  .id = rule->feed,
                                  .kinds = rule->kinds,
                                  .of_own_cart = rule->of_own_cart};
        }
        feed->horizon_us = feed->horizon_us > rule->within_us ? feed->horizon_us : rule->within_us;
        feed->keep = feed->keep > rule->keep ? feed->keep : rule->keep;
    }
}

int rules_parse(struct slice text, const char *name, struct error *err, struct rules *ret_rules)
{
    struct parser parser = {.file = name, .section = SECTION_NONE};
    if (text.len > RULES_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "%s: more than %d bytes", name, RULES_BYTES_MAX);
    parser.rules.items = mem_calloc(RULES_MAX, sizeof(parser.rules.items[0]));
    int rc = take_lines(&parser, text, err);
    if (rc == 0 && parser.rules.count == 0)
        rc = error_set(err, ERROR_PERMANENT, "%s: no rule in it", name);
    if (rc != 0) {
        rules_free(&parser.rules);
        return rc;
    }
    collect_feeds(&parser.rules);
    *ret_rules = parser.rules;
    return 0;
}

void rules_free(struct rules *rules)
{
    free(rules->items);
    *rules = (struct rules){0};
}
