/* Conditions as /readyz sees them. */
#include "service/health.h"

#include "tests/unit/test.h"

static bool ask(const struct health *health, size_t index, char *why)
{
    const struct ops_check *check = &health->checks[index];
    return check->ready(check->arg, why, HEALTH_WHY_SIZE);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    struct health health;
    char why[HEALTH_WHY_SIZE] = "";
    health_init(&health);
    size_t redis = health_add(&health, "redis"), kafka = health_add(&health, "kafka");
    assert_string_equal(health.checks[kafka].name, "kafka");
    assert_false(ask(&health, redis, why));
    assert_string_equal(why, "starting");
    assert_true(health_set(&health, redis, true, NULL));
    assert_false(health_set(&health, redis, true, NULL));
    assert_true(ask(&health, redis, why));
    assert_false(ask(&health, kafka, why));
    assert_true(health_set(&health, redis, false, "no reply in time"));
    assert_false(ask(&health, redis, why));
    assert_string_equal(why, "no reply in time");
    health_destroy(&health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
