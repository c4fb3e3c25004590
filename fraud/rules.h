/* The rules: what each counts, about whom, and when it speaks. Read from text in a strict format
 * (fraud/README.md). Pure. Owner: fraud. Thread: any; read-only after rules_parse.
 */
#ifndef CARTWRIGHT_FRAUD_RULES_H
#define CARTWRIGHT_FRAUD_RULES_H

#include "base/error.h"
#include "fraud/sighting.h"
#include "proto/fraud_event.h"

enum {
    RULES_MAX = 64,
    RULE_KEY_FIELDS_MAX = 2,
    RULE_CONDITIONS_MAX = 4,
    RULE_WORD_MAX = 128,
    RULE_KEEP_DEFAULT = 1000,
    RULE_KEEP_MAX = 10000,
    RULES_BYTES_MAX = 256 * 1024,
};

enum rule_aggregate {
    AGGREGATE_COUNT,     /* observations */
    AGGREGATE_SUM,       /* of the value */
    AGGREGATE_DISTINCT,  /* values */
    AGGREGATE_MIN,       /* value */
    AGGREGATE_MAX,       /* value */
    AGGREGATE_RATIO,     /* this cart's newest value to the median of other carts' */
    AGGREGATE_DEVIATION, /* the same, or its inverse if that is larger: 1 or more */
};

enum rule_operator {
    OPERATOR_IS,
    OPERATOR_IS_NOT,
    OPERATOR_LESS,
    OPERATOR_MORE,
    OPERATOR_HAS,
    OPERATOR_NO
};

struct rule_condition {
    enum sighting_field field;
    enum rule_operator operator;
    char text[RULE_WORD_MAX + 1];
    int64_t number;
};

struct rule {
    char name[FRAUD_RULE_MAX + 1];
    int line; /* in the file */
    /* What it observes; rules that agree in this share their observations. */
    unsigned kinds; /* a bit per sighting_kind */
    struct rule_condition conditions[RULE_CONDITIONS_MAX];
    size_t condition_count;
    enum sighting_field key[RULE_KEY_FIELDS_MAX];
    size_t key_count;
    enum sighting_field value; /* FIELD_COUNT: none */
    uint32_t feed;             /* names all of the above; stored */
    bool of_own_cart; /* follows from it: the cart's stream has all that is observed of a key */
    /* What it makes of it. */
    enum rule_aggregate aggregate;
    int64_t window_us;
    int64_t within_us; /* windows that end in this time before the checkout; at least window_us */
    int keep;          /* newest observations of a key that are looked at */
    int at_least;      /* other carts that a median needs */
    bool below;        /* speaks when the value is below the threshold, not above */
    double threshold;
    int32_t score;
    enum fraud_mode mode;
};

/** What rules that observe the same have in common. */
struct feed {
    const struct rule *rule; /* one of them */
    uint32_t id;
    unsigned kinds;
    bool of_own_cart;
    int64_t horizon_us; /* the longest within_us of them */
    int keep;           /* the largest of them */
};

struct rules {
    struct rule *items;
    size_t count;
    struct feed feeds[RULES_MAX];
    size_t feed_count;
    int32_t block_score; /* a sum of scores from here on blocks; 0: none does */
};

/** Reads the text of a rules' file called name. -1: "name:line: what is wrong". */
int rules_parse(struct slice text, const char *name, struct error *err,
                struct rules *ret_rules) WARN_UNUSED;
void rules_free(struct rules *rules);

/** Appends the key that the rule's fields have in this sighting, such as "user:u1 product:p1";
 * blanks and % within a value are escaped. False, and nothing, when the sighting lacks one. */
bool rule_key(const struct rule *rule, const struct sighting *sighting, struct buf *out);

/** Whether the rule observes this sighting: its kind, its conditions, key and value. Then its key
 * is appended to out, number and item are what is observed. */
bool rule_observes(const struct rule *rule, const struct sighting *sighting, struct buf *out,
                   int64_t *ret_number, struct slice *ret_item);

/** Whether the aggregate's value is a text (distinct of a text field). */
bool rule_has_item(const struct rule *rule);

const char *rule_aggregate_name(enum rule_aggregate aggregate);

#endif
