/* fraud: a verdict for each checkout.
 * Owner: fraud. Thread: main.
 */
#include "fraud/fraud.h"

int main(int argc, char **argv)
{
    return service_run(&fraud_service, argc, argv);
}
