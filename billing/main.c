/* Billing: charges each checked-out cart, once.
 * Owner: billing. Thread: main.
 */
#include "billing/billing.h"

int main(int argc, char **argv)
{
    return service_run(&billing_service, argc, argv);
}
