/* The denormalizer: keeps each cart's view in Redis.
 * Owner: denormalizer. Thread: main.
 */
#include "denormalizer/denormalizer.h"

int main(int argc, char **argv)
{
    return service_run(&denormalizer_service, argc, argv);
}
