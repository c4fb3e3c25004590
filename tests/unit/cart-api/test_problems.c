/* The problem tables: each code once, well formed, and on the page that explains it.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include <ctype.h>
#include <stdio.h>

#include "billing/problems.h"
#include "cart-api/problems.h"
#include "fraud/problems.h"

static const struct {
    const struct problem *const *rows;
    const size_t *count;
} tables[] = {
    {problems_all, &problems_all_count},
    {fraud_problems, &fraud_problem_count},
    {billing_problems, &billing_problem_count},
    {problem_skeleton, &problem_skeleton_count},
};

static const struct problem *at(size_t index)
{
    size_t table = 0;
    for (; index >= *tables[table].count; table++)
        index -= *tables[table].count;
    return tables[table].rows[index];
}

static size_t total(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        count += *tables[i].count;
    return count;
}

static void codes_are_snake_case_and_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < total(); i++) {
        for (const char *c = at(i)->code; *c != '\0'; c++)
            assert_true(islower((unsigned char)*c) || *c == '_');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(at(i)->code, at(j)->code);
    }
}

static void what_may_be_tried_again_says_when(void **state)
{
    (void)state;
    for (size_t i = 0; i < total(); i++) {
        if (at(i)->status == 503)
            assert_true(at(i)->retry_after_s > 0);
        else if (at(i)->status != 429) /* which may say it itself: the rate limits know when */
            assert_int_equal(at(i)->retry_after_s, 0);
    }
}

static void every_refusal_has_a_problem(void **state)
{
    (void)state;
    for (int refusal = REFUSED_NOT + 1; refusal < REFUSAL_COUNT; refusal++)
        assert_non_null(problem_of_refusal((enum refusal)refusal));
}

/* Rows of the page look like: | `code` | status | ... */
static void the_page_lists_them_all(void **state)
{
    (void)state;
    char line[1024];
    FILE *page = fopen("docs/problems.md", "re");
    assert_non_null(page);
    size_t rows = 0, found = 0;
    while (fgets(line, sizeof(line), page) != NULL) {
        char row[128];
        if (strncmp(line, "| `", 3) == 0)
            rows++;
        for (size_t i = 0; i < total(); i++) {
            snprintf(row, sizeof(row), "| `%s` | %d |", at(i)->code, at(i)->status);
            if (strncmp(line, row, strlen(row)) == 0)
                found++;
        }
    }
    fclose(page);
    assert_int_equal(found, total());
    assert_int_equal(rows, total());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_snake_case_and_unique),
        cmocka_unit_test(what_may_be_tried_again_says_when),
        cmocka_unit_test(every_refusal_has_a_problem),
        cmocka_unit_test(the_page_lists_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
