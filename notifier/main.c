/* The notifier: e-mail and SMS about orders, payments and carts.
 * Owner: notifier. Thread: main.
 */
#include "notifier/notifier.h"

int main(int argc, char **argv)
{
    return service_run(&notifier_service, argc, argv);
}
